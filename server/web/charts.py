"""Charts as SVG text, by hand: the same picture on a page, on paper and in a letter. Shape and words before colour.

Values are only drawn here, never judged, so they may be floats. No inline style: the page's content policy forbids it.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec
from markupsafe import Markup, escape

Point = tuple[datetime, Decimal | float]
Pair = tuple[datetime, Decimal | float, Decimal | float]

_BAND_FROM: Final = 7
_SLOTS: Final = 48
_SLOT_FROM: Final = 15
"""Samples in each half hour: fewer do not make a usual day."""
_RECENT: Final = timedelta(days=3)


class Band(msgspec.Struct, frozen=True):
    """The person's own usual range, or a target: both ends are still inside."""

    low: float
    high: float


class Mark(msgspec.Struct, frozen=True):
    """Something that happened, as a labelled tick: a flag, or a medicine that changed."""

    at: datetime
    label: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What a chart shows and how it is written: `title` states the finding, `label` and `unit` name the values."""

    title: str
    label: str
    unit: str
    start: datetime
    end: datetime
    places: int = 0
    width: int = 720
    height: int = 260


def own_band(points: Sequence[Point], now: datetime) -> Band | None:
    """The middle four fifths of what came before the last three days; none from fewer than seven values."""
    usual = sorted(float(value) for at, value in points if at < now - _RECENT)
    if len(usual) < _BAND_FROM:
        return None
    return Band(usual[round(0.1 * (len(usual) - 1))], usual[round(0.9 * (len(usual) - 1))])


def number(value: Decimal | float, places: int) -> str:
    """A value as people read it, rounded half up."""
    step = Decimal(1).scaleb(-places)
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return str(exact.quantize(step, rounding="ROUND_HALF_UP"))


def against(value: Decimal | float, band: Band | None) -> str:
    """Where a value lies against the person's own band, in two words; nothing when no band is known."""
    if band is None:
        return ""
    return "above usual" if float(value) > band.high else "below usual" if float(value) < band.low else "as usual"


def sentence(points: Sequence[Point], band: Band | None, frame: Frame) -> str:
    """The picture in words, for those who cannot see it."""
    if not points:
        return f"{frame.label}: no readings in {_days(frame)} days."
    words = [f"{frame.label}: {number(points[-1][1], frame.places)} {frame.unit} now"]
    if band is not None:
        over = sum(float(value) > band.high for _, value in points)
        under = sum(float(value) < band.low for _, value in points)
        words.append(f"usual range {number(band.low, frame.places)} to {number(band.high, frame.places)}")
        words.append(f"{over} above, {under} below in {_days(frame)} days")
    return ", ".join(words) + f", {len(points)} reading{'s' if len(points) != 1 else ''}."


def sparkline(points: Sequence[Point], band: Band | None, frame: Frame) -> Markup:
    """28 days on a thumbnail: the line, the person's own band, and a triangle wherever a value left it."""
    area = _Area(frame, [float(value) for _, value in points], [] if band is None else [band], pad=(5, 7, 5, 7))
    body = _band(area, band) + _line(area, points, gap=timedelta(days=4)) + _outside(area, points, band, size=3.2)
    if points:
        body += _dot(area, points[-1], 2.6)
    return _svg(area, "spark", sentence(points, band, frame), body)


def line_chart(points: Sequence[Point], band: Band | None, marks: Sequence[Mark], frame: Frame) -> Markup:
    """One series with the person's own band and what happened on the way."""
    area = _Area(frame, [float(value) for _, value in points], [] if band is None else [band])
    body = _axes(area) + _band(area, band) + _line(area, points, gap=timedelta(days=4))
    body += "".join(_dot(area, point, 2.4) for point in points[-200:])
    body += _outside(area, points, band, size=5) + _marks(area, marks)
    return _svg(area, "chart", sentence(points, band, frame), body)


def pressure_bars(readings: Sequence[Pair], target: Band | None, marks: Sequence[Mark], frame: Frame) -> Markup:
    """One bar a reading from diastolic to systolic; evening bars are dashed. `target` is (diastolic, systolic)."""
    ends = [float(value) for _, high, low in readings for value in (high, low)]
    area = _Area(frame, ends, [] if target is None else [target])
    body = _axes(area)
    if target is not None:
        body += _limit(area, target.high, "systolic target") + _limit(area, target.low, "diastolic target")
    for at, high, low in readings:
        x, top, bottom = area.x(at), area.y(float(high)), area.y(float(low))
        half = "evening" if at.hour >= 12 else "morning"  # noqa: PLR2004 - noon
        body += f'<path class="chart-bar chart-bar--{half}" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
        body += f'<path class="chart-cap" d="M{x - 3:.1f} {top:.1f}h6M{x - 3:.1f} {bottom:.1f}h6"/>'
    return _svg(area, "chart", pressure_sentence(readings, target, frame), body + _marks(area, marks))


def pressure_sentence(readings: Sequence[Pair], target: Band | None, frame: Frame) -> str:
    """Mean and count with the first day left out, as home measurements are read."""
    first = readings[0][0].date() if readings else None
    counted = [(float(high), float(low)) for at, high, low in readings if at.date() != first]
    if not counted:
        return f"{frame.label}: too few readings in {_days(frame)} days for a mean."
    high = number(math.fsum(one for one, _ in counted) / len(counted), 0)
    low = number(math.fsum(one for _, one in counted) / len(counted), 0)
    goal = "" if target is None else f", target under {number(target.high, 0)}/{number(target.low, 0)}"
    return f"{frame.label}: mean {high}/{low} {frame.unit} of {len(counted)} readings, first day left out{goal}."


def glucose_trace(points: Sequence[Point], target: Band, marks: Sequence[Mark], frame: Frame) -> Markup:
    """A sensor's trace over the target band; a gap of half an hour is a gap."""
    area = _Area(frame, [float(value) for _, value in points], [target, Band(2.0, 12.0)])
    body = _axes(area) + _band(area, target) + _limit(area, target.high, "target") + _limit(area, target.low, "target")
    body += _line(area, points, gap=timedelta(minutes=30))
    body += _outside(area, _turning(points, target), target, size=4.5)
    return _svg(area, "chart", glucose_sentence(points, target, frame), body + _marks(area, marks))


def glucose_profile(points: Sequence[Point], target: Band, frame: Frame) -> Markup | None:
    """A usual day from many days: median, the middle half and nine in ten, by half hours; None when too little is known.

    Points carry the person's own clock, since the day is theirs. `frame` spans one such day.
    """
    slots: list[list[float]] = [[] for _ in range(_SLOTS)]
    for at, value in points:
        slots[(at.hour * 60 + at.minute) * _SLOTS // 1440].append(float(value))
    if any(len(slot) < _SLOT_FROM for slot in slots):
        return None
    marks = [_shares(sorted(slot)) for slot in slots]
    area = _Area(frame, [value for mark in marks for value in mark], [target, Band(2.0, 12.0)])
    span = frame.end - frame.start
    xs = [area.x(frame.start + span * ((slot + 0.5) / _SLOTS)) for slot in range(_SLOTS)]
    body = _axes(area) + _limit(area, target.high, "target") + _limit(area, target.low, "target")
    for low, high, name in ((0, 4, "wide"), (1, 3, "half")):
        there = [f"{x:.1f} {area.y(mark[high]):.1f}" for x, mark in zip(xs, marks, strict=True)]
        back = [f"{x:.1f} {area.y(mark[low]):.1f}" for x, mark in zip(xs, marks, strict=True)]
        body += f'<path class="chart-share chart-share--{name}" d="M{"L".join([*there, *reversed(back)])}z"/>'
    middle = "L".join(f"{x:.1f} {area.y(mark[2]):.1f}" for x, mark in zip(xs, marks, strict=True))
    body += f'<path class="chart-line" d="M{middle}"/>'
    return _svg(area, "chart", profile_sentence(points, target, frame), body)


def profile_sentence(points: Sequence[Point], target: Band, frame: Frame) -> str:
    """Shares of time by range, with mean, GMI and CV, as people who treat diabetes read them."""
    values = [float(value) for _, value in points]
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    low = round(100 * sum(value < target.low for value in values) / len(values))
    high = round(100 * sum(value > target.high for value in values) / len(values))
    return (
        f"{frame.label}, {len({at.date() for at, _ in points})} days: {100 - low - high} % in range, {low} % below "
        f"{number(target.low, 1)}, {high} % above {number(target.high, 1)}; mean {number(mean, 1)} {frame.unit}, "
        f"GMI {number(3.31 + 0.43056 * mean, 1)} %, CV {number(100 * spread / mean, 0)} %. "
        "Line: median. Dark: the middle half. Light: nine in ten."
    )


def _shares(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(values[round(share * (len(values) - 1))] for share in (0.05, 0.25, 0.5, 0.75, 0.95))


def glucose_sentence(points: Sequence[Point], target: Band, frame: Frame) -> str:
    """Time in range by share of samples, with the lowest and the latest value."""
    if not points:
        return f"{frame.label}: no readings in {_days(frame)} days."
    values = [float(value) for _, value in points]
    low = round(100 * sum(value < target.low for value in values) / len(values))
    high = round(100 * sum(value > target.high for value in values) / len(values))
    return (
        f"{frame.label}: {number(points[-1][1], frame.places)} {frame.unit} now, lowest "
        f"{number(min(values), frame.places)}; {100 - low - high} % in range "
        f"{number(target.low, 1)} to {number(target.high, 1)}, {low} % below, {high} % above."
    )


class _Area:
    """Where an instant and a value lie on the canvas."""

    def __init__(
        self, frame: Frame, values: Sequence[float], bands: Iterable[Band], pad: tuple[int, int, int, int] = (26, 14, 26, 46)
    ) -> None:
        self.frame = frame
        self.top, self.right, self.bottom, self.left = pad
        reach = [*values, *(end for band in bands for end in (band.low, band.high))] or [0.0, 1.0]
        room = (max(reach) - min(reach)) * 0.08 or max(abs(max(reach)) * 0.02, 0.5)
        self.low, self.high = min(reach) - room, max(reach) + room
        self._start = frame.start.timestamp()
        self._width = frame.width - self.left - self.right
        self._per_s = self._width / max((frame.end - frame.start).total_seconds(), 1.0)
        self._floor = frame.height - self.bottom
        self._per_unit = (self._floor - self.top) / (self.high - self.low)

    def x(self, at: datetime) -> float:
        along = (at.timestamp() - self._start) * self._per_s
        return self.left + (0.0 if along < 0 else min(along, self._width))

    def y(self, value: float) -> float:
        return self._floor - (value - self.low) * self._per_unit


def _svg(area: _Area, kind: str, words: str, body: str) -> Markup:
    frame = area.frame
    return Markup(  # noqa: S704 - numbers are formatted above, all text is escaped
        f'<svg class="{kind}" role="img" aria-label="{escape(words)}" viewBox="0 0 {frame.width} {frame.height}" '
        f'width="{frame.width}" height="{frame.height}" focusable="false">{body}</svg>'
    )


def _days(frame: Frame) -> int:
    return max(round((frame.end - frame.start).total_seconds() / 86_400), 1)


def _band(area: _Area, band: Band | None) -> str:
    if band is None:
        return ""
    top, bottom = area.y(band.high), area.y(band.low)
    width = area.frame.width - area.left - area.right
    return f'<rect class="chart-band" x="{area.left}" y="{top:.1f}" width="{width}" height="{max(bottom - top, 1.0):.1f}"/>'


def _line(area: _Area, points: Sequence[Point], gap: timedelta) -> str:
    steps: list[str] = []
    before: datetime | None = None
    for at, value in points:
        pen = "L" if before is not None and at - before <= gap else "M"
        steps.append(f"{pen}{area.x(at):.1f} {area.y(float(value)):.1f}")
        before = at
    return f'<path class="chart-line" d="{"".join(steps)}"/>' if steps else ""


def _dot(area: _Area, point: Point, radius: float) -> str:
    return f'<circle class="chart-dot" cx="{area.x(point[0]):.1f}" cy="{area.y(float(point[1])):.1f}" r="{radius}"/>'


def _outside(area: _Area, points: Sequence[Point], band: Band | None, size: float) -> str:
    if band is None:
        return ""
    shapes: list[str] = []
    for at, value in points:
        if band.low <= float(value) <= band.high:
            continue
        up = -1 if float(value) > band.high else 1
        x, y = area.x(at), area.y(float(value))
        shapes.append(f"M{x - size:.1f} {y - up * size * 0.6:.1f}h{2 * size:.1f}L{x:.1f} {y + up * size:.1f}z")
    return f'<path class="chart-outside" d="{"".join(shapes)}"/>' if shapes else ""


def _turning(points: Sequence[Point], band: Band) -> list[Point]:
    """The worst point of each stretch outside the band: one shape for a stretch, not one for each sample."""
    found: list[Point] = []
    side = 0
    for at, value in points:
        now = (float(value) > band.high) - (float(value) < band.low)
        if now and now != side:
            found.append((at, value))
        elif now and now * float(value) > now * float(found[-1][1]):
            found[-1] = (at, value)
        side = now
    return found


def _limit(area: _Area, value: float, label: str) -> str:
    y = area.y(value)
    return (
        f'<path class="chart-limit" d="M{area.left} {y:.1f}H{area.frame.width - area.right}"/>'
        f'<text class="chart-text" x="{area.frame.width - area.right}" y="{y - 4:.1f}" text-anchor="end">'
        f"{escape(label)} {value:g}</text>"
    )


def _axes(area: _Area) -> str:
    frame = area.frame
    parts = [f'<text class="chart-text" x="4" y="14">{escape(frame.unit)}</text>']
    for value in _ticks(area.low, area.high):
        y = area.y(value)
        parts.append(f'<path class="chart-grid" d="M{area.left} {y:.1f}H{frame.width - area.right}"/>')
        parts.append(f'<text class="chart-text" x="{area.left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    hours = frame.end - frame.start <= timedelta(days=2)
    for place in range(5):
        at = frame.start + (frame.end - frame.start) * (place / 4)
        words = at.strftime("%H:%M") if hours else f"{at.day} {at.strftime('%b')}"
        anchor = ("start", "middle", "middle", "middle", "end")[place]
        parts.append(f'<text class="chart-text" x="{area.x(at):.1f}" y="{frame.height - 8}" text-anchor="{anchor}">{words}</text>')
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= raw)
    first = math.ceil(low / step)
    return [round(place * step, 6) for place in range(first, math.floor(high / step) + 1)]


def _marks(area: _Area, marks: Sequence[Mark]) -> str:
    parts: list[str] = []
    for mark in marks:
        x = area.x(mark.at)
        side = "end" if x > area.frame.width * 0.7 else "start"
        shift = -4 if side == "end" else 4
        parts.append(
            f'<path class="chart-mark" d="M{x:.1f} {area.top - 8}V{area.frame.height - area.bottom}"/>'
            f'<text class="chart-text" x="{x + shift:.1f}" y="{area.top - 10}" text-anchor="{side}">'
            f"{escape(mark.label)}</text>"
        )
    return "".join(parts)
