"""The SQL of channels and quiet hours; row policies decide whose. And of what providers said, which the relay takes from here."""

from datetime import datetime, time
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class ChannelRow(msgspec.Struct):
    """One channel of a person. `state`: waiting for its first answer, on, or off."""

    id: UUID
    place: int
    channel: str
    address: str
    is_words: bool
    state: str
    created_at: datetime | None


class QuietRow(msgspec.Struct):
    """The quiet hours that somebody chose."""

    from_at: time
    to_at: time
    zone: str
    most: int


class ZoneRow(msgspec.Struct):
    """Where a patient lives."""

    zone: str


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


OF_PATIENT: Final = Query(
    ChannelRow,
    """
    select channel_id as id, place::integer as place, channel, address, is_words, state, created_at
      from patient_channel where patient_id = $1 order by place, channel_id
    """,
)
OF_STAFF: Final = Query(
    ChannelRow,
    """
    select contact_id as id, place::integer as place, channel, address, false as is_words, 'on' as state, null::timestamptz as created_at
      from contact where staff_id = $1 order by place, contact_id
    """,
)
ADD_PATIENTS: Final = Query(
    FoundRow,
    """
    insert into patient_channel (patient_id, channel_id, place, channel, address, is_words, state, set_by)
    values ($1, $2, $3, $4, $5, $6, $7, app_principal())
    on conflict do nothing
    returning true as found
    """,
)
ADD_STAFFS: Final = Query(
    FoundRow,
    """
    insert into contact (org_id, contact_id, staff_id, place, channel, address) values (app_org(), $2, $1, $3, $4, $5)
    on conflict do nothing
    returning true as found
    """,
)
END_PATIENTS: Final = Query(FoundRow, "delete from patient_channel where patient_id = $1 and channel_id = $2 returning true as found")
END_STAFFS: Final = Query(FoundRow, "delete from contact where staff_id = $1 and contact_id = $2 returning true as found")
QUIET: Final = Query(QuietRow, "select from_at, to_at, zone, most::integer as most from quiet_hours where principal_id = $1")
ZONE: Final = Query(ZoneRow, "select zone from patient where patient_id = $1")
SET_QUIET: Final = Query(
    Nothing,
    """
    insert into quiet_hours (principal_id, from_at, to_at, zone, most) values ($1, $2, $3, $4, $5)
    on conflict (principal_id) do update
       set from_at = excluded.from_at, to_at = excluded.to_at, zone = excluded.zone, most = excluded.most
    """,
)
# A number that is not known yet is asked, once a day at most.
ASK: Final = Query(
    Nothing,
    """
    insert into outbox (id, patient_id, audience, topic, role, words, address, dedupe, created_at, due_at)
    values ($1, $2, 'text', 'number', 'patient', $3, $4, $5, $6, $6)
    on conflict (dedupe) do nothing
    """,
)
TOLD: Final = Query(
    Nothing, "insert into provider_receipt (message, status, at) values ($1, $2, $3) on conflict (message, status) do nothing"
)
