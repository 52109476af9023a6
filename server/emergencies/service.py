"""Emergency access: one patient, an hour, only to look; the patient is told at once and somebody else answers for it (ACC-7, F64)."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Scope
from domain.days import local
from domain.errors import Invalid
from domain.readings.kinds import DataClass
from domain.sharing.emergencies import LASTS, OFTEN, REASON_WORDS, Reason
from domain.sharing.reviews import Kind
from domain.text import admit
from server import clock
from server.consent import service as consent
from server.consent import store as consents
from server.consent.service import Asking
from server.db import Role
from server.emergencies import store
from server.reviews.service import open_one

_WEEK: Final = timedelta(days=7)
_LEAST, _MOST = 10, 1000


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Whose record is open, and until when."""

    patient: UUID
    until: datetime


def _why(reason: str, said: str) -> tuple[Reason, str]:
    if reason not in set(Reason):
        raise Invalid(f"One of {', '.join(Reason)}.", "/reason")
    words = admit(said, pointer="/said", most=_MOST).strip()
    if len(words) < _LEAST:
        raise Invalid("Say in a sentence why you must look now.", "/said")
    return Reason(reason), words


async def begin(ask: Asking, number: str, birth_on: date, reason: str, said: str) -> Opened:
    """Open the record of whoever has this NHS number and birth date. Raises NotFound for whatever does not fit (ACC-3)."""
    ask.actor.must_be_staff()
    ask.actor.must(Scope.EPISODES_ACT)
    now = clock.now()
    ask.actor.must_be_fresh(now)
    why, words = _why(reason, said)
    person = await consent.find(ask, number, birth_on)
    grant, until = uuid7(), now + LASTS
    async with ask.database.begin_as(Role.WORKER) as tx:
        name = await store.NAME.one(tx, ask.actor.id)
        who = "A member of staff" if name is None else name.name
        await consents.ADD_OPENED.run(tx, person.patient_id, grant, "emergency", None, ask.actor.id, [int(one) for one in DataClass], False,  # noqa: FBT003 - a column
                                      now, until, ask.actor.id)  # fmt: skip
        ends = local(until, person.zone)
        told = (
            f"{who} opened your record in an emergency, until {ends:%H:%M}, saying that {REASON_WORDS[why]}. Somebody else will look into "
            "whether that was right. If it looks odd to you, say so under Who looked."
        )
        await consents.SAY.run(tx, uuid7(), person.patient_id, "emergency-access", told, f"emergency:{grant}", now)
        held = {"name": f"{person.given_name} {person.family_name}", "who": who, "did": f"looked in an emergency: {REASON_WORDS[why]}",
                "said": words, "at": now.isoformat()}  # fmt: skip
        org = person.org_id
        await open_one(tx, org, Kind.EMERGENCY, f"emergency:{grant}", held, patient=person.patient_id, about=ask.actor.id, zone=person.zone)
        often = await store.OFTEN.one(tx, ask.actor.id, now - _WEEK)
        if often is not None and often.n > OFTEN:
            much = {"who": who, "did": f"looked {often.n} times in a week"}
            await open_one(tx, org, Kind.EMERGENCY_OFTEN, f"often:{ask.actor.id}:{now.date()}", much, about=ask.actor.id)
    await ask.reads.record(ask.actor, person.patient_id, "emergency-access", ask.request_id, action="C", basis="emergency")
    return Opened(patient=person.patient_id, until=until)
