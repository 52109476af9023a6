"""Observation searched: by patient, code, date and more, page by page, newest first unless asked otherwise."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.actor import Actor, ActorKind, Scope
from domain.errors import NotFound
from server.app_state import Parts
from server.auth.service import Auth
from server.db import Tx
from server.fhir import pages, store, things
from server.fhir.ids import parted
from server.fhir.out import observation, samples
from server.fhir.outcome import OperationOutcome, refused, warning
from server.fhir.parameters import FIRST, LAST, bad, count, kinds, one_of, patient_id, sort, span, statuses
from server.fhir.reading import SAMPLED, named
from server.fhir.resources import Bundle, Entry, Link
from server.fhir.resources import Search as Mode

KNOWN: Final = frozenset({
    "patient", "subject", "patient:Patient", "subject:Patient", "code", "combo-code", "category", "date", "device", "status",
    "identifier", "_id", "_lastUpdated", "_count", "_sort", "_include", "_summary", "_total", "_format", "_pretty", "_page",
})  # fmt: skip
_INCLUDES: Final = {"Observation:subject": "Patient", "Observation:patient": "Patient", "Observation:device": "Device"}
_HIGHEST: Final = UUID(int=2**128 - 1)
_LOWEST: Final = UUID(int=0)
_HOUR: Final = timedelta(hours=1)


async def search(
    parts: Parts, actor: Actor, request_id: UUID, query: Mapping[str, Sequence[str]], base: str, *, is_strict: bool,
) -> Bundle:  # fmt: skip
    """One page, with the address of the next."""
    actor.must(Scope.READINGS_READ)
    auth: Auth = parts.extras["auth"]
    unknown = sorted(query.keys() - KNOWN)
    if unknown and is_strict:
        raise refused(400, "not-supported", f"Not known here: {', '.join(name[:40] for name in unknown[:10])}.")
    sealed = one_of(query, "_page")
    asked = pages.opened(auth, sealed, actor.id) if sealed is not None else await _asked(parts, actor, query, base)
    logged = parts.reads.record(actor, asked.patient, "readings", request_id)
    counts_only = one_of(query, "_summary") == "count" or asked.count == 0
    async with parts.database.begin(actor) as tx:
        total = await _total(tx, asked) if counts_only or one_of(query, "_total") == "accurate" else None
        rows = [] if counts_only else await _rows(tx, asked)
        more, rows = len(rows) > asked.count, rows[: asked.count]
        names = await named(tx, asked.patient, rows) if rows else {}
        others = await _included(tx, asked, rows)
    await logged
    found = [observation(asked.patient, row, names.get(row.id, ())) for row in rows]
    links = [Link(relation="self", url=f"{base}/Observation?_page={pages.sealed(auth, asked)}")]
    if more:
        following = replace(asked, at=rows[-1].taken_at, id=rows[-1].id)
        links.append(Link(relation="next", url=f"{base}/Observation?_page={pages.sealed(auth, following)}"))
    entries = [Entry(full_url=f"{base}/Observation/{one.id}", resource=one, search=Mode(mode="match")) for one in found]
    entries += [Entry(full_url=f"{base}/{one.resource_type}/{one.id}", resource=one, search=Mode(mode="include")) for one in others]
    if unknown:
        said = tuple(warning("not-supported", "A parameter is not known here and was left out.", "", name[:40]) for name in unknown[:10])
        entries.append(Entry(resource=OperationOutcome(issue=said), search=Mode(mode="outcome")))
    return Bundle(type="searchset", total=total, link=tuple(links), entry=tuple(entries))


async def _asked(parts: Parts, actor: Actor, query: Mapping[str, Sequence[str]], base: str) -> pages.Search:
    whose = one_of(query, "patient", "subject", "patient:Patient", "subject:Patient")
    ids = _ids(one_of(query, "_id"))
    if whose is not None:
        patient = patient_id(whose, base)
    elif ids:
        patient = ids[0][0]
    elif actor.kind is ActorKind.PATIENT:
        patient = actor.id
    else:
        raise refused(400, "required", "Whose: patient=Patient/<id>.", "", "patient")
    start, end = span(query.get("date", ()), "date")
    changed_from, changed_to = span(query.get("_lastUpdated", ()), "_lastUpdated")
    found, is_correction = statuses(one_of(query, "status"))
    include = sorted({_INCLUDES[one] for text in query.get("_include", ()) for one in [text] if one in _INCLUDES})
    chosen = None if ids is None else [one for of, one in ids if of == patient]
    name = one_of(query, "identifier")
    if name is not None:
        chosen = await _named_so(parts, actor, patient, name, chosen)
    is_oldest_first = sort(one_of(query, "_sort"))
    return pages.Search(
        actor=actor.id, patient=patient, kinds=kinds(one_of(query, "code", "combo-code"), one_of(query, "category")), start=start, end=end,
        changed_from=changed_from, changed_to=changed_to, statuses=found, is_correction=is_correction,
        device=_device(one_of(query, "device")), ids=chosen, count=count(one_of(query, "_count")), include=include,
        at=FIRST if is_oldest_first else LAST, id=_LOWEST if is_oldest_first else _HIGHEST, is_oldest_first=is_oldest_first,
    )  # fmt: skip


def _ids(text: str | None) -> list[tuple[UUID, UUID]] | None:
    if text is None:
        return None
    found: list[tuple[UUID, UUID]] = []
    for one in text.split(","):
        try:
            each = parted(one)
        except NotFound:
            continue
        found.append((each.patient, each.one))
    return found


async def _named_so(parts: Parts, actor: Actor, patient: UUID, text: str, chosen: list[UUID] | None) -> list[UUID]:
    system, bar, value = text.rpartition("|")
    async with parts.database.begin(actor) as tx:
        found = [row.reading for row in await store.NAMED.all(tx, patient, system if bar else None, value)]
    return found if chosen is None else [one for one in found if one in chosen]


def _device(text: str | None) -> int | None:
    if text is None:
        return None
    number = text.rpartition("/")[2]
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004 - an integer of ours
        raise bad("device", "device: Device/<id>.")
    return int(number)


async def _rows(tx: Tx, asked: pages.Search) -> list[store.ReadingRow]:
    """One more than fits the page, in order: readings and sensor samples together."""
    most = asked.count + 1
    query = store.SOME_OLDEST_FIRST if asked.is_oldest_first else store.SOME
    rows = await query.all(
        tx, asked.patient, asked.kinds, asked.start, asked.end, asked.at, asked.id, asked.statuses, asked.changed_from, asked.changed_to,
        asked.device, asked.is_correction, asked.ids, most,
    )  # fmt: skip
    sampled = [kind for kind in asked.kinds if kind in SAMPLED]
    if sampled and asked.is_correction is not True:
        rows += [row for row in await _samples(tx, asked, sampled, most) if _fits(row, asked)]
    rows.sort(key=lambda row: (row.taken_at, row.id), reverse=not asked.is_oldest_first)
    return rows[:most]


async def _samples(tx: Tx, asked: pages.Search, sampled: list[int], most: int) -> list[store.ReadingRow]:
    query = store.HOURS_OLDEST_FIRST if asked.is_oldest_first else store.HOURS
    # Each hour holds one sample at least, so this many are enough; the one that the last page ended in may give none.
    hours = await query.all(tx, asked.patient, sampled, asked.start, asked.end, asked.at, asked.changed_from, asked.device, most + 1)
    return [row for hour in hours for row in samples(asked.patient, hour)]


def _fits(row: store.ReadingRow, asked: pages.Search) -> bool:
    order, last = (row.taken_at, row.id), (asked.at, asked.id)
    return (
        asked.start <= row.taken_at < asked.end and (order > last if asked.is_oldest_first else order < last)
        and row.status in asked.statuses and row.received_at < asked.changed_to and (asked.ids is None or row.id in asked.ids)
    )  # fmt: skip


async def _total(tx: Tx, asked: pages.Search) -> int:
    row = await store.COUNT.one(tx, asked.patient, asked.kinds, asked.start, asked.end, asked.statuses)
    return 0 if row is None else row.n


async def _included(tx: Tx, asked: pages.Search, rows: Sequence[store.ReadingRow]) -> list[things.Patient | things.Device]:
    found: list[things.Patient | things.Device] = []
    if "Patient" in asked.include and rows:
        person = await things.patient_in(tx, asked.patient)
        if person is not None:
            found.append(person)
    if "Device" in asked.include:
        for number in sorted({row.device for row in rows if row.device}):
            device = await store.DEVICE.one(tx, number)
            if device is not None:
                found.append(things.device(device))
    return found


