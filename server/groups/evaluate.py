"""`steady evaluate crisis`: what the detector misses and what it holds for nothing, on the fixed corpus (F75)."""

import hashlib
import sys
from pathlib import Path
from typing import Final

import msgspec

from domain.groups import crisis

CORPUS: Final = Path(__file__).parent / "crisis_corpus.txt"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the corpus: how many need somebody and which of them were missed, how many are ordinary and which were held."""

    name: str
    crisis: int
    missed: tuple[str, ...]
    ordinary: int
    held: tuple[str, ...]


def is_held_out(text: str) -> bool:
    """Whether the phrases were never tuned on it: every second one, by the hash of its words."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def lines() -> list[tuple[str, str]]:
    """The corpus: c needs somebody at once, o is ordinary, r was found by trying to break it and is never held out."""
    text = CORPUS.read_text(encoding="utf-8")
    found = [line.split("\t", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(kind, words) for kind, words in found]


def measured() -> tuple[Part, ...]:
    """The held-out half, the half that the phrases were tuned on, and what was put right since."""
    every = lines()

    def part(name: str, kind: str, *, held_out: bool | None) -> Part:
        some = [(one, text) for one, text in every if held_out is None or is_held_out(text) is held_out]
        needs = [text for one, text in some if one == kind]
        ordinary = [text for one, text in some if one == "o"] if held_out is not None else []
        return Part(
            name=name, crisis=len(needs), missed=tuple(text for text in needs if crisis.look(text) is None), ordinary=len(ordinary),
            held=tuple(text for text in ordinary if crisis.look(text) is not None),
        )  # fmt: skip

    return (part("held out", "c", held_out=True), part("tuned on", "c", held_out=False), part("put right since", "r", held_out=None))


def main(*, as_json: bool = False) -> int:
    """Print it; 1 when anything that needs somebody is missed."""
    found = measured()
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        for one in found:
            sys.stdout.write(f"{one.name}: {len(one.missed)} of {one.crisis} missed; {len(one.held)} of {one.ordinary} ordinary ones held\n")
            sys.stdout.writelines(f"  missed: {text}\n" for text in one.missed)
            sys.stdout.writelines(f"  held: {text}\n" for text in one.held)
        sys.stdout.write("One author wrote the phrases and the corpus: have people who have been there add to both (decision 122).\n")
    return 1 if any(one.missed for one in found) else 0
