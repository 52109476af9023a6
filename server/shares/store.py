"""The SQL of codes shown once: found by their reference, proved by their secret and the birth date (F65)."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class FoundRow(msgspec.Struct):
    """Whether a statement did what it was for."""

    found: bool


class ShareRow(msgspec.Struct):
    """One code as its maker sees it; the code itself is known to nobody but whom it was shown to."""

    share_id: UUID
    label: str
    made_at: datetime
    expires_at: datetime
    is_over: bool
    data_classes: list[int]
    openings: int
    last_opened_at: datetime | None
    last_opened_by: str | None


class TriedRow(msgspec.Struct):
    """A code on which one try was just counted."""

    share_id: UUID
    patient_id: UUID
    secret_hash: bytes
    birth_on: date
    expires_at: datetime


ADD: Final = Query(
    FoundRow,
    """
    insert into share (reference, share_id, patient_id, secret_hash, label, made_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (reference) do nothing
    returning true as found
    """,
)
MINE: Final = Query(
    ShareRow,
    """
    select s.share_id, s.label, s.made_at, s.expires_at, s.ended_at is not null or s.expires_at <= now() or s.tries >= 5 as is_over,
           coalesce(g.data_classes, '{}')::integer[] as data_classes,
           (select count(*) from share_opening o where o.patient_id = s.patient_id and o.share_id = s.share_id)::integer as openings,
           l.opened_at as last_opened_at, l.who as last_opened_by
      from share s
      left join access_grant g on g.patient_id = s.patient_id and g.grantee_id = s.share_id
      left join lateral (select o.opened_at, o.who from share_opening o
                          where o.patient_id = s.patient_id and o.share_id = s.share_id
                          order by o.opened_at desc limit 1) as l on true
     where s.patient_id = $1
     order by s.made_at desc, s.share_id
     limit 50
    """,
)
END: Final = Query(
    FoundRow,
    """
    update share set ended_at = $3 where patient_id = $1 and share_id = $2 and ended_at is null returning true as found
    """,
)
END_GRANT: Final = Query(
    Nothing,
    """
    update access_grant set to_at = greatest($3::timestamptz, from_at)
     where patient_id = $1 and grantee_id = $2 and basis = 'share' and to_at > $3
    """,
)
# Counted before anything is compared, by the row's lock, whichever process asks (TOK-9).
TRY: Final = Query(
    TriedRow,
    """
    update share s
       set tries = s.tries + 1
      from patient p
     where s.reference = $1 and s.ended_at is null and s.expires_at > $2 and s.tries < 5 and p.patient_id = s.patient_id
    returning s.share_id, s.patient_id, s.secret_hash, p.birth_on, s.expires_at
    """,
)
RIGHT: Final = Query(Nothing, "update share set tries = 0 where share_id = $1")
OPENED: Final = Query(
    Nothing, "insert into share_opening (patient_id, share_id, opened_at, who) values ($1, $2, $3, $4)"
)
