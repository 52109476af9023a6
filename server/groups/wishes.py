"""The advance wish (F76): what a person, when well, asks to be done on a bad day. It lies with her record, not with any group."""

from datetime import datetime
from typing import Final

import msgspec

from domain.actor import Actor
from domain.text import admit
from server import clock
from server.app_state import Parts
from server.groups.service import must_be_patient
from server.sql import Nothing, Query


class WishRow(msgspec.Struct):
    """Whether her own team is told, and words for herself to read on that day."""

    tells_team: bool
    words: str
    set_at: datetime


GET: Final = Query(WishRow, "select tells_team, words, set_at from crisis_wish where patient_id = app_principal()")
PUT: Final = Query(
    Nothing,
    """
    insert into crisis_wish (patient_id, tells_team, words, set_at) values (app_principal(), $1, $2, $3)
    on conflict (patient_id) do update set tells_team = excluded.tells_team, words = excluded.words, set_at = excluded.set_at
    """,
)


async def get(parts: Parts, actor: Actor) -> WishRow | None:
    """The asker's wish, None when she made none."""
    must_be_patient(actor)
    async with parts.database.begin(actor) as tx:
        return await GET.one(tx)


async def put(parts: Parts, actor: Actor, *, tells_team: bool, words: str) -> None:
    """Set it, or change one's mind: it counts from now on."""
    must_be_patient(actor)
    said = admit(words, pointer="/words", most=500)
    async with parts.database.begin(actor) as tx:
        await PUT.run(tx, tells_team, said, clock.now())
