"""The plan on a person's page: zones, limits with who set them, what is expected and how much of it came, in plain words."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor
from domain.detection.catalogue import GOVERNED, label, unit
from domain.forms.catalogue import FORMS
from domain.plans.plan import Band, Zone
from domain.plans.schedule import burden_s
from domain.readings.kinds import BY_NAME
from server.app_state import Parts
from server.forms import store as forms
from server.plans import service, store
from server.web import words
from server.web.views import PlanFormView, PlanKeptView, PlanStepView, PlanView

_ZONES: Final = {Zone.GREEN: "Green: as usual", Zone.AMBER: "Amber: something has changed", Zone.RED: "Red: act now"}
_REASONS: Final = {"holiday": "on holiday", "illness": "ill", "admission": "in hospital", "other": "away"}
_SCORES: Final = msgspec.json.Decoder(dict[str, Decimal])


async def shown(parts: Parts, actor: Actor, patient: UUID, now: datetime) -> PlanView:
    """A person's plan as the page shows it; what the asker may not see is not there."""
    async with parts.database.begin(actor, one=patient) as tx:
        found = await service.whole_in(tx, patient, now)
        answered = await forms.NEWEST.all(tx, patient, None, 5)
    return view(found, answered)


def view(found: service.Whole, answered: list[forms.ResponseRow]) -> PlanView:
    """What the page shows of a plan."""
    current = found.in_force
    draft = "" if found.draft is None else _draft(found.draft)
    forms_shown = tuple(_form(row) for row in answered)
    paused = next((_paused(one) for one in found.pauses if one.from_at <= found.as_of < one.to_at), "")
    if current is None:
        return PlanView(draft=draft, paused=paused, forms=forms_shown)
    plan = current.plan
    limits = tuple(_limit(one) for one in found.limits if one.value is not None)
    return PlanView(
        is_in_force=True, draft=draft, paused=paused, forms=forms_shown,
        signed=" and ".join(f"{one.name or 'somebody'} on {words.date(one.at)}" for one in current.signatures),
        review="" if plan.review_on is None else words.date(plan.review_on), what_matters=plan.what_matters,
        goals=tuple(one.words for one in plan.goals), contingency=plan.contingency,
        zones=tuple(
            PlanStepView(zone=zone.value, title=title, words=tuple(step.words for step in plan.steps if step.zone is zone))
            for zone, title in _ZONES.items()
        ),
        bands=tuple(text for one in plan.bands for text in _band(one)), limits=limits,
        kept=tuple(_kept(one) for one in found.kept), minutes=_takes(burden_s(plan.expected)),
        decided=tuple(f"{one.about}: {one.choices[one.chosen]} ({one.why})" for one in plan.clashes if one.chosen is not None),
    )  # fmt: skip


def _takes(seconds: int) -> str:
    if not seconds:
        return ""
    return f"about {seconds} seconds a day" if seconds < 90 else f"about {(seconds + 30) // 60} minutes a day"  # noqa: PLR2004


def _draft(found: service.Version) -> str:
    signed = " and ".join(one.name or one.role for one in found.signatures)
    return f"A draft waits to be signed{f'; signed by {signed}' if signed else ''}."


def _paused(one: store.PauseRow) -> str:
    return f"{_REASONS[one.reason].capitalize()} until {words.date(one.to_at)}: reminders and silence rest, the safety rules do not."


def _limit(one: store.LimitRow) -> str:
    governed = GOVERNED.get(one.name)
    said = one.name if governed is None else f"{label(governed)} {one.value:f} {unit(governed)}".strip()
    rule = "" if governed is None else f" ({governed.rule})"
    return f"{said}{rule}, set by {one.set_by or 'the service'} on {words.date(one.from_at)}"


def _band(one: Band) -> list[str]:
    kind = BY_NAME[one.kind]
    name = f"{kind.label}, {one.part}" if one.part else kind.label
    said = [
        (one.amber_low, "amber below"), (one.red_low, "red below"), (one.amber_high, "amber from"), (one.red_high, "red from"),
    ]  # fmt: skip
    parts = [f"{side} {value:f} {words.unit(kind.unit)}" for value, side in said if value is not None]
    return [f"{name}: {', '.join(parts)}"]


def _kept(one: service.Kept) -> PlanKeptView:
    times = len(one.expect.times)
    every = one.expect.every_days
    often = f"{len(one.expect.days)} days a week" if one.expect.days else "daily" if every == 1 else f"every {every} days"
    return PlanKeptView(
        label=one.expect.label, often=f"{often}, {times} times" if times > 1 else often,
        came=f"{one.met} of {one.expected} came ({one.percent} %)" if one.expected else "nothing expected yet",
        last="" if one.last_met_at is None else words.date(one.last_met_at),
    )  # fmt: skip


def _form(row: forms.ResponseRow) -> PlanFormView:
    form = FORMS.find(row.form, row.version)
    scores = _SCORES.decode(row.scores)
    said = ", ".join(f"{name.replace('_', ' ')} {value:f}" for name, value in scores.items())
    return PlanFormView(title=row.form if form is None else form.title, said=said, at=row.taken_at)
