"""What each page shows, said once: handlers fill these, templates only lay them out. Times are aware, in the viewer's zone."""

from datetime import datetime
from enum import StrEnum

import msgspec
from markupsafe import Markup

from domain.detection.judgement import Severity


class Rank(StrEnum):
    """Severity as people see it: shape, word and colour together, never one alone."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SOON = "soon"
    WATCH = "watch"

    @classmethod
    def of(cls, severity: int, *, emergency: bool) -> "Rank":
        """The rank of a severity number."""
        if emergency:
            return cls.EMERGENCY
        return {Severity.RED: cls.URGENT, Severity.AMBER: cls.SOON, Severity.INFO: cls.WATCH}[Severity(severity)]

    @property
    def shape(self) -> str:
        """A sign that can be told apart in black and white."""
        return {"emergency": "▲", "urgent": "▲", "soon": "◆", "watch": "●"}[self.value]

    @property
    def word(self) -> str:
        """What is said."""
        return {"emergency": "Emergency", "urgent": "Urgent", "soon": "Soon", "watch": "Watch"}[self.value]


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at the page."""

    name: str
    role: str


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """What every page has round its content. `viewer` is None before sign-in; `section` is the lit part of the menu."""

    brand: str
    nonce: str
    csrf: str = ""
    viewer: Viewer | None = None
    section: str = ""
    said: str = ""
    demo: bool = False


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be chosen; `hint` explains it."""

    value: str
    label: str
    hint: str = ""
    chosen: bool = False


class SignInView(msgspec.Struct, frozen=True, kw_only=True):
    """The form before somebody is known. The name typed is shown again, the password never."""

    name: str = ""
    fault: str = ""
    after: str = "/"


class CodeView(msgspec.Struct, frozen=True, kw_only=True):
    """The form for the one-time code. `step` is what the server needs to go on, opaque to the page."""

    step: str = ""
    fault: str = ""
    after: str = "/"


class ReasonView(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in words and numbers; `rule` is the rule's own name, `href` where the flag answers for itself."""

    text: str
    rule: str
    href: str
    rank: Rank
    at: datetime
    is_new: bool = False
    advice: str = ""
    limits: str = ""


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One person in the queue. `place` sorts rows as text; `version` is what the nurse saw when she pressed."""

    patient: str
    episode: str
    version: int
    place: str
    name: str
    age: int
    conditions: str
    rank: Rank
    reasons: tuple[ReasonView, ...]
    more: int = 0
    told: str = ""
    trend: Markup
    trend_label: str
    latest: str
    latest_at: datetime | None
    flagged_at: datetime
    waited: str
    owner: str = ""
    is_mine: bool = False
    is_taken: bool = False
    next_step: str = ""
    cleared: bool = False
    snoozed_until: datetime | None = None
    snoozes: tuple[Choice, ...] = ()
    fault: str = ""

    @property
    def id(self) -> str:
        """The row's place in the page, for live swaps."""
        return f"row-{self.patient}"

    @property
    def href(self) -> str:
        """The person's own page."""
        return f"/patients/{self.patient}"

    @property
    def act(self) -> str:
        """Where this concern's actions are posted."""
        return f"/patients/{self.patient}/episodes/{self.episode}"


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """Who needs the viewer, and how many do not. `lag` says how old the picture is, empty when fresh; `seen` names its state."""

    rows: tuple[RowView, ...]
    people: int
    as_of: datetime
    seen: str = ""
    lag: str = ""
    watch: str = ""
    mine_only: bool = False
    held: int = 0

    def count(self, rank: str) -> int:
        """How many rows have this rank; an emergency counts as urgent."""
        same = {"urgent": {"urgent", "emergency"}}.get(rank, {rank})
        return sum(row.rank.value in same for row in self.rows)

    @property
    def steady(self) -> int:
        """The quiet majority."""
        return max(self.people - len(self.rows), 0)


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the numbers behind a chart."""

    at: datetime
    value: str
    note: str = ""
    is_day: bool = False


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of reading: the finding as title, the picture, its sentence and its numbers, newest first.

    `picture` is empty where there is too little to draw, and the sentence says why. `notes` are the words of its ticks;
    `has_evidence`: rings in it show what an open flag rests on; `kind` is the kind's number; `is_wide`: a small screen moves it sideways.
    """

    key: str
    title: str
    picture: Markup = Markup()
    sentence: str
    unit: str
    table: tuple[TableRow, ...]
    kind: int = 0
    aside: Markup = Markup()
    notes: tuple[TableRow, ...] = ()
    has_evidence: bool = False
    is_wide: bool = False


class EpisodeView(msgspec.Struct, frozen=True, kw_only=True):
    """One open concern on a person's page with what can be done about it."""

    episode: str
    patient: str
    version: int
    name: str
    rank: Rank
    reasons: tuple[ReasonView, ...]
    opened_at: datetime
    owner: str = ""
    is_mine: bool = False
    is_taken: bool = False
    is_started: bool = False
    next_step: str = ""
    cleared_at: datetime | None = None
    snoozed_until: datetime | None = None
    snooze_reason: str = ""
    snoozes: tuple[Choice, ...] = ()

    @property
    def act(self) -> str:
        """Where this concern's actions are posted."""
        return f"/patients/{self.patient}/episodes/{self.episode}"


class UndoView(msgspec.Struct, frozen=True, kw_only=True):
    """What was done just now and can be taken back for a few seconds."""

    patient: str
    episode: str
    version: int
    said: str

    @property
    def act(self) -> str:
        """Where it is taken back."""
        return f"/patients/{self.patient}/episodes/{self.episode}/undo"


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline, newest first. `found_late` marks what history showed afterwards (DQ-8).

    `about`: the concern it belongs to; `part`: under which choice it is found.
    """

    at: datetime
    text: str
    by: str = ""
    rank: Rank | None = None
    found_late: bool = False
    about: str = ""
    part: str = ""


class PlanStepView(msgspec.Struct, frozen=True, kw_only=True):
    """One zone and what to do in it."""

    zone: str
    title: str
    words: tuple[str, ...]


class PlanKeptView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing expected, how often, and how much of it came."""

    label: str
    often: str
    came: str
    last: str


class PlanFormView(msgspec.Struct, frozen=True, kw_only=True):
    """One form that was answered, with its scores."""

    title: str
    said: str
    at: datetime


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """The plan on a person's page."""

    is_in_force: bool = False
    draft: str = ""
    paused: str = ""
    signed: str = ""
    review: str = ""
    what_matters: str = ""
    goals: tuple[str, ...] = ()
    contingency: str = ""
    zones: tuple[PlanStepView, ...] = ()
    bands: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    kept: tuple[PlanKeptView, ...] = ()
    minutes: str = ""
    decided: tuple[str, ...] = ()
    forms: tuple[PlanFormView, ...] = ()


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """One device, and when it was heard of last; `is_quiet`: longer ago than two days."""

    name: str
    last_at: datetime | None
    since: datetime
    ended_at: datetime | None = None
    is_quiet: bool = False


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """One class of data, and whether the viewer's team sees it and may write it."""

    label: str
    is_shared: bool
    may_write: bool = False


class DeputyView(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands in, and until when."""

    name: str
    team: str
    until: datetime


class PatientView(msgspec.Struct, frozen=True, kw_only=True):
    """One person: who they are, why they are flagged, what was measured, what happened. `small`: watch notes found late.

    `parts` are the kinds of lines that the timeline can be narrowed to, `days` how far back the pictures look.
    """

    patient: str
    name: str
    age: int
    born: str
    nhs_number: str
    conditions: str
    prefers: str = ""
    language: str = ""
    telephone: str = ""
    coordinator: str = ""
    deputies: tuple[DeputyView, ...] = ()
    shares: tuple[ShareView, ...] = ()
    shared_until: datetime | None = None
    devices: tuple[DeviceView, ...] = ()
    medicines: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    episodes: tuple[EpisodeView, ...] = ()
    charts: tuple[ChartView, ...] = ()
    days: tuple[Choice, ...] = ()
    timeline: tuple[LineView, ...] = ()
    parts: tuple[Choice, ...] = ()
    small: tuple[LineView, ...] = ()
    as_of: datetime
    fault: str = ""
    results: tuple[Choice, ...] = ()
    reasons: tuple[Choice, ...] = ()
    plan: PlanView | None = None
    undo: tuple[UndoView, ...] = ()
    colleagues: tuple[Choice, ...] = ()


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """One A4 page about a person: to take to clinic, or when the watching ends."""

    title: str
    is_discharge: bool
    person: PatientView


class HeldView(msgspec.Struct, frozen=True, kw_only=True):
    """One held reading: what was sent, why it is held, what it might have meant, and what was decided."""

    patient: str
    id: str
    version: int
    name: str
    kind: str
    sent: str
    value: str
    names: str = ""
    taken_at: datetime
    received_at: datetime
    why: str
    state: str
    may_decide: bool
    needs_a_time: bool
    meant: tuple[Choice, ...] = ()
    units: tuple[Choice, ...] = ()
    history: tuple[LineView, ...] = ()


class HeldListView(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a decision, and what was decided."""

    held: tuple[HeldView, ...]
    decided: tuple[HeldView, ...]
    as_of: datetime
    fault: str = ""


class TextView(msgspec.Struct, frozen=True, kw_only=True):
    """A page that was written as text; `body` is safe HTML."""

    title: str
    body: str


class ProblemView(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong and what to do, for people. `reference` lets support find it."""

    status: int | None
    title: str
    happened: str
    do: str
    slug: str = ""
    reference: str = ""
    back: str = "/"
    example: str = ""
