"""Readings of our own shape in an event of Standard Webhooks -> drafts."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from domain.readings.reading import Context
from integrations.manifest import Delivery, Hook, Parsed
from integrations.records import Records, Skip, decoded, finite, says
from integrations.signatures import standard_webhooks

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class _Reading(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    id: _Name
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    taken_at: Annotated[datetime, msgspec.Meta(tz=True)]
    unit: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    comparator: Literal["<", ">"] | None = None
    context: Context | None = None
    manual: bool = False


class _Data(msgspec.Struct, frozen=True, kw_only=True):
    device: _Name
    readings: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=1000)]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed and sent: of which device, and up to 1,000 readings as the batch of our own API takes them."""

    type: Literal["readings.taken"]
    data: _Data


HOOK: Final = Hook(scheme=standard_webhooks, id_of=lambda delivery: delivery.headers.get("webhook-id", ""))


def recognises(body: bytes) -> bool:
    """An event of the one type that there is."""
    return says(body, b"type", b"readings.taken")


def parse(delivery: Delivery) -> Parsed:
    """Each reading of the event, of the device that it names."""
    event = decoded(delivery.body, Event, 'An event {"type": "readings.taken", "data": {"device": ..., "readings": [...]}}, at most 1,000.')
    found = Records("standard_webhooks", delivery)

    def read(one: _Reading) -> None:
        if (one.value is None) == (one.parts is None):
            raise Skip("value_missing", "Either value or parts.")
        found.add(
            one.kind, one.taken_at, record=one.id, account=event.data.device, value=None if one.value is None else finite(one.value),
            parts=None if one.parts is None else {name: finite(part) for name, part in one.parts.items()}, unit=one.unit,
            comparator=one.comparator, context=one.context, manual=one.manual,
        )  # fmt: skip

    found.each(event.data.readings, _Reading, read)
    return found.parsed()
