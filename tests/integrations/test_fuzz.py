"""Every decoder over whatever comes: drafts or a refusal, never anything else. `poe fuzz` runs 100,000 cases of each."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.manifest import Delivery, Parsed, Unreadable
from integrations.registry import manifests

CASES = int(os.environ.get("STEADY_FUZZ_CASES", "30"))
HERE = Path(__file__).parent
SEEDS = {name: [path.read_bytes() for path in sorted((HERE / name / "cases").glob("*.in.*"))] for name in manifests()}


def mutated(seed: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """A document with pieces taken out, doubled or put in."""
    found = bytearray(seed)
    for at, length, new in cuts:
        place = at % (len(found) + 1)
        found[place : place + length] = new
    return bytes(found)


PIECES = st.sampled_from([
    b"", b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"1e999999", b"-0", b"NaN", b"\x00", b"\xff", b"\r", b"|", b"^", b"~", b"\\",
    b"2026-02-30", b"9" * 30, b"true", b"\xc3\x28",
]) | st.binary(max_size=6)  # fmt: skip
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
CUTS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 20), PIECES), max_size=6)


@pytest.mark.parametrize("name", sorted(manifests()))
def test_inp_4_whatever_comes_is_drafts_or_a_refusal(name: str) -> None:
    adapter = manifests()[name].adapter

    @settings(max_examples=CASES, deadline=None, suppress_health_check=SLOW, database=None)
    @given(st.sampled_from(SEEDS[name]), CUTS, st.binary(max_size=60))
    def run(seed: bytes, cuts: list[tuple[int, int, bytes]], raw: bytes) -> None:
        for body in (mutated(seed, cuts), raw):
            adapter.recognises(body)
            try:
                found = adapter.parse(Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p"))
            except Unreadable:
                continue
            assert isinstance(found, Parsed)

    run()
