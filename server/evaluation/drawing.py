"""The lead-time picture: how many events had been flagged so many days before they happened, detector by detector."""

from collections.abc import Callable, Sequence
from typing import Final

from markupsafe import escape

from server.evaluation.report import NAMES, Part
from server.evaluation.scoring import WINDOWS, Score
from server.web.drawing import number

Axis = Callable[[float], float]
_WIDTH: Final = 760
_EACH: Final = 300
_LEFT: Final = 52
_RIGHT: Final = 250
_TOP: Final = 44
_BOTTOM: Final = 40
_LINES: Final = (("#005eb8", "", 3.2), ("#007f3b", "9 4", 2.6), ("#768692", "2 3", 2.0), ("#7c2855", "6 3 2 3", 2.0), ("#4c6272", "1 2", 2.0))
"""Colour, dashes and width of each line: told apart without colour too."""
_MOST: Final = 5


def chosen(scores: Sequence[Score]) -> list[Score]:
    """The engine first, then the published detectors with the greatest skill; the fixed rule always among them."""
    ours = [one for one in scores if one.detector.startswith("engine")]
    others = sorted((one for one in scores if one not in ours), key=lambda one: -(one.skill.value or -1))
    fixed = [one for one in others if one.detector.startswith("3 lb")]
    rest = [one for one in others if one not in fixed]
    return [*ours, *fixed, *rest][:_MOST]


def picture(parts: Sequence[Part]) -> str:
    """One panel for each condition, as an SVG file of its own."""
    height = _EACH * len(parts)
    body = "".join(_panel(part, place * _EACH) for place, part in enumerate(parts))
    words = "Share of events that each detector had flagged, by days before the event"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{words}" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" font-family="Arial, sans-serif" font-size="12" fill="#212b32">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>{body}</svg>\n'
    )


def _panel(part: Part, top: int) -> str:
    ahead = WINDOWS[part.condition].ahead if part.condition in WINDOWS else 30.0
    right, floor = _WIDTH - _RIGHT, _EACH - _BOTTOM
    level = "" if part.noise is None else f", noise {part.noise}"

    def x(before: float) -> float:
        return right - before / ahead * (right - _LEFT)

    def y(share: float) -> float:
        return floor - share * (floor - _TOP)

    marks = [f'<text x="{_LEFT}" y="20" font-size="15" font-weight="bold">{escape(NAMES.get(part.condition, part.condition))}{level}</text>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        marks.append(f'<path d="M{_LEFT} {y(share):.1f}H{right}" stroke="#d8dde0"/>')
        marks.append(f'<text x="{_LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{number(share * 100, 0)} %</text>')
    for place in range(5):
        before = ahead * place / 4
        marks.append(f'<text x="{x(before):.1f}" y="{floor + 16}" text-anchor="middle">{number(before, 0)}</text>')
    marks.append(f'<text x="{(right + _LEFT) / 2:.0f}" y="{floor + 32}" text-anchor="middle">days before the event</text>')
    for place, score in enumerate(chosen(part.scores)):
        colour, dashes, width = _LINES[place]
        marks.append(_line(score, ahead, (x, y), f'stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"'))
        at = _TOP + 8 + place * 40
        marks.append(f'<path d="M{right + 14} {at}h26" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dashes}"/>')
        marks.append(f'<text x="{right + 46}" y="{at + 4}">{escape(score.detector)}</text>')
        rate = score.unexplained_per_patient_year.value
        said = f"{number((score.sensitivity.value or 0) * 100, 0)} % found, {number(rate or 0, 1)} unexplained a year"
        marks.append(f'<text x="{right + 46}" y="{at + 19}" fill="#4c6272">{said}</text>')
    return f'<g transform="translate(0 {top})">{"".join(marks)}</g>'


def _line(score: Score, ahead: float, axes: tuple[Axis, Axis], pen: str) -> str:
    x, y = axes
    steps = [f"M{x(ahead):.1f} {y(0):.1f}"]
    for place, lead in enumerate(sorted(score.leads, reverse=True), 1):
        steps.append(f"H{x(lead):.1f}V{y(place / max(score.events, 1)):.1f}")
    return f'<path d="{"".join(steps)}H{x(0):.1f}" fill="none" {pen}/>'
