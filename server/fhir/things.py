"""Patient and Device as FHIR speaks of them."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from domain.actor import Actor, ActorKind, Scope
from integrations.fhir.codes import NHS_NUMBER
from integrations.fhir.observation import Who
from server.app_state import Parts
from server.db import Tx
from server.fhir import store
from server.fhir.outcome import refused
from server.fhir.parameters import one_of, patient_id
from server.fhir.resources import Bundle, Coding, Concept, Entry, Identifier, Meta, Part, Reference, Search
from server.people import store as people

VENDOR: Final = "urn:steady:vendor:"


class HumanName(Part, frozen=True, kw_only=True):
    """What somebody is called."""

    use: str
    family: str
    given: tuple[str, ...]


class Communication(Part, frozen=True, kw_only=True):
    """A language somebody speaks."""

    language: Concept
    preferred: bool


class Patient(Part, frozen=True, kw_only=True):
    """The person whose record it is."""

    resource_type: str = msgspec.field(default_factory=lambda: "Patient")
    id: str
    meta: Meta
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    name: tuple[HumanName, ...]
    birth_date: str
    communication: tuple[Communication, ...] = ()


class DeviceName(Part, frozen=True, kw_only=True):
    """What a device is called."""

    name: str
    type: str


class Device(Part, frozen=True, kw_only=True):
    """A thing that measures."""

    resource_type: str = msgspec.field(default_factory=lambda: "Device")
    id: str
    identifier: tuple[Identifier, ...] = ()
    status: str
    manufacturer: str = ""
    serial_number: str = ""
    device_name: tuple[DeviceName, ...] = ()
    patient: Reference | None = None


async def patient_in(tx: Tx, one: UUID) -> Patient | None:
    """A patient as the asker of a transaction may see them."""
    row = await people.PATIENT.one(tx, one)
    if row is None:
        return None
    numbers = () if row.nhs_number is None else (Identifier(system=NHS_NUMBER, value=row.nhs_number),)
    language = Concept(coding=(Coding(system="urn:ietf:bcp:47", code=row.language),))
    return Patient(
        id=str(one), meta=Meta(version_id=str(row.version)), identifier=numbers, active=True,
        name=(HumanName(use="official", family=row.family_name, given=tuple(row.given_name.split())),),
        birth_date=row.birth_on.isoformat(), communication=(Communication(language=language, preferred=True),),
    )  # fmt: skip


async def patient(parts: Parts, actor: Actor, one: UUID, request_id: UUID) -> Patient | None:
    """A patient who shares with the asker, or the asker; None for anybody else."""
    actor.must(Scope.READINGS_READ)
    async with parts.database.begin(actor) as tx:
        found = await patient_in(tx, one)
    if found is not None:
        await parts.reads.record(actor, one, "patient", request_id)
    return found


def device(row: store.DeviceRow, patient: UUID | None = None) -> Device:
    """A device."""
    return Device(
        id=str(row.device_no), identifier=(Identifier(system=f"{VENDOR}{row.vendor}", value=row.serial),), status="active",
        manufacturer=row.vendor, serial_number=row.serial,
        device_name=(DeviceName(name=row.model, type="model-name"),) if row.model else (),
        patient=None if patient is None else Reference(reference=f"Patient/{patient}"),
    )  # fmt: skip


async def patients(parts: Parts, actor: Actor, query: Mapping[str, Sequence[str]], base: str, request_id: UUID) -> Bundle:
    """Patients by id or NHS number, as far as the asker may see them; a patient without either finds herself."""
    actor.must(Scope.READINGS_READ)
    number, one = one_of(query, "identifier"), one_of(query, "_id")
    wanted: UUID | None = actor.id if actor.kind is ActorKind.PATIENT and number is None and one is None else None
    if number is not None:
        system, _, value = number.rpartition("|")
        async with parts.database.begin(actor) as tx:
            row = await store.BY_NUMBER.one(tx, value) if system in {"", NHS_NUMBER} else None
        wanted = None if row is None else row.patient_id
    elif one is not None:
        wanted = patient_id(one, base)
    elif wanted is None:
        raise refused(400, "required", "Whose: identifier or _id.", "", "identifier")
    found = None if wanted is None else await patient(parts, actor, wanted, request_id)
    entries = () if found is None else (Entry(full_url=f"{base}/Patient/{found.id}", resource=found, search=Search(mode="match")),)
    return Bundle(type="searchset", total=len(entries), entry=entries)


async def devices(parts: Parts, actor: Actor, query: Mapping[str, Sequence[str]], base: str, request_id: UUID) -> Bundle:
    """Devices of a patient, or by their serial number, as far as the asker may know whose they are."""
    actor.must(Scope.READINGS_READ)
    whose, name = one_of(query, "patient"), one_of(query, "identifier")
    patient: UUID | None = None
    async with parts.database.begin(actor) as tx:
        if name is not None:
            system, _, serial = name.rpartition("|")
            rows = await store.DEVICES_NAMED.all(tx, serial, system.removeprefix(VENDOR) if system else None)
        elif whose is not None or actor.kind is ActorKind.PATIENT:
            patient = actor.id if whose is None else patient_id(whose, base)
            rows = await store.DEVICES_OF.all(tx, patient)
        else:
            raise refused(400, "required", "Whose: patient, or identifier.", "", "patient")
    if patient is not None:
        await parts.reads.record(actor, patient, "devices", request_id)
    found = [device(row, patient) for row in rows]
    entries = tuple(Entry(full_url=f"{base}/Device/{one.id}", resource=one, search=Search(mode="match")) for one in found)
    return Bundle(type="searchset", total=len(entries), entry=entries)


async def one_device(parts: Parts, actor: Actor, number: int) -> Device | None:
    """A device that the asker may know of."""
    actor.must(Scope.READINGS_READ)
    async with parts.database.begin(actor) as tx:
        row = await store.KNOWN_DEVICE.one(tx, number)
    return None if row is None else device(row)


async def known(parts: Parts, actor: Actor, who: Who, kind: str) -> str | None:
    """The logical id of a person or device that a bundle carries, where it is registered and the asker may know it."""
    async with parts.database.begin(actor) as tx:
        if kind == "Patient":
            row = await store.BY_NUMBER.one(tx, who.value) if who.system == NHS_NUMBER else None
            return None if row is None else str(row.patient_id)
        found = await store.DEVICES_NAMED.all(tx, who.value, None)
    return str(found[0].device_no) if len(found) == 1 else None
