"""What the pages of codes shown once show."""

from datetime import datetime

import msgspec
from markupsafe import Markup

from server.me.views import LatestLine
from server.web.views import Choice


class CodeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One code, and who opened it."""

    id: str
    label: str
    what: str
    made_at: datetime
    expires_at: datetime
    is_over: bool
    openings: int
    last_at: datetime | None
    last_by: str


class CodesView(msgspec.Struct, frozen=True, kw_only=True):
    """The codes, and the form for a new one. `code` is told this once: in digits, as a link and as a square to scan."""

    lines: tuple[CodeLine, ...]
    parts: tuple[Choice, ...]
    code: str = ""
    link: str = ""
    square: Markup = Markup()
    until: datetime | None = None
    fault: str = ""


class ShareFormView(msgspec.Struct, frozen=True, kw_only=True):
    """The form of whoever was shown a code; `code` may have come with the link."""

    code: str = ""
    birth_on: str = ""
    who: str = ""
    fault: str = ""


class SnapshotView(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a record as it is now."""

    name: str
    born: str
    conditions: str
    known: tuple[str, ...]
    latest: tuple[LatestLine, ...]
    expires_at: datetime
    as_of: datetime
