"""What every picture of one person is drawn with: their clock, what is on record, marks, notes and tables."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.detection.engine import BY_ID
from domain.detection.judgement import Severity
from domain.people.facts import MEDICINES
from domain.readings.kinds import BY_NO, Kind
from server.desk.service import Page
from server.desk.store import FactRow, ReadingRow
from server.web import words
from server.web.drawing import Frame, Mark, number
from server.web.views import Rank, TableRow

MOST_ROWS: Final = 60
_MOST_MARKS: Final = 6
EQUATIONS: Final = {"ckd_epi_2009": "CKD-EPI 2009", "ckd_epi_2021": "CKD-EPI 2021"}


class Told(msgspec.Struct, frozen=True):
    """What all pictures of one person need: their clock, what is on record, which readings an open flag rests on."""

    page: Page
    now: datetime
    zone: ZoneInfo
    evidence: frozenset[UUID]

    def fact(self, key: str) -> FactRow | None:
        """What holds now under a key: the newest."""
        held = [one for one in self.page.facts if one.key == key and one.from_at <= self.now and (one.to_at is None or self.now < one.to_at)]
        return held[-1] if held else None

    def number(self, key: str) -> float | None:
        """The same as a number."""
        found = self.fact(key)
        return None if found is None else float(found.value)

    def on(self, at: datetime) -> date:
        """The person's own date."""
        return at.astimezone(self.zone).date()


def value_of(row: ReadingRow) -> str:
    """A reading as people write it, without its unit; a device's LO and HI stay so."""
    kind = BY_NO[row.kind]
    shown = number(row.value, min(kind.places, 1))
    if row.value2 is not None:
        shown += f"/{number(row.value2, 0)}"
    return f"{row.comparator or ''}{shown}"


def marks(told: Told, kind: int, since: datetime) -> list[Mark]:
    """When something was flagged in this kind, one a day, and when a medicine changed; numbered, with the words under the chart."""
    flags: dict[date, tuple[datetime, Rank, str]] = {}
    concerns = told.page.concerns
    for one in (*concerns.reasons, *concerns.found_late):
        rule = BY_ID.get(one.row.rule)
        if rule is None or rule.trend != kind or one.row.severity == Severity.INFO or one.judgement.anchor_at < since:
            continue
        at = one.judgement.anchor_at
        flags.setdefault(told.on(at), (at, Rank.of(one.row.severity, emergency=one.row.emergency), one.judgement.sentence))
    found = [
        Mark(at, f"{rank.shape}{place}", f"{rank.word}: {said}")
        for place, (at, rank, said) in enumerate(sorted(flags.values(), key=lambda flag: flag[0])[-_MOST_MARKS:], 1)
    ]
    changes = [one for one in medicine_changes(told.page.facts) if since < one[0] <= told.now]
    found += [Mark(at, f"M{place}", said) for place, (at, said) in enumerate(changes[-_MOST_MARKS:], 1)]
    return sorted(found, key=lambda mark: mark.at)


def medicine_changes(facts: Sequence[FactRow]) -> list[tuple[datetime, str]]:
    """When a medicine was started, changed or stopped, oldest first."""
    found: list[tuple[datetime, str]] = []
    for one in facts:
        name = MEDICINES.get(one.value, one.value)
        if one.key == "medicine_changed":
            found.append((one.from_at, f"{name} started or changed"))
        elif one.key == "medicine":
            found.append((one.from_at, f"{name} started"))
            found += [] if one.to_at is None else [(one.to_at, f"{name} stopped")]
    return sorted(found)


def notes(told: Told, found: Sequence[Mark]) -> tuple[TableRow, ...]:
    """The words of the marks."""
    return tuple(TableRow(at=mark.at.astimezone(told.zone), value=mark.label, note=mark.words) for mark in found)


def table(told: Told, rows: Sequence[ReadingRow]) -> tuple[TableRow, ...]:
    """The numbers behind a picture, newest first."""
    return tuple(
        TableRow(at=row.taken_at.astimezone(told.zone), value=value_of(row), note=_note(told, row)) for row in reversed(rows[-MOST_ROWS:])
    )


def _note(told: Told, row: ReadingRow) -> str:
    said = [EQUATIONS[row.equation]] if row.equation in EQUATIONS else []
    said += ["typed in"] if row.manual else []
    return ", ".join([*said, "a flag rests on it"] if row.id in told.evidence else said)


def frame_of(told: Told, kind: Kind, rows: Sequence[ReadingRow]) -> Frame:
    """From the first reading on, at most as far back as the page looks."""
    start = rows[0].taken_at - timedelta(hours=12)
    return Frame(title=kind.label, label=kind.label, unit=words.unit(kind.unit), start=start, end=told.now, places=min(kind.places, 1))
