"""The command line: quick, and clear about what is wrong."""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from server.openapi import EXAMPLES
from server.readings import wire

ROOT = Path(__file__).parent.parent.parent


def steady(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    found = {name: value for name, value in os.environ.items() if not name.startswith("STEADY_")}
    return subprocess.run([sys.executable, "-m", "server", *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**found, **environment})  # fmt: skip


def test_help_loads_nothing_heavy_and_names_every_command() -> None:
    heavy = "'litestar', 'asyncpg', 'structlog', 'jwt', 'rich', 'rich_click', 'msgspec', 'typing_extensions'"
    code = f"import sys, server.cli; print([n for n in ({heavy}) if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    words = steady("--help").stdout
    for name in ("demo", "serve", "work", "watch", "import", "keys", "doctor", "migrate", "openapi", "assets", "audit", "bench", "decode",
                 "simulate", "evaluate", "judge"):  # fmt: skip
        assert name in words
    assert "More:" not in words, "a new command needs a section in server/cli.py"
    # The aim is 250 ms on a quiet machine. What was loaded is checked above; a machine under tests is no clock.
    took = statistics.median(_seconds("--help") for _ in range(3))
    assert took < 20 * statistics.median(_seconds(None) for _ in range(3)) + 1


def _seconds(argument: str | None) -> float:
    began = time.perf_counter()
    if argument is None:
        subprocess.run([sys.executable, "-c", "pass"], check=True)
    else:
        steady(argument)
    return time.perf_counter() - began


def test_wrong_settings_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    wrong = steady("serve", STEADY_PORT="eighty")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    nowhere = steady("serve", "--port", "0", STEADY_DATA=str(tmp_path))
    assert nowhere.returncode == 2
    assert "STEADY_DATABASE_HOST" in nowhere.stderr
    no_keys = steady("keys", STEADY_DATA=str(tmp_path))
    assert (no_keys.returncode, no_keys.stderr.count("\n")) == (2, 1)
    made = steady("keys", "make", STEADY_DATA=str(tmp_path))
    assert made.returncode == 0
    assert made.stdout.count("verifies") == 2
    assert steady("work", STEADY_DATA=str(tmp_path)).returncode == 2
    assert steady("watch", "--once", STEADY_DATA=str(tmp_path)).returncode == 2


def test_doctor_speaks_to_scripts(tmp_path: Path) -> None:
    found = steady("doctor", "--json", STEADY_DATA=str(tmp_path))
    assert found.returncode == 1
    lines = {line["name"]: line for line in json.loads(found.stdout)}
    assert lines["data folder"]["ok"] is True
    assert lines["database"]["ok"] is False
    assert "steady demo" in lines["database"]["do"]


def test_the_api_describes_itself_and_its_examples_pass(tmp_path: Path) -> None:
    found = steady("openapi", STEADY_DATA=str(tmp_path))
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    assert {"/v1/readings/{reading_id}", "/v1/readings/batch", "/v1/episodes"} <= document["paths"].keys()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    for path in document["paths"].values():
        for operation in path.values():
            refusals = [status for status in operation["responses"] if status.startswith(("4", "5"))]
            assert all("application/problem+json" in operation["responses"][one]["content"] for one in refusals)
    for example in EXAMPLES.values():
        assert wire.decode_one(json.dumps(example).encode()).kind == example["kind"]


def test_decode_prints_the_fields_of_a_value_or_says_what_is_wrong() -> None:
    found = steady("decode", "2A9D", "00b036")
    assert (found.returncode, json.loads(found.stdout)["weight"]) == (0, 70)
    for wrong in (("2A9D", "00b0"), ("2A9D", "0"), ("2BFF", "00")):
        said = steady("decode", *wrong)
        assert (said.returncode, said.stdout, said.stderr.count("\n")) == (2, "", 1)


def test_decode_prints_drafts_and_problems_of_a_file(tmp_path: Path) -> None:
    cases = Path(__file__).parent.parent / "integrations" / "fhir" / "cases"
    for name, code, drafts in (("02-glucose-in-both-units", 0, 3), ("03-what-is-no-reading", 1, 1)):
        found = steady("decode", "--format", "fhir", str(cases / f"{name}.in.json"))
        assert found.returncode == code, found.stderr
        told = json.loads(found.stdout)
        assert len(told["drafts"]) == drafts
        assert bool(told["problems"]) == bool(code)
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert steady("decode", "--format", "fhir", str(empty)).returncode == 2
    assert steady("decode", "--format", "nothing", str(empty)).returncode == 2
    assert steady("decode", "2A35").returncode == 2
