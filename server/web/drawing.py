"""What every chart is drawn with: canvas, axes, lines, shapes and ticks, as SVG text. No inline style: the page's policy forbids it.

Values are only drawn here, never judged, so they may be floats.
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
_CLOSE: Final = 26
"""Ticks nearer to each other than this stand in different rows."""
_ROWS: Final = 3


class Band(msgspec.Struct, frozen=True):
    """The person's own usual range, or a target: both ends are still inside."""

    low: float
    high: float


class Line(msgspec.Struct, frozen=True):
    """A value to be held against, with its words."""

    value: float
    label: str


class Mark(msgspec.Struct, frozen=True):
    """Something that happened, as a labelled tick: a flag, or a medicine that changed. `words` say it under the chart."""

    at: datetime
    label: str
    words: str = ""


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

    @property
    def days(self) -> int:
        """How many days it spans, one at least."""
        return max(round((self.end - self.start).total_seconds() / 86_400), 1)


def number(value: Decimal | float, places: int) -> str:
    """A value as people read it, rounded half up."""
    step = Decimal(1).scaleb(-places)
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return str(exact.quantize(step, rounding="ROUND_HALF_UP"))


class Area:
    """Where an instant and a value lie on the canvas."""

    def __init__(
        self, frame: Frame, values: Sequence[float], bands: Iterable[Band], pad: tuple[int, int, int, int] = (50, 14, 26, 46)
    ) -> None:
        self.frame = frame
        self.top, self.right, self.bottom, self.left = pad
        reach = [*values, *(end for one in bands for end in (one.low, one.high))] or [0.0, 1.0]
        room = (max(reach) - min(reach)) * 0.08 or max(abs(max(reach)) * 0.02, 0.5)
        self.low, self.high = min(reach) - room, max(reach) + room
        self._start = frame.start.timestamp()
        self._width = frame.width - self.left - self.right
        self._per_s = self._width / max((frame.end - frame.start).total_seconds(), 1.0)
        self._floor = frame.height - self.bottom
        self._per_unit = (self._floor - self.top) / (self.high - self.low)

    def x(self, at: datetime) -> float:
        """How far from the left an instant lies; what is outside the frame lies on its edge."""
        along = (at.timestamp() - self._start) * self._per_s
        return self.left + (0.0 if along < 0 else min(along, self._width))

    def y(self, value: float) -> float:
        """How far from the top a value lies."""
        return self._floor - (value - self.low) * self._per_unit


def svg(frame: Frame, kind: str, words: str, body: str) -> Markup:
    """The finished picture with its words for those who cannot see it."""
    return Markup(  # noqa: S704 - numbers are formatted, all text is escaped
        f'<svg class="{kind}" role="img" aria-label="{escape(words)}" viewBox="0 0 {frame.width} {frame.height}" '
        f'width="{frame.width}" height="{frame.height}" focusable="false">{body}</svg>'
    )


def band(area: Area, found: Band | None) -> str:
    """A range as a pale strip."""
    if found is None:
        return ""
    top, bottom = area.y(found.high), area.y(found.low)
    width = area.frame.width - area.left - area.right
    return f'<rect class="chart-band" x="{area.left}" y="{top:.1f}" width="{width}" height="{max(bottom - top, 1.0):.1f}"/>'


def line(area: Area, points: Sequence[Point], gap: timedelta) -> str:
    """A series; a longer gap is left open."""
    steps: list[str] = []
    before: datetime | None = None
    for at, value in points:
        pen = "L" if before is not None and at - before <= gap else "M"
        steps.append(f"{pen}{area.x(at):.1f} {area.y(float(value)):.1f}")
        before = at
    return f'<path class="chart-line" d="{"".join(steps)}"/>' if steps else ""


def dot(area: Area, point: Point, radius: float) -> str:
    """One reading."""
    return f'<circle class="chart-dot" cx="{area.x(point[0]):.1f}" cy="{area.y(float(point[1])):.1f}" r="{radius}"/>'


def rings(area: Area, points: Sequence[Point]) -> str:
    """The readings on which an open flag rests, each ringed."""
    return "".join(
        f'<circle class="chart-ring" cx="{area.x(at):.1f}" cy="{area.y(float(value)):.1f}" r="7"/>' for at, value in points
    )


def outside(area: Area, points: Sequence[Point], found: Band | None, size: float) -> str:
    """A triangle at each value outside a range: its point shows the side."""
    if found is None:
        return ""
    shapes: list[str] = []
    for at, value in points:
        if found.low <= float(value) <= found.high:
            continue
        up = -1 if float(value) > found.high else 1
        x, y = area.x(at), area.y(float(value))
        shapes.append(f"M{x - size:.1f} {y - up * size * 0.6:.1f}h{2 * size:.1f}L{x:.1f} {y + up * size:.1f}z")
    return f'<path class="chart-outside" d="{"".join(shapes)}"/>' if shapes else ""


def turning(points: Sequence[Point], found: Band) -> list[Point]:
    """The worst point of each stretch outside the band: one shape for a stretch, not one for each sample."""
    worst: list[Point] = []
    side = 0
    for at, value in points:
        now = (float(value) > found.high) - (float(value) < found.low)
        if now and now != side:
            worst.append((at, value))
        elif now and now * float(value) > now * float(worst[-1][1]):
            worst[-1] = (at, value)
        side = now
    return worst


def limit(area: Area, one: Line) -> str:
    """A line across with its words at the right."""
    y = area.y(one.value)
    return (
        f'<path class="chart-limit" d="M{area.left} {y:.1f}H{area.frame.width - area.right}"/>'
        f'<text class="chart-text" x="{area.frame.width - area.right}" y="{y - 4:.1f}" text-anchor="end">'
        f"{escape(one.label)} {one.value:g}</text>"
    )


def axes(area: Area) -> str:
    """The unit, the values at the left, five times below."""
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


def ticks(area: Area, marks: Sequence[Mark]) -> str:
    """What happened on the way; neighbours take the first of three rows in which their label can be read."""
    parts: list[str] = []
    taken = [-float(_CLOSE)] * _ROWS
    for mark in sorted(marks, key=lambda one: one.at):
        x = area.x(mark.at)
        row = next((row for row, before in enumerate(taken) if x - before >= _CLOSE), taken.index(min(taken)))
        taken[row] = x
        y = area.top - 8 - 14 * row
        parts.append(
            f'<path class="chart-mark" d="M{x:.1f} {y + 3:.1f}V{area.frame.height - area.bottom}"/>'
            f'<text class="chart-text chart-text--mark" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(mark.label)}</text>'
        )
    return "".join(parts)
