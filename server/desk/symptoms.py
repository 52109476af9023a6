"""What was felt, as squares of days, and seizures as a calendar."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from domain.readings.kinds import BY_NAME, BY_NO, SYMPTOM_LABEL
from server.desk.told import MOST_ROWS, Told
from server.web import charts_days, words
from server.web.drawing import Frame
from server.web.views import ChartView, TableRow

_SYMPTOM: Final = BY_NAME["symptom"].no
_AS_USUAL: Final = 91
_SEIZURES: Final = tuple(BY_NAME[name].no for name in ("seizure_duration", "other_seizure_duration"))
_SQUARES: Final = {
    BY_NAME[name].no: worst
    for name, worst in (("dyspnoea_vas", 10), ("pain_0_10", 10), ("day_symptom_score", 9), ("night_symptom_score", 4),
                        ("reliever_puffs", 12), ("missed_diuretic_doses", 2), ("missed_seizure_doses", 2))
}  # fmt: skip
"""Scores of a day that stand as squares, each with what is as bad as it gets."""
KINDS: Final = (_SYMPTOM, *_SQUARES, *_SEIZURES)
_SQUARE_DAYS: Final = 28
_SEIZURE_WEEKS: Final = 13
_NOON: Final = 12


def views(told: Told) -> list[ChartView]:
    """Whichever of the two has something to say."""
    return [one for one in (_squares(told), _seizures(told)) if one is not None]


def _squares(told: Told) -> ChartView | None:
    """28 days of what was felt: rows in order of how much there is of each."""
    last = told.on(told.now)
    first = last - timedelta(days=_SQUARE_DAYS - 1)
    symptoms: dict[int, dict[date, int]] = {}
    for row in told.page.readings.get(_SYMPTOM, ()):
        if int(row.value) != _AS_USUAL and told.on(row.taken_at) >= first:
            days = symptoms.setdefault(int(row.value), {})
            days[told.on(row.taken_at)] = days.get(told.on(row.taken_at), 0) + 1
    rows = [charts_days.Row(SYMPTOM_LABEL.get(code, "Symptom"), days, 3) for code, days in symptoms.items()]
    for kind, worst in _SQUARES.items():
        scores: dict[date, int] = {}
        for row in told.page.readings.get(kind, ()):
            if told.on(row.taken_at) >= first:
                on = told.on(row.taken_at)
                scores[on] = max(scores.get(on, 0), int(row.value.quantize(Decimal(1), ROUND_HALF_UP)))
        rows += [charts_days.Row(BY_NO[kind].label, scores, worst)] if scores else []
    if not rows:
        return None
    rows.sort(key=lambda row: (-sum(row.days.values()), row.label))
    most = rows[0]
    days_of = sum(value > 0 for value in most.days.values())
    title = f"Symptoms: {words.inside(most.label)} on {days_of} of {_SQUARE_DAYS} days" + (f", and {len(rows) - 1} more" if rows[1:] else "")
    said = "; ".join(f"{row.label}: {sum(value > 0 for value in row.days.values())} of {_SQUARE_DAYS} days" for row in rows) + "."
    frame = Frame(title=title, label="Symptoms", unit="", start=told.now - timedelta(days=_SQUARE_DAYS), end=told.now)
    lines = sorted(((on, row.label, value) for row in rows for on, value in row.days.items()), reverse=True)
    return ChartView(
        key="symptoms", kind=_SYMPTOM, title=title, picture=charts_days.squares(rows, last, _SQUARE_DAYS, frame, said),
        sentence="Darker is worse, the number says how much; an empty square is a day without word of it.", unit="How much",
        is_wide=True,
        table=tuple(TableRow(at=_noon(on, told.zone), value=str(value), note=label, is_day=True) for on, label, value in lines[:MOST_ROWS]),
    )  # fmt: skip


def _noon(on: date, zone: ZoneInfo) -> datetime:
    return datetime(on.year, on.month, on.day, _NOON, tzinfo=zone)


def _seizures(told: Told) -> ChartView | None:
    """A calendar of 13 weeks; shown to whoever keeps a seizure diary, also when it is empty."""
    rows = sorted((row for kind in _SEIZURES for row in told.page.readings.get(kind, ())), key=lambda row: row.taken_at)
    if not rows and told.fact("seizure_diary") is None:
        return None
    days: dict[date, int] = {}
    for row in rows:
        days[told.on(row.taken_at)] = days.get(told.on(row.taken_at), 0) + 1
    last = told.on(told.now)
    longest = max((int(row.value) for row in rows), default=0)
    said = f"{len(rows)} seizure{'s' if len(rows) != 1 else ''} in {_SEIZURE_WEEKS} weeks"
    if rows:
        said += f", the last {words.when(rows[-1].taken_at.astimezone(told.zone), told.now.astimezone(told.zone))}"
        said += f", the longest {longest // 60} min {longest % 60} s"
    title = f"Seizures: {said}"
    frame = Frame(title=title, label="Seizures", unit="", start=told.now - timedelta(weeks=_SEIZURE_WEEKS), end=told.now)
    return ChartView(
        key="seizures", kind=_SEIZURES[0], title=title, picture=charts_days.calendar(days, last, _SEIZURE_WEEKS, frame, f"{title}."),
        sentence="A square for each day; the number says how many seizures.", unit="Seconds",
        table=tuple(TableRow(at=row.taken_at.astimezone(told.zone), value=str(int(row.value)), note=BY_NO[row.kind].label)
                    for row in reversed(rows[-MOST_ROWS:])),
    )  # fmt: skip
