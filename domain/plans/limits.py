"""Limits as dated data (C-7): built in, then the service's, then the person's own; the floor can only be made tighter.

What decides about a reading is what was in force when it was taken, also when it arrives late (F25). Entries are never
changed: the newest that covers an instant holds, one without a value takes back what stood before it in its layer.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from typing import Final, Literal
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.readings.units import MG_PER_MMOL_GLUCOSE

MMOL: Final = "mmol/L"
MG: Final = "mg/dL"
REVIEW_WITHIN: Final = timedelta(days=731)
"""A limit that nobody looks at again is nobody's: so far ahead its review may lie, at most."""
_PLACES: Final = 3
_HALF: Final = Decimal("0.5")


class Layer(IntEnum):
    """Who set a limit. A later one stands before an earlier one."""

    SERVICE = 0
    PERSON = 1


class Limit(msgspec.Struct, frozen=True):
    """A number that decides. `safer` says which way a personal one may always move; the other way only where no FLOOR is.

    `mg`: the same limit in mg/dL, for glucose (C-3). `within`: what anybody may set it to; None is from half to double.
    `free`: a plan may relax it although its rule is of the floor, because the floor is another limit of that rule.
    """

    value: Decimal
    safer: Literal["lower", "higher"]
    mg: Decimal | None = None
    within: tuple[Decimal, Decimal] | None = None
    free: bool = False

    @property
    def id(self) -> None:
        """Nobody set it: it is built in."""

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """The lowest and highest value that makes sense, both inside."""
        return self.within or (self.value * _HALF, self.value * 2)

    def is_safer(self, one: Decimal, other: Decimal) -> bool:
        """Whether `one` fires sooner than `other`."""
        return one < other if self.safer == "lower" else one > other


class Dated(msgspec.Struct, frozen=True, array_like=True):
    """One entry: from an instant on, until its end or the next entry of its layer (and team). `id` finds who and why."""

    value: Decimal | None
    from_at: datetime
    to_at: datetime | None = None
    mg: Decimal | None = None
    layer: Layer = Layer.PERSON
    team: UUID | None = None
    id: UUID | None = None

    def covers(self, at: datetime) -> bool:
        """Whether it stands at an instant."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


Limits = Mapping[str, Sequence[Dated]]
"""'HF-W1.gain_kg' -> its entries, in any order."""


def in_force(usual: Limit, entries: Sequence[Dated], at: datetime, *, floor: bool) -> Limit | Dated:
    """What decides at an instant: one of the entries, or the built-in limit. A FLOOR is never relaxed, whoever set what."""
    own: Dated | None = None
    teams: dict[UUID | None, Dated] = {}
    for entry in entries:
        if not entry.covers(at):
            continue
        if entry.layer is Layer.PERSON:
            own = _newer(own, entry)
        else:
            teams[entry.team] = _newer(teams.get(entry.team), entry)
    found = own if own is not None and own.value is not None else _safest(usual, teams.values())
    if found is None or found.value is None or (floor and usual.is_safer(usual.value, found.value)):
        return usual
    return found


def _newer(one: Dated | None, other: Dated) -> Dated:
    return other if one is None or (one.from_at, str(one.id)) < (other.from_at, str(other.id)) else one


def _safest(usual: Limit, entries: Iterable[Dated]) -> Dated | None:
    """Somebody in two services is watched by the tighter of their limits."""
    best: Dated | None = None
    for entry in entries:
        if entry.value is not None and (best is None or best.value is None or usual.is_safer(entry.value, best.value)):
            best = entry
    return best


class Governed(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of one rule as people may change it. `classes`: the data classes a team must see to set it."""

    rule: str
    name: str
    limit: Limit
    floor: bool
    classes: tuple[int, ...]

    @property
    def key(self) -> str:
        """The rule's id and the limit's name."""
        return f"{self.rule}.{self.name}"


class Order(msgspec.Struct, frozen=True):
    """Two limits of which one may not be above the other, or may not even be equal (`apart`)."""

    lower: str
    upper: str
    apart: bool = True

    def holds(self, low: Decimal, high: Decimal) -> bool:
        """Whether the two values go together."""
        return low < high if self.apart else low <= high


class Catalogue(msgspec.Struct, frozen=True):
    """Every limit that can be set, by key, and which must stand in which order."""

    limits: Mapping[str, Governed]
    orders: Sequence[Order]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as somebody wants it. `value` None: as without this entry. `unit` is needed for glucose (C-3)."""

    key: str
    value: Decimal | None
    unit: str | None = None


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A change that may be signed: both halves of a glucose limit, what it replaces, and whether it relaxes."""

    key: str
    value: Decimal | None
    mg: Decimal | None
    before: Decimal
    before_mg: Decimal | None
    relaxes: bool
    floor: bool


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when limits shall hold, and when somebody looks at them again."""

    from_at: datetime
    review_at: datetime
    to_at: datetime | None = None


def admit_period(period: Period, now: datetime) -> None:
    """Refuse dates that change the past, end before they begin or are never looked at again. Raises Invalid."""
    if period.from_at < now:
        raise Invalid("The past is judged by the limits of its own time: choose a start from now on.", "/fromAt")
    if period.to_at is not None and period.to_at <= period.from_at:
        raise Invalid("It ends before it begins.", "/toAt")
    if not period.from_at < period.review_at <= period.from_at + REVIEW_WITHIN:
        raise Invalid("Say when it is looked at again: after the start and within two years of it.", "/reviewAt")


def admit(
    changes: Sequence[Change], catalogue: Catalogue, standing: Limits, period: Period, layer: Layer, team: UUID | None = None,
) -> tuple[Admitted, ...]:  # fmt: skip
    """The changes as they may be signed. Raises Invalid, with a pointer, for what is unknown, relaxes a FLOOR or contradicts.

    `standing` are the entries there are: a change must fit them at its start, and at each later instant where one of them
    begins or ends.
    """
    if not changes:
        raise Invalid("Name at least one limit.", "/changes")
    found = tuple(_admit_one(place, change, catalogue.limits, standing, period) for place, change in enumerate(changes))
    keys = [change.key for change in changes]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise Invalid("This limit is named twice.", f"/changes/{place}/key")
    _must_agree(found, catalogue, standing, Dated(None, period.from_at, period.to_at, None, layer, team))
    return found


def _admit_one(
    place: int, change: Change, catalogue: Mapping[str, Governed], standing: Limits, period: Period
) -> Admitted:
    here = f"/changes/{place}"
    one = catalogue.get(change.key)
    if one is None:
        raise Invalid("There is no such limit.", f"{here}/key")
    limit = one.limit
    value, mg = (None, None) if change.value is None else _both(change.value, change.unit, limit, here)
    if value is not None:
        low, high = limit.range
        if not low <= value <= high:
            raise Invalid(f"Between {_text(low)} and {_text(high)}.", f"{here}/value")
        if one.floor and limit.is_safer(limit.value, value):
            way = "lowered" if limit.safer == "lower" else "raised"
            raise Invalid(
                f"{one.rule} belongs to the safety floor: nobody can relax it. Its limit of {_text(limit.value)} may only be {way}.",
                f"{here}/value",
            )
    before = in_force(limit, standing.get(change.key, ()), period.from_at, floor=one.floor)
    now = limit.value if before.value is None else before.value
    return Admitted(
        key=change.key, value=value, mg=mg, before=now, before_mg=before.mg, floor=one.floor,
        relaxes=limit.is_safer(limit.value, limit.value if value is None else value),
    )  # fmt: skip


def _both(value: Decimal, unit: str | None, limit: Limit, here: str) -> tuple[Decimal, Decimal | None]:
    """The value and, for glucose, its other half, each worked out once (C-3)."""
    if not value.is_finite() or abs(int(value.adjusted())) > _PLACES + _PLACES or -int(value.as_tuple().exponent) > _PLACES:
        raise Invalid(f"A number with at most {_PLACES} decimals.", f"{here}/value")
    if limit.mg is None:
        if unit is not None:
            raise Invalid("This limit has one unit only: leave the unit out.", f"{here}/unit")
        return value, None
    places = {MMOL: Decimal("0.1"), MG: Decimal(1)}.get(unit or "")
    if places is None:
        raise Invalid(f"Say in which unit: {MMOL} or {MG}.", f"{here}/unit")
    if value != value.quantize(places):
        raise Invalid("One decimal in mmol/L, a whole number in mg/dL.", f"{here}/value")
    if unit == MMOL:
        return value, (value * MG_PER_MMOL_GLUCOSE).quantize(Decimal(1), ROUND_HALF_UP)
    return (value / MG_PER_MMOL_GLUCOSE).quantize(Decimal("0.1"), ROUND_HALF_UP), value


def _must_agree(found: Sequence[Admitted], catalogue: Catalogue, standing: Limits, entry: Dated) -> None:
    wanted = dict(standing)
    for one in found:
        made = Dated(one.value, entry.from_at, entry.to_at, one.mg, entry.layer, entry.team, _LAST)
        wanted[one.key] = (*standing.get(one.key, ()), made)
    times = {at for entries in wanted.values() for each in entries for at in (each.from_at, each.to_at) if at is not None}
    moments = [at for at in sorted(times) if entry.covers(at)]
    changed = {one.key: place for place, one in enumerate(found)}
    for order in catalogue.orders:
        touched = changed.get(order.lower, changed.get(order.upper))
        if touched is None:
            continue
        for at in moments:
            low, high = (value_at(catalogue.limits[key], wanted, at) for key in (order.lower, order.upper))
            if not order.holds(low, high):
                must = "must stay below" if order.apart else "may not be above"
                raise Invalid(
                    f"{order.lower} ({_text(low)}) {must} {order.upper} ({_text(high)}): they would contradict each other"
                    f" on {at:%d.%m.%Y}.",
                    f"/changes/{touched}/value",
                )


_LAST: Final = UUID(int=2**128 - 1)
"""Of two entries that begin together, the one that is being made stands."""


def value_at(one: Governed, entries: Limits, at: datetime) -> Decimal:
    """The value that decides at an instant."""
    found = in_force(one.limit, entries.get(one.key, ()), at, floor=one.floor).value
    return one.limit.value if found is None else found


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
