"""Plans as JSON: what comes in, strictly, and what goes out."""

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from domain.plans.plan import Plan
from domain.plans.schedule import PauseReason, burden_s
from server.plans import service, store

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class PauseIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A planned absence. `id` is made by the sender; the same id again changes nothing."""

    id: UUID
    reason: PauseReason
    from_at: Annotated[datetime, msgspec.Meta(tz=True)]
    to_at: Annotated[datetime, msgspec.Meta(tz=True)]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


class SignatureOut(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed, as whom, and when."""

    role: str
    name: str | None
    at: datetime


class VersionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a plan. `revision` is its ETag while it is a draft."""

    version: int
    revision: int
    state: str
    plan: Plan
    signatures: list[SignatureOut]
    seconds_a_day: int
    from_at: datetime | None


class LimitOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One limit of the person's own, in force now."""

    name: str
    value: Any
    from_at: datetime
    set_by: str | None


class KeptOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much of one thing expected came in 14 days (MD-1)."""

    key: str
    label: str
    met: int
    expected: int
    percent: int
    last_met_at: datetime | None


class PauseOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One planned absence."""

    id: UUID
    reason: str
    from_at: datetime
    to_at: datetime


class PlanOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person's plan as it stands."""

    in_force: VersionOut | None
    draft: VersionOut | None
    limits: list[LimitOut]
    adherence: list[KeptOut]
    pauses: list[PauseOut]
    as_of: datetime


class VersionRowOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version in the list."""

    version: int
    state: str
    drafted_at: datetime
    from_at: datetime | None
    until_at: datetime | None
    review_on: date | None


class VersionsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Every version, newest first."""

    items: list[VersionRowOut]


class ChangesOut(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another."""

    items: list[Any]


class AskedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing asked today; `metAt` when it came already."""

    key: str
    label: str
    kind: str = ""
    form: str = ""
    opens_at: datetime
    due_at: datetime
    closes_at: datetime
    seconds: int
    met_at: datetime | None = None
    met_by: UUID | None = None


class TodayOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is asked today, and about how many seconds what is left takes."""

    day: date
    zone: str
    items: list[AskedOut]
    seconds_left: int
    steady: bool
    paused_until: datetime | None


class PathwayOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Several conditions' templates as one plan, to be drafted; clashes are left for a clinician."""

    plan: Plan
    seconds_a_day: int
    faults: list[dict[str, str]]


def version(found: service.Version | None) -> VersionOut | None:
    """A version as the API shows it."""
    if found is None:
        return None
    return VersionOut(
        version=found.row.version, revision=found.row.revision, state=found.row.state, plan=found.plan,
        signatures=[SignatureOut(role=one.role, name=one.name, at=one.at) for one in found.signatures],
        seconds_a_day=burden_s(found.plan.expected), from_at=found.row.from_at,
    )  # fmt: skip


def whole(found: service.Whole) -> PlanOut:
    """A plan as the API shows it."""
    return PlanOut(
        in_force=version(found.in_force), draft=version(found.draft),
        limits=[LimitOut(name=one.name, value=one.value, from_at=one.from_at, set_by=one.set_by) for one in found.limits],
        adherence=[
            KeptOut(
                key=one.expect.key, label=one.expect.label, met=one.met, expected=one.expected, percent=one.percent,
                last_met_at=one.last_met_at,
            )
            for one in found.kept
        ],
        pauses=[pause(one) for one in found.pauses], as_of=found.as_of,
    )  # fmt: skip


def pause(row: store.PauseRow) -> PauseOut:
    """An absence as the API shows it."""
    return PauseOut(id=row.id, reason=row.reason, from_at=row.from_at, to_at=row.to_at)


def today(found: service.Today) -> TodayOut:
    """Today as the app shows it."""
    return TodayOut(
        day=found.on, zone=found.zone, seconds_left=found.seconds_left, steady=found.is_steady, paused_until=found.paused_until,
        items=[
            AskedOut(
                key=one.expect.key, label=one.expect.label, kind=one.expect.kind, form=one.expect.form,
                opens_at=one.window.opens_at, due_at=one.window.due_at, closes_at=one.window.closes_at, seconds=one.seconds,
                met_at=None if one.met is None else one.met.at, met_by=None if one.met is None else one.met.id,
            )
            for one in found.asked
        ],
    )  # fmt: skip
