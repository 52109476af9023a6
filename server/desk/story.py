"""One timeline of everything that happened to a person, each part by what the asker may see (F56)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.detection.catalogue import GOVERNED, label, unit
from domain.detection.judgement import Severity
from domain.forms.catalogue import FORMS
from domain.people.facts import KEYS, MEDICINES
from domain.readings.kinds import BY_NO, SYMPTOM_LABEL, DataClass
from server.desk.service import Page
from server.desk.store import HappenedRow, ReadingRow
from server.desk.told import value_of
from server.episodes import service as episodes
from server.episodes.pages import GROUPS
from server.episodes.store import DeliveryRow, EventRow
from server.web import words
from server.web.views import Choice, LineView, Rank

PARTS: Final = {
    "flags": "Flags and what was done", "told": "Who was told", "messages": "Messages", "readings": "Readings and forms",
    "plan": "Plan, limits and medicines",
    "sharing": "Sharing and devices",
}  # fmt: skip
_LATE: Final = 5
"""Of what was found late so many of the newest stand in the timeline, and every urgent one; the others are folded away."""
_READING_DAYS: Final = timedelta(days=14)
_MOST: Final = 80
_LONGEST: Final = 160
_EVENT: Final = msgspec.json.Decoder(dict[str, str])
SHARED: Final = {
    DataClass.RECORD: "record and plan", DataClass.VITALS: "weight, blood pressure, oxygen", DataClass.GLUCOSE: "glucose",
    DataClass.BREATHING: "breathing", DataClass.LABORATORY: "blood tests", DataClass.SYMPTOMS: "symptoms", DataClass.MOOD: "mood",
    DataClass.ACTIVITY: "activity and sleep",
}  # fmt: skip
_AWAY: Final = {"holiday": "on holiday", "illness": "ill", "admission": "in hospital", "other": "away"}
_HELD: Final = {
    "held": "Held back, not believed yet", "held_release": "Held reading believed as sent", "held_correct": "Held reading corrected",
    "held_discard": "Held reading set aside", "held_hold": "Reading held again", "held_confirm": "The person says it is right as sent",
}  # fmt: skip


def event(row: EventRow, zone: ZoneInfo, about: str) -> LineView:
    """What was done about a concern."""
    severity = {"info": 1, "amber": 2, "red": 3}.get(_EVENT.decode(row.body).get("severity", ""))
    return LineView(
        at=row.at.astimezone(zone), text=words.event(row.what, row.body), by=row.by_name or "",
        rank=None if severity is None else Rank.of(severity, emergency=False), about=about, part="flags",
    )  # fmt: skip


def told(row: DeliveryRow, zone: ZoneInfo, about: str, now: datetime) -> LineView:
    """Who was told, by which channel, with which result, and when it was seen (AL-10)."""
    if row.audience == "patient":
        text = f"Read by the patient: “{words.first_sentence(row.said)}”"
        return LineView(at=(row.received_at or row.created_at).astimezone(zone), text=text, about=about, part="told")
    who = row.recipient or words.ROLES.get(row.role, row.role)
    seen = f", seen {words.when(row.received_at.astimezone(zone), now.astimezone(zone))}" if row.received_at else ""
    text = f"Told {who} {words.sent(row.channel, row.state, row.receipt)}{seen}"
    return LineView(at=row.created_at.astimezone(zone), text=text, about=about, part="told")


def late(reason: episodes.Reason, zone: ZoneInfo) -> LineView:
    """What history showed afterwards (DQ-8)."""
    return LineView(
        at=reason.judgement.anchor_at.astimezone(zone), text=reason.judgement.sentence, found_late=True,
        rank=Rank.of(reason.row.severity, emergency=reason.row.emergency), part="flags",
    )  # fmt: skip


def _form(row: HappenedRow) -> str:
    form = FORMS.find(row.words, int(row.more))
    return f"Answered: {row.words if form is None else form.title}"


def _fact(row: HappenedRow) -> str:
    if row.words == "medicine":
        return f"Medicine started: {MEDICINES.get(row.more, row.more)}"
    if row.words == "medicine_changed":
        return f"Medicine started or changed: {MEDICINES.get(row.more, row.more)}"
    known = KEYS.get(row.words)
    said = row.words if known is None else known.label
    return f"Noted: {said}" + ("" if row.more == "yes" else f" {row.more}" + (f" {known.unit}" if known and known.unit else ""))


def _ended(row: HappenedRow) -> str:
    if row.words in ("medicine", "medicine_changed"):
        return f"Medicine stopped: {MEDICINES.get(row.more, row.more)}"
    known = KEYS.get(row.words)
    return f"No longer so: {row.words if known is None else known.label}"


def _limit(row: HappenedRow) -> str:
    governed = GOVERNED.get(row.words)
    name = row.words if governed is None else label(governed)
    if not row.more:
        return f"Own limit taken back: {name}"
    return f"Own limit set: {name} {row.more}" + ("" if governed is None else f" {unit(governed)}").rstrip()


def _held(row: HappenedRow) -> str:
    kind = words.inside(BY_NO[int(row.more)].label)
    why = "" if row.what == "held" else f": {row.words}"
    return f"{_HELD.get(row.what, row.what)}, {kind}{why}"


def _shared(row: HappenedRow) -> str:
    classes = ", ".join(SHARED[DataClass(int(one))] for one in row.words.split() if int(one) in SHARED) or "nothing"
    return f"Shared with {row.more or 'a team'}: {classes}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"


_SAID: Final[dict[str, tuple[str, Callable[[HappenedRow], str]]]] = {
    "response": ("readings", _form),
    "message_in": ("messages", lambda row: f"Wrote: “{_short(row.words)}”"),
    "message_out": ("messages", lambda row: f"The team wrote: “{_short(row.words)}”"),
    "plan": ("plan", lambda row: f"Plan version {row.words} came into force"),
    "signature": ("plan", lambda row: f"Plan version {row.words} signed by the {'patient' if row.more == 'patient' else 'clinician'}"),
    "pause": ("plan", lambda row: f"Planned absence, {_AWAY.get(row.words, row.words)}, until {row.more[:10]}"),
    "fact": ("plan", _fact),
    "fact_ended": ("plan", _ended),
    "limit": ("plan", _limit),
    "shared": ("sharing", _shared),
    "device": ("sharing", lambda row: f"Device given: {row.words.strip()}"),
    "device_ended": ("sharing", lambda row: f"Device taken back: {row.words.strip()}"),
    "retracted": ("readings", lambda row: f"Reading taken back{f': {row.words}' if row.words else ''}"),
    "corrected": ("readings", lambda row: f"Reading corrected{f': {row.words}' if row.words else ''}"),
    **dict.fromkeys(_HELD, ("readings", _held)),
}


def happened(row: HappenedRow, zone: ZoneInfo) -> LineView:
    """Anything else that is on record."""
    part, said = _SAID[row.what]
    return LineView(at=row.at.astimezone(zone), text=said(row), by=row.by or "", part=part)


def _days(page: Page, zone: ZoneInfo) -> list[LineView]:
    """What was measured, a line a day: the newest of each kind."""
    since = page.as_of - _READING_DAYS
    days: dict[datetime, dict[str, ReadingRow]] = {}
    for row in (row for rows in page.readings.values() for row in rows if row.taken_at > since):
        day = row.taken_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        key = f"{row.kind}-{row.value}" if BY_NO[row.kind].codes else str(row.kind)
        held = days.setdefault(day, {})
        if key not in held or row.taken_at > held[key].taken_at:
            held[key] = row
    return [
        LineView(at=max(row.taken_at for row in held.values()).astimezone(zone), part="readings",
                 text="Measured: " + ", ".join(_measured(row) for row in sorted(held.values(), key=lambda one: one.kind)))
        for held in days.values()
    ]  # fmt: skip


def _measured(row: ReadingRow) -> str:
    kind = BY_NO[row.kind]
    if kind.codes:
        return f"“{SYMPTOM_LABEL.get(int(row.value), kind.label)}”"
    return f"{words.inside(kind.label)} {value_of(row)} {words.unit(kind.unit)}"


def lines(page: Page, zone: ZoneInfo, part: str) -> tuple[LineView, ...]:
    """The newest of everything, or of one part of it."""
    shown, _ = _found_late(page)
    concerns = page.concerns
    names = {one.id: GROUPS.get(one.group, one.group) for one in concerns.episodes}
    every = [
        *(event(row, zone, names.get(row.episode, "")) for row in concerns.events),
        *(told(row, zone, "" if row.episode is None else names.get(row.episode, ""), page.as_of) for row in concerns.deliveries),
        *(late(one, zone) for one in shown), *(happened(row, zone) for row in page.happened), *_days(page, zone),
    ]  # fmt: skip
    held = [one for one in every if not part or one.part == part]
    return tuple(sorted(held, key=lambda one: one.at, reverse=True)[:_MOST])


def folded(page: Page, zone: ZoneInfo) -> tuple[LineView, ...]:
    """Watch notes that history showed afterwards, folded away."""
    _, rest = _found_late(page)
    return tuple(late(one, zone) for one in rest)


def _found_late(page: Page) -> tuple[Sequence[episodes.Reason], Sequence[episodes.Reason]]:
    every = sorted(page.concerns.found_late, key=lambda one: one.judgement.anchor_at, reverse=True)
    serious = [one for one in every if one.row.severity > Severity.INFO]
    shown = [one for place, one in enumerate(serious) if place < _LATE or one.row.severity == Severity.RED]
    return shown, [one for one in every if one not in shown]


def choices(part: str) -> tuple[Choice, ...]:
    """What the timeline can be narrowed to."""
    every = Choice(value="", label="Everything", chosen=not part)
    return (every, *(Choice(value=value, label=said, chosen=value == part) for value, said in PARTS.items()))
