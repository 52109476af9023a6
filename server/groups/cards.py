"""Makes a data card from the asker's own readings: read as herself, before she enters the group's world."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound
from domain.groups import card
from domain.readings.kinds import BY_NAME
from server.app_state import Parts
from server.people import store as people
from server.readings import service as readings

KINDS: Final = ("body_weight", "blood_pressure", "heart_rate", "oxygen_saturation", "peak_flow", "glucose_capillary", "step_count")
_MOST: Final = 2_000


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card as it is stored: its picture as JSON, and the day after which it is gone."""

    text: str
    until: date


async def make(parts: Parts, actor: Actor, kind: str, request_id: UUID, now: datetime) -> Card:
    """A snapshot of her last seven days of one kind."""
    if kind not in KINDS:
        raise Invalid(f"One of {', '.join(KINDS)}.", "/card")
    async with parts.database.begin(actor) as tx:
        person = await people.PATIENT.one(tx, actor.id)
    if person is None:
        raise NotFound
    zone = ZoneInfo(person.zone)
    today = now.astimezone(zone).date()
    start = datetime.combine(today - timedelta(days=card.DAYS - 1), datetime.min.time(), zone)
    page = await readings.latest(parts.database, actor, actor.id, kind=BY_NAME[kind].no, start=start, end=now, limit=_MOST)
    await parts.reads.record(actor, actor.id, "readings", request_id)
    values: dict[date, list[Decimal]] = {}
    for row in page.readings:
        if row.status == 0:
            values.setdefault(row.taken_at.astimezone(zone).date(), []).append(row.value)
    try:
        found = card.week(kind, BY_NAME[kind].label, values, today)
    except card.TooFew as error:
        raise Conflict(f"A card needs at least {card.LEAST_DAYS} days of the last seven.") from error
    return Card(text=msgspec.json.encode(found).decode(), until=today + card.LASTS)
