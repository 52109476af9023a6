"""The cache of pictures: three tiers that give back the same, bounded whatever comes (INV-20)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from uuid_utils.compat import uuid7

from domain import intake
from domain.detection.picture import Picture, pack
from domain.people.patient import Profile
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Draft
from server.ingest import Pictures

WEIGHT = BY_NAME["body_weight"].no
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def picture(kg: int) -> Picture:
    profile = Profile(birth_on=date(1950, 1, 1), conditions=frozenset({"heart_failure"}))
    one = Picture(version=kg, since=NOW - timedelta(days=60), profile=profile)
    drafts = [
        Draft(id=uuid7(), kind="body_weight", taken_at=NOW - timedelta(days=day), value=Decimal(kg), unit="kg")
        for day in range(20, 0, -1)
    ]
    intake.take(one, UUID(int=kg), drafts, NOW, uuid7)
    return one


def test_a_picture_is_the_same_from_whichever_tier_it_comes() -> None:
    cache = Pictures(most_bytes=100_000, hot=30_000)
    assert 40 * len(pack(picture(60))) > 35_000  # more than the first tier holds
    for kg in range(60, 100):
        cache.put(UUID(int=kg), picture(kg))
    assert len(cache) == 40
    for kg in range(60, 100):
        found = cache.get(UUID(int=kg))
        assert found is not None
        assert (found.version, [one.value for one in found.readings[WEIGHT]]) == (kg, [Decimal(kg)] * 20)


def test_inv_20_what_is_used_least_is_forgotten_and_what_is_forgotten_is_not_there() -> None:
    cache = Pictures(most_bytes=12_000, hot=15_000)
    for kg in range(60, 120):
        cache.put(UUID(int=kg), picture(kg))
    assert cache.get(UUID(int=60)) is None
    assert 3 < len(cache) < 60
    newest = cache.get(UUID(int=119))
    assert newest is not None
    assert newest.version == 119
    for kg in range(60, 120):
        cache.forget(UUID(int=kg))
    assert len(cache) == 0
    cache.put(UUID(int=60), picture(60))
    cache.put(UUID(int=61), picture(61))
    cache.put(UUID(int=60), picture(62))
    again = cache.get(UUID(int=60))
    assert again is not None
    assert again.version == 62
