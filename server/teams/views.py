"""What the page of a service shows."""

from datetime import datetime

import msgspec

from server.web.views import Choice


class DayView(msgspec.Struct, frozen=True, kw_only=True):
    """One weekday's staffed hours as the form shows them; empty when it is not staffed."""

    no: int
    name: str
    said: str
    opens: str = ""
    closes: str = ""
    is_more: bool = False


class SpanView(msgspec.Struct, frozen=True, kw_only=True):
    """A closure or a duty, which can be taken back."""

    act: str
    said: str
    from_at: datetime
    to_at: datetime
    is_now: bool


class TeamView(msgspec.Struct, frozen=True, kw_only=True):
    """Is anyone watching now, as patients see it; hours, closures and who is on duty."""

    id: str
    name: str
    teams: tuple[Choice, ...]
    is_on: bool
    shift: str
    patients_see: str
    lag: str
    on_duty: tuple[str, ...]
    by_job: bool
    telephone: str
    out_of_hours: str
    days: tuple[DayView, ...]
    holidays: tuple[str, ...]
    closures: tuple[SpanView, ...]
    duties: tuple[SpanView, ...]
    members: tuple[Choice, ...]
    may_change: bool
    fault: str = ""
    as_of: datetime
