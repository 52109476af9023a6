"""The SQL of vendors' doors: found by their secret path, deliveries seen, what is to be fetched, and with what."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class DoorRow(msgspec.Struct):
    """One door in force, and in whose name it writes."""

    door_id: UUID
    client_id: UUID
    org_id: UUID
    vendor: str
    form: str
    secrets: bytes
    base_url: str


class SeenRow(msgspec.Struct):
    """A delivery that came before."""

    content: bytes
    receipt_id: UUID
    is_settled: bool


class AccountRow(msgspec.Struct):
    """What we may fetch a person's readings with."""

    patient_id: UUID
    zone: str
    tokens: bytes
    expires_at: datetime | None
    fetched_until: datetime | None
    made_at: datetime


class DueRow(msgspec.Struct):
    """An account to look into, since nobody calls us about it."""

    door_id: UUID
    account: str
    form: str
    fetched_until: datetime | None
    made_at: datetime


class FetchRow(msgspec.Struct):
    """Something to fetch, claimed."""

    fetch_id: UUID
    door_id: UUID
    account: str
    what: str
    object_id: str
    start_at: datetime | None
    end_at: datetime | None
    tries: int


KEPT: Final = timedelta(days=8)
"""How long a delivery's id is remembered: a vendor tries again for seven days at most."""

DOOR: Final = Query(
    DoorRow,
    """
    select d.door_id, d.client_id, d.org_id, c.vendor, d.form, d.secrets, d.base_url
      from vendor_door d
      join vendor_client c on c.client_id = d.client_id
      join principal p on p.principal_id = d.client_id and p.ended_at is null
     where d.path_hash = $1 and d.ended_at is null
    """,
)
DOOR_BY_ID: Final = Query(
    DoorRow,
    """
    select d.door_id, d.client_id, d.org_id, c.vendor, d.form, d.secrets, d.base_url
      from vendor_door d
      join vendor_client c on c.client_id = d.client_id
      join principal p on p.principal_id = d.client_id and p.ended_at is null
     where d.door_id = $1 and d.ended_at is null
    """,
)
REFUSED: Final = Query(
    Nothing, "update vendor_door set refused = refused + 1, refused_at = now(), refused_why = $2 where door_id = $1"
)
SEEN: Final = Query(SeenRow, "select content, receipt_id, is_settled from hook_delivery where door_id = $1 and key = $2")
RECEIVED: Final = Query(
    Nothing,
    """
    insert into hook_delivery (door_id, key, content, receipt_id) values ($1, $2, $3, $4)
    on conflict (door_id, key) do update set receipt_id = excluded.receipt_id
    """,
)
SETTLED: Final = Query(Nothing, "update hook_delivery set is_settled = true where door_id = $1 and key = $2")
FORGET: Final = Query(Nothing, "delete from hook_delivery where at < $1")
ASK: Final = Query(
    Nothing,
    """
    insert into pending_fetch (fetch_id, door_id, account, what, object_id, start_at, end_at) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict do nothing
    """,
)
CLAIM: Final = Query(
    FetchRow,
    """
    update pending_fetch f set tries = f.tries + 1, lease_until = $1::timestamptz + make_interval(secs => $2)
      from (select distinct on (w.door_id, w.account) w.fetch_id
              from pending_fetch w
              join vendor_door d on d.door_id = w.door_id
             where w.done_at is null and w.due_at <= $1 and coalesce(w.lease_until, '-infinity') <= $1
               and coalesce(d.held_until, '-infinity') <= $1
               and not exists (select from pending_fetch o where o.door_id = w.door_id and o.account = w.account and o.done_at is null
                                  and o.lease_until > $1)
             order by w.door_id, w.account, w.due_at
             limit $3) as due
     where f.fetch_id = due.fetch_id and coalesce(f.lease_until, '-infinity') <= $1
    returning f.fetch_id, f.door_id, f.account, f.what, f.object_id, f.start_at, f.end_at, f.tries
    """,
)
"""One of each account at a time: two that renew the same token would lose it."""
DONE: Final = Query(
    Nothing, "update pending_fetch set done_at = now(), lease_until = null, came_to = $2 where fetch_id = $1 and done_at is null"
)
AGAIN: Final = Query(
    Nothing, "update pending_fetch set due_at = $2, lease_until = null, came_to = $3 where fetch_id = $1 and done_at is null"
)
HOLD: Final = Query(Nothing, "update vendor_door set held_until = $2 where door_id = $1")
FORGET_FETCHED: Final = Query(Nothing, "delete from pending_fetch where done_at < $1")
ACCOUNT: Final = Query(
    AccountRow,
    """
    select a.patient_id, p.zone, a.tokens, a.expires_at, a.fetched_until, a.made_at
      from vendor_account a join patient p on p.patient_id = a.patient_id
     where a.door_id = $1 and a.account = $2 and a.ended_at is null
    """,
)
RENEWED: Final = Query(
    Nothing,
    "update vendor_account set tokens = $4, expires_at = $5 where patient_id = $1 and door_id = $2 and account = $3",
)
ENDED: Final = Query(
    Nothing,
    "update vendor_account set ended_at = now(), ended_why = $4 where patient_id = $1 and door_id = $2 and account = $3 and ended_at is null",
)
FETCHED: Final = Query(
    Nothing,
    """
    update vendor_account set fetched_until = greatest(coalesce(fetched_until, '-infinity'), $4)
     where patient_id = $1 and door_id = $2 and account = $3
    """,
)
DUE: Final = Query(
    DueRow,
    """
    select a.door_id, a.account, d.form, a.fetched_until, a.made_at
      from vendor_account a
      join vendor_door d on d.door_id = a.door_id and d.ended_at is null
     where a.ended_at is null and d.form = any($1::text[])
       and not exists (select from pending_fetch f where f.door_id = a.door_id and f.account = a.account and f.done_at is null)
    """,
)
# An operator's own (server/vendors.py).
ADD_DOOR: Final = Query(
    Nothing,
    "insert into vendor_door (door_id, org_id, client_id, form, path_hash, secrets, base_url) values ($1, $2, $3, $4, $5, $6, $7)",
)
CHANGE_SECRETS: Final = Query(Nothing, "update vendor_door set secrets = $2 where door_id = $1")
ADD_ACCOUNT: Final = Query(
    Nothing,
    """
    insert into vendor_account (patient_id, door_id, account, tokens, expires_at, fetched_until) values ($1, $2, $3, $4, $5, $6)
    on conflict (patient_id, door_id, account) do update
       set tokens = excluded.tokens, expires_at = excluded.expires_at, ended_at = null, ended_why = ''
    """,
)
END_OTHERS: Final = Query(
    Nothing,
    """
    update vendor_account set ended_at = now(), ended_why = 'given to somebody else'
     where door_id = $1 and account = $2 and patient_id <> $3 and ended_at is null
    """,
)
