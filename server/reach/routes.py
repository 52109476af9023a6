"""HTTP for how somebody is reached."""

from datetime import datetime, time
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.text import admit
from integrations.web_push import Subscription, base64url, point
from server.app_state import Parts
from server.assets import SOURCES
from server.auth import keys
from server.http import AnyRequest, body_of, path_id, query_of
from server.notices import setup
from server.reach import service
from server.requests import request_id

_NO_STORE: Final = {"cache-control": "no-store"}
Place = Annotated[int, msgspec.Meta(ge=1, le=9)]
Clock = Annotated[time, msgspec.Meta(tz=False)]


class ChannelIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A channel to add. `address`: an e-mail address, a mobile number, or the token of the app; a browser has a `subscription`.

    `place`: 1 is tried first. `inWords`: by text, what there is to say itself; else only that there is something.
    """

    channel: Literal["email", "sms", "push", "fcm", "apns"]
    place: Place
    address: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    subscription: Subscription | None = None
    in_words: bool = False


class NumberIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The mobile number of somebody without an app."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    place: Place = 1
    in_words: bool = True


class QuietIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When nobody is to disturb, by the clock of a zone, and how many messages a day at most. Equal hours are none."""

    from_at: Clock
    to_at: Clock
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    most_a_day: Annotated[int, msgspec.Meta(ge=0, le=50)]


class ChannelOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One channel. `state`: `waiting` for its first answer, `on`, or `off` because its provider or its owner ended it."""

    id: UUID
    place: int
    channel: str
    address: str
    in_words: bool
    state: str
    created_at: datetime | None


class QuietOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When nobody disturbs."""

    from_at: time
    to_at: time
    zone: str
    most_a_day: int


class ReachOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the asker is reached, and when not. What is urgent is exempt from quiet hours and from the most a day.

    `pushKey`: the key that a browser subscribes with (`applicationServerKey`); null where web push is not set up.
    """

    channels: list[ChannelOut]
    quiet: QuietOut | None
    push_key: str | None
    as_of: datetime


def _shown(channel: str, address: str) -> str:
    """A browser's address holds its secrets: only which service it is at is shown."""
    return address if channel != "push" else msgspec.json.decode(address, type=Subscription).endpoint.split("/")[2]


def _answer(found: service.Mine, parts: Parts, status: int = 200) -> Response[ReachOut]:
    quiet = found.quiet
    out = ReachOut(
        channels=[
            ChannelOut(id=one.id, place=one.place, channel=one.channel, address=_shown(one.channel, one.address), in_words=one.is_words,
                       state=one.state, created_at=one.created_at)
            for one in found.rows
        ],
        quiet=None if quiet is None else QuietOut(from_at=quiet.from_at, to_at=quiet.to_at, zone=quiet.zone, most_a_day=quiet.most),
        push_key=push_key(parts), as_of=found.as_of,
    )  # fmt: skip
    return Response(out, status_code=status, headers=_NO_STORE)


def push_key(parts: Parts) -> str | None:
    """The key that browsers subscribe with, read once."""
    if "push_key" not in parts.extras:
        settings = parts.extras["settings"]
        made = keys.lasting_p256(settings.keys, setup.VAPID) if settings.vapid_contact else None
        parts.extras["push_key"] = None if made is None else base64url(point(made.public_key()))
    return parts.extras["push_key"]


@get("/v1/me/channels", operation_id="listMyChannels", summary="How I am reached, and when not", tags=["notices"])
async def mine(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ReachOut]:
    """A patient's besides the app, or a member of staff's own."""
    query_of(request.scope, {})
    return _answer(await service.mine(parts.database, actor), parts)


@put("/v1/me/channels/{channel_id:str}", operation_id="addMyChannel", summary="Be reached by e-mail, text or this browser", tags=["notices"],
     opt={"body": ChannelIn})  # fmt: skip
async def add(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
              channel_id: FromPath[str]) -> Response[ReachOut]:  # fmt: skip
    """Sending it again is harmless. A mobile number counts once it has answered START."""
    data = await body_of(request, ChannelIn)
    new = service.New(id=path_id(channel_id), channel=data.channel, place=data.place, address=admit(data.address, pointer="/address"),
                      subscription=data.subscription, is_words=data.in_words and data.channel == "sms")  # fmt: skip
    out = setup.push_out(parts.extras["settings"])
    return _answer(await service.add(parts.database, parts.reads, out, actor, request_id(request.scope), new), parts)


@delete("/v1/me/channels/{channel_id:str}", status_code=200, operation_id="endMyChannel", summary="Be reached there no more", tags=["notices"])
async def end(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
              channel_id: FromPath[str]) -> Response[ReachOut]:  # fmt: skip
    """Felt by the next message."""
    query_of(request.scope, {})
    return _answer(await service.end(parts.database, parts.reads, actor, request_id(request.scope), path_id(channel_id)), parts)


@put("/v1/me/quiet-hours", operation_id="setMyQuietHours", summary="When nobody is to disturb me", tags=["notices"], opt={"body": QuietIn})
async def rest(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[ReachOut]:
    """What is urgent comes through all the same."""
    data = await body_of(request, QuietIn)
    return _answer(await service.rest(parts.database, actor, data.from_at, data.to_at, data.zone, data.most_a_day), parts)


@get("/v1/patients/{patient_id:str}/channels", operation_id="listChannels", summary="How a person is reached", tags=["notices"])
async def of_patient(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts],
                     patient_id: FromPath[str]) -> Response[ReachOut]:  # fmt: skip
    """For whoever looks after them."""
    query_of(request.scope, {})
    found = await service.of_patient(parts.database, parts.reads, actor, request_id(request.scope), path_id(patient_id))
    return _answer(found, parts)


@put("/v1/patients/{patient_id:str}/channels/{channel_id:str}", status_code=204, operation_id="addTextNumber",
     summary="Note down the mobile number of somebody without an app", tags=["notices"], opt={"body": NumberIn})  # fmt: skip
async def number(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str],
                 channel_id: FromPath[str]) -> None:  # fmt: skip
    """It is sent a text, and counts once it has answered START."""
    data = await body_of(request, NumberIn)
    new = service.New(id=path_id(channel_id), channel="sms", place=data.place, address=admit(data.number, pointer="/address"),
                      is_words=data.in_words)  # fmt: skip
    out = setup.push_out(parts.extras["settings"])
    await service.number(parts.database, parts.reads, out, actor, request_id(request.scope), path_id(patient_id), new)


@get("/push-worker.js", opt={"public": True}, include_in_schema=False, sync_to_thread=True)
def push_worker() -> Response[bytes]:
    """What a browser runs to show a push; at the root, so that it may speak for the whole site."""
    return Response((SOURCES / "push-worker.js").read_bytes(), media_type="text/javascript", headers={"cache-control": "no-cache"})


ROUTES: Final[list[Any]] = [push_worker, mine, add, end, rest, of_patient, number]
