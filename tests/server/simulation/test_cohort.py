"""The simulator: repeatable to the byte, as rough as real life, and with events that are not all easy."""

import os
import random
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.readings import quality
from domain.readings.reading import Quarantined, Rejected
from server.simulation import files
from server.simulation.chance import Course, moments
from server.simulation.cohort import COHORTS, EVENT_OF, Cohort, History, histories, person
from tests.server.test_cli import ROOT, steady


@pytest.fixture(scope="module")
def hearts() -> list[History]:
    return list(histories("hf", 60, 365, 3))


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_another_seed_does_not(tmp_path: Path) -> None:
    texts: list[bytes] = []
    for place, seed in enumerate(("5", "5", "6")):
        out = tmp_path / f"{place}.jsonl"
        made = steady("simulate", "--cohort", "mixed", "--people", "12", "--days", "70", "--seed", seed, "--out", str(out),
                      PYTHONHASHSEED=str(place))  # fmt: skip
        assert made.returncode == 0, made.stderr
        texts.append(out.read_bytes())
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


@pytest.mark.parametrize("cohort", COHORTS)
def test_a_person_does_not_depend_on_how_many_others_are_made(cohort: Cohort) -> None:
    assert list(histories(cohort, 3, 60, 5))[2] == person(cohort, 2, 60, 5, 2)


def test_weight_comes_on_about_76_days_of_100(hearts: list[History]) -> None:
    days = sum(len({one.taken_at.date() for one in history.drafts if one.kind == "body_weight"}) for history in hearts)
    assert 0.72 < days / (len(hearts) * 365) < 0.80


def test_some_decompensations_are_silent_on_the_scales_and_none_comes_before_a_normal_can_be_known(hearts: list[History]) -> None:
    events = [(history.starts_on, event) for history in hearts for event in history.events]
    ways = Counter(event.how for _, event in events)
    assert set(ways) == {"with weight gain", "silent on the scales"}
    assert 0.1 < ways["silent on the scales"] / ways.total() < 0.45
    assert all(event.at.date() - starts_on >= timedelta(days=45) for starts_on, event in events)


def test_nobody_measures_in_hospital(hearts: list[History]) -> None:
    gaps = [
        all(not event.at < one.taken_at < event.at + timedelta(days=2.5) for one in history.drafts)
        for history in hearts for event in history.events
    ]  # fmt: skip
    assert sum(gaps) > 0.5 * len(gaps)


def test_a_rough_crowd_measures_less_and_errs_more() -> None:
    def wrong(noise: int) -> tuple[int, int]:
        read, odd = 0, 0
        for history in histories("mixed", 30, 200, 2, noise):
            for one in history.drafts:
                found = quality.check(one, recent={}, now=one.taken_at + timedelta(minutes=1))
                assert not isinstance(found, Rejected), found
                read += 1
                odd += isinstance(found, Quarantined) or found.context is not None
        return read, odd

    careful, rough = wrong(1), wrong(3)
    assert careful[0] > rough[0]
    assert careful[1] / careful[0] < rough[1] / rough[0]


@pytest.mark.parametrize("cohort", ["hf", "copd", "asthma", "diabetes", "ckd"])
def test_what_can_happen_to_a_cohort_happens_and_nothing_else(cohort: Cohort) -> None:
    found = list(histories(cohort, 40, 365, 4))
    known = {what for history in found for condition in history.profile.conditions for what in EVENT_OF[condition]}
    happened = {event.what for history in found for event in history.events}
    assert happened
    assert happened <= known


def test_a_course_builds_up_holds_and_goes() -> None:
    course = Course(starts=10, peak=14, ends=20, size=2.0, shape=1.0, holds=2.0)
    assert [course.at(day) for day in (9, 10, 12, 14, 16, 18, 20, 21)] == [0, 0, 1.0, 2.0, 2.0, 1.0, 0, 0]


def test_something_that_never_happens_has_no_moments() -> None:
    assert moments(random.Random(1), 0.0, 365, 10) == []


@pytest.mark.parametrize("name", ["cohort.jsonl", "cohort.csv"])
def test_a_cohort_reads_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    out = tmp_path / name
    made = steady("simulate", "--cohort", "mixed", "--people", "8", "--days", "120", "--seed", "9", "--noise", "3", "--out", str(out))
    assert made.returncode == 0, made.stderr
    found = [files.history_of(one) for one in files.load(out)]
    wanted = list(histories("mixed", 8, 120, 9, 3))
    assert [one.profile for one in found] == [one.profile for one in wanted]
    assert [one.events for one in found] == [one.events for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert [(d.id, d.kind, d.taken_at, d.value, d.parts, d.code, d.context) for d in one.drafts] == [
            (d.id, d.kind, d.taken_at, d.value, d.parts, d.code, d.context) for d in other.drafts
        ]
        assert (one.starts_on, one.days) == (other.starts_on, other.days)


def test_somebody_elses_csv_needs_little(tmp_path: Path) -> None:
    cohort, events = tmp_path / "c.csv", tmp_path / "e.csv"
    cohort.write_text("patient,at,kind,value,unit\nA,2024-03-01T07:00:00+00:00,body_weight,180,[lb_av]\nA,2024-03-02T07:00:00+00:00,body_weight,81.7,\n")
    events.write_text("patient,at,what\nA,2024-03-20T10:00:00+00:00,hf_decompensation\n")
    (one,) = files.load(cohort, events, ("heart_failure",))
    history = files.history_of(one)
    assert history.profile.conditions == {"heart_failure"}
    assert (history.starts_on, history.days) == (date(2024, 3, 1), 20)
    assert [each.unit for each in history.drafts] == ["[lb_av]", "kg"]
    again = files.history_of(files.load(cohort, events)[0])
    assert [each.id for each in again.drafts] == [each.id for each in history.drafts]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("patient,at,kind,colour\n", "unknown columns 'colour'"),
        ("at,kind\n", "no column `patient`"),
        ("patient,at,kind,value\nA,yesterday,body_weight,80\n", "Line 2"),
        ("patient,at,kind,value\nA,2024-03-01T07:00:00,body_weight,80\n", "Line 2"),
        ("patient,at,kind,value\nA,2024-03-01T07:00:00Z,body_weight,eighty\n", "Line 2"),
        ('{"type":"reading","patient":"A"}\n', "Line 1"),
        ('{"type":"song","patient":"A"}\n', "Line 1"),
        ("{\n", "Line 1"),
        ('{"type":"patient","patient":"A"}\n', "no readings"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong"
    path.write_text(text)
    with pytest.raises(files.CannotRead, match=says):
        files.load(path)


def test_an_event_of_nobody_is_refused(tmp_path: Path) -> None:
    cohort, events = tmp_path / "c.csv", tmp_path / "e.csv"
    cohort.write_text("patient,at,kind,value\nA,2024-03-01T07:00:00Z,body_weight,80\n")
    events.write_text("patient,at,what\nB,2024-03-20T10:00:00Z,hf_decompensation\n")
    with pytest.raises(files.CannotRead, match="line 2: patient 'B'"):
        files.load(cohort, events)
    events.write_text("type,patient,at,kind,value\nreading,A,2024-03-20T10:00:00Z,body_weight,80\n")
    with pytest.raises(files.CannotRead, match="no event"):
        files.load(cohort, events)
    cohort.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(files.CannotRead, match="UTF-8"):
        files.load(cohort)
    with pytest.raises(files.CannotRead, match="No such file"):
        files.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "options",
    [("--people", "0"), ("--days", "0"), ("--days", "many"), ("--seed", "0"), ("--noise", "4"), ("--cohort", "gout"), ("--out", "/"),
     ("--out", "/nowhere/at/all.jsonl"), ("--starts-on", "2025-13-01")],
)  # fmt: skip
def test_wrong_use_is_exit_code_2(options: tuple[str, str]) -> None:
    assert steady("simulate", "--people", "1", "--days", "1", *options).returncode == 2


def test_a_pipe_that_closes_ends_it_quietly() -> None:
    command = f"{sys.executable} -m server simulate --people 3 --days 60 2>/dev/null | head -c 100"
    found = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, check=True, env=dict(os.environ))
    assert found.stdout.startswith(b'{"type":"patient"')
