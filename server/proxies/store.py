"""The SQL of proxies: who acts for whom, by what right, and when that must be looked at again."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class FoundRow(msgspec.Struct):
    """Whether a statement did what it was for."""

    found: bool


class RightRow(msgspec.Struct):
    """Somebody who acts for the patient, and what they may see now."""

    proxy_id: UUID
    name: str
    basis: str
    relationship: str
    made_at: datetime
    review_at: datetime
    ended_at: datetime | None
    data_classes: list[int]
    may_write: bool
    to_at: datetime | None


class CaredRow(msgspec.Struct):
    """Somebody for whom the asker acts now."""

    patient_id: UUID
    given_name: str
    family_name: str
    zone: str
    may_write: bool
    data_classes: list[int]


class DueRow(msgspec.Struct):
    """A right that must be looked at again."""

    patient_id: UUID
    org_id: UUID
    name: str
    birth_on: date
    zone: str
    proxy_id: UUID
    proxy: str
    basis: str
    review_at: datetime


class PairRow(msgspec.Struct):
    """A right of somebody over somebody, with what its next review depends on."""

    basis: str
    birth_on: date
    zone: str
    name: str


ADD_PRINCIPAL: Final = Query(Nothing, "insert into principal (principal_id, kind, org_id) values ($1, 'proxy', $2)")
ADD_PROXY: Final = Query(Nothing, "insert into proxy (org_id, proxy_id, name) values ($1, $2, $3)")
ADD_RIGHT: Final = Query(
    Nothing,
    """
    insert into proxy_right (patient_id, proxy_id, basis, relationship, made_by, made_at, review_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (patient_id, proxy_id) do update
       set basis = excluded.basis, relationship = excluded.relationship, review_at = excluded.review_at, ended_at = null
    """,
)
THERE: Final = Query(
    FoundRow,
    """
    select true as found from proxy x join principal p on p.principal_id = x.proxy_id and p.ended_at is null
     where x.proxy_id = $1 and x.org_id = $2
    """,
)
MINE: Final = Query(
    RightRow,
    """
    select r.proxy_id, x.name, r.basis, r.relationship, r.made_at, r.review_at, r.ended_at,
           coalesce(g.data_classes, '{}')::integer[] as data_classes, coalesce(g.may_write, false) as may_write, g.to_at
      from proxy_right r
      join proxy x on x.proxy_id = r.proxy_id
      left join lateral (
           select a.data_classes, a.may_write, a.to_at from access_grant a
            where a.patient_id = r.patient_id and a.grantee_id = r.proxy_id and a.basis = 'proxy'
              and a.from_at <= now() and (a.to_at is null or a.to_at > now())
            order by a.from_at desc limit 1) as g on true
     where r.patient_id = $1
     order by r.ended_at is not null, r.made_at desc, r.proxy_id
    """,
)
CARED_FOR: Final = Query(
    CaredRow,
    """
    select p.patient_id, p.given_name, p.family_name, p.zone, bool_or(e.may_write) as may_write,
           array_agg(distinct e.data_class)::integer[] as data_classes
      from effective_access e join patient p on p.patient_id = e.patient_id
     where e.principal = app_principal() and e.basis = 'proxy' and e.may_read and ($1::uuid is null or e.patient_id = $1)
     group by p.patient_id, p.given_name, p.family_name, p.zone
     order by p.family_name, p.given_name, p.patient_id
    """,
)
DUE: Final = Query(
    DueRow,
    """
    select r.patient_id, p.org_id, p.given_name || ' ' || p.family_name as name, p.birth_on, p.zone, r.proxy_id, x.name as proxy,
           r.basis, r.review_at
      from proxy_right r join patient p on p.patient_id = r.patient_id join proxy x on x.proxy_id = r.proxy_id
     where r.ended_at is null and r.review_at <= $1
     order by r.review_at, r.patient_id, r.proxy_id
     limit 500
    """,
)
PAIR: Final = Query(
    PairRow,
    """
    select r.basis, p.birth_on, p.zone, x.name
      from proxy_right r join patient p on p.patient_id = r.patient_id join proxy x on x.proxy_id = r.proxy_id
     where r.patient_id = $1 and r.proxy_id = $2 and r.ended_at is null
    """,
)
MOVE_REVIEW: Final = Query(
    Nothing, "update proxy_right set review_at = $3 where patient_id = $1 and proxy_id = $2 and ended_at is null"
)
END_RIGHT: Final = Query(
    Nothing, "update proxy_right set ended_at = $3 where patient_id = $1 and proxy_id = $2 and ended_at is null"
)
END_GRANTS: Final = Query(
    Nothing,
    """
    update access_grant set to_at = greatest($3::timestamptz, from_at)
     where patient_id = $1 and grantee_id = $2 and basis = 'proxy' and (to_at is null or to_at > $3)
    """,
)
# A right of which nothing is or will be open any more.
OVER: Final = Query(
    Nothing,
    """
    update proxy_right r set ended_at = $1
     where r.ended_at is null and r.made_at < $1::timestamptz - interval '1 minute'
       and not exists (select from access_grant a
                        where a.patient_id = r.patient_id and a.grantee_id = r.proxy_id and a.basis = 'proxy'
                          and (a.to_at is null or a.to_at > $1))
    """,
)
