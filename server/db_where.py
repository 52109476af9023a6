"""Where a database listens. Apart from server/db.py, so that settings need not load the driver (--help stays fast)."""

import msgspec


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """A socket folder or a host name; the password, if any, stands in a file."""

    host: str
    port: int
    database: str
    password_file: str | None = None
