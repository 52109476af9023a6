"""A glucose sensor: the last day as it was, two weeks as one usual day with time in range, or why that cannot be shown."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from domain.readings.glucose_profile import NoProfile, bands, profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Reading
from domain.readings.sensor_days import Summary, fold, read, summary
from server.desk.service import SENSOR, SENSOR_DAYS
from server.desk.told import MOST_ROWS, Told, marks, notes
from server.web import charts_glucose
from server.web.drawing import Band, Frame, Point, number
from server.web.views import ChartView, TableRow

_LABEL: Final = BY_NAME["glucose_cgm"].label
_UNIT: Final = "mmol/L"
_TARGET: Final = Band(3.9, 10.0)
_PREGNANT: Final = Band(3.5, 7.8)
_DAY: Final = timedelta(days=1)


def views(told: Told) -> list[ChartView]:
    """Two pictures of a sensor that has sent; none of one that never has."""
    samples = told.page.samples
    if not samples:
        return []
    target = _TARGET if told.fact("pregnant") is None else _PREGNANT
    day = [one for one in samples if one.taken_at > told.now - _DAY]
    return [*([_last_day(told, day, target)] if day else []), _usual_day(told, samples, target)]


def _table(told: Told, samples: Sequence[Reading]) -> tuple[TableRow, ...]:
    return tuple(TableRow(at=one.taken_at.astimezone(told.zone), value=f"{one.comparator or ''}{number(one.value, 1)}")
                 for one in reversed(samples[-MOST_ROWS:]))  # fmt: skip


def _last_day(told: Told, samples: Sequence[Reading], target: Band) -> ChartView:
    frame = Frame(title=_LABEL, label=_LABEL, unit=_UNIT, start=told.now.astimezone(told.zone) - _DAY,
                  end=told.now.astimezone(told.zone), places=1)  # fmt: skip
    points: list[Point] = [(one.taken_at.astimezone(told.zone), one.value) for one in samples]
    found = marks(told, SENSOR, frame.start)
    lowest = min(samples, key=lambda one: one.value)
    return ChartView(
        key="glucose_day", kind=SENSOR, title=f"Glucose, last 24 hours: {number(samples[-1].value, 1)} {_UNIT} now, "
        f"lowest {number(lowest.value, 1)}", picture=charts_glucose.glucose_trace(points, target, found, frame),
        sentence=charts_glucose.glucose_sentence(points, target, frame), unit=f"{_LABEL}, {_UNIT}", table=_table(told, samples),
        notes=notes(told, found),
    )  # fmt: skip


def _summary(told: Told, samples: Sequence[Reading]) -> Summary | None:
    days: dict[date, list[Reading]] = {}
    for one in samples:
        days.setdefault(told.on(one.taken_at), []).append(one)
    last = told.on(told.now)
    # The 14 whole dates before today: today is not over.
    whole = [read(fold(held)) for on, held in sorted(days.items()) if last - timedelta(days=SENSOR_DAYS) <= on < last]
    return summary(whole, SENSOR_DAYS)


def _usual_day(told: Told, samples: Sequence[Reading], target: Band) -> ChartView:
    found = _summary(told, samples)
    last = told.on(told.now)
    local = [(one.taken_at.astimezone(told.zone), one.value) for one in samples]
    usual = profile([(at.hour * 60 + at.minute, value) for at, value in local if at.date() < last], found)
    title = f"Glucose through the day, {SENSOR_DAYS} days"
    if isinstance(usual, NoProfile) or found is None:
        reason = usual.reason if isinstance(usual, NoProfile) else ""
        lowest, newest = min(samples, key=lambda one: one.value), samples[-1]
        said = f"{reason} What came: {len(samples)} samples, lowest {number(lowest.value, 1)}, latest {number(newest.value, 1)} {_UNIT}."
        return ChartView(key="glucose_profile", kind=SENSOR, title=f"{title}: cannot be shown", sentence=said,
                         unit=f"{_LABEL}, {_UNIT}", table=_table(told, samples))  # fmt: skip
    midnight = told.now.astimezone(told.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    frame = Frame(title=title, label="Glucose", unit=_UNIT, start=midnight, end=midnight + _DAY, places=1)
    said = charts_glucose.profile_sentence(found, frame)
    beside = replace(frame, title="Time in range", label="Time in range", unit="%", width=250)
    return ChartView(
        key="glucose_profile", kind=SENSOR,
        title=f"{title}: {number(found.in_range, 0)} % in range, {number(found.beyond[2], 1)} % below 3.9",
        picture=charts_glucose.glucose_profile(usual, target, frame, said), aside=charts_glucose.range_bar(bands(found), beside),
        sentence=f"{said} Line: median. Dark: the middle half. Light: nine in ten.", unit=f"{_LABEL}, {_UNIT}",
        table=_table(told, samples),
    )  # fmt: skip
