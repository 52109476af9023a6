"""The SQL of the access log: what the patient reads, what the worker signs, what the verifier walks."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class AccessRow(msgspec.Struct):
    """One access to a person's record, with the names that the person may know."""

    at: datetime
    writer: UUID
    seq: int
    actor: UUID
    actor_kind: str
    name: str | None
    role: str | None
    organisation: str | None
    action: str
    what: str
    n: int
    basis: str
    purpose: str
    request_id: UUID


class HeadRow(msgspec.Struct):
    """The last link of one chain as it stands, or as it was signed."""

    org_id: UUID
    day: date
    writer: UUID
    seq: int
    hash: bytes


class SignedRow(msgspec.Struct):
    """A head with its signature."""

    org_id: UUID
    day: date
    writer: UUID
    seq: int
    hash: bytes
    signed_at: datetime
    signature: bytes


class ChainRow(msgspec.Struct):
    """One chain: an organisation, a day and who wrote."""

    org_id: UUID
    day: date
    writer: UUID


class AuditRow(msgspec.Struct):
    """One audit row, in the order in which its hash covers it."""

    writer: UUID
    at: datetime
    org_id: UUID
    seq: int
    actor: UUID
    actor_kind: str
    client: str
    jti: str
    action: str
    patient_id: UUID
    what: str
    n: int
    basis: str
    request_id: UUID
    purpose: str
    outcome: str
    hash: bytes


class EmergencyRow(msgspec.Struct):
    """A member of staff who sees somebody by an emergency now."""

    staff_id: UUID
    patient_id: UUID


EMERGENCIES: Final = Query(
    EmergencyRow,
    """
    select g.grantee_id as staff_id, g.patient_id from access_grant g
     where g.grantee_id = any ($1::uuid[]) and g.basis = 'emergency' and g.from_at <= now() and g.to_at > now()
    """,
)
LOG: Final = Query(
    AccessRow,
    """
    select a.at, a.writer, a.seq, a.actor, a.actor_kind, coalesce(s.name, c.name, x.name, h.label) as name, s.role,
           o.name as organisation, a.action, a.what, a.n, a.basis, a.purpose, a.request_id
      from audit a
      left join staff s on s.staff_id = a.actor
      left join vendor_client c on c.client_id = a.actor
      left join proxy x on x.proxy_id = a.actor
      left join share h on h.share_id = a.actor
      left join organisation o on o.org_id = a.org_id
     where a.patient_id = $1 and (a.at, a.writer, a.seq) < ($2, $3, $4) and ($5 or a.actor <> $1)
     order by a.at desc, a.writer desc, a.seq desc
     limit $6
    """,
)
HEADS: Final = Query(
    HeadRow,
    # Chain by chain along the key, so that the cost goes with the number of chains, not of rows.
    """
    with recursive chain as (
        (select a.org_id, a.day, a.writer from audit a order by a.org_id, a.day, a.writer limit 1)
        union all
        select n.org_id, n.day, n.writer from chain c cross join lateral (
            select a.org_id, a.day, a.writer from audit a
             where (a.org_id, a.day, a.writer) > (c.org_id, c.day, c.writer)
             order by a.org_id, a.day, a.writer limit 1) n)
    select c.org_id, c.day, c.writer, l.seq, l.hash
      from chain c cross join lateral (
           select a.seq, a.hash from audit a where a.org_id = c.org_id and a.day = c.day and a.writer = c.writer
            order by a.seq desc limit 1) l
     where c.day >= $1 and not exists (
           select from audit_head h
            where h.org_id = c.org_id and h.day = c.day and h.writer = c.writer and h.seq = l.seq)
    """,
)
SIGN: Final = Query(
    Nothing,
    """
    insert into audit_head (org_id, day, writer, seq, hash, signed_at, signature) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (org_id, day, writer, seq) do nothing
    """,
)
SIGNED: Final = Query(
    SignedRow,
    "select org_id, day, writer, seq, hash, signed_at, signature from audit_head order by org_id, day, writer, seq",
)
CHAINS: Final = Query(ChainRow, "select distinct org_id, day, writer from audit order by day, org_id, writer")
ROWS: Final = Query(
    AuditRow,
    """
    select writer, at, org_id, seq, actor, actor_kind, client, jti, action, patient_id, what, n, basis, request_id, purpose,
           outcome, hash
      from audit
     where org_id = $1 and day = $2 and writer = $3 and seq > $4
     order by seq
     limit 5000
    """,
)
