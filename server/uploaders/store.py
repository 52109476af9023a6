"""The SQL of uploaders' keys: found by their hash, made and ended by the person alone."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from server.sql import Nothing, Query


class WhoRow(msgspec.Struct):
    """Whose uploader it is."""

    patient_id: UUID
    key_id: UUID
    org_id: UUID
    zone: str


class KeyRow(msgspec.Struct):
    """One key, without its secret."""

    key_id: UUID
    label: str
    made_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


WHO: Final = Query(
    WhoRow,
    """
    select k.patient_id, k.key_id, p.org_id, p.zone
      from uploader_key k
      join patient p on p.patient_id = k.patient_id
      join principal o on o.principal_id = k.patient_id and o.ended_at is null
     where k.key_hash = $1 and k.ended_at is null
    """,
)
USED: Final = Query(Nothing, "update uploader_key set used_at = now() where patient_id = $1 and key_id = $2")
ADD: Final = Query(Nothing, "insert into uploader_key (patient_id, key_id, key_hash, label) values ($1, $2, $3, $4)")
LIST: Final = Query(
    KeyRow, "select key_id, label, made_at, used_at, ended_at from uploader_key where patient_id = $1 order by made_at desc, key_id limit 100"
)
END: Final = Query(
    KeyRow,
    """
    update uploader_key set ended_at = coalesce(ended_at, now()) where patient_id = $1 and key_id = $2
    returning key_id, label, made_at, used_at, ended_at
    """,
)
