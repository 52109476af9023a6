"""The pictures: shape and words before colour, well formed, no style that the page's policy forbids."""

import itertools
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from server.web import charts

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


FRAME = charts.Frame(title="Weight", label="Weight", unit="kg", start=NOW - timedelta(days=28), end=NOW, places=1)


def frame(**changes: Any) -> charts.Frame:
    return msgspec.structs.replace(FRAME, **changes)


def daily(*values: float) -> list[charts.Point]:
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
    target = charts.Band(85, 135)
    readings = [
        (NOW - timedelta(days=2), Decimal(180), Decimal(110)),
        (NOW - timedelta(days=1), Decimal(140), Decimal(80)),
        (NOW + timedelta(hours=10), Decimal(150), Decimal(90)),
    ]
    picture = charts.pressure_bars(readings, target, (), frame(label="Blood pressure", unit="mmHg"))
    drawn(picture)
    assert "mean 145/85 mmHg of 2 readings, first day left out, target under 135/85" in picture
    assert "chart-bar--morning" in picture
    assert "chart-bar--evening" in picture


def test_ux_4_one_shape_for_a_stretch_outside_the_target() -> None:
    values = [6.0, 3.5, 3.1, 3.4, 6.0, 11.0, 12.0, 6.0]
    points = [(NOW - timedelta(minutes=5 * (8 - place)), value) for place, value in enumerate(values)]
    target = charts.Band(3.9, 10.0)
    picture = drawn(charts.glucose_trace(points, target, (), frame(start=NOW - timedelta(hours=1))))
    outside = next(one for one in picture if one.get("class") == "chart-outside")
    assert outside.attrib["d"].count("M") == 2
    assert "lowest 3.1" in picture.attrib["aria-label"]


def test_ux_4_a_usual_day_needs_enough_days() -> None:
    target = charts.Band(3.9, 10.0)
    day = frame(start=NOW.replace(hour=0), end=NOW.replace(hour=0) + timedelta(days=1), label="Glucose", unit="mmol/L")
    points = [(NOW - timedelta(minutes=5 * place), 5.0 + place % 3) for place in range(14 * 288)]
    picture = charts.glucose_profile(points, target, day)
    assert picture is not None
    assert "100 % in range, 0 % below 3.9, 0 % above 10.0; mean 6.0 mmol/L, GMI 5.9 %" in drawn(picture).attrib["aria-label"]
    assert charts.glucose_profile(points[:288], target, day) is None


def test_ux_4_text_from_outside_is_escaped() -> None:
    mark = charts.Mark(NOW - timedelta(days=2), "<script>")
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
