"""A flag on a page: the sentence, the evidence marked in its picture, the limits in force and who set them, what was said and done."""

from datetime import timedelta
from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.detection.engine import BY_ID, RULE_SET
from domain.detection.rule import same
from domain.readings.kinds import BY_NAME, BY_NO, SYMPTOM_LABEL
from domain.readings.reading import Reading
from server.app_state import Parts
from server.episodes.pages import ZONE, shell_of
from server.http import AnyRequest, path_id, query_of
from server.rules import book, explain
from server.rules.views import FlagView, LimitView, UsedView
from server.web import charts, words
from server.web.layout import Pages, policy
from server.web.routes import html
from server.web.views import ChartView, LineView, Rank, TableRow

_BEFORE: Final = timedelta(days=28)
_MOST: Final = 3
_LATE: Final = timedelta(minutes=30)
_STATES: Final = {
    "active": "It stands.", "explained": "A later reading explained it.", "withdrawn": "It was withdrawn after a correction.",
    "found_late": "Found afterwards in the history: nobody was called.", "shadow": "Recorded only: its rule is not shown to anybody.",
}  # fmt: skip
_OVER: Final = {
    True: "It is over by its readings.", False: "It goes on.", None: "Until then it stays open: a missing reading never counts as a good one.",
}  # fmt: skip
_CONFIDENCE: Final = {"partial": "Some inputs were missing.", "unconfirmed": "Rests on a value that nobody has confirmed yet."}
_SYMPTOM: Final = BY_NAME["symptom"].no


def value_of(one: Reading) -> str:
    """A reading as people write it; a symptom in its own words."""
    kind = BY_NO[one.kind]
    if one.kind == _SYMPTOM and int(one.value) in SYMPTOM_LABEL:
        return SYMPTOM_LABEL[int(one.value)]
    if kind.codes:
        return kind.codes.get(int(one.value), same(one.value)).replace("_", " ")
    parts = [part for part in (one.value, one.value2, one.value3) if part is not None]
    return f"{one.comparator or ''}{'/'.join(same(part) for part in parts)} {words.unit(kind.unit)}".strip()


def _used(one: explain.Used) -> UsedView:
    reading = one.reading
    late = reading.received_at - reading.taken_at
    return UsedView(
        kind=BY_NO[reading.kind].label, value=value_of(reading), taken_at=reading.taken_at.astimezone(ZONE),
        source=f"{one.source}, {one.device}" if one.device else one.source,
        late=f"received {words.span(late)} later" if late > _LATE else "",
    )  # fmt: skip


def _charts(found: explain.Explained) -> tuple[ChartView, ...]:
    """The kinds that the flag rests on, with a mark at each reading that was used."""
    marked = {one.reading.id for one in found.used}
    views: list[ChartView] = []
    for kind in list(dict.fromkeys(one.reading.kind for one in found.used))[:_MOST]:
        known = BY_NO[kind]
        end = max(one.reading.taken_at for one in found.used) + timedelta(days=1)
        ones = [one for one in found.around if one.kind == kind and end - _BEFORE <= one.taken_at <= end]
        if known.codes or len(ones) < 2:  # noqa: PLR2004 - one point is no line
            continue
        frame = charts.Frame(title=known.label, label=known.label, unit=words.unit(known.unit), start=end - _BEFORE, end=end,
                             places=min(known.places, 1))  # fmt: skip
        points = [(one.taken_at.astimezone(ZONE), one.value) for one in ones]
        marks = [charts.Mark(one.taken_at.astimezone(ZONE), "◆") for one in ones if one.id in marked]
        band = charts.own_band(points, end)
        views.append(ChartView(
            key=known.name, title=f"{known.label}: the readings used are marked ◆", unit=f"{known.label}, {words.unit(known.unit)}",
            picture=charts.line_chart(points, band, marks, frame), sentence=charts.sentence(points, band, frame),
            table=tuple(TableRow(at=one.taken_at.astimezone(ZONE), value=value_of(one), note="used" if one.id in marked else "")
                        for one in reversed(ones)),
        ))  # fmt: skip
    return tuple(views)


def _limit(one: explain.Stood) -> LimitView:
    return LimitView(
        key=one.key, label=one.label, value=same(one.value) if one.mg is None else f"{same(one.value)} mmol/L, {same(one.mg)} mg/dL",
        usual=same(one.usual), unit="" if one.mg is not None else one.unit, who=one.who or ("" if one.since is None else "somebody"),
        since=None if one.since is None else one.since.astimezone(ZONE), reason=one.reason, is_own=one.is_own,
    )  # fmt: skip


def _rule_set(found: explain.Explained) -> str:
    said = [
        f"version {one.version} of {one.team}'s rule set, signed by {' and '.join(filter(None, (one.first_name, one.second_name)))}, "
        f"since {words.date(one.from_at.astimezone(ZONE))}"
        for one in found.sets
    ]  # fmt: skip
    return f"Release {RULE_SET} of the rules" + (f", {'; '.join(said)}." if said else ", nothing changed by the service at that time.")


def _normal(one: explain.Normal) -> str:
    kind = BY_NO[one.kind]
    if one.baseline is None:
        return f"{kind.label} on {words.date(one.on)}: not known yet, fewer than {one.least} sound days in the five weeks before."
    held = one.baseline
    return (f"{kind.label} on {words.date(one.on)}: usually {charts.number(held.median, kind.places)} {words.unit(kind.unit)}, give or take "
            f"{charts.number(held.spread, max(kind.places, 1))}, from {held.n} days.")  # fmt: skip


def _told(found: explain.Explained) -> tuple[LineView, ...]:
    lines: list[LineView] = []
    for one in found.told:
        seen = f", read {words.when(one.received_at.astimezone(ZONE), found.as_of.astimezone(ZONE))}" if one.received_at else ", not read yet"
        if one.audience == "patient":
            lines.append(LineView(at=one.created_at.astimezone(ZONE), text=f"To {found.row.given_name}: “{one.said}”{seen}"))
        else:
            who = one.name or words.ROLES.get(one.role, one.role)
            lines.append(LineView(at=one.created_at.astimezone(ZONE), text=f"To {who} {words.sent(one.channel, one.state, one.receipt)}{seen}"))
    return tuple(lines)


def _step(one: explain.StepRow) -> LineView:
    return LineView(at=one.at.astimezone(ZONE), text=words.event(one.what, one.body), by=one.by_name or "")


def _clears(found: explain.Explained) -> str:
    row, over = found.row, found.clearing
    if row.episode_state == "closed":
        return "Its concern is closed" + (f": {row.episode_result.replace('_', ' ')}." if row.episode_result else " by its readings.")
    if row.state != "active":
        return _STATES[row.state]
    if over is None:
        return "Only a person ends it: this rule never clears by itself."
    return f"{over.reason[0].upper()}{over.reason[1:]}. {_OVER[over.holds]}"


def flag_view(found: explain.Explained) -> FlagView:
    """All that the page of a flag shows."""
    row, said, now = found.row, found.judgement, found.as_of.astimezone(ZONE)
    rule = BY_ID.get(row.rule)
    return FlagView(
        name=f"{row.given_name} {row.family_name}", patient=str(row.patient_id), rank=Rank.of(row.severity, emergency=row.emergency),
        sentence=said.sentence, state=_STATES.get(row.state, row.state), confidence=_CONFIDENCE.get(said.confidence, ""),
        rule=row.rule, rule_title=found.words.title, rule_about=found.words.about, rule_version=said.version, is_floor=found.floor,
        source="" if rule is None else book.source(rule),
        numbers=tuple((name.replace("_", " "), value) for name, value in said.numbers.items()),
        used=tuple(map(_used, found.used)), charts=_charts(found), limits=tuple(map(_limit, found.limits)), rule_set=_rule_set(found),
        normals=tuple(map(_normal, found.normals)), told=_told(found),
        plan=tuple(f"{one.zone.capitalize()}: {one.words}" for one in found.plan), steps=tuple(map(_step, found.steps)),
        next_step=words.next_step(row.next_step, row.next_at, now), clears=_clears(found), replay=found.replayed.reason,
        anchor_at=row.anchor_at.astimezone(ZONE), raised_at=row.raised_at.astimezone(ZONE), as_of=now,
    )  # fmt: skip


@get("/patients/{patient_id:str}/flags/{flag_id:str}", include_in_schema=False)
async def flag(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], patient_id: FromPath[str], flag_id: FromPath[str]
) -> Response[bytes]:
    """Why this person was flagged (F38)."""
    actor.must_be_staff()
    query_of(request.scope, {})
    found = await explain.explain(parts.database, parts.reads, actor, request.scope["state"]["request_id"], path_id(patient_id),
                                  path_id(flag_id))  # fmt: skip
    view = flag_view(found)
    shell = await shell_of(request, parts, actor)
    pages: Pages = parts.extras["pages"]
    return html(pages.page("steady/flag.html", shell, view, view.as_of), policy(shell.nonce))


ROUTES: Final[list[Any]] = [flag]
