"""The SQL of text messages: whose a number is, what it is willing to, and the answers that go out."""

from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class WhoRow(msgspec.Struct):
    """Somebody whose number it is."""

    patient_id: UUID
    org_id: UUID
    state: str


FIND: Final = Query(
    WhoRow,
    """
    select c.patient_id, p.org_id, c.state
      from patient_channel c join principal p on p.principal_id = c.patient_id and p.ended_at is null
     where c.channel = 'sms' and c.address = $1
     order by c.patient_id
    """,
)
# Whoever wrote just now is awake: what is said to it waits for no morning.
HEARD: Final = Query(
    Nothing,
    """
    update patient_channel set wrote_at = greatest(wrote_at, $3), state = coalesce($4, state)
     where patient_id = $1 and channel = 'sms' and address = $2
    """,
)
ANSWER: Final = Query(
    Nothing,
    """
    insert into outbox (id, patient_id, audience, topic, role, words, address, dedupe, created_at, due_at)
    values ($1, $2, 'text', 'answer', 'patient', $3, $4, $5, $6, $6)
    on conflict (dedupe) do nothing
    """,
)
HINT: Final = Query(Nothing, "select pg_notify('changed', $1)")
