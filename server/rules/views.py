"""What the pages of rules, trials, proposals and flags show; handlers fill these, templates only lay them out."""

from datetime import datetime

import msgspec

from server.web.views import ChartView, Choice, LineView, Rank


class LimitView(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as a page shows it: what it is held against, who set it, and at `href` whose own it is.

    `field` names its input, `step` its smallest change.
    """

    key: str
    label: str
    value: str
    usual: str
    unit: str = ""
    safer: str = ""
    who: str = ""
    since: datetime | None = None
    review_at: datetime | None = None
    reason: str = ""
    is_own: bool = False
    is_floor: bool = False
    low: str = ""
    high: str = ""
    step: str = "any"
    asks_unit: bool = False
    history: tuple[str, ...] = ()
    href: str = ""

    @property
    def field(self) -> str:
        """An id that is safe in a page."""
        return "limit-" + self.key.replace(".", "-")


class UsedView(msgspec.Struct, frozen=True, kw_only=True):
    """One reading that a flag rests on. `late`: how long it took to reach us, when that is worth saying."""

    kind: str
    value: str
    taken_at: datetime
    source: str
    late: str = ""


class FlagView(msgspec.Struct, frozen=True, kw_only=True):
    """A flag that answers for itself."""

    name: str
    patient: str
    rank: Rank
    sentence: str
    state: str
    confidence: str
    rule: str
    rule_title: str
    rule_about: str
    rule_version: int
    is_floor: bool
    source: str
    numbers: tuple[tuple[str, str], ...]
    used: tuple[UsedView, ...]
    charts: tuple[ChartView, ...]
    limits: tuple[LimitView, ...]
    rule_set: str
    normals: tuple[str, ...]
    plan: tuple[str, ...]
    told: tuple[LineView, ...]
    steps: tuple[LineView, ...]
    next_step: str
    clears: str
    replay: str
    anchor_at: datetime
    raised_at: datetime
    as_of: datetime


class WorthView(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule raised over some days and what came of it."""

    days: int
    flags: int
    notes: int
    people: int
    true: str
    false: int
    done: str
    resolved: int
    minutes: str


class RuleRowView(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in the list."""

    id: str
    href: str
    title: str
    about: str
    is_floor: bool
    is_shadow: bool
    waits: bool
    changed: int
    short: WorthView
    long: WorthView


class FamilyView(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one condition."""

    key: str
    title: str
    rules: tuple[RuleRowView, ...]


class RulesView(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that watch a service, and whether all together they are worth their noise."""

    team: str
    teams: tuple[Choice, ...]
    people: int
    load: str
    is_over: bool
    rule_set: str
    waiting: int
    families: tuple[FamilyView, ...]
    as_of: datetime


class TryRowView(msgspec.Struct, frozen=True, kw_only=True):
    """One trial in a list."""

    href: str
    what: str
    state: str
    at: datetime
    by: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: what it says, for whom, its limits and mode, its worth, and how to try another."""

    id: str
    team: str
    team_id: str
    title: str
    about: str
    version: int
    is_floor: bool
    source: str
    for_whom: str
    looks: str
    mode: str
    is_shadow: bool
    mode_why: str
    may_rest: bool
    may_try: bool
    limits: tuple[LimitView, ...]
    own: tuple[LimitView, ...]
    worth: tuple[WorthView, ...]
    tries: tuple[TryRowView, ...]
    waiting: int
    fault: str = ""
    as_of: datetime


class CountView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a trial's result: as it is, and as tried."""

    label: str
    before: str
    after: str


class DiffersView(msgspec.Struct, frozen=True, kw_only=True):
    """One person for whom something would have been different."""

    href: str
    name: str
    said: tuple[str, ...]


class TryView(msgspec.Struct, frozen=True, kw_only=True):
    """One trial: how far it is, what it found, and the form that sends it for the second signature."""

    id: str
    team: str
    state: str
    what: tuple[str, ...]
    back: str
    by: str
    at: datetime
    days: int
    done: int
    of_all: int
    headline: str = ""
    counts: tuple[CountView, ...] = ()
    weeks: tuple[CountView, ...] = ()
    found: tuple[str, ...] = ()
    minutes: str = ""
    differs: tuple[DiffersView, ...] = ()
    may_send: bool = False
    has_date: bool = False
    start_on: str = ""
    review_on: str = ""
    fault: str = ""
    reason: str = ""
    as_of: datetime

    @property
    def is_running(self) -> bool:
        """Whether it will say more in a moment."""
        return self.state in {"waiting", "running"}


class ProposalView(msgspec.Struct, frozen=True, kw_only=True):
    """One proposal: what would change, why, what was tried, who signed, and whether the viewer may sign."""

    id: str
    act: str
    what: tuple[str, ...]
    whom: str
    href: str = ""
    reason: str
    by: str
    at: datetime
    from_at: datetime
    review_at: datetime
    state: str
    signed: tuple[str, ...]
    needs: str = ""
    tried: str = ""
    tried_href: str = ""
    may_sign: bool = False
    may_end: bool = False
    end: str = ""


class ProposalsView(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a signature, and what was decided."""

    waiting: tuple[ProposalView, ...]
    decided: tuple[ProposalView, ...]
    fault: str = ""
    as_of: datetime
