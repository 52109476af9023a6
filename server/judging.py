"""`steady judge`: one patient's history as JSON, every judgement as JSON; the same path as in the product, with no database."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain import intake
from domain.detection import catalogue, engine
from domain.detection.judgement import Judgement
from domain.detection.picture import Picture, View
from domain.episodes.episode import Episode, Flag
from domain.errors import Invalid
from domain.forms.catalogue import FORMS
from domain.forms.response import Response, admit, admit_facts, fill
from domain.people import facts
from domain.people.facts import Fact
from domain.people.patient import Profile
from domain.plans import limits
from domain.plans.limits import Change, Dated, Layer, Period
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Context, Draft, Duplicate, Quarantined, Rejected, Source, Stored
from integrations.derived import reading_id

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
MOST: Final = 200_000
ARRIVES: Final = timedelta(seconds=20)
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_BORN_FIRST: Final = date(1900, 1, 1)
_FOR_EVER: Final = timedelta(days=700)


class FactIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something known about the person, from an instant on; without one, always."""

    key: Word
    value: Word
    from_at: Instant | None = None
    to_at: Instant | None = None


class PatientIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is judged."""

    id: UUID | None = None
    birth_on: date
    zone: Word = "Europe/London"
    conditions: list[Word] = []
    facts: list[FactIn] = []


class LimitIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A personal limit, such as HF-W1.gain_kg; `unit` is needed for glucose."""

    key: Word
    value: Decimal
    unit: Word | None = None
    from_at: Instant | None = None
    to_at: Instant | None = None


class ReadingIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reading. `received_at`: when we heard of it; without one, seconds after it was taken."""

    id: UUID | None = None
    kind: Word
    taken_at: Instant
    received_at: Instant | None = None
    value: Decimal | None = None
    parts: dict[Word, Decimal] | None = None
    code: Word | None = None
    unit: Word | None = None
    comparator: Literal["<", ">"] | None = None
    context: Context | None = None
    device: int = 0
    manual: bool = False
    corrects: UUID | None = None
    retracts: bool = False
    reason: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class AnswersIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One filled-in form: its key, and what was answered to which question."""

    form: Word
    version: int | None = None
    taken_at: Instant
    answers: dict[str, str | list[str] | int | float]
    facts: dict[str, str] = {}


class HistoryIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One patient's history, to be judged as at `now`."""

    patient: PatientIn
    now: Instant
    limits: list[LimitIn] = []
    readings: Annotated[list[ReadingIn], msgspec.Meta(max_length=MOST)] = []
    answers: Annotated[list[AnswersIn], msgspec.Meta(max_length=MOST)] = []


class OutcomeOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one reading."""

    id: UUID
    status: Literal["stored", "duplicate", "quarantined", "rejected"]
    code: str = ""
    pointer: str = ""
    detail: str = ""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the product makes of a history: each judgement at `now`, and the flags and concerns as they came up on the way."""

    rule_set: int
    now: datetime
    outcomes: list[OutcomeOut]
    judgements: list[Judgement]
    flags: list[Flag]
    episodes: list[Episode]


class CannotJudge(Exception):
    """A history that cannot be; each line says where and why."""


_DECODER: Final = msgspec.json.Decoder(HistoryIn)


def main(source: str, *, schema: bool) -> int:
    """Judge a file, or the standard input for `-`; the exit code."""
    if schema:
        sys.stdout.write(schema_text())
        return 0
    try:
        body = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        found = judged(decode(body))
    except OSError as error:
        sys.stderr.write(f"{source}: {error.strerror}.\n")
        return 2
    except CannotJudge as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    return 0


def schema_text() -> str:
    """The shape of a history and of the answer, as JSON Schema, made from the structs themselves."""
    schemas, components = msgspec.json.schema_components([HistoryIn, Judged], ref_template="#/$defs/{name}")
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "steady judge: history in, judgements out",
        "oneOf": list(schemas), "$defs": components,
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic")).decode() + "\n"


def decode(body: bytes) -> HistoryIn:
    """The history, or CannotJudge with where it is not one."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CannotJudge(f"Not a history: {error}. `steady judge --schema` prints what is expected.") from error


def judged(history: HistoryIn) -> Judged:
    """Every reading as it came in, then every judgement as at `now`. Raises CannotJudge with all that is impossible."""
    faults = [*_dates(history), *_kinds(history)]
    if faults:
        raise CannotJudge("\n".join(faults))
    profile = _profile(history)
    arrivals = sorted([*_readings(history), *_answers(history)], key=lambda one: (one[0], one[1].taken_at, one[1].id))
    first = min((one.taken_at for _, one in arrivals), default=history.now)
    picture = Picture(version=1, since=min(first, history.now) - timedelta(days=1), profile=profile)
    patient = history.patient.id or reading_id("patient", history.patient.birth_on)
    return _run(picture, patient, arrivals, history.now)


def _run(picture: Picture, patient: UUID, arrivals: Sequence[tuple[datetime, Draft]], now: datetime) -> Judged:
    new_id = _ids(patient)
    outcomes: list[OutcomeOut] = []
    flags: dict[tuple[str, UUID], Flag] = {}
    episodes: dict[UUID, Episode] = {}

    def keep(taken: intake.Taken) -> None:
        flags.update({(flag.rule, flag.anchor): flag for flag in taken.effects.flags})
        episodes.update({episode.id: episode for episode in taken.effects.episodes})

    def catch_up(until: datetime) -> None:
        while picture.due_at is not None and picture.due_at <= until:
            due = picture.due_at
            keep(intake.again(picture, due, due, new_id))

    for at, draft in arrivals:
        catch_up(at)
        taken = intake.take(picture, patient, [draft], at, new_id)
        outcomes.extend(_outcome(draft, one) for one in taken.outcomes)
        keep(taken)
    catch_up(now)
    view = View(picture.readings, picture.profile, now, picture.diary)
    everything = [one for kind in list(picture.readings) for one in picture.readings[kind]]
    return Judged(
        rule_set=engine.RULE_SET, now=now, outcomes=outcomes, judgements=engine.judge(view, engine.affected(view, everything)),
        flags=sorted(flags.values(), key=lambda flag: (flag.anchor_at, flag.rule)),
        episodes=sorted(episodes.values(), key=lambda episode: (episode.opened_at, episode.group)),
    )  # fmt: skip


def _ids(patient: UUID) -> Callable[[], UUID]:
    """Ids that are the same each time the same history is judged."""
    count = 0

    def new() -> UUID:
        nonlocal count
        count += 1
        return reading_id("judge", patient, count)

    return new


def _outcome(draft: Draft, one: Stored | Duplicate | Quarantined | Rejected) -> OutcomeOut:
    match one:
        case Stored():
            return OutcomeOut(id=draft.id, status="stored")
        case Duplicate():
            return OutcomeOut(id=draft.id, status="duplicate")
        case Quarantined():
            return OutcomeOut(id=draft.id, status="quarantined", code=one.code, pointer=one.pointer, detail=one.detail)
        case Rejected():
            return OutcomeOut(id=draft.id, status="rejected", code=one.code, pointer=one.pointer, detail=one.detail)


def _dates(history: HistoryIn) -> list[str]:
    """Dates that cannot be: before birth, after now, received before taken."""
    now, born = history.now, history.patient.birth_on
    if not _EARLIEST <= now < _LATEST:
        return ["/now: between 1900 and 2100."]
    found: list[str] = []
    if not _BORN_FIRST <= born <= now.date():
        found.append("/patient/birth_on: between 1900 and now.")
    for place, one in enumerate(history.readings):
        here = f"/readings/{place}"
        if not _EARLIEST <= one.taken_at <= now or one.taken_at.date() < born:
            found.append(f"{here}/taken_at: after the birth and not after now.")
        elif one.received_at is not None and not one.taken_at <= one.received_at <= now:
            found.append(f"{here}/received_at: not before it was taken and not after now.")
    found.extend(
        f"/answers/{place}/taken_at: after the birth and not after now."
        for place, one in enumerate(history.answers)
        if not _EARLIEST <= one.taken_at <= now or one.taken_at.date() < born
    )
    return found


def _kinds(history: HistoryIn) -> list[str]:
    """Readings that say nothing, or the same id twice for different things."""
    found: list[str] = []
    seen: dict[UUID, ReadingIn] = {}
    for place, one in enumerate(history.readings):
        if not one.retracts and one.kind not in BY_NAME:
            found.append(f"/readings/{place}/kind: not a kind that is known here.")
        if one.id is not None and seen.setdefault(one.id, one) != one:
            found.append(f"/readings/{place}/id: stands at another reading too.")
    return found


def _profile(history: HistoryIn) -> Profile:
    patient = history.patient
    try:
        zone = ZoneInfo(patient.zone).key
    except (KeyError, ValueError, OSError) as error:
        raise CannotJudge("/patient/zone: no time zone of that name.") from error
    known: list[Fact] = []
    for place, one in enumerate(patient.facts):
        start = one.from_at or _EARLIEST
        if one.to_at is not None and one.to_at <= start:
            raise CannotJudge(f"/patient/facts/{place}: it ends before it begins.")
        try:
            known.append(facts.admit(one.key, one.value, start, one.to_at))
        except Invalid as error:
            raise CannotJudge(f"/patient/facts/{place}{error.pointer}: {error.detail}") from error
    return Profile(
        zone=zone, birth_on=patient.birth_on, conditions=frozenset(patient.conditions), facts=tuple(known), limits=_limits(history.limits),
    )  # fmt: skip


def _limits(wanted: Sequence[LimitIn]) -> dict[str, tuple[Dated, ...]]:
    """Personal limits as they stand: those of one period together, held against all before; contradicting ones are refused."""
    standing: dict[str, tuple[Dated, ...]] = {}
    periods: dict[tuple[datetime, datetime | None], list[tuple[int, LimitIn]]] = {}
    for place, one in enumerate(wanted):
        start = one.from_at or _EARLIEST
        if one.to_at is not None and one.to_at <= start:
            raise CannotJudge(f"/limits/{place}: it ends before it begins.")
        periods.setdefault((start, one.to_at), []).append((place, one))
    for (start, end), ones in periods.items():
        for place, one in ones:
            if any(start < (other.to_at or _LATEST) and other.from_at < (end or _LATEST) for other in standing.get(one.key, ())):
                raise CannotJudge(f"/limits/{place}: another {one.key} holds at the same time.")
        period = Period(from_at=start, review_at=start + _FOR_EVER, to_at=end)
        changes = [Change(key=one.key, value=one.value, unit=one.unit) for _, one in ones]
        try:
            found = limits.admit(changes, catalogue.CATALOGUE, standing, period, Layer.PERSON)
        except Invalid as error:
            raise CannotJudge(f"/limits ({', '.join(one.key for _, one in ones)}): {error.detail}") from error
        for admitted, (place, _) in zip(found, ones, strict=True):
            entry = Dated(admitted.value, start, end, admitted.mg, Layer.PERSON, None, reading_id("limit", place))
            standing[admitted.key] = (*standing.get(admitted.key, ()), entry)
    return standing


def _readings(history: HistoryIn) -> list[tuple[datetime, Draft]]:
    found: list[tuple[datetime, Draft]] = []
    for place, one in enumerate(history.readings):
        at = one.received_at or min(one.taken_at + ARRIVES, history.now)
        found.append((at, Draft(
            id=one.id or reading_id("reading", place, one.kind, one.taken_at), kind=one.kind, taken_at=one.taken_at.astimezone(UTC),
            value=one.value, parts=one.parts, code=one.code, unit=one.unit, comparator=one.comparator, context=one.context,
            device=one.device, manual=one.manual, corrects=one.corrects, retracts=one.retracts, reason=one.reason, source=Source.FILE,
        )))  # fmt: skip
    return found


def _answers(history: HistoryIn) -> list[tuple[datetime, Draft]]:
    found: list[tuple[datetime, Draft]] = []
    for place, one in enumerate(history.answers):
        form = FORMS.find(one.form, one.version)
        if form is None:
            raise CannotJudge(f"/answers/{place}/form: there is no such form or version.")
        sent = {key: Decimal(str(value)) if isinstance(value, int | float) else value for key, value in one.answers.items()}
        given, faults = admit(form, sent)
        faults = [*faults, *admit_facts(form, one.facts)]
        if faults:
            raise CannotJudge("\n".join(f"/answers/{place}{fault.pointer}: {fault.detail}" for fault in faults))
        response = Response(
            id=reading_id("answers", place, one.form, one.taken_at), form=form.key, version=form.version,
            taken_at=one.taken_at.astimezone(UTC), answers=given, facts=one.facts, source=Source.FILE,
        )  # fmt: skip
        at = min(one.taken_at + ARRIVES, history.now)
        found.extend((at, draft) for draft in fill(form, response, {}).drafts)
    return found

