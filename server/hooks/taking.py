"""What an adapter made of a vendor's body, through the one judged path: whose each draft is, what it corrects, what became of it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Draft, Quarantined, Rejected
from integrations.manifest import Origin, Parsed
from server.db import Database
from server.ingest import Ingest
from server.readings import named
from server.readings.service import Devices, of_device, settle
from server.readings.wire import Bad, Given, ItemOut, asked, out
from server.receipts.store import Item


class Doors(msgspec.Struct, frozen=True):
    """What taking needs of a process."""

    database: Database
    ingest: Ingest
    devices: Devices


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a body: one item a draft, then one a fault; whom it was about."""

    items: Sequence[Item]
    patients: frozenset[UUID]

    @property
    def is_settled(self) -> bool:
        """Nothing was refused, so that the same body again has nothing to do."""
        return all(one.status != "rejected" for one in self.items)


class _Known(msgspec.Struct, kw_only=True):
    place: int
    origin: Origin
    given: Given
    owner: UUID


async def take(doors: Doors, actor: Actor, request_id: UUID, form: str, parsed: Parsed) -> Taken:
    """Store, judge and commit what was parsed, in the name of a vendor's client. Raises Busy."""
    answers: list[ItemOut] = []
    known: list[_Known] = []
    for place, (draft, origin) in enumerate(zip(parsed.drafts, parsed.origins, strict=True)):
        given = Given(draft=draft, device_serial=origin.account or msgspec.UNSET)
        whose = await of_device(doors.devices, actor, given, draft)
        if isinstance(whose, Rejected):
            answers.append(out(whose, draft.id))
            continue
        answers.append(out(Bad(draft.id, "left_out", "", ""), draft.id))
        known.append(_Known(place=place, origin=origin, given=given, owner=whose[0]))
    ready = await _named(doors, actor, form, known, answers)
    if ready:
        settled = await settle(doors.ingest, doors.devices, actor, request_id, [replace(one.given, patient=one.owner) for one in ready], None)
        for one, found in zip(ready, settled, strict=True):
            told = out(found.outcome, one.given.id)
            is_held = isinstance(found.outcome, Quarantined) and found.draft is not None
            answers[one.place] = asked(told, found.draft) if is_held and found.draft is not None else told
    items = [
        Item(place=place, status=one.status, id=one.id, code=one.code, pointer=one.pointer, detail=one.detail)
        for place, one in enumerate(answers)
    ]  # fmt: skip
    items += [
        Item(place=len(answers) + place, status="rejected", code=one.code, pointer=one.pointer or f"/{one.row - 1}", detail=one.detail)
        for place, one in enumerate(parsed.faults)
    ]
    return Taken(items=items, patients=frozenset(one.owner for one in known))


def _is_named(draft: Draft) -> bool:
    """A sensor's samples have no names of their own: they are kept by the hour, and a vendor never changes one."""
    kind = BY_NAME.get(draft.kind)
    return kind is not None and not kind.sampled


async def _named(doors: Doors, actor: Actor, form: str, known: Sequence[_Known], answers: list[ItemOut]) -> list[_Known]:
    """Give each named draft the id that its name stands for; one that was taken back stays so."""
    names: dict[tuple[UUID, str], named.Name] = {}
    left: list[_Known] = []
    async with doors.database.begin(actor) as tx:
        theirs = await named.writable(tx, list({one.owner for one in known})) if known else set[tuple[UUID, int]]()
        for one in known:
            draft = one.given.draft
            kind = BY_NAME.get(draft.kind)
            if kind is not None and (one.owner, kind.data_class) not in theirs:
                answers[one.place] = out(Rejected(draft.id, "not_yours", "", "There is no such person or device for you."), draft.id)
                continue
            if not _is_named(draft):
                left.append(one)
                continue
            key, content = (one.owner, one.origin.record), named.content(draft, one.origin.account)
            if key not in names:
                names[key] = named.Name(one.place, one.owner, form, one.origin.record, content, uuid7(), draft.retracts)
            elif names[key].content != content:
                answers[one.place] = out(Rejected(draft.id, "named_twice", "", "Named twice in one body, with two contents."), draft.id)
                continue
            left.append(one)
        rows = await named.send(tx, actor.id, list(names.values())) if names else {}
    return [one for one in left if not _is_named(one.given.draft) or _takes(one, rows[names[one.owner, one.origin.record].place], answers)]


def _takes(one: _Known, row: named.SentRow, answers: list[ItemOut]) -> bool:
    draft = one.given.draft
    if draft.retracts:
        one.given = replace(one.given, draft=replace(draft, id=uuid7(), corrects=row.reading))
        return True
    if row.gone:
        answers[one.place] = out(Rejected(draft.id, "gone", "", "This record was taken back."), draft.id)
        return False
    reason = None if row.previous is None else "Sent again with other content"
    one.given = replace(one.given, draft=replace(draft, id=row.reading, corrects=row.previous, reason=reason))
    return True
