"""Pictures of a glucose sensor: the last day as it was, a usual day of two weeks, and time in range as one bar."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from domain.readings.glucose_profile import Bands, Profile
from domain.readings.sensor_days import Summary
from server.web.drawing import Area, Band, Frame, Line, Mark, Point, axes, band, limit, line, number, outside, svg, ticks, turning

_USUAL: Final = Band(2.0, 12.0)
_HALF_HOUR: Final = timedelta(minutes=30)
_BAR: Final = (("very_high", "very high, above 13.9"), ("high", "high, above 10.0"), ("in_range", "in range"),
               ("low", "low, below 3.9"), ("very_low", "very low, below 3.0"))  # fmt: skip


def _targets(area: Area, target: Band) -> str:
    return limit(area, Line(target.high, "target")) + limit(area, Line(target.low, "target"))


def glucose_trace(points: Sequence[Point], target: Band, marks: Sequence[Mark], frame: Frame) -> Markup:
    """A sensor's trace over the target band; a gap of half an hour is a gap."""
    area = Area(frame, [float(value) for _, value in points], [target, _USUAL])
    body = axes(area) + band(area, target) + _targets(area, target) + line(area, points, gap=_HALF_HOUR)
    body += outside(area, turning(points, target), target, size=4.5)
    return svg(frame, "chart", glucose_sentence(points, target, frame), body + ticks(area, marks))


def glucose_sentence(points: Sequence[Point], target: Band, frame: Frame) -> str:
    """Time in range by share of samples, with the lowest and the latest value."""
    if not points:
        return f"{frame.label}: no readings in {frame.days} days."
    values = [float(value) for _, value in points]
    low = round(100 * sum(value < target.low for value in values) / len(values))
    high = round(100 * sum(value > target.high for value in values) / len(values))
    return (
        f"{frame.label}: {number(points[-1][1], frame.places)} {frame.unit} now, lowest "
        f"{number(min(values), frame.places)}; {100 - low - high} % in range "
        f"{number(target.low, 1)} to {number(target.high, 1)}, {low} % below, {high} % above."
    )


def glucose_profile(found: Profile, target: Band, frame: Frame, words: str) -> Markup:
    """A usual day: median, the middle half and nine in ten, by half hours. `frame` spans one such day."""
    marks = [tuple(map(float, slot)) for slot in found.slots]
    area = Area(frame, [value for mark in marks for value in mark], [target, _USUAL])
    span = frame.end - frame.start
    xs = [area.x(frame.start + span * ((slot + 0.5) / len(marks))) for slot in range(len(marks))]
    body = axes(area)
    for low, high, name in ((0, 4, "wide"), (1, 3, "half")):
        there = [f"{x:.1f} {area.y(mark[high]):.1f}" for x, mark in zip(xs, marks, strict=True)]
        back = [f"{x:.1f} {area.y(mark[low]):.1f}" for x, mark in zip(xs, marks, strict=True)]
        body += f'<path class="chart-share chart-share--{name}" d="M{"L".join([*there, *reversed(back)])}z"/>'
    middle = "L".join(f"{x:.1f} {area.y(mark[2]):.1f}" for x, mark in zip(xs, marks, strict=True))
    body += f'<path class="chart-line" d="M{middle}"/>' + _targets(area, target)
    return svg(frame, "chart", words, body)


def profile_sentence(found: Summary, frame: Frame) -> str:
    """Shares of time by range, mean, GMI, CV and coverage, as people who treat diabetes read them (DM-10)."""
    below_54, _, below_70, _, above_180, above_250 = found.beyond
    numbers = ""
    if found.mean is not None and found.cv is not None:
        mean = found.mean / Decimal("18.0156")
        numbers = (
            f" Mean {number(mean, 1)} {frame.unit}, GMI {found.gmi_percent} % ({found.gmi_mmol} mmol/mol), "
            f"CV {number(found.cv, 0)} % (goal 36 or less)."
        )
    return (
        f"{frame.label}, {found.days} days: {number(found.in_range, 0)} % in range 3.9 to 10.0, {number(below_70, 1)} % below 3.9 "
        f"({number(below_54, 1)} % below 3.0), {number(above_180, 0)} % above 10.0 ({number(above_250, 1)} % above 13.9)."
        f"{numbers} Sensor covered {number(min(found.active, Decimal(100)), 0)} % of the time."
    )


def range_bar(found: Bands, frame: Frame) -> Markup:
    """Time in range as one standing bar, highest on top, each part with its words; parts differ in pattern, not only in colour."""
    height, top = frame.height - 24.0, 12.0
    y = top
    body = ""
    said: list[str] = []
    text_y = -20.0
    for name, words in _BAR:
        share: Decimal = getattr(found, name)
        tall = float(share) / 100 * height
        shown = f"{number(share, 1 if share < 10 else 0)} % {words}"  # noqa: PLR2004 - a digit more where it is small
        said.append(shown)
        body += f'<rect class="chart-time chart-time--{name}" x="8" y="{y:.1f}" width="56" height="{tall:.1f}"/>'
        text_y = max(y + tall / 2 + 4, text_y + 18)
        body += f'<text class="chart-text chart-text--side" x="76" y="{text_y:.1f}">{shown}</text>'
        y += tall
    return svg(frame, "chart chart--bar", f"{frame.label}: " + ", ".join(said) + ".", body)
