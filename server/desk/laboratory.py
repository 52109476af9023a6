"""What the laboratory found over two years, an eGFR always by one equation."""

from collections.abc import Sequence
from typing import Final

import msgspec

from domain.days import years
from domain.detection.egfr import category
from domain.detection.statistics import egfr
from domain.readings.kinds import BY_NAME, BY_NO, DataClass
from server.desk.store import ReadingRow
from server.desk.told import EQUATIONS, Told, frame_of, marks, notes, table, value_of
from server.web import charts
from server.web.drawing import Point, number
from server.web.views import ChartView

_CREATININE: Final = BY_NAME["creatinine"].no
_EGFR: Final = BY_NAME["egfr"].no
KINDS: Final = (*(kind.no for kind in BY_NO.values() if kind.data_class is DataClass.LABORATORY), BY_NAME["hba1c"].no)


def views(told: Told) -> list[ChartView]:
    """One picture a test that was ever done."""
    views: list[ChartView] = []
    for kind in KINDS:
        rows = told.page.readings.get(kind, ())
        if kind == _EGFR:
            views += _kidney(told, rows)
        elif rows:
            views.append(_test(told, rows, ""))
    return views


def _test(told: Told, rows: Sequence[ReadingRow], how: str, finding: str = "") -> ChartView:
    """One test over two years; `how` says by which equation."""
    kind = BY_NO[rows[-1].kind]
    frame = frame_of(told, kind, rows)
    points: list[Point] = [(row.taken_at, row.value) for row in rows]
    found = marks(told, kind.no, frame.start)
    evidence = {row.taken_at for row in rows if row.id in told.evidence}
    newest = rows[-1]
    title = f"{kind.label}: {value_of(newest)} {frame.unit}{finding}"
    if len(rows) > 1:
        change = newest.value - rows[-2].value
        title += f", {'up' if change > 0 else 'down'} {number(abs(change), frame.places)}" if change else ", no change"
        title += f" since {rows[-2].taken_at.astimezone(told.zone):%-d %b %Y}"
    return ChartView(
        key=kind.name, kind=kind.no, title=title, picture=charts.line_chart(points, None, found, frame, (), evidence),
        sentence=charts.sentence(points, None, frame) + (f" {how}" if how else ""), unit=f"{kind.label}, {frame.unit}",
        table=table(told, rows), notes=notes(told, found), has_evidence=bool(evidence),
    )  # fmt: skip


def _kidney(told: Told, reported: Sequence[ReadingRow]) -> list[ChartView]:
    """EGFR by one equation only: that of the newest report, else worked out from creatinine (CK-3); two are never drawn together."""
    if reported:
        newest = reported[-1].equation
        rows = [row for row in reported if row.equation == newest]
        others = len(reported) - len(rows)
        how = f"Reported by the laboratory, by {EQUATIONS.get(newest or '', 'an equation that it does not name')}."
        how += f" {others} by another equation are left out: the two cannot be compared." if others else ""
        return [_test(told, rows, how, f", {category(rows[-1].value)}")]
    sex = told.fact("sex")
    creatinine = told.page.readings.get(_CREATININE, ())
    if sex is None or not creatinine:
        return []
    birth = told.page.concerns.person.birth_on
    rows = [
        msgspec.structs.replace(
            row, kind=_EGFR, equation="ckd_epi_2009",
            value=egfr(row.value, years(birth, told.on(row.taken_at)), is_female=sex.value == "female", equation="ckd_epi_2009"),
        )
        for row in creatinine
    ]  # fmt: skip
    return [_test(told, rows, "Worked out from creatinine, age and sex by CKD-EPI 2009, without ethnicity.", f", {category(rows[-1].value)}")]
