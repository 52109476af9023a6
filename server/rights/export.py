"""Everything about a person in one file: JSON, a FHIR bundle and a page to print. Written to disk row by row, then sent (PRV-1)."""

import asyncio
import hashlib
import tempfile
import zipfile
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import IO, Final, cast
from uuid import UUID

import msgspec

from domain.errors import RateLimited
from server import clock
from server.app_state import Parts
from server.auth import store as auth_store
from server.consent.service import Asking
from server.db import Role
from server.desk import pictures
from server.desk.pages import person_view
from server.desk.service import page
from server.fhir import things
from server.fhir.out import observation
from server.fhir.record import READERS, tidy
from server.fhir.resources import encode
from server.rights.tables import OBSERVED, ROWS
from server.web.layout import Pages
from server.web.views import PatientView, PlanView

AN_HOUR: Final = 5
"""How many exports one person may make in an hour."""
_IN_MEMORY: Final = 4 * 1024 * 1024
_PIECE: Final = 64 * 1024
_AT_ONCE: Final = 1_000
_DAYS: Final = 365
_JSON: Final = msgspec.json.Encoder()


class PrintView(msgspec.Struct, frozen=True, kw_only=True):
    """The page to print, and how much the machine's form holds of each table."""

    person: PatientView
    counts: dict[str, int]
    as_of: datetime


async def made(ask: Asking, parts: Parts) -> IO[bytes]:
    """The file, from its beginning. Raises RateLimited after a few in an hour."""
    patient = ask.must_be_patient()
    now = clock.now()
    account = hashlib.sha256(f"export:{patient}".encode()).digest()
    async with parts.database.begin_as(Role.AUTH) as tx:
        if await auth_store.COUNT_TRY.one(tx, account, now, AN_HOUR) is None:
            raise RateLimited("", retry_after_s=3600)
    await ask.reads.record(ask.actor, patient, "export", ask.request_id)
    # On disk as soon as it is long: a record of years never stands in memory (INV-20).
    out = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - whoever sends it closes it
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            counts = await _rows(ask, file, patient, now)
            await _bundle(ask, parts, file, patient)
            await _page(ask, parts, file, patient, counts)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


async def _put(into: IO[bytes], pieces: list[bytes]) -> None:
    """Compressing is work: beside the loop, so that nobody else waits for it."""
    await asyncio.to_thread(into.write, b"".join(pieces))
    pieces.clear()


async def _rows(ask: Asking, file: zipfile.ZipFile, patient: UUID, now: datetime) -> dict[str, int]:
    counts: dict[str, int] = {}
    with file.open("record.json", "w", force_zip64=True) as into:
        pieces = [b'{"madeAt":' + _JSON.encode(now)]
        for name, query in ROWS.items():
            pieces.append(f',\n"{name}":['.encode())
            counts[name] = 0
            async with ask.database.begin(ask.actor, one=patient) as tx:
                async for row in query.stream(tx, patient):
                    pieces.append((b",\n" if counts[name] else b"\n") + row.line.encode())
                    counts[name] += 1
                    if len(pieces) >= _AT_ONCE:
                        await _put(into, pieces)
            pieces.append(b"]")
        pieces.append(b"}\n")
        await _put(into, pieces)
    return counts


async def _bundle(ask: Asking, parts: Parts, file: zipfile.ZipFile, patient: UUID) -> None:
    with file.open("fhir-bundle.json", "w", force_zip64=True) as into:
        pieces = [b'{"resourceType":"Bundle","type":"collection","entry":[\n']
        person = await things.patient(parts, ask.actor, patient, ask.request_id)
        pieces.append(b'{"resource":' + encode(person) + b"}")
        for reader, scope, _ in READERS.values():
            if scope in ask.actor.scopes:
                async with ask.database.begin(ask.actor, one=patient) as tx:
                    pieces += [b',\n{"resource":' + _JSON.encode(tidy(one)) + b"}" for one in await reader(tx, patient)]
        async with ask.database.begin(ask.actor, one=patient) as tx:
            async for row in OBSERVED.stream(tx, patient):
                pieces.append(b',\n{"resource":' + encode(observation(patient, row)) + b"}")
                if len(pieces) >= _AT_ONCE:
                    await _put(into, pieces)
        await _put(into, [*pieces, b"\n]}\n"])


async def _page(ask: Asking, parts: Parts, file: zipfile.ZipFile, patient: UUID, counts: dict[str, int]) -> None:
    found = await page(ask.database, ask.reads, ask.actor, patient, ask.request_id, pictures.KINDS, _DAYS)
    pages: Pages = parts.extras["pages"]
    person = person_view(found, ask.actor, PlanView())
    text = pages.alone("steady/export.html", PrintView(person=person, counts=counts, as_of=person.as_of), person.as_of)
    with file.open("record.html", "w") as into:
        await _put(into, [text.encode()])


async def sent(file: IO[bytes]) -> AsyncGenerator[bytes]:
    """The file piece by piece; gone from the disk when it is sent, or the asker has left."""
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()
