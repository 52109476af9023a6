"""How many people live with the same as oneself: only counts, never fewer than ten, never exact (F80)."""

from typing import Final

import msgspec

from domain.actor import Actor
from domain.groups import moderation
from server.app_state import Parts
from server.db import Role
from server.groups.service import must_be_patient
from server.sql import Query


class CountRow(msgspec.Struct):
    """How many have one condition."""

    condition: str
    n: int


class Alike(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One condition of the asker's, and about how many people of her organisation live with it."""

    condition: str
    people: str


# One condition at a time and nothing else asked for, so that no two answers can be set off against each other.
COUNTED: Final = Query(
    CountRow,
    """
    select m.code as condition,
           (select count(*)::integer from patient_condition c join patient p on p.patient_id = c.patient_id
             where c.code = m.code and p.org_id = $2) as n
      from patient_condition m where m.patient_id = $1 order by m.code
    """,
)


async def counted(parts: Parts, actor: Actor) -> list[Alike]:
    """For each of the asker's conditions."""
    must_be_patient(actor)
    async with parts.database.begin_as(Role.WORKER) as tx:
        rows = await COUNTED.all(tx, actor.id, actor.org_id)
    return [Alike(condition=row.condition, people=moderation.alike_words(row.n)) for row in rows]
