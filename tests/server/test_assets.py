"""The asset step: once, quick when nothing changed, and its lock names no host."""

import time
from pathlib import Path

from server import assets


def test_ops_1_a_second_build_has_nothing_to_do() -> None:
    first = assets.build()
    began = time.monotonic()
    assert assets.build() == first
    assert time.monotonic() - began < 1
    assert all((first / name).is_file() for name in assets.manifest().files.values())


def test_ops_1_the_lock_names_no_host() -> None:
    lock = (assets.SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "://" not in "".join(line for line in lock.splitlines() if '"url"' not in line)
    assert "integrity" in lock


def test_ops_1_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    assert assets.manifest(tmp_path).files == {}
