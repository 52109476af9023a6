"""Oura v2: signed notices of one object, and that object -> drafts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from integrations.manifest import Answer, Api, Ask, Delivery, Hook, Notice, Parsed, Secrets
from integrations.records import Records, Skip, decoded, finite, instant, raws, says
from integrations.signatures import oura

_FETCHED: Final = frozenset({"sleep", "daily_activity"})
_ID: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class _Event(msgspec.Struct, frozen=True):
    event_type: str
    data_type: str
    object_id: str
    user_id: str
    event_time: str = ""


class _Object(msgspec.Struct, frozen=True):
    id: str
    type: str = ""
    bedtime_end: str | None = None
    total_sleep_duration: int | None = None
    average_breath: Decimal | None = None
    timestamp: str | None = None
    steps: int | None = None


class _List(msgspec.Struct, frozen=True):
    data: list[msgspec.Raw]


def recognises(body: bytes) -> bool:
    """A sleep, or a day's activity."""
    return says(body, b"id", b"bedtime_end") or says(body, b"id", b"steps", b"equivalent_walking_distance")


def parse(delivery: Delivery) -> Parsed:
    """One object, or a list of them: how long a night's sleep was, the breathing in it, the steps of a day."""
    found = Records("oura", delivery)
    found.each(_raws(delivery.body), _Object, lambda one: _read(found, one))
    return found.parsed()


def _raws(body: bytes) -> list[msgspec.Raw]:
    wanted = "An object of the Oura API with an id, or a list of them."
    found = raws(body, wanted)
    if len(found) == 1 and b'"data"' in body[:200]:
        try:
            return msgspec.json.decode(body, type=_List).data
        except (msgspec.DecodeError, UnicodeDecodeError):
            return found
    return found


def _read(found: Records, one: _Object) -> None:
    if one.type == "deleted":
        raise Skip("deleted", "It was taken back there.")
    if one.steps is not None:
        found.add("step_count", instant(one.timestamp), record=one.id, value=finite(one.steps), unit="{steps}")
        return
    if one.total_sleep_duration is None:
        return
    at = instant(one.bedtime_end)
    # A nap is no night: only the long sleep answers how somebody slept.
    if one.type == "long_sleep":
        found.add("sleep_duration", at, record=one.id, value=finite(one.total_sleep_duration), unit="s")


def _notices(delivery: Delivery) -> Sequence[Notice]:
    one = decoded(delivery.body, _Event, "A notice of Oura: event_type, data_type, object_id and user_id.")
    if one.event_type == "delete" or one.data_type not in _FETCHED or not one.object_id or not _ID.issuperset(one.object_id):
        return []
    return [Notice(account=one.user_id, what=one.data_type, object_id=one.object_id)]


def _asks(notice: Notice, _secrets: Secrets) -> Sequence[Ask]:
    return [Ask(path=f"/v2/usercollection/{notice.what}/{notice.object_id}")] if notice.object_id and notice.what in _FETCHED else []


def _handshake(method: str, query: Mapping[str, str], _delivery: Delivery, secrets: Secrets) -> Answer | None:
    """The challenge comes back where the word is the one that was agreed."""
    if method != "GET":
        return None
    if not secrets.verify or query.get("verification_token") != secrets.verify:
        return Answer(401)
    return Answer(200, msgspec.json.encode({"challenge": query.get("challenge", "")}))


HOOK: Final = Hook(scheme=oura, notices=_notices, handshake=_handshake)
API: Final = Api(base="https://api.ouraring.com", token_path="/oauth/token", asks=_asks)  # noqa: S106 - a path
