"""`steady decode`: what an adapter makes of a file, without a database; or the fields of one Bluetooth characteristic value."""

import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.readings.quality import check
from domain.readings.reading import Draft, Quarantined, Rejected
from integrations.gatt.adapter import decode
from integrations.gatt.numbers import Wrong
from integrations.manifest import Delivery, Unreadable
from integrations.registry import manifests
from server import clock

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
NAMES: Final = {"omh": "open_mhealth", "clarity": "csv_glucose"}
"""Formats by the names that people use, where the folder has another."""


class DraftOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One draft as it would be judged: the value as it was sent."""

    id: UUID
    kind: str
    taken_at: datetime
    value: Decimal | None = None
    parts: dict[str, Decimal] | None = None
    code: str | None = None
    unit: str | None = None
    comparator: str | None = None
    context: Any = None
    manual: bool = False
    time_source: str
    corrects: UUID | None = None
    retracts: bool = False


class ProblemOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What gave no draft, or one that would be held. `row`: the line, entry or segment."""

    row: int | None = None
    id: UUID | None = None
    status: str
    code: str
    pointer: str = ""
    detail: str


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """All that is in a file."""

    drafts: list[DraftOut]
    problems: list[ProblemOut]


def formats() -> list[str]:
    """The formats that can be named."""
    aliases = {folder: name for name, folder in NAMES.items()}
    return sorted(aliases.get(name, name) for name in manifests())


def file(form: str, path: str) -> int:
    """Print the drafts and problems of a file (- is standard input); 0 all drafts, 1 some were not, 2 it could not be read."""
    manifest = manifests().get(NAMES.get(form, form))
    if manifest is None:
        sys.stderr.write(f"--format is one of {', '.join(formats())}.\n")
        return 2
    try:
        body = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        if not body.strip():
            sys.stderr.write("There is nothing in it.\n")
            return 2
        parsed = manifest.adapter.parse(Delivery(body=body, received_at=clock.now(), name=path))
    except OSError as error:
        sys.stderr.write(f"{path} cannot be read ({error.strerror}).\n")
        return 2
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    problems = [ProblemOut(row=one.row, status="rejected", code=one.code, pointer=one.pointer, detail=one.detail) for one in parsed.faults]
    drafts: list[DraftOut] = []
    for draft in parsed.drafts:
        doubt = None if draft.retracts else check(draft, recent={}, now=draft.taken_at)
        if isinstance(doubt, Quarantined | Rejected):
            status = "quarantined" if isinstance(doubt, Quarantined) else "rejected"
            problems.append(ProblemOut(id=draft.id, status=status, code=doubt.code, pointer=doubt.pointer, detail=doubt.detail))
        else:
            drafts.append(_shown(draft))
    _print(_ENCODER.encode(Decoded(drafts=drafts, problems=problems)))
    return 1 if problems else 0


def _shown(draft: Draft) -> DraftOut:
    return DraftOut(
        id=draft.id, kind=draft.kind, taken_at=draft.taken_at, value=draft.value, parts=draft.parts, code=draft.code, unit=draft.unit,
        comparator=draft.comparator, context=draft.context, manual=draft.manual, time_source=draft.time_source.name.lower(),
        corrects=draft.corrects, retracts=draft.retracts,
    )  # fmt: skip


def main(characteristic: str, octets: str) -> int:
    """Print the fields as JSON; 2 when it is no such value."""
    try:
        value = decode(characteristic, bytes.fromhex(octets.replace("-", "").replace(":", "")))
    except ValueError:
        sys.stderr.write("The octets are hexadecimal, two digits each.\n")
        return 2
    except Wrong as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _print(_ENCODER.encode(value))
    return 0


def _print(found: bytes) -> None:
    sys.stdout.write(msgspec.json.format(found).decode() + "\n")
