"""The SQL of sign-in, run as the sign-in role only."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class CredentialRow(msgspec.Struct):
    """What a member of staff signs in with."""

    staff_id: UUID
    org_id: UUID
    role: str
    password_hash: str
    totp_secret: str


class SessionRow(msgspec.Struct):
    """One signed-in browser; `role` of staff only."""

    session_id: UUID
    principal_id: UUID
    kind: str
    org_id: UUID
    role: str | None
    auth_at: datetime
    seen_at: datetime
    expires_at: datetime


class FamilyRow(msgspec.Struct):
    """A refresh token with the family it belongs to, locked."""

    family: UUID
    principal_id: UUID
    kind: str
    org_id: UUID
    client_id: str
    auth_at: datetime
    expires_at: datetime
    is_over: bool
    spent_at: datetime | None
    successor: bytes | None
    is_successor_spent: bool


class PairingRow(msgspec.Struct):
    """A pairing code on which one try was just counted."""

    secret_hash: bytes
    principal_id: UUID
    kind: str
    org_id: UUID


class ClientKeyRow(msgspec.Struct):
    """One registered key of a vendor's client."""

    org_id: UUID
    vendor: str
    algorithm: str
    jwk: str
    jku: str | None


class NotBeforeRow(msgspec.Struct):
    """A principal whose older tokens do not count."""

    principal_id: UUID
    not_before: datetime


class DeniedRow(msgspec.Struct):
    """A token or session that does not count."""

    jti: str


class FoundRow(msgspec.Struct):
    """Whether a statement found, or won, what it was after."""

    found: bool


CREDENTIAL: Final = Query(
    CredentialRow,
    """
    select s.staff_id, s.org_id, s.role, c.password_hash, c.totp_secret
      from credential c
      join staff s on s.staff_id = c.principal_id
      join principal p on p.principal_id = c.principal_id and p.ended_at is null
     where c.email = $1
    """,
)
CREDENTIAL_OF: Final = Query(
    CredentialRow,
    """
    select s.staff_id, s.org_id, s.role, c.password_hash, c.totp_secret
      from credential c
      join staff s on s.staff_id = c.principal_id
      join principal p on p.principal_id = c.principal_id and p.ended_at is null
     where c.principal_id = $1
    """,
)
# A step counts once, and none before it ever again.
SPEND_STEP: Final = Query(
    FoundRow,
    """
    update credential set last_totp_step = $2 where principal_id = $1 and last_totp_step < $2 returning true as found
    """,
)
ADD_SESSION: Final = Query(
    Nothing,
    """
    insert into page_session (session_hash, session_id, principal_id, auth_at, seen_at, expires_at)
    values ($1, $2, $3, $4, $4, $5)
    """,
)
# Seen again: moves the idle clock, and answers nothing once idle, over or ended (TOK-8).
SEE_SESSION: Final = Query(
    SessionRow,
    """
    update page_session v
       set seen_at = greatest(v.seen_at, $2)
      from principal p left join staff s on s.staff_id = p.principal_id
     where v.session_hash = $1 and v.ended_at is null and v.expires_at > $2 and v.seen_at > $3
       and p.principal_id = v.principal_id and p.ended_at is null
    returning v.session_id, p.principal_id, p.kind, p.org_id, s.role, v.auth_at, v.seen_at, v.expires_at
    """,
)
END_SESSION: Final = Query(
    Nothing, "update page_session set ended_at = $2 where session_hash = $1 and ended_at is null"
)
ADD_FAMILY: Final = Query(
    Nothing,
    """
    insert into refresh_family (family, principal_id, client_id, auth_at, expires_at) values ($1, $2, $3, $4, $5)
    """,
)
ADD_REFRESH: Final = Query(Nothing, "insert into refresh_token (token_hash, family, issued_at) values ($1, $2, $3)")
LOCK_REFRESH: Final = Query(
    FamilyRow,
    """
    select f.family, f.principal_id, p.kind, p.org_id, f.client_id, f.auth_at, f.expires_at,
           f.ended_at is not null or p.ended_at is not null as is_over, t.spent_at, t.successor,
           exists (select from refresh_token n where n.token_hash = t.successor_hash and n.spent_at is not null)
               as is_successor_spent
      from refresh_token t
      join refresh_family f on f.family = t.family
      join principal p on p.principal_id = f.principal_id
     where t.token_hash = $1
       for update of t
    """,
)
SPEND_REFRESH: Final = Query(
    Nothing, "update refresh_token set spent_at = $2, successor = $3, successor_hash = $4 where token_hash = $1"
)
END_FAMILY: Final = Query(Nothing, "update refresh_family set ended_at = $2 where family = $1 and ended_at is null")
END_FAMILIES: Final = Query(
    Nothing, "update refresh_family set ended_at = $2 where principal_id = $1 and ended_at is null"
)
END_SESSIONS: Final = Query(
    Nothing, "update page_session set ended_at = $2 where principal_id = $1 and ended_at is null"
)
ADD_PAIRING: Final = Query(
    FoundRow,
    """
    insert into pairing_code (reference, secret_hash, principal_id, made_by, expires_at)
    values ($1, $2, $3, $4, $5)
    on conflict (reference) do update
       set secret_hash = excluded.secret_hash, principal_id = excluded.principal_id, made_by = excluded.made_by,
           expires_at = excluded.expires_at, used_at = null, tries = 0
     where pairing_code.expires_at < $6
    returning true as found
    """,
)
# Codes that a person made before are over as soon as there is a new one.
DROP_PAIRINGS: Final = Query(Nothing, "delete from pairing_code where principal_id = $1 or expires_at < $2")
TRY_PAIRING: Final = Query(
    PairingRow,
    """
    update pairing_code c
       set tries = c.tries + 1
      from principal p
     where c.reference = $1 and c.used_at is null and c.expires_at > $2 and c.tries < 5
       and p.principal_id = c.principal_id and p.ended_at is null
    returning c.secret_hash, c.principal_id, p.kind, p.org_id
    """,
)
USE_PAIRING: Final = Query(
    FoundRow,
    """
    update pairing_code set used_at = $2 where reference = $1 and used_at is null returning true as found
    """,
)
# Counted by the row's lock, whichever process asks: at most $3 within the hour before $2 (TOK-9).
COUNT_TRY: Final = Query(
    FoundRow,
    """
    insert into one_time_try as t (account, recent) values ($1, array[$2::timestamptz])
    on conflict (account) do update
       set recent = array(select u from unnest(t.recent) as u where u > $2 - interval '1 hour') || $2::timestamptz
     where cardinality(array(select u from unnest(t.recent) as u where u > $2 - interval '1 hour')) < $3::integer
    returning true as found
    """,
)
MAY_ACT: Final = Query(
    FoundRow,
    """
    select true as found from effective_access e where e.principal = app_principal() and e.patient_id = $1 and e.may_act limit 1
    """,
)
FORGET_TRIES: Final = Query(Nothing, "delete from one_time_try where account = $1")
CLIENT_KEY: Final = Query(
    ClientKeyRow,
    """
    select c.org_id, c.vendor, k.algorithm, k.jwk, k.jku
      from client_key k
      join vendor_client c on c.client_id = k.client_id
      join principal p on p.principal_id = c.client_id and p.ended_at is null
     where k.client_id = $1 and k.kid = $2 and k.ended_at is null
    """,
)
USE_ASSERTION: Final = Query(
    FoundRow,
    """
    insert into client_assertion (client_id, jti, expires_at) values ($1, $2, $3)
    on conflict (client_id, jti) do nothing
    returning true as found
    """,
)
DROP_ASSERTIONS: Final = Query(Nothing, "delete from client_assertion where expires_at < $1")
NOT_BEFORE: Final = Query(NotBeforeRow, "select principal_id, not_before from revoked_principal where not_before > $1")
DENIED: Final = Query(DeniedRow, "select jti from revoked_token where expires_at > $1")
DROP_DENIED: Final = Query(Nothing, "delete from revoked_token where expires_at < $1")
REVOKE_PRINCIPAL: Final = Query(
    Nothing,
    """
    insert into revoked_principal (principal_id, not_before) values ($1, $2)
    on conflict (principal_id) do update set not_before = greatest(revoked_principal.not_before, excluded.not_before)
    """,
)
REVOKE_TOKEN: Final = Query(
    Nothing, "insert into revoked_token (jti, expires_at) values ($1, $2) on conflict (jti) do nothing"
)
TELL_REVOKED: Final = Query(Nothing, "select pg_notify('revoked', '')")
ADD_EVENT: Final = Query(
    Nothing, "insert into security_event (event_id, at, what, principal_id) values ($1, $2, $3, $4)"
)
