"""`steady evaluate` on small cohorts: every figure with its interval, somebody else's files, and wrong use in one line."""

import json
from pathlib import Path

import pytest

from server.evaluation.published import gains, macd
from server.evaluation.replay import replay
from server.simulation.cohort import histories
from tests.server.test_cli import steady

FIGURES = {"sensitivity", "unexplained_per_patient_year", "ppv", "lead_days_median", "chance", "skill"}


def test_every_detector_has_every_figure_with_its_interval(tmp_path: Path) -> None:
    found = steady("evaluate", "--cohort", "hf", "--people", "4", "--days", "120", "--seeds", "3", "--noise", "2", "--jobs", "2",
                   "--json", str(tmp_path / "f.json"), "--svg", str(tmp_path / "f.svg"), "--page", str(tmp_path / "f.md"))  # fmt: skip
    assert found.returncode == 0, found.stderr
    detectors = json.loads((tmp_path / "f.json").read_text())["detectors"]["heart_failure"]
    assert detectors.keys() >= {"engine", "engine (weight only)", "MACD", "CUSUM", "3 lb/1 d or 5 lb/3 d"}
    for figures in detectors.values():
        assert figures.keys() >= FIGURES
        assert all(set(figures[name]) == {"value", "low", "high"} for name in FIGURES)
    assert "used for tuning, these figures flatter" in found.stdout
    assert (tmp_path / "f.svg").read_text().startswith("<svg")
    assert "## Heart failure, noise 2" in (tmp_path / "f.md").read_text()


def test_somebody_elses_people_and_events_are_scored(tmp_path: Path) -> None:
    cohort, events = tmp_path / "c.csv", tmp_path / "e.csv"
    rows = [f"A,2024-03-{day:02}T07:00:00+00:00,body_weight,{80 if day < 20 else 83},kg" for day in range(1, 29)]
    cohort.write_text("\n".join(["patient,at,kind,value,unit", *rows, ""]))
    events.write_text("patient,at,what\nA,2024-03-25T12:00:00+00:00,hf_decompensation\n")
    found = steady("evaluate", "--cohort", "hf", "--cohort-file", str(cohort), "--events-file", str(events), "--json", "-")
    assert found.returncode == 0, found.stderr
    rule = json.loads(found.stdout)["detectors"]["heart_failure"]["2 kg/3 d"]
    assert (rule["events"], rule["alerts"], rule["sensitivity"]["value"]) == (1, 1, 1.0)
    # It fires on the 20th at 07:12, the event is on the 25th at noon.
    assert rule["lead_days_median"]["value"] == pytest.approx(5.2)


@pytest.mark.parametrize(
    "options",
    [("--seeds", "many"), ("--seeds", ""), ("--seeds", "0"), ("--noise", "4"), ("--noise", "x"), ("--cohort", "gout"), ("--jobs", "0"),
     ("--people", "0"), ("--days", "3"), ("--cohort-file", "/nowhere"), ("--events-file", "README.md")],
)  # fmt: skip
def test_wrong_use_is_exit_code_2(options: tuple[str, str]) -> None:
    found = steady("evaluate", *options)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_a_file_that_is_no_cohort_is_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "c.csv"
    wrong.write_text("colour\nred\n")
    found = steady("evaluate", "--cohort-file", str(wrong))
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)


def test_a_replay_is_the_same_each_time() -> None:
    (one,) = histories("hf", 1, 150, 3)
    assert replay(one) == replay(one)


def test_hf_w4_fires_on_the_sixth_rising_day_and_not_on_a_spike() -> None:
    rising = [80.0] * 20 + [80.0 + 0.4 * step for step in range(1, 8)]
    assert macd(list(rising))[0] == 25
    assert macd([*([80.0] * 20), 82.5, 80.0, 80.0]) == []


def test_a_gain_is_more_than_the_limit_over_the_lowest_of_the_days_before() -> None:
    assert gains([80.0, None, 80.6, 82.0], ((3, 2.0),)) == []
    assert gains([80.0, None, 80.6, 82.01], ((3, 2.0),)) == [3]
