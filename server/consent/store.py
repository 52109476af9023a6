"""The SQL of consent: permissions, the decisions behind them, and whom one may choose."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class GrantRow(msgspec.Struct):
    """One permission that a patient gave, or that was opened to their record, with the names they may know."""

    grant_id: UUID
    basis: str
    team_id: UUID | None
    person_id: UUID | None
    name: str | None
    data_classes: list[int]
    may_write: bool
    from_at: datetime
    to_at: datetime | None
    granted_by: UUID


class ChoiceRow(msgspec.Struct):
    """A team or a member of staff whom a patient may choose."""

    id: UUID
    name: str
    about: str


class LastRow(msgspec.Struct):
    """The last decision of a patient."""

    seq: int
    hash: bytes


class EventRow(msgspec.Struct):
    """One decision as it was signed."""

    seq: int
    grant_id: UUID
    what: str
    at: datetime
    by: UUID
    by_name: str | None
    is_witnessed: bool
    body: bytes
    signature: bytes


class ChainRow(msgspec.Struct):
    """One link of a patient's chain of decisions."""

    patient_id: UUID
    seq: int
    body: bytes
    hash: bytes
    signature: bytes


class FoundRow(msgspec.Struct):
    """Whether a statement found what it was after."""

    found: bool


class PersonRow(msgspec.Struct):
    """Whom a number and a birth date name together."""

    patient_id: UUID
    org_id: UUID
    birth_on: date
    zone: str
    given_name: str
    family_name: str


class EndingRow(msgspec.Struct):
    """A permission that ends soon or ended by itself, with the zone of whoever gave it."""

    patient_id: UUID
    grant_id: UUID
    name: str
    data_classes: list[int]
    to_at: datetime
    zone: str


class NoticeRow(msgspec.Struct):
    """Something that was said to a patient."""

    id: UUID
    at: datetime
    topic: str
    said: str


GRANTS: Final = Query(
    GrantRow,
    """
    select g.grant_id, g.basis, g.team_id, g.grantee_id as person_id,
           coalesce(t.name, s.name, x.name, h.label, y.name) as name,
           g.data_classes::integer[] as data_classes, g.may_write, g.from_at, g.to_at, g.granted_by
      from access_grant g
      left join team t on t.team_id = g.team_id
      left join staff s on s.staff_id = g.grantee_id
      left join proxy x on x.proxy_id = g.grantee_id
      left join share h on h.share_id = g.grantee_id
      left join told_system y on y.client_id = g.grantee_id
     where g.patient_id = $1
     order by g.to_at is null or g.to_at > now() desc, g.from_at desc, g.grant_id
     limit 500
    """,
)
GRANT: Final = Query(
    GrantRow,
    """
    select g.grant_id, g.basis, g.team_id, g.grantee_id as person_id, coalesce(t.name, s.name, x.name, y.name) as name,
           g.data_classes::integer[] as data_classes, g.may_write, g.from_at, g.to_at, g.granted_by
      from access_grant g
      left join team t on t.team_id = g.team_id
      left join staff s on s.staff_id = g.grantee_id
      left join proxy x on x.proxy_id = g.grantee_id
      left join told_system y on y.client_id = g.grantee_id
     where g.patient_id = $1 and g.grant_id = $2 and (g.basis = 'grant' or (g.basis = 'proxy' and g.granted_by = $1))
       and (g.to_at is null or g.to_at > now())
       for update of g
    """,
)
TEAM: Final = Query(ChoiceRow, "select team_id as id, name, '' as about from team where team_id = $1")
STAFF: Final = Query(
    ChoiceRow, "select staff_id as id, name, role as about from staff where staff_id = $1 and role <> 'admin'"
)
MY_TEAM: Final = Query(
    ChoiceRow,
    """
    select t.team_id as id, t.name, '' as about
      from team t join team_member m on m.team_id = t.team_id
     where t.team_id = $1 and m.staff_id = $2 and m.from_at <= now() and (m.to_at is null or m.to_at > now())
    """,
)
TEAMS: Final = Query(ChoiceRow, "select team_id as id, name, '' as about from team order by name, team_id limit 500")
PEOPLE: Final = Query(
    ChoiceRow,
    """
    select s.staff_id as id, s.name, s.role as about from staff s where s.role <> 'admin' order by s.name, s.staff_id limit 500
    """,
)
ADD_GRANT: Final = Query(
    FoundRow,
    """
    insert into access_grant (patient_id, grant_id, basis, team_id, grantee_id, data_classes, may_write, from_at, to_at, granted_by)
    values ($1, $2, $3, $4, $5, $6::smallint[], $7, $8, $9, $10)
    returning true as found
    """,
)
ADD_OPENED: Final = Query(
    Nothing,
    """
    insert into access_grant (patient_id, grant_id, basis, team_id, grantee_id, data_classes, may_write, from_at, to_at, granted_by)
    values ($1, $2, $3, $4, $5, $6::smallint[], $7, $8, $9, $10)
    """,
)
END_GRANT: Final = Query(
    FoundRow,
    """
    update access_grant set to_at = greatest($3::timestamptz, from_at)
     where patient_id = $1 and grant_id = $2 and (to_at is null or to_at > $3)
    returning true as found
    """,
)
MOVE_END: Final = Query(
    FoundRow,
    """
    update access_grant set to_at = $3 where patient_id = $1 and grant_id = $2 and (to_at is null or to_at > now())
    returning true as found
    """,
)
LOCK: Final = Query(Nothing, "select pg_advisory_xact_lock(hashtextextended('consent ' || $1::text, 0))")
LAST: Final = Query(LastRow, "select seq, hash from consent_event where patient_id = $1 order by seq desc limit 1")
ADD_EVENT: Final = Query(
    Nothing,
    """
    insert into consent_event (patient_id, seq, grant_id, what, at, by, is_witnessed, body, hash, signature)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    """,
)
EVENTS: Final = Query(
    EventRow,
    """
    select e.seq, e.grant_id, e.what, e.at, e.by, s.name as by_name, e.is_witnessed, e.body, e.signature
      from consent_event e left join staff s on s.staff_id = e.by
     where e.patient_id = $1 and ($2::uuid is null or e.grant_id = $2) and ($3::integer is null or e.seq = $3)
     order by e.seq desc
     limit 1000
    """,
)
CHAIN: Final = Query(
    ChainRow,
    """
    select patient_id, seq, body, hash, signature from consent_event
     where (patient_id, seq) > ($1, $2) order by patient_id, seq limit 5000
    """,
)
# A cached picture holds who looks after the person and their limits, so it is read again (architecture 3).
MOVE_PICTURE: Final = Query(Nothing, "update picture set version = version + 1 where patient_id = $1")
TELL: Final = Query(Nothing, "select pg_notify('changed', $1)")
FIND: Final = Query(
    PersonRow,
    """
    select p.patient_id, p.org_id, p.birth_on, p.zone, p.given_name, p.family_name
      from identifier i join patient p on p.patient_id = i.patient_id
     where i.system = 'nhs-number' and i.value = $1 and p.birth_on = $2
    """,
)
SAY: Final = Query(
    Nothing,
    """
    insert into outbox (id, patient_id, audience, topic, role, words, dedupe, created_at, due_at)
    values ($1, $2, 'patient', $3, 'patient', $4, $5, $6, $6)
    on conflict (dedupe) do nothing
    """,
)
# Never where a decision ended it, or where the same parts are open to the same ones for longer.
ENDING: Final = Query(
    EndingRow,
    """
    select g.patient_id, g.grant_id, coalesce(t.name, s.name, 'somebody') as name, g.data_classes::integer[] as data_classes, g.to_at, p.zone
      from access_grant g
      join patient p on p.patient_id = g.patient_id
      left join team t on t.team_id = g.team_id
      left join staff s on s.staff_id = g.grantee_id
     where g.basis = 'grant' and g.from_at <= $1 and g.to_at > $3 and g.to_at <= $2
       and not exists (select from consent_event e where e.patient_id = g.patient_id and e.at = g.to_at)
       and not exists (select from access_grant o
                        where o.patient_id = g.patient_id and o.grant_id <> g.grant_id and o.basis = 'grant'
                          and coalesce(o.team_id, o.grantee_id) = coalesce(g.team_id, g.grantee_id)
                          and o.data_classes @> g.data_classes and (o.to_at is null or o.to_at > greatest(g.to_at, $1)))
       and (g.to_at, g.patient_id, g.grant_id) > ($4::timestamptz, $5::uuid, $6::uuid)
     order by g.to_at, g.patient_id, g.grant_id
     limit $7
    """,
)
NOTICES: Final = Query(
    NoticeRow,
    """
    select d.id, d.created_at as at, d.topic, d.said
      from delivery d
     where d.patient_id = $1 and d.audience = 'patient'
     order by d.created_at desc, d.id
     limit 100
    """,
)
SHARED_WITH: Final = Query(
    ChoiceRow,
    """
    select distinct coalesce(t.team_id, s.staff_id, y.client_id) as id, coalesce(t.name, s.name, y.name, 'Somebody') as name,
           case when t.team_id is null then 'person' else 'team' end as about
      from access_grant g
      left join team t on t.team_id = g.team_id
      left join staff s on s.staff_id = g.grantee_id
      left join told_system y on y.client_id = g.grantee_id
     where g.patient_id = $1 and g.basis = 'grant' and g.from_at <= $2 and (g.to_at is null or g.to_at > $2)
     order by 2
    """,
)
