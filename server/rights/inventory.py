"""What data is held, of which class, and for how long (PRV-6): `inventory.txt` names each column; a test compares it with the schema."""

from pathlib import Path
from typing import Final

import msgspec

CLASSES: Final = {
    "key": "ids, which mean nothing alone", "identifying": "who somebody is", "contact": "how to reach somebody",
    "health": "about health and care", "text": "what people wrote", "sharing": "who may see what", "access": "who did what",
    "secret": "hashes and keys that let somebody in", "security": "about signing in", "group": "of a peer group, under a handle",
    "service": "about the service, not about patients",
}  # fmt: skip
KEPT: Final = {
    "record": "with the health record: eight years after the last contact, unless the organisation's schedule says otherwise",
    "audit": "as long as the record that it is about, never shorter",
    "sign-in": "until it is over; ended ones by the worker's duty `retention`",
    "group": "until the group closes; what was posted until its writer leaves, kept sealed where a case needs it",
    "service": "as long as the service runs",
}  # fmt: skip
_FILE: Final = Path(__file__).with_name("inventory.txt")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table: how long it is kept, and the class of each column."""

    kept: str
    columns: dict[str, str]


def tables() -> dict[str, Table]:
    """The inventory as it was written. Raises ValueError for a class or a rule that is not known, or a column named twice."""
    found: dict[str, Table] = {}
    name = ""
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if " = " in line:
            name, _, kept = line.partition(" = ")
            if kept not in KEPT or name in found:
                raise ValueError(line)
            found[name] = Table(kept=kept, columns={})
            continue
        known, _, columns = line.strip().partition(": ")
        for column in columns.split():
            if known not in CLASSES or column in found[name].columns:
                raise ValueError(line)
            found[name].columns[column] = known
    return found
