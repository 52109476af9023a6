"""What a person's own pages show; handlers fill these, templates lay them out. Times are aware, in the person's zone."""

from datetime import datetime

import msgspec

from server.web.views import Rank


class EnterView(msgspec.Struct, frozen=True, kw_only=True):
    """The form for the one-time code. `code` is what a link brought along, never what was refused."""

    code: str = ""
    fault: str = ""


class LatestLine(msgspec.Struct, frozen=True, kw_only=True):
    """The newest of one kind."""

    label: str
    value: str
    at: datetime


class TeamLine(msgspec.Struct, frozen=True, kw_only=True):
    """A team that looks after the person, and how to reach it."""

    name: str
    telephone: str
    out_of_hours: str


class ConcernLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was noticed, what she was told, what her plan says, what happens next and by when."""

    rank: Rank
    is_open: bool
    at: datetime
    seen: tuple[str, ...]
    said: tuple[str, ...]
    plan: tuple[str, ...]
    next: str
    next_by: datetime | None


class CaredLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody for whom a carer acts, and what they may see."""

    id: str
    name: str
    what: str


class CarerView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a carer begins. `carer` is the id by which another patient can let them act as well."""

    carer: str
    lines: tuple[CaredLine, ...]


class HomeView(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything begins: who watches, what was noticed and told, what was measured last."""

    given_name: str
    watching: str
    meanwhile: str
    teams: tuple[TeamLine, ...]
    concerns: tuple[ConcernLine, ...]
    told: tuple[str, ...]
    latest: tuple[LatestLine, ...]
    as_of: datetime
