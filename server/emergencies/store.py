"""The SQL of emergency access."""

from typing import Final

import msgspec

from server.sql import Query


class OftenRow(msgspec.Struct):
    """How often somebody looked in an emergency."""

    n: int


class StaffRow(msgspec.Struct):
    """What a member of staff is called."""

    name: str


NAME: Final = Query(StaffRow, "select name from staff where staff_id = $1")
OFTEN: Final = Query(
    OftenRow,
    """
    select count(*)::integer as n from access_grant g
     where g.grantee_id = $1 and g.basis = 'emergency' and g.from_at > $2
    """,
)
