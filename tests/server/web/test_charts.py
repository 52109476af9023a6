"""The pictures: shape and words before colour, well formed, no style that the page's policy forbids."""

import itertools
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from domain.readings.glucose_profile import Bands, Profile
from domain.readings.pressure_diary import Pressure, week
from server.web import charts, charts_days, charts_glucose
from server.web.drawing import Band, Frame, Line, Mark, Point

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


FRAME = Frame(title="Weight", label="Weight", unit="kg", start=NOW - timedelta(days=28), end=NOW, places=1)


def frame(**changes: Any) -> Frame:
    return msgspec.structs.replace(FRAME, **changes)


def daily(*values: float) -> list[Point]:
    first = NOW - timedelta(days=len(values) - 1)
    return [(first + timedelta(days=place), Decimal(str(value))) for place, value in enumerate(values)]


def drawn(picture: str) -> ET.Element:
    assert "style=" not in picture
    return ET.fromstring(picture)  # noqa: S314 - our own text


def test_ux_4_a_sparkline_says_its_sentence_and_marks_what_left_the_band() -> None:
    points = daily(*[80.0, 80.2, 79.9, 80.1, 80.0, 80.3, 79.8, 80.1, 80.0, 80.2], 80.1, 81.0, 82.6)
    band = charts.own_band(points, NOW)
    assert band is not None
    assert band.low < 80 < band.high < 81
    picture = drawn(charts.sparkline(points, band, frame()))
    assert picture.attrib["role"] == "img"
    assert picture.attrib["aria-label"].startswith("Weight: 82.6 kg now, usual range 79.9 to 80.2, ")
    classes = [one.attrib["class"] for one in picture]
    assert classes == ["chart-band", "chart-line", "chart-outside", "chart-dot"]
    assert charts.against(Decimal("82.6"), band) == "above usual"
    assert charts.against(Decimal(70), band) == "below usual"
    assert charts.against(Decimal(80), band) == "as usual"
    assert charts.against(Decimal(80), None) == ""


def test_ux_4_no_band_from_too_few_values_and_no_line_from_none() -> None:
    assert charts.own_band(daily(80, 81, 82), NOW) is None
    picture = drawn(charts.sparkline([], None, frame()))
    assert picture.attrib["aria-label"] == "Weight: no readings in 28 days."
    assert list(picture) == []


def test_ux_4_a_gap_is_a_gap() -> None:
    points = [(NOW - timedelta(days=20), 80.0), (NOW - timedelta(days=10), 80.0), (NOW - timedelta(days=9), 80.0)]
    assert charts.line_chart(points, None, (), frame()).count("M") >= 2
    line = next(one for one in drawn(charts.line_chart(points, None, (), frame())) if one.get("class") == "chart-line")
    assert line.attrib["d"].count("M") == 2


def test_ux_4_pressure_is_a_bar_from_diastolic_to_systolic_and_leaves_the_first_day_out() -> None:
    target = Band(85, 135)
    readings = [
        (NOW - timedelta(days=2), Decimal(180), Decimal(110)),
        (NOW - timedelta(days=1), Decimal(140), Decimal(80)),
        (NOW + timedelta(hours=10), Decimal(150), Decimal(90)),
    ]
    diary = week([Pressure(at.date(), at.hour < 12, high, low) for at, high, low in readings], NOW.date())
    shown = frame(label="Blood pressure", unit="mmHg")
    words = charts.pressure_sentence(diary, target, shown)
    picture = charts.pressure_bars(readings, target, (), shown, words, {readings[1][0]})
    drawn(picture)
    assert "mean 145/85 mmHg of 2 readings in 7 days, first day left out (mornings 140/80 of 1, evenings 150/90 of 1)" in picture
    assert "target under 135/85" in picture
    assert "Too little to rely on: 2 of 3 days after the first and 2 of 12 readings." in picture
    assert "chart-bar--morning" in picture
    assert "chart-bar--evening" in picture
    assert picture.count("chart-ring") == 1
    assert "too few readings" in charts.pressure_sentence(week([], NOW.date()), target, shown)


def test_ux_4_one_shape_for_a_stretch_outside_the_target() -> None:
    values = [6.0, 3.5, 3.1, 3.4, 6.0, 11.0, 12.0, 6.0]
    points = [(NOW - timedelta(minutes=5 * (8 - place)), value) for place, value in enumerate(values)]
    target = Band(3.9, 10.0)
    picture = drawn(charts_glucose.glucose_trace(points, target, (), frame(start=NOW - timedelta(hours=1))))
    outside = next(one for one in picture if one.get("class") == "chart-outside")
    assert outside.attrib["d"].count("M") == 2
    assert "lowest 3.1" in picture.attrib["aria-label"]


def test_ux_4_a_usual_day_is_two_shades_and_a_line() -> None:
    slots = tuple(tuple(Decimal(value) for value in ("4.0", "5.5", "7.0", "9.0", "12.5")) for _ in range(48))
    day = frame(start=NOW.replace(hour=0), end=NOW.replace(hour=0) + timedelta(days=1), label="Glucose", unit="mmol/L")
    picture = drawn(charts_glucose.glucose_profile(Profile(slots), Band(3.9, 10.0), day, "Glucose, 14 days: 78 % in range"))
    assert picture.attrib["aria-label"] == "Glucose, 14 days: 78 % in range"
    classes = [one.attrib["class"] for one in picture]
    assert [classes.count(name) for name in ("chart-share chart-share--wide", "chart-share chart-share--half", "chart-line")] == [1, 1, 1]


def test_ux_4_time_in_range_is_one_bar_with_words() -> None:
    found = Bands(very_low=Decimal(1), low=Decimal(5), in_range=Decimal(78), high=Decimal(12), very_high=Decimal(4))
    picture = drawn(charts_glucose.range_bar(found, frame(label="Time in range", unit="%", width=250)))
    assert picture.attrib["aria-label"] == (
        "Time in range: 4.0 % very high, above 13.9, 12 % high, above 10.0, 78 % in range, 5.0 % low, below 3.9, "
        "1.0 % very low, below 3.0."
    )
    heights = [float(one.attrib["height"]) for one in picture if one.get("class", "").startswith("chart-time")]
    assert heights[2] == max(heights)
    words = [float(one.attrib["y"]) for one in picture if one.tag.endswith("text")]
    assert min(after - before for before, after in itertools.pairwise(words)) >= 18


def test_ux_4_squares_are_darker_where_it_is_worse_and_carry_the_number() -> None:
    today = NOW.date()
    rows = [charts_days.Row("Cough <b>", {today: 3, today - timedelta(days=1): 1, today - timedelta(days=2): 0}, 3)]
    picture = charts_days.squares(rows, today, 28, frame(), "Cough: 2 of 28 days.")
    assert "<b>" not in picture
    shades = [one.attrib["class"] for one in drawn(picture) if one.tag.endswith("rect")]
    assert len(shades) == 28
    assert shades[-3:] == ["chart-square chart-square--0", "chart-square chart-square--2", "chart-square chart-square--4"]


def test_ux_4_the_calendar_ends_today_and_begins_on_a_monday() -> None:
    last = date(2026, 11, 24)
    picture = drawn(charts_days.calendar({last: 2}, last, 13, frame(), "Seizures"))
    squares = [one for one in picture if one.tag.endswith("rect")]
    assert len(squares) == 12 * 7 + last.weekday() + 1
    assert squares[-1].attrib["class"] == "chart-square chart-square--3"


def test_ux_4_what_a_flag_rests_on_is_ringed_and_what_happened_is_ticked() -> None:
    points = daily(80, 81, 82.6)
    marks = [Mark(points[2][0], "◆1"), Mark(points[2][0] + timedelta(hours=1), "M1")]
    picture = charts.line_chart(points, None, marks, frame(), [Line(79, "when last looked at")], {points[2][0]})
    rings = [one for one in drawn(picture) if one.get("class") == "chart-ring"]
    dots = [one for one in drawn(picture) if one.get("class") == "chart-dot"]
    assert [one.attrib["cx"] for one in rings] == [dots[-1].attrib["cx"]]
    assert "when last looked at 79" in picture
    labels = [one for one in drawn(picture) if "chart-text--mark" in one.get("class", "")]
    assert [one.text for one in labels] == ["◆1", "M1"]
    assert len({one.attrib["y"] for one in labels}) == 2


def test_ux_4_text_from_outside_is_escaped() -> None:
    mark = Mark(NOW - timedelta(days=2), "<script>")
    picture = charts.line_chart(daily(80, 81), None, [mark], frame(label="<b>Weight</b>"))
    assert "<script>" not in picture
    assert "<b>" not in picture
    drawn(picture)


def test_ux_4_200_sparklines_are_quick_and_small() -> None:
    points = daily(*[80 + place % 3 for place in range(28)])
    pictures = [charts.sparkline(points, charts.own_band(points, NOW), frame(width=150, height=44)) for _ in range(200)]
    assert all(len(one) < 1_500 for one in pictures)


@pytest.mark.parametrize("hours", [3, 13, 36, 24 * 90])
def test_ux_4_the_times_under_a_chart_stand_apart_however_short_it_is(hours: int) -> None:
    shown = frame(start=NOW - timedelta(hours=hours), end=NOW)
    picture = drawn(charts.line_chart([(shown.start, Decimal(91)), (NOW, Decimal(90))], None, [], shown))
    places = [float(one.attrib["x"]) for one in picture if one.get("y") == str(shown.height - 8)]
    assert len(places) == 5
    assert min(after - before for before, after in itertools.pairwise(places)) > 100
