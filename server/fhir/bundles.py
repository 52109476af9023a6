"""Bundles in: a batch entry by entry, a transaction whole or not at all; answers stand in the order asked."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from domain.actor import Actor
from domain.errors import Refusal
from integrations.fhir.adapter import bundle, kind_of, named
from integrations.fhir.observation import Who, Wrong
from integrations.fhir.shapes import Entry as EntryIn
from server.app_state import Parts
from server.errors import problem_of
from server.fhir import observations
from server.fhir.outcome import Issue, OperationOutcome, Refused, error, of_problem, of_wrong, refused
from server.fhir.resources import Bundle, Entry, Response

MOST: Final = 500
_THINGS: Final = frozenset({"Patient", "Device"})
Getter = Callable[[str], Awaitable[Any]]
Named = Callable[[Who, str], Awaitable[str | None]]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle needs of the door: how to answer a GET, how to find a person or device that it names, If-None-Exist."""

    parts: Parts
    actor: Actor
    request_id: UUID
    base: str
    get: Getter
    known: Named
    if_none_exist: Callable[[str], tuple[str | None, str] | None]


async def take(asked: Asked, body: bytes) -> Bundle:  # noqa: C901 - one step after another, told in order
    """Carry out a batch or a transaction. Raises Refused where it is neither, too long, or a transaction that cannot be whole."""
    try:
        found = bundle(body)
    except Wrong as wrong:
        raise Refused(400 if wrong.code == "not_json" else 422, of_wrong(wrong)) from wrong
    if found.type not in {"batch", "transaction"}:
        raise refused(400, "not-supported", "A batch or a transaction.", "Bundle.type", "bundle_type")
    if len(found.entry) > MOST:
        raise refused(413, "too-long", f"At most {MOST} entries.", "Bundle.entry", "too-much")
    whole = found.type == "transaction"
    answers: list[Entry | None] = [None] * len(found.entry)
    others = _others(found.entry)
    items: dict[int, observations.Item] = {}
    for place, entry in enumerate(found.entry):
        answer = await _first(asked, place, entry, others, items)
        if answer is not None:
            answers[place] = answer
    if whole:
        _must_be_good(answers)
    if items:
        made = await observations.create(asked.parts, asked.actor, asked.request_id, body, list(items.values()), whole=whole)
        for place, one in zip(items, made, strict=True):
            answers[place] = told(one, asked.base)
        if whole:
            _must_be_good(answers)
    for place, entry in enumerate(found.entry):
        if answers[place] is None:
            answers[place] = await _got(asked, place, entry)
    if whole:
        _must_be_good(answers)
    return Bundle(type=f"{found.type}-response", entry=tuple(one for one in answers if one is not None))


def told(made: observations.Made, base: str) -> Entry:
    """What became of one Observation, as an entry says it."""
    outcome = OperationOutcome(issue=made.issues) if made.issues else None
    if not made.id:
        return Entry(response=Response(status=_line(made.status), outcome=outcome))
    location = f"{base}/Observation/{made.id}/_history/1"
    return Entry(response=Response(status=_line(made.status), location=location, etag='W/"1"', outcome=outcome))


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _bad(status: int, issue: Issue) -> Entry:
    return Entry(response=Response(status=_line(status), outcome=OperationOutcome(issue=(issue,))))


def _others(entries: Sequence[EntryIn]) -> dict[str, Who]:
    """The people and devices that the bundle carries, by every address under which an entry may name them."""
    found: dict[str, Who] = {}
    for entry in entries:
        if not isinstance(entry.resource, msgspec.Raw) or kind_of(bytes(entry.resource)) not in _THINGS:
            continue
        one = named(bytes(entry.resource))
        if one is None:
            continue
        who = observations.of_named(one)
        if entry.full_url:
            found[entry.full_url] = who
        if one.id:
            found.setdefault(f"{one.resource_type}/{one.id}", who)
    return found


async def _first(
    asked: Asked, place: int, entry: EntryIn, others: dict[str, Who], items: dict[int, observations.Item],
) -> Entry | None:  # fmt: skip
    """What can be said of an entry before anything is written; None where it is still to be done."""
    where = f"Bundle.entry[{place}]"
    if entry.request is None:
        return _bad(400, error("required", "method and url.", f"{where}.request", "request_missing"))
    method, kind = entry.request.method, entry.request.url.partition("?")[0].partition("/")[0]
    if method == "GET":
        return None
    if not isinstance(entry.resource, msgspec.Raw):
        return _bad(400, error("required", "A resource.", f"{where}.resource", "resource_missing"))
    raw = bytes(entry.resource)
    if method == "POST" and kind == "Observation":
        try:
            condition = asked.if_none_exist(entry.request.if_none_exist)
        except Refused as error_:
            return _bad(error_.status, error_.issues[0])
        items[place] = observations.Item(raw=raw, where=f"{where}.resource", if_none_exist=condition, others=others)
        return None
    if method in {"POST", "PUT"} and kind in _THINGS:
        return await _thing(asked, where, kind, raw)
    return _bad(405, error("not-supported", "Not an interaction of this type; see GET metadata.", f"{where}.request", "not-allowed"))


async def _thing(asked: Asked, where: str, kind: str, raw: bytes) -> Entry:
    """People and devices are registered by the service, never by a bundle; one that is known here is named."""
    one = named(raw)
    if one is None:
        return _bad(422, error("structure", "Not of the shape that R4 has here.", f"{where}.resource", "structure"))
    found = await asked.known(observations.of_named(one), kind)
    if found is None:
        return _bad(422, error("not-found", f"This {kind} is not registered here for you.", f"{where}.resource.identifier", "not_registered"))
    return Entry(response=Response(status="200 OK", location=f"{asked.base}/{kind}/{found}"))


async def _got(asked: Asked, place: int, entry: EntryIn) -> Entry:
    request = entry.request
    assert request is not None  # noqa: S101 - looked at before
    try:
        return Entry(resource=await asked.get(request.url), response=Response(status="200 OK"))
    except Refused as error_:
        return _bad(error_.status, msgspec.structs.replace(error_.issues[0], expression=(f"Bundle.entry[{place}].request.url",)))
    except Refusal as refusal:
        problem, _ = problem_of(refusal)
        return _bad(problem.status, of_problem(problem).issue[0])


def _must_be_good(answers: Sequence[Entry | None]) -> None:
    """A transaction with an entry that was refused is refused, with every reason."""
    wrong = [one.response for one in answers if one is not None and one.response is not None and one.response.status >= "4"]
    if not wrong:
        return
    first = [one for one in wrong if not one.status.startswith("424")] or wrong
    issues = [issue for one in first for issue in cast("OperationOutcome", one.outcome).issue]
    raise Refused(int(first[0].status[:3]), *issues)
