"""What was measured, as pictures: each with a title that says the finding, its sentence, its marks and its numbers."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.days import years
from domain.detection.engine import BY_ID
from domain.episodes.episode import FlagState, State
from domain.readings.kinds import BY_NAME, BY_NO, Kind
from domain.readings.pressure_diary import Pressure, week
from server.desk import glucose, laboratory, symptoms
from server.desk.service import Page
from server.desk.store import ReadingRow
from server.desk.told import Told, frame_of, marks, notes, table, value_of
from server.web import charts
from server.web.drawing import Band, Line, Point
from server.web.views import ChartView

_PRESSURE: Final = BY_NAME["blood_pressure"].no
_LINES: Final = tuple(
    BY_NAME[name].no
    for name in ("body_weight", "blood_pressure", "heart_rate", "oxygen_saturation", "peak_flow", "glucose_capillary", "ketones_blood",
                 "body_temperature", "respiratory_rate", "cat_total", "act_total", "phq9_total", "gad7_total")
)  # fmt: skip
KINDS: Final = (*_LINES, *symptoms.KINDS)
_NOON: Final = 12
_OLD: Final = 80


def drawn(page: Page, now: datetime) -> tuple[ChartView, ...]:
    """Every picture for which there is anything, what flags rest on first."""
    told = Told(page, now, ZoneInfo(page.concerns.person.zone), _evidence(page))
    views = [*glucose.views(told)]
    for kind in _LINES:
        rows = page.readings.get(kind)
        if rows:
            views.append(_pressure(told, rows) if kind == _PRESSURE else _line(told, rows))
    views += [*symptoms.views(told), *laboratory.views(told)]
    wanted = {BY_ID[one.row.rule].trend for one in page.concerns.reasons if one.row.rule in BY_ID and one.row.state == FlagState.ACTIVE}
    return tuple(sorted(views, key=lambda one: one.kind not in wanted))


def _evidence(page: Page) -> frozenset[UUID]:
    is_open = {one.id for one in page.concerns.episodes if one.state != State.CLOSED}
    return frozenset(
        each for one in page.concerns.reasons if one.row.episode in is_open and one.row.state == FlagState.ACTIVE
        for each in (*one.judgement.evidence, one.row.anchor)
    )  # fmt: skip


def _lines(told: Told, kind: Kind) -> list[Line]:
    """What is on record for the person to be held against."""
    found: list[tuple[float | None, str]] = []
    if kind.name == "peak_flow":
        best = told.number("best_peak_flow")
        found = [(best, "own best"), (None if best is None else round(best * 0.8), "80 % of best")]
    elif kind.name == "oxygen_saturation":
        found = [(told.number("target_spo2_low"), "target from")]
    elif kind.name == "glucose_capillary":
        found = [(3.9, "target"), (10.0, "target")]
    elif kind.name == "body_weight":
        found = [(told.number("usual_weight"), "when last looked at")]
    return [Line(value, label) for value, label in found if value is not None]


def _line(told: Told, rows: Sequence[ReadingRow]) -> ChartView:
    kind = BY_NO[rows[-1].kind]
    frame = frame_of(told, kind, rows)
    points: list[Point] = [(row.taken_at, row.value) for row in rows]
    own = charts.own_band(points, told.now)
    found = marks(told, kind.no, frame.start)
    evidence = {row.taken_at for row in rows if row.id in told.evidence}
    finding = charts.against(rows[-1].value, own)
    title = f"{kind.label}: {value_of(rows[-1])} {frame.unit}" + (f", {finding}" if finding else "")
    return ChartView(
        key=kind.name, kind=kind.no, title=title, picture=charts.line_chart(points, own, found, frame, _lines(told, kind), evidence),
        sentence=charts.sentence(points, own, frame), unit=f"{kind.label}, {frame.unit}", table=table(told, rows),
        notes=notes(told, found), has_evidence=bool(evidence),
    )  # fmt: skip


def _pressure(told: Told, rows: Sequence[ReadingRow]) -> ChartView:
    """The diary: the last week's mean against the person's target (HT-1, HT-2)."""
    kind = BY_NO[_PRESSURE]
    frame = frame_of(told, kind, rows)
    systolic = told.number("bp_target_systolic") or (145 if years(told.page.concerns.person.birth_on, told.on(told.now)) >= _OLD else 135)
    target = Band(told.number("bp_target_diastolic") or 85, systolic)
    pairs = [(row.taken_at.astimezone(told.zone), row.value, row.value2 or Decimal(0)) for row in rows]
    diary = week([Pressure(at.date(), at.hour < _NOON, high, low) for at, high, low in pairs], told.on(told.now))
    title = f"{kind.label}: {value_of(rows[-1])} {frame.unit}"
    if diary.missing:
        title += ", too few in 7 days for a mean"
    elif diary.mean is not None:
        is_above = diary.mean.systolic >= target.high or diary.mean.diastolic >= target.low
        title = f"{kind.label}: mean {diary.mean.systolic}/{diary.mean.diastolic} {frame.unit} in 7 days, " + (
            "above target" if is_above else "below target"
        )
    found = marks(told, kind.no, frame.start)
    said = charts.pressure_sentence(diary, target, frame)
    evidence = {at for (at, _, _), row in zip(pairs, rows, strict=True) if row.id in told.evidence}
    return ChartView(
        key=kind.name, kind=kind.no, title=title, picture=charts.pressure_bars(pairs, target, found, frame, said, evidence),
        sentence=f"{said} Bars: diastolic to systolic; evenings dashed.", unit=f"{kind.label}, {frame.unit}", table=table(told, rows),
        notes=notes(told, found), has_evidence=bool(evidence),
    )  # fmt: skip
