"""The SQL of messages. Row policies decide whose there are."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class MessageRow(msgspec.Struct):
    """One message, with what it is about as far as the reader may see it."""

    patient_id: UUID
    id: UUID
    team_id: UUID
    at: datetime
    by: UUID
    by_name: str | None
    is_from_patient: bool
    body: str
    red_words: list[str]
    about: str | None
    about_kind: int | None
    about_value: Decimal | None
    about_value2: Decimal | None
    about_at: datetime | None
    about_words: str | None
    seen_at: datetime | None
    seen_by: str | None
    acting_at: datetime | None
    acting_by: str | None
    closed_at: datetime | None
    closing: str


class WaitingRow(msgspec.Struct):
    """One person whose messages wait for an answer, oldest first."""

    patient_id: UUID
    given_name: str
    family_name: str
    n: int
    since: datetime
    newest: str
    is_acting: bool


class StateRow(msgspec.Struct):
    """How a message stands, for whoever would change it."""

    is_from_patient: bool
    body: str
    by: UUID
    team_id: UUID
    closed_at: datetime | None
    acting_at: datetime | None


class TeamRow(msgspec.Struct):
    """One team."""

    team_id: UUID


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


THREAD: Final = Query(
    MessageRow,
    """
    select m.patient_id, m.id, m.team_id, m.at, m.by,
           case when m.is_from_patient then p.given_name || ' ' || p.family_name else s.name end as by_name,
           m.is_from_patient, m.body, m.red_words, m.about ->> 'what' as about,
           r.kind::integer as about_kind, r.value as about_value, r.value2 as about_value2, r.taken_at as about_at,
           coalesce(f.sentence, l.words) as about_words,
           m.seen_at, seen.name as seen_by, m.acting_at, acting.name as acting_by, m.closed_at, m.closing
      from message m
      left join patient p on p.patient_id = m.patient_id
      left join staff s on s.staff_id = m.by
      left join staff seen on seen.staff_id = m.seen_by
      left join staff acting on acting.staff_id = m.acting_by
      left join lateral (
          select kind, value, value2, taken_at from reading
           where m.about ->> 'what' = 'reading' and patient_id = m.patient_id and kind = (m.about ->> 'kind')::smallint
             and taken_at = (m.about ->> 'at')::timestamptz and id = (m.about ->> 'id')::uuid) r on true
      left join lateral (
          select j.body ->> 'sentence' as sentence
            from flag g join judgement j on j.patient_id = g.patient_id and j.id = g.judgement
           where m.about ->> 'what' = 'flag' and g.patient_id = m.patient_id and g.episode = (m.about ->> 'id')::uuid
             and g.state <> 'withdrawn'
           order by g.severity desc, g.anchor_at desc limit 1) f on true
      left join lateral (
          select a.body -> 'steps' -> (m.about ->> 'step')::integer ->> 'words' as words
            from plan a
           where m.about ->> 'what' = 'step' and a.patient_id = m.patient_id
             and a.version = (m.about ->> 'version')::integer) l on true
     where m.patient_id = $1
     order by m.at desc, m.id desc
     limit $2
    """,
)
WAITING: Final = Query(
    WaitingRow,
    """
    select m.patient_id, p.given_name, p.family_name, count(*)::integer as n, min(m.at) as since,
           (array_agg(m.body order by m.at desc))[1] as newest, bool_or(m.acting_at is not null) as is_acting
      from message m join patient p on p.patient_id = m.patient_id
     where m.is_from_patient and m.closed_at is null
     group by m.patient_id, p.given_name, p.family_name
     order by min(m.at)
     limit 200
    """,
)
STATE: Final = Query(
    StateRow,
    """
    select is_from_patient, body, by, team_id, closed_at, acting_at from message where patient_id = $1 and id = $2
    """,
)
OWN_TEAM: Final = Query(
    TeamRow,
    """
    select g.team_id from access_grant g
     where g.patient_id = $1 and g.team_id is not null and 0 = any (g.data_classes) and g.from_at <= $2 and (g.to_at is null or g.to_at > $2)
       and ($3::uuid is null or g.team_id = $3)
     order by g.from_at, g.team_id limit 1
    """,
)
STAFF_TEAM: Final = Query(
    TeamRow,
    """
    select m.team_id from team_member m join access_grant g on g.team_id = m.team_id
     where m.staff_id = app_principal() and m.from_at <= $2 and (m.to_at is null or m.to_at > $2)
       and g.patient_id = $1 and 0 = any (g.data_classes) and g.from_at <= $2 and (g.to_at is null or g.to_at > $2)
     order by g.from_at, g.team_id limit 1
    """,
)
ADD: Final = Query(
    FoundRow,
    """
    insert into message (patient_id, id, team_id, at, by, is_from_patient, body, about, red_words)
    values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9)
    on conflict (patient_id, id) do nothing
    returning true as found
    """,
)
SEE: Final = Query(
    Nothing,
    """
    update message set seen_at = $2, seen_by = app_principal()
     where patient_id = $1 and is_from_patient and seen_at is null
    """,
)
ACT: Final = Query(
    FoundRow,
    """
    update message set acting_at = $3, acting_by = app_principal(), seen_at = coalesce(seen_at, $3),
           seen_by = coalesce(seen_by, app_principal())
     where patient_id = $1 and id = $2 and is_from_patient and acting_at is null and closed_at is null
    returning true as found
    """,
)
CLOSE: Final = Query(
    FoundRow,
    """
    update message set closed_at = $3, closed_by = app_principal(), closing = $4, seen_at = coalesce(seen_at, $3),
           seen_by = coalesce(seen_by, app_principal())
     where patient_id = $1 and id = $2 and is_from_patient and closed_at is null
    returning true as found
    """,
)
TELL: Final = Query(
    Nothing,
    """
    insert into outbox (id, patient_id, audience, topic, role, words, dedupe, created_at, due_at)
    values ($1, $2, $3, 'message', 'nurse', $4, $5, $6, $6)
    on conflict (dedupe) do nothing
    """,
)
HINT: Final = Query(Nothing, "select pg_notify('changed', $1)")
