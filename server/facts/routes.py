"""HTTP for facts about a person: decode, call one service function, answer."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor, ActorKind
from domain.people import facts
from domain.text import admit
from server.app_state import Parts
from server.facts import service
from server.forms.wire import in_our_time
from server.http import AnyRequest, body_of, path_id, query_of
from server.requests import request_id

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_NO_STORE: Final = {"cache-control": "no-store"}


class FactIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One fact: `key` of GET /v1/facts, since when, and how it is known ('said on the phone', 'clinic letter')."""

    key: Annotated[str, msgspec.Meta(max_length=40)]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    from_at: Instant
    to_at: Instant | None = None
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class EndIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Since when it is so no more."""

    at: Instant


class ConditionIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Since when somebody has lived with it, if that is known."""

    onset_on: date | None = None


class KeyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What may be told under a key. `many`: several stand side by side."""

    key: str
    label: str
    form: str
    unit: str
    low: int | None
    high: int | None
    words: list[str]
    many: bool
    by_the_person: bool


class KeysOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Every key there is, and the conditions that rules ask about."""

    items: list[KeyOut]
    conditions: list[str]


class FactOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One fact. `confirmedBy` is who told it: the person themselves when null."""

    id: UUID
    key: str
    label: str
    value: str
    unit: str
    from_at: datetime
    to_at: datetime | None
    source: str
    confirmed_by: str | None
    confirmed_at: datetime
    ended_by: str | None
    ended_at: datetime | None


class ConditionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One diagnosed condition."""

    code: str
    onset_on: date | None


class KnownOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known of a person, what still stands first."""

    facts: list[FactOut]
    conditions: list[ConditionOut]


def _fact(row: service.store.FactRow) -> FactOut:
    key = facts.KEYS.get(row.key)
    return FactOut(
        id=row.fact_id, key=row.key, label=row.key if key is None else key.label, value=row.value, unit="" if key is None else key.unit,
        from_at=row.from_at, to_at=row.to_at, source=row.source, confirmed_by=row.set_by_name, confirmed_at=row.set_at,
        ended_by=row.ended_by_name, ended_at=row.ended_at,
    )  # fmt: skip


def _answer(found: service.Known) -> Response[KnownOut]:
    out = KnownOut(facts=list(map(_fact, found.facts)),
                   conditions=[ConditionOut(code=row.code, onset_on=row.onset_on) for row in found.conditions])  # fmt: skip
    return Response(out, headers=_NO_STORE)


@get("/v1/facts", operation_id="listFactKeys", summary="What may be told about a person", tags=["facts"])
async def keys(request: AnyRequest, actor: NamedDependency[Actor]) -> Response[KeysOut]:
    """Each key with its form and range; `byThePerson`: people tell it of themselves."""
    query_of(request.scope, {})
    out = KeysOut(
        items=[
            KeyOut(key=name, label=one.label, form=one.form, unit=one.unit, low=one.low if one.form == "number" else None,
                   high=one.high if one.form == "number" else None, words=sorted(one.words), many=one.many,
                   by_the_person=name in service.OWN)
            for name, one in sorted(facts.KEYS.items())
        ],
        conditions=sorted(service.CONDITIONS),
    )  # fmt: skip
    return Response(out, headers=_NO_STORE if actor.kind is ActorKind.VENDOR else {"cache-control": "private, max-age=3600"})


@get("/v1/patients/{patient_id:str}/facts", operation_id="listFacts", summary="What is known about a person", tags=["facts"])
async def known(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                patient_id: FromPath[str]) -> Response[KnownOut]:  # fmt: skip
    """With its source, who confirmed it and from when to when; the person reads it as well."""
    query_of(request.scope, {})
    return _answer(await service.known(parts.database, parts.reads, actor, request_id(request.scope), path_id(patient_id)))


@post("/v1/patients/{patient_id:str}/facts", status_code=201, operation_id="tellFact", summary="Tell a fact about a person", tags=["facts"],
      opt={"body": FactIn})  # fmt: skip
async def tell(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
               patient_id: FromPath[str]) -> Response[KnownOut]:  # fmt: skip
    """Told once; readings are judged by what was so when they were taken. The next reading is judged with it."""
    data = await body_of(request, FactIn)
    found = await service.tell(
        parts.database, parts.reads, actor, request_id(request.scope), patient=path_id(patient_id), key=data.key, value=data.value,
        from_at=in_our_time(data.from_at, "/fromAt"), to_at=None if data.to_at is None else in_our_time(data.to_at, "/toAt"),
        source=admit(data.source, pointer="/source", most=200),
    )  # fmt: skip
    return _answer(found)


@post("/v1/patients/{patient_id:str}/facts/{fact_id:str}/end", status_code=200, operation_id="endFact", summary="It is so no more",
      tags=["facts"], opt={"body": EndIn})  # fmt: skip
async def end(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
              fact_id: FromPath[str]) -> Response[KnownOut]:  # fmt: skip
    """Nothing is deleted: the past was judged by it."""
    data = await body_of(request, EndIn)
    return _answer(await service.end(parts.database, parts.reads, actor, request_id(request.scope), path_id(patient_id), path_id(fact_id),
                                     in_our_time(data.at, "/at")))  # fmt: skip


@put("/v1/patients/{patient_id:str}/conditions/{code:str}", status_code=201, operation_id="addCondition", summary="Record a condition",
     tags=["facts"], opt={"body": ConditionIn})  # fmt: skip
async def diagnose(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
                   code: FromPath[str]) -> Response[KnownOut]:  # fmt: skip
    """By a clinician whom the person lets write: the rules of that condition watch them from the next reading on."""
    data = await body_of(request, ConditionIn)
    return _answer(await service.diagnose(parts.database, parts.reads, actor, request_id(request.scope), path_id(patient_id), code,
                                          data.onset_on))  # fmt: skip


@delete("/v1/patients/{patient_id:str}/conditions/{code:str}", status_code=200, operation_id="endCondition", summary="Take a condition back",
        tags=["facts"])  # fmt: skip
async def undiagnose(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
                     code: FromPath[str]) -> Response[KnownOut]:  # fmt: skip
    """Its rules no longer watch them, so this needs a sign-in of the last five minutes."""
    query_of(request.scope, {})
    return _answer(await service.undiagnose(parts.database, parts.reads, actor, request_id(request.scope), path_id(patient_id), code))


ROUTES: Final[list[Any]] = [keys, known, tell, end, diagnose, undiagnose]
