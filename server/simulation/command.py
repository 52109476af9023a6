"""`steady simulate`: a cohort with its true events, to a file or to the screen."""

import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from server.progress import Progress
from server.simulation import files
from server.simulation.cohort import START, TUNING, Cohort, histories


def main(*, cohort: Cohort, people: int, days: int, seed: int, noise: int, out: Path | None, json: bool, starts_on: date | None) -> int:  # noqa: PLR0913 - the options of the command
    """Write the cohort; the summary goes to the error output, or as JSON when only that is asked for."""
    if out is None and json:
        return _write(None, cohort, people, days, seed, noise, starts_on or START)
    if out is None:
        return _write(sys.stdout.buffer, cohort, people, days, seed, noise, starts_on or START, say=True)
    try:
        with out.open("wb") as file:
            return _write(file, cohort, people, days, seed, noise, starts_on or START, as_csv=out.suffix == ".csv", say=not json)
    except OSError as error:
        sys.stderr.write(f"{out}: {error.strerror}.\n")
        return 2


def _write(  # noqa: PLR0913 - what names a cohort, and how it is written
    file: BinaryIO | None, cohort: Cohort, people: int, days: int, seed: int, noise: int, starts_on: date, *,
    as_csv: bool = False, say: bool = False,
) -> int:  # fmt: skip
    counts: Counter[str] = Counter()
    events: Counter[str] = Counter()
    progress = Progress("Simulating", people, "people")
    if file is not None and as_csv:
        file.write(files.csv_text([list(files.COLUMNS)]).encode())
    for history in histories(cohort, people, days, seed, noise, starts_on):
        counts["readings"] += len(history.drafts)
        events.update(event.what for event in history.events)
        if file is not None:
            lines = files.lines_of(history)
            file.write(files.csv_text([files.csv_row(line) for line in lines]).encode() if as_csv else b"".join(map(files.encode, lines)))
        progress.step(note=f"{counts['readings']:,} readings")
    progress.end()
    _summary({
        "cohort": cohort, "people": people, "days": days, "seed": seed, "noise": noise,
        "seed_is_for": "tuning" if seed in TUNING else "scoring",
        "readings": counts["readings"], "events": dict(sorted(events.items())),
    }, say=say)  # fmt: skip
    return 0


def _summary(found: dict[str, Any], *, say: bool) -> None:
    if not say:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        return
    happened = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in found["events"].items()) or "nothing"
    sys.stderr.write(
        f"{found['people']} people of {found['cohort']}, {found['days']} days, seed {found['seed']} (for {found['seed_is_for']}), "
        f"noise {found['noise']}: {found['readings']:,} readings; {happened}.\n"
    )
