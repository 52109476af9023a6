"""What 10,000 pictures take of a process: people with six kinds and 60 days, cached as `server/ingest.py` caches them."""

import random
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain import intake
from domain.detection.picture import Picture, pack, unpack
from domain.people.patient import Profile
from domain.readings import quality
from domain.readings.reading import Draft, Source
from server import clock
from server.ingest import Pictures

PEOPLE: Final = 10_000
DAYS: Final = 60
_KINDS: Final = (("body_weight", "kg", 80, 1), ("heart_rate", "/min", 70, 4), ("oxygen_saturation", "%", 96, 1),
                 ("respiratory_rate", "/min", 16, 1), ("body_temperature", "Cel", 36.8, 0.1))  # fmt: skip


def resident_mb() -> float:
    """What this process holds now."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def somebody() -> bytes:
    """The picture of one person after 60 days of weight, pulse, oxygen, breathing, temperature and blood pressure."""
    chance = random.Random(1)  # noqa: S311 - repeatable
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    profile = Profile(birth_on=date(1950, 1, 1), conditions=frozenset({"heart_failure", "hypertension"}))
    picture = Picture(version=1, since=datetime(2000, 1, 1, tzinfo=UTC), profile=profile)
    for day in range(DAYS, 0, -1):
        at = now - timedelta(days=day)
        drafts = [Draft(id=uuid7(), kind=kind, taken_at=at + timedelta(minutes=place), unit=unit, source=Source.SIMULATED,
                        value=Decimal(str(round(chance.gauss(usual, spread), 1))))
                  for place, (kind, unit, usual, spread) in enumerate(_KINDS)]  # fmt: skip
        pressure = {"systolic": Decimal(round(chance.gauss(128, 6))), "diastolic": Decimal(78)}
        drafts.append(Draft(id=uuid7(), kind="blood_pressure", taken_at=at, parts=pressure, unit="mm[Hg]", source=Source.SIMULATED))
        intake.take(picture, UUID(int=1), drafts, at + timedelta(hours=1), uuid7)
        intake.trim(picture, at + timedelta(hours=1))
    return pack(picture)


def dedupe_us() -> float:
    """Microseconds that finding out that a reading is here already takes, beside what every reading takes to be believed (DQ-6)."""
    picture = unpack(somebody())
    now = clock.now()
    ones = [Draft(id=uuid7(), kind="heart_rate", taken_at=now - timedelta(hours=one), value=Decimal(70), unit="/min", source=Source.SIMULATED)
            for one in range(8)]  # fmt: skip
    intake.take(picture, UUID(int=1), ones, now, uuid7)
    again = ones * 500
    began = clock.cpu()
    for one in again:
        intake.take(picture, UUID(int=1), [one], now, uuid7)
    found = clock.cpu()
    for one in again:
        quality.check(one, recent={}, now=now)
    believed = clock.cpu()
    return max((found - began) - (believed - found), 0.0) / len(again) * 1e6


def main() -> None:
    """Print the bytes of one, how many are held, and the megabytes that all of them added."""
    one = somebody()
    flusher = Pictures()
    before = resident_mb()
    for place in range(PEOPLE):
        picture = unpack(one)
        # As after a reading: two kinds were looked at, one was changed.
        picture.readings.to_change(102)
        len(picture.readings[103])
        flusher.put(UUID(int=place), picture)
    sys.stdout.write(f"{len(one)} {len(flusher)} {resident_mb() - before:.1f}\n")


if __name__ == "__main__":
    main()
