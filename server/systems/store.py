"""The SQL of telling other systems: what is to be told, to whom, and whether they may still know."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class MadeRow(msgspec.Struct):
    """Something newly to be told."""

    event_id: UUID


class TellingRow(msgspec.Struct):
    """Something to tell, claimed, and where to."""

    patient_id: UUID
    client_id: UUID
    event_id: UUID
    what: str
    data_class: int
    episode: UUID | None
    made_at: datetime
    tries: int
    url: str
    secrets: bytes


class MayRow(msgspec.Struct):
    """Whether a system may know of it at this moment."""

    may: bool


class SystemRow(msgspec.Struct):
    """A system as a patient may choose it."""

    id: UUID
    name: str
    about: str


class AgainRow(msgspec.Struct):
    """How many are told again."""

    n: int


KEPT: Final = timedelta(days=90)
# Flags of two days are compared with what was noted, so that none is missed whenever it was committed.
FIND: Final = Query(
    MadeRow,
    """
    insert into telling (patient_id, client_id, event_id, what, data_class, episode, due_at)
    select f.patient_id, s.client_id, f.id, 'flag.raised', f.data_class, f.episode, $1::timestamptz
      from told_system s
      join effective_access e on e.principal = s.client_id and e.may_read
      join flag f on f.patient_id = e.patient_id and f.data_class = e.data_class
     where s.disabled_at is null and f.state = 'active' and f.raised_at > now() - interval '2 days'
       and f.raised_at >= (select min(g.from_at) from access_grant g where g.patient_id = f.patient_id and g.grantee_id = s.client_id)
       and not exists (select from telling t where t.patient_id = f.patient_id and t.client_id = s.client_id and t.event_id = f.id)
    on conflict do nothing
    returning event_id
    """,
)
CLAIM: Final = Query(
    TellingRow,
    """
    update telling t set tries = t.tries + 1, lease_until = $1::timestamptz + make_interval(secs => $2)
      from told_system s,
           (select w.patient_id, w.client_id, w.event_id
              from telling w join told_system y on y.client_id = w.client_id and y.disabled_at is null
             where w.done_at is null and w.due_at <= $1 and coalesce(w.lease_until, '-infinity') <= $1
             order by w.due_at limit $3 for update of w skip locked) as due
     where t.patient_id = due.patient_id and t.client_id = due.client_id and t.event_id = due.event_id and s.client_id = t.client_id
    returning t.patient_id, t.client_id, t.event_id, t.what, t.data_class::integer as data_class, t.episode, t.made_at, t.tries, s.url,
              s.secrets
    """,
)
MAY: Final = Query(
    MayRow,
    """
    select exists (select from effective_access e
                    where e.principal = $1 and e.patient_id = $2 and e.data_class = $3::smallint and e.may_read) as may
    """,
)
DONE: Final = Query(
    Nothing,
    """
    update telling set done_at = now(), lease_until = null, came_to = $4
     where patient_id = $1 and client_id = $2 and event_id = $3 and done_at is null
    """,
)
AGAIN: Final = Query(
    Nothing,
    """
    update telling set due_at = $4, lease_until = null, came_to = $5
     where patient_id = $1 and client_id = $2 and event_id = $3 and done_at is null
    """,
)
DISABLE: Final = Query(
    Nothing, "update told_system set disabled_at = now(), disabled_why = $2 where client_id = $1 and disabled_at is null"
)
FORGET: Final = Query(Nothing, "delete from telling where made_at < $1")
SYSTEMS: Final = Query(
    SystemRow, "select client_id as id, name, 'system' as about from told_system where disabled_at is null order by name, client_id limit 100"
)
SYSTEM: Final = Query(
    SystemRow, "select client_id as id, name, 'system' as about from told_system where client_id = $1 and disabled_at is null"
)
REPLAY: Final = Query(
    AgainRow,
    """
    with again as (
        update telling set due_at = now(), tries = 0, done_at = null, came_to = ''
         where client_id = $1 and made_at >= $2 and made_at < $3
        returning 1)
    select count(*)::integer as n from again
    """,
)
REGISTER: Final = Query(
    Nothing,
    """
    insert into told_system (client_id, name, url, secrets) values ($1, $2, $3, $4)
    on conflict (client_id) do update
       set name = excluded.name, url = excluded.url, secrets = excluded.secrets, disabled_at = null, disabled_why = ''
    """,
)
