"""Charts as SVG text, by hand: the same picture on a page, on paper and in a letter. Shape and words before colour."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from domain.readings.pressure_diary import Mean, Week
from server.web.drawing import (
    Area,
    Band,
    Frame,
    Line,
    Mark,
    Pair,
    Point,
    axes,
    band,
    dot,
    limit,
    line,
    number,
    outside,
    rings,
    svg,
    ticks,
)

_BAND_FROM: Final = 7
_RECENT: Final = timedelta(days=3)
_GAP: Final = timedelta(days=4)


def own_band(points: Sequence[Point], now: datetime) -> Band | None:
    """The middle four fifths of what came before the last three days; none from fewer than seven values."""
    usual = sorted(float(value) for at, value in points if at < now - _RECENT)
    if len(usual) < _BAND_FROM:
        return None
    return Band(usual[round(0.1 * (len(usual) - 1))], usual[round(0.9 * (len(usual) - 1))])


def against(value: Decimal | float, found: Band | None) -> str:
    """Where a value lies against the person's own band, in two words; nothing when no band is known."""
    if found is None:
        return ""
    return "above usual" if float(value) > found.high else "below usual" if float(value) < found.low else "as usual"


def sentence(points: Sequence[Point], found: Band | None, frame: Frame) -> str:
    """The picture in words, for those who cannot see it."""
    if not points:
        return f"{frame.label}: no readings in {frame.days} days."
    words = [f"{frame.label}: {number(points[-1][1], frame.places)} {frame.unit} now"]
    if found is not None:
        over = sum(float(value) > found.high for _, value in points)
        under = sum(float(value) < found.low for _, value in points)
        words.append(f"usual range {number(found.low, frame.places)} to {number(found.high, frame.places)}")
        words.append(f"{over} above, {under} below in {frame.days} days")
    return ", ".join(words) + f", {len(points)} reading{'s' if len(points) != 1 else ''}."


def sparkline(points: Sequence[Point], found: Band | None, frame: Frame) -> Markup:
    """28 days on a thumbnail: the line, the person's own band, and a triangle wherever a value left it."""
    area = Area(frame, [float(value) for _, value in points], [] if found is None else [found], pad=(5, 7, 5, 7))
    body = band(area, found) + line(area, points, gap=_GAP) + outside(area, points, found, size=3.2)
    if points:
        body += dot(area, points[-1], 2.6)
    return svg(frame, "spark", sentence(points, found, frame), body)


def line_chart(
    points: Sequence[Point], found: Band | None, marks: Sequence[Mark], frame: Frame, lines: Sequence[Line] = (),
    evidence: Collection[datetime] = (),
) -> Markup:  # fmt: skip
    """One series with the person's own band, what it is held against, what happened, and a ring round what a flag rests on."""
    held = [Band(one.value, one.value) for one in lines]
    area = Area(frame, [float(value) for _, value in points], held if found is None else [found, *held])
    body = axes(area) + band(area, found) + "".join(limit(area, one) for one in lines) + line(area, points, gap=_GAP)
    body += "".join(dot(area, point, 2.4) for point in points[-200:])
    body += outside(area, points, found, size=5) + rings(area, [one for one in points if one[0] in evidence]) + ticks(area, marks)
    return svg(frame, "chart", sentence(points, found, frame), body)


def pressure_bars(
    readings: Sequence[Pair], target: Band | None, marks: Sequence[Mark], frame: Frame, words: str, evidence: Collection[datetime] = (),
) -> Markup:  # fmt: skip
    """One bar a reading from diastolic to systolic; evening bars are dashed. `target` is (diastolic, systolic)."""
    ends = [float(value) for _, high, low in readings for value in (high, low)]
    area = Area(frame, ends, [] if target is None else [target])
    body = axes(area)
    if target is not None:
        body += limit(area, Line(target.high, "systolic target")) + limit(area, Line(target.low, "diastolic target"))
    for at, high, low in readings:
        x, top, bottom = area.x(at), area.y(float(high)), area.y(float(low))
        half = "evening" if at.hour >= 12 else "morning"  # noqa: PLR2004 - noon
        body += f'<path class="chart-bar chart-bar--{half}" d="M{x:.1f} {top:.1f}V{bottom:.1f}"/>'
        body += f'<path class="chart-cap" d="M{x - 3:.1f} {top:.1f}h6M{x - 3:.1f} {bottom:.1f}h6"/>'
    body += rings(area, [(at, high) for at, high, _ in readings if at in evidence])
    return svg(frame, "chart", words, body + ticks(area, marks))


def _mean(found: Mean | None, name: str) -> str:
    return "" if found is None else f"{name} {found.systolic}/{found.diastolic} of {found.n}"


def pressure_sentence(found: Week, target: Band | None, frame: Frame) -> str:
    """A week's mean and count with its first day left out, as home measurements are read (HT-1)."""
    goal = "" if target is None else f"; target under {number(target.high, 0)}/{number(target.low, 0)}"
    if found.mean is None:
        return f"{frame.label}: too few readings in 7 days for a mean{goal}."
    parts = ", ".join(one for one in (_mean(found.morning, "mornings"), _mean(found.evening, "evenings")) if one)
    sure = f" Too little to rely on: {found.missing}." if found.missing else ""
    return (
        f"{frame.label}: mean {found.mean.systolic}/{found.mean.diastolic} {frame.unit} of {found.mean.n} readings in 7 days, "
        f"first day left out ({parts}){goal}.{sure}"
    )
