"""`steady judge`: the product's own path over one history, and each impossible history refused with where and why."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.judging import schema_text
from tests.server.test_cli import ROOT, steady

HISTORY: dict[str, Any] = {
    "patient": {"birth_on": "1950-03-01", "conditions": ["heart_failure"]},
    "now": "2026-06-15T09:00:00+01:00",
    "readings": [
        {"kind": "body_weight", "taken_at": "2026-06-13T07:00:00+01:00", "value": 80.0, "unit": "kg"},
        {"kind": "body_weight", "taken_at": "2026-06-15T07:00:00+01:00", "value": 82.01, "unit": "kg"},
        {"kind": "body_weight", "taken_at": "2026-06-15T07:10:00+01:00", "value": 176.4, "unit": "kg"},
    ],
}


def judge(history: Any) -> "subprocess.CompletedProcess[str]":
    text = history if isinstance(history, str) else json.dumps(history)
    return subprocess.run([sys.executable, "-m", "server", "judge", "-"], cwd=ROOT, input=text, capture_output=True, text=True, check=False)


def changed(**more: Any) -> dict[str, Any]:
    return {**HISTORY, **more}


def test_a_history_is_judged_by_the_products_own_path_the_same_each_time(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(HISTORY))
    found = steady("judge", str(path))
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout)
    fired = [one for one in said["judgements"] if one["verdict"] == "fired" and one["rule"] == "HF-W1"]
    # One heavy morning alone is weighed again first (F36); 176 kg is nobody's answer.
    assert [(one["severity"], one["numbers"]["gain_kg"], one["due_at"]) for one in fired] == [(1, "2.01", "2026-06-16T10:00:00Z")]
    assert {one["rule"] for one in said["flags"]} == {"HF-W1"}
    assert [one["group"] for one in said["episodes"]] == ["HF-W"]
    assert {one["verdict"] for one in said["judgements"]} >= {"fired", "not_evaluable"}
    assert judge(HISTORY).stdout == found.stdout


def test_a_personal_limit_decides_from_its_time_on() -> None:
    limit = {"key": "HF-W1.gain_kg", "value": 1.5}
    close = changed(readings=[*HISTORY["readings"][:1], {**HISTORY["readings"][1], "value": 81.6}])
    assert json.loads(judge(close).stdout)["flags"] == []
    assert {one["rule"] for one in json.loads(judge({**close, "limits": [limit]}).stdout)["flags"]} == {"HF-W1"}
    later = {**limit, "from_at": "2026-06-15T08:00:00+01:00"}
    assert json.loads(judge({**close, "limits": [later]}).stdout)["flags"] == []


def test_what_is_held_or_refused_says_so() -> None:
    odd = [
        {"kind": "body_weight", "taken_at": "2026-06-14T07:00:00+01:00", "value": 800, "unit": "kg"},
        {"kind": "body_weight", "taken_at": "2026-06-14T07:00:00+01:00", "value": 80, "unit": "mile"},
    ]
    outcomes = json.loads(judge(changed(readings=odd)).stdout)["outcomes"]
    assert {(one["status"], one["code"]) for one in outcomes} == {("quarantined", "impossible"), ("rejected", "unit_unknown")}


def test_answers_of_a_form_are_judged() -> None:
    given = {f"item{place}": "nearly_every_day" for place in range(1, 10)}
    found = judge(changed(answers=[{"form": "phq9", "taken_at": "2026-06-15T08:00:00+01:00", "answers": given}]))
    assert found.returncode == 0, found.stderr
    said = json.loads(found.stdout)
    assert {"MH-1", "MH-2"} <= {one["rule"] for one in said["flags"]}


READING = HISTORY["readings"][0]


@pytest.mark.parametrize(
    ("history", "says"),
    [
        ("", "Not a history"),
        ("[]", "Not a history"),
        ("{", "Not a history"),
        ({"now": "2026-06-15T09:00:00Z"}, "patient"),
        (changed(colour="red"), "colour"),
        (changed(now="2026-06-15T09:00:00"), "now"),
        (changed(now="2326-06-15T09:00:00Z"), "/now"),
        (changed(patient={"birth_on": "2027-01-01"}), "/patient/birth_on"),
        (changed(patient={"birth_on": "1850-01-01"}), "/patient/birth_on"),
        (changed(patient={"birth_on": "1950-13-01"}), "birth_on"),
        (changed(patient={"birth_on": "1950-01-01", "zone": "Europe/Atlantis"}), "/patient/zone"),
        (changed(patient={"birth_on": "1950-01-01", "facts": [{"key": "shoe_size", "value": "43"}]}), "/patient/facts/0"),
        (changed(readings=[{**READING, "taken_at": "2026-06-15T09:00:01+01:00"}]), "/readings/0/taken_at"),
        (changed(readings=[{**READING, "taken_at": "1949-06-15T09:00:00Z"}]), "/readings/0/taken_at"),
        (changed(readings=[{**READING, "received_at": "2026-06-12T07:00:00Z"}]), "/readings/0/received_at"),
        (changed(readings=[{**READING, "kind": "shoe_size"}]), "/readings/0/kind"),
        (changed(readings=[{**READING, "value": "heavy"}]), "value"),
        (changed(readings=[{**READING, "id": "0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5e"},
                           {**READING, "id": "0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5e", "value": 81}]), "/readings/1/id"),
        (changed(limits=[{"key": "HF-W1.colour", "value": 2}]), "no such limit"),
        (changed(limits=[{"key": "HF-W1.gain_kg", "value": 3}]), "safety floor"),
        (changed(limits=[{"key": "HF-W1.gain_kg", "value": 1.5}, {"key": "HF-W1.gain_kg", "value": 1.2}]), "named twice"),
        (changed(limits=[{"key": "HF-W1.gain_kg", "value": 1.5}, {"key": "HF-W1.gain_kg", "value": 1.2, "from_at": "2026-01-01T00:00:00Z"}]),
         "another HF-W1.gain_kg holds"),
        (changed(limits=[{"key": "HF-W1.gain_kg", "value": 1.5, "from_at": "2026-02-01T00:00:00Z", "to_at": "2026-01-01T00:00:00Z"}]),
         "ends before it begins"),
        (changed(limits=[{"key": "DM-7.raised", "value": 2.0}, {"key": "DM-7.high", "value": 1.6}]), "/limits"),
        (changed(answers=[{"form": "horoscope", "taken_at": "2026-06-15T08:00:00Z", "answers": {}}]), "/answers/0/form"),
        (changed(answers=[{"form": "phq9", "taken_at": "2027-06-15T08:00:00Z", "answers": {}}]), "/answers/0/taken_at"),
        (changed(answers=[{"form": "phq9", "taken_at": "2026-06-15T07:00:00Z", "answers": {"shoe": "43"}}]), "/answers/0"),
    ],
)  # fmt: skip
def test_an_impossible_history_is_refused_with_where_and_why(history: Any, says: str) -> None:
    found = judge(history)
    assert found.returncode == 2, found.stdout[:300]
    assert says in found.stderr
    assert "Traceback" not in found.stderr


def test_a_file_that_is_not_there_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    found = steady("judge", str(tmp_path / "nowhere.json"))
    assert (found.returncode, found.stderr.count("\n")) == (2, 1)


def test_the_schema_in_the_docs_is_the_one_the_command_prints() -> None:
    assert (ROOT / "deploy/docs/judge.schema.json").read_text() == schema_text() == steady("judge", "--schema").stdout
