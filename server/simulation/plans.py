"""Plans for the simulated people: their conditions' templates, signed by both a while ago, so that silence is seen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.plans.pathways import PATHWAYS, merge
from domain.plans.plan import Plan
from domain.readings.kinds import BY_NAME
from server.db import Database, Role
from server.plans import store
from server.simulation.people import Person
from server.sql import Nothing, Query

PLANNED_DAYS: Final = 60
_OUT: Final = msgspec.json.Encoder(decimal_format="number")
_MATTERS: Final = ("Walking the dog", "Sleeping through", "My garden", "Seeing the grandchildren", "Getting to choir")

SIGNED: Final = Query(
    Nothing,
    """
    insert into plan_signature (patient_id, version, revision, role, by, at)
    values ($1, 1, 1, 'patient', $1, $3), ($1, 1, 1, 'clinician', $2, $3)
    """,
)
IN_FORCE: Final = Query(Nothing, "update plan set state = 'in_force', from_at = $2 where patient_id = $1")


def plan_of(person: Person, place: int, now: datetime) -> Plan:
    """What is asked of somebody: the readings that the simulation sends, so no forms; a sensor instead of a finger."""
    merged = merge(PATHWAYS[one] for one in person.new.conditions if one in PATHWAYS)
    expected = tuple(
        replace(one, kind="glucose_cgm", times=()) if one.kind == "glucose_capillary" and person.has_sensor else one
        for one in merged.expected if one.kind
    )  # fmt: skip
    clashes = tuple(
        replace(one, chosen=0, why="The heart comes first", by=person.new.coordinator) for one in merged.clashes
    )
    return replace(
        merged, expected=expected, clashes=clashes, what_matters=_MATTERS[place % len(_MATTERS)],
        review_on=(now + timedelta(days=120)).date(),
    )  # fmt: skip


async def sign_all(database: Database, everybody: Sequence[Person], nurse: UUID, now: datetime) -> None:
    """Everybody's plan, in force for two months."""
    began = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=PLANNED_DAYS)
    async with database.begin_as(Role.OWNER) as tx:
        for place, person in enumerate(everybody):
            plan = plan_of(person, place, now)
            kinds = sorted({BY_NAME[one.kind].no for one in plan.expected})
            by = person.new.coordinator or nurse
            await store.NEXT_VERSION.one(tx, person.id, _OUT.encode(plan).decode(), kinds, [], plan.review_on, by, began)
            await SIGNED.run(tx, person.id, by, began)
            await IN_FORCE.run(tx, person.id, began)
            await store.DUE.run(tx, person.id, now)
