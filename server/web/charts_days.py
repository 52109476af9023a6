"""Pictures of days: rows of squares for symptoms and scores, a calendar of seizures. Darker is worse, with the number inside."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
from markupsafe import Markup, escape

from server.web.drawing import Frame, svg

_SIZE: Final = 20
_LEFT: Final = 190
_MOST: Final = 4
"""Shades, from 1 to the darkest."""


class Row(msgspec.Struct, frozen=True):
    """One symptom or score: what was said on which day, and the number that is as bad as it gets."""

    label: str
    days: Mapping[date, int]
    worst: int


def _shade(value: int, worst: int) -> int:
    """0 is nothing; else 1 to 4."""
    return 0 if value <= 0 else max(1, min(_MOST, -(-value * _MOST // max(worst, 1))))


def _square(x: int, y: int, value: int | None, worst: int) -> str:
    if value is None:
        return f'<rect class="chart-square" x="{x}" y="{y}" width="{_SIZE - 3}" height="{_SIZE - 3}"/>'
    shade = _shade(value, worst)
    return (
        f'<rect class="chart-square chart-square--{shade}" x="{x}" y="{y}" width="{_SIZE - 3}" height="{_SIZE - 3}"/>'
        f'<text class="chart-count chart-count--{shade}" x="{x + _SIZE / 2 - 1.5:g}" y="{y + 13}" text-anchor="middle">{value}</text>'
    )


def squares(rows: Sequence[Row], last: date, length: int, frame: Frame, words: str) -> Markup:
    """A row for each symptom, a square for each of the days up to the last; an empty square is a day without word of it."""
    shown = msgspec.structs.replace(frame, width=_LEFT + length * _SIZE + 8, height=len(rows) * _SIZE + 30)
    first = last - timedelta(days=length - 1)
    body = ""
    for place, row in enumerate(rows):
        y = place * _SIZE + 4
        body += f'<text class="chart-text" x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(row.label)}</text>'
        for offset in range(length):
            body += _square(_LEFT + offset * _SIZE, y, row.days.get(first + timedelta(days=offset)), row.worst)
    for offset in range(0, length, 7):
        on = first + timedelta(days=offset)
        body += f'<text class="chart-text" x="{_LEFT + offset * _SIZE}" y="{shown.height - 8}">{on.day} {on:%b}</text>'
    return svg(shown, "chart chart--squares chart--days", words, body)


def calendar(days: Mapping[date, int], last: date, weeks: int, frame: Frame, words: str) -> Markup:
    """A column for each week, Monday on top; the number of seizures inside."""
    left = 44
    first = last - timedelta(days=last.weekday() + 7 * (weeks - 1))
    shown = msgspec.structs.replace(frame, width=left + weeks * _SIZE + 24, height=7 * _SIZE + 36)
    body = "".join(
        f'<text class="chart-text" x="{left - 6}" y="{place * _SIZE + 17}" text-anchor="end">{name}</text>'
        for place, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    )
    for offset in range((last - first).days + 1):
        on = first + timedelta(days=offset)
        x, y = left + offset // 7 * _SIZE, offset % 7 * _SIZE + 4
        found = days.get(on)
        body += _square(x, y, found, 3) if found else _square(x, y, None, 3)
        if on.day <= 7 and on.weekday() == 0:  # noqa: PLR2004 - the first Monday of a month
            body += f'<text class="chart-text" x="{x}" y="{shown.height - 10}">{on:%b}</text>'
    return svg(shown, "chart chart--squares", words, body)
