"""`steady vendors`: a vendor's client, its public keys, and whose its devices are; an operator's own command."""

import asyncio
import base64
import hashlib
import secrets as randomness
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from integrations.manifest import Secrets, Tokens
from integrations.registry import manifests
from server import clock
from server.auth.assertions import WrongKey
from server.auth.service import Auth
from server.db import BUSY, ConflictError, Database, PostgresError, Role
from server.hooks import admin as doors
from server.hooks import store as hooks
from server.importing import CannotImport, whose
from server.keys import ALGORITHM, make_vendor_key
from server.outgoing import NotCalled, Outgoing
from server.parts import unstarted
from server.people import admin
from server.sealed import Seal
from server.settings import Settings
from server.sql import Query
from server.systems import jobs as tellings
from server.systems import store as systems

_USUAL: Final = {"P-384": "ES384", "P-256": "ES256", "Ed25519": "EdDSA"}
_THUMB: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
T = TypeVar("T")


class CannotDo(Exception):
    """It cannot be done; the text is one line that says what to do."""


class ClientRow(msgspec.Struct):
    """One client of a vendor, with its keys in force."""

    client_id: UUID
    org_id: UUID
    name: str
    vendor: str
    kids: list[str]
    devices: int
    ended: bool


LIST: Final = Query(
    ClientRow,
    """
    select c.client_id, c.org_id, c.name, c.vendor,
           array(select k.kid || ' (' || k.algorithm || ')' from client_key k where k.client_id = c.client_id and k.ended_at is null
                  order by k.added_at) as kids,
           (select count(*)::integer from device d where d.vendor = c.vendor) as devices,
           p.ended_at is not null as ended
      from vendor_client c join principal p on p.principal_id = c.client_id
     order by c.vendor, c.client_id
    """,
)


def _run(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    if settings.database is None:
        raise CannotDo("There is no database: set STEADY_DATABASE_HOST.")

    async def go() -> T:
        assert settings.database is not None  # noqa: S101 - looked at above
        database = Database(settings.database)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(go())
    except WrongKey as error:
        raise CannotDo(str(error)) from error
    except CannotImport as error:
        raise CannotDo(str(error).replace("--patient is", "The patient is")) from error
    except ConflictError as error:
        raise CannotDo("That is registered already.") from error
    except (*BUSY, PostgresError, OSError) as error:
        raise CannotDo(f"The database cannot do it ({type(error).__name__}); see steady doctor.") from error


def _told(what: Callable[[], str]) -> int:
    try:
        sys.stdout.write(what() + "\n")
    except CannotDo as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def public_jwk(file: Path) -> tuple[str, str, dict[str, Any]]:
    """kid, algorithm and key of a public key file: a JWK as JSON, or PEM. Raises CannotDo."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CannotDo(f"{file} cannot be read ({error.strerror}).") from error
    if b"PRIVATE KEY" in raw:
        raise CannotDo(f"{file} is a private key: give the public one, and keep this where only its owner can read it.")
    try:
        jwk: dict[str, Any] = _of_pem(raw) if raw.lstrip().startswith(b"-----") else msgspec.json.decode(raw, type=dict[str, Any])
        algorithm = jwk.get("alg") or ("RS384" if jwk.get("kty") == "RSA" else _USUAL[jwk["crv"]])
        names = _THUMB[jwk["kty"]]
        thumb = msgspec.json.encode({name: jwk[name] for name in names})
    except (ValueError, KeyError, TypeError, msgspec.DecodeError) as error:
        raise CannotDo(f"{file} is no public key: a JWK, or PEM.") from error
    kid = jwk.get("kid") or base64.urlsafe_b64encode(hashlib.sha256(thumb).digest()).rstrip(b"=").decode()
    kept = {name: value for name, value in jwk.items() if name in {*names, "d"}}
    return str(kid), str(algorithm), kept


def _of_pem(raw: bytes) -> dict[str, Any]:
    key = load_pem_public_key(raw)
    if isinstance(key, EllipticCurvePublicKey):
        return dict(ECAlgorithm.to_jwk(key, as_dict=True))
    if isinstance(key, RSAPublicKey):
        return dict(RSAAlgorithm.to_jwk(key, as_dict=True))
    if isinstance(key, Ed25519PublicKey):
        return dict(OKPAlgorithm.to_jwk(key, as_dict=True))
    raise ValueError


def add(settings: Settings, vendor: str, name: str | None, key: Path | None, make_key: Path | None) -> int:
    """Register a client of a vendor with its public key; or make a key pair, whose private half goes into a file."""

    async def work(database: Database) -> str:
        if (key is None) == (make_key is None):
            raise CannotDo("Give --key FILE with the vendor's public key, or --make-key FILE to make a pair here.")
        if make_key is not None:
            made = make_vendor_key(make_key)
            kid, algorithm, jwk = made.kid, ALGORITHM, dict(made.jwk)
        else:
            assert key is not None  # noqa: S101 - looked at above
            kid, algorithm, jwk = public_jwk(key)
        async with database.begin_as(Role.OWNER) as tx:
            org = await admin.add_organisation(tx, name or vendor, "vendor")
            client = await admin.add_client(tx, org, name or vendor, vendor)
            await admin.add_client_key(tx, client, kid, algorithm, jwk)
        auth: Auth = unstarted(settings).extras["auth"]
        return f"client_id  {client}\nkid        {kid}\nalgorithm  {algorithm}\ntoken      {auth.token_url}"

    return _told(lambda: _run(settings, work))


def add_key(settings: Settings, client: str, key: Path) -> int:
    """Register one more public key of a client, so that the old one can be taken out of use."""
    async def work(database: Database) -> str:
        kid, algorithm, jwk = public_jwk(key)
        async with database.begin_as(Role.OWNER) as tx:
            await admin.add_client_key(tx, _id(client), kid, algorithm, jwk)
        return f"kid        {kid}\nalgorithm  {algorithm}"

    return _told(lambda: _run(settings, work))


def end(settings: Settings, client: str) -> int:
    """End a client: no new token, and those it holds count no longer."""

    async def work(database: Database) -> str:
        one = _id(client)
        async with database.begin_as(Role.OWNER) as tx:
            await admin.end_principal(tx, one)
        auth: Auth = unstarted(settings).extras["auth"]
        try:
            await auth.revoke(one)
        finally:
            await auth.database.close()
        return f"ended      {one}"

    return _told(lambda: _run(settings, work))


def assign(settings: Settings, vendor: str, serial: str, patient: str, *, model: str, since: datetime | None) -> int:
    """Say whose a vendor's device is from an instant on; what it measured before stays with whoever had it."""

    async def work(database: Database) -> str:
        person = await whose(database, patient)
        at = since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since or clock.now()
        async with database.begin_as(Role.OWNER) as tx:
            number = await admin.add_device(tx, vendor, model, serial)
            await admin.assign_device(tx, number, person.patient_id, at)
        return f"device     {number}\npatient    {person.patient_id}\nfrom       {at.isoformat()}"

    return _told(lambda: _run(settings, work))


def system(settings: Settings, client: str, url: str, name: str) -> int:
    """Register a client as a system that patients may choose: it is told at this address, signed with the secret printed once."""

    async def work(database: Database) -> str:
        try:
            Outgoing(loopback=settings.loopback_calls).check(url, {urlsplit(url).hostname or ""})
        except (NotCalled, ValueError) as error:
            raise CannotDo(f"URL is an https address without a name in it ({error}).") from error
        made = f"whsec_{base64.b64encode(randomness.token_bytes(32)).decode()}"
        sealed = Seal(settings.keys).seal(msgspec.json.encode(Secrets(signing=(made,))), tellings.sealed_as(_id(client)))
        async with database.begin_as(Role.OWNER) as tx:
            if all(row.client_id != _id(client) for row in await LIST.all(tx)):
                raise CannotDo("There is no such client: steady vendors lists them.")
            await systems.REGISTER.run(tx, _id(client), name, url, sealed)
        return f"system     {name}\nsecret     {made}"

    return _told(lambda: _run(settings, work))


def _read_json(file: Path, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=shape)
    except OSError as error:
        raise CannotDo(f"{file} cannot be read ({error.strerror}).") from error
    except msgspec.DecodeError as error:
        raise CannotDo(f"{file} is not as it must be: {error}") from error


def door(settings: Settings, client: str, form: str, secrets: Path | None, base: str) -> int:
    """Open an address for a client's machine; the address is printed once, and so is a signing secret that is made here."""

    async def work(database: Database) -> str:
        manifest = manifests().get(form)
        if manifest is None or (manifest.hook is None and manifest.api is None):
            known = sorted(name for name, one in manifests().items() if one.hook is not None or one.api is not None)
            raise CannotDo(f"--format is one of {', '.join(known)}.")
        made = "" if secrets is not None or manifest.api is not None else f"whsec_{base64.b64encode(randomness.token_bytes(32)).decode()}"
        given = Secrets(signing=(made,) if made else ()) if secrets is None else _read_json(secrets, Secrets)
        async with database.begin_as(Role.OWNER) as tx:
            row = next((one for one in await LIST.all(tx) if one.client_id == _id(client)), None)
            if row is None:
                raise CannotDo("There is no such client: steady vendors lists them.")
            seal = Seal(settings.keys)
            door_id, path = await doors.add_door(tx, seal, org=row.org_id, client=row.client_id, form=form, secrets=given, base=base)
        parts = unstarted(settings)
        lines = [f"door       {door_id}", f"address    {parts.extras['base']}/v1/hooks/{path}"]
        return "\n".join([*lines, *([f"secret     {made}"] if made else [])])

    return _told(lambda: _run(settings, work))


def account(settings: Settings, door_id: str, name: str, patient: str, *, tokens: Path | None, since: datetime | None) -> int:
    """Say whose an account at a vendor is, and with which tokens its readings are fetched."""

    async def work(database: Database) -> str:
        person = await whose(database, patient)
        given = Tokens(access="") if tokens is None else _read_json(tokens, Tokens)
        at = since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
        async with database.begin_as(Role.OWNER) as tx:
            row = await hooks.DOOR_BY_ID.one(tx, _id(door_id))
            if row is None:
                raise CannotDo("There is no such door.")
            await doors.add_account(tx, Seal(settings.keys), door=row.door_id, vendor=row.vendor, account=name, patient=person.patient_id,
                                    tokens=given, now=clock.now(), since=at)  # fmt: skip
        return f"account    {name}\npatient    {person.patient_id}"

    return _told(lambda: _run(settings, work))


def show(settings: Settings) -> int:
    """Every client, its keys and how many devices its vendor has."""

    async def work(database: Database) -> str:
        async with database.begin_as(Role.OWNER) as tx:
            rows = await LIST.all(tx)
        lines = [
            f"{row.vendor}  {row.client_id}  {'ended' if row.ended else ', '.join(row.kids) or 'no key'}  {row.devices} devices" for row in rows
        ]
        return "\n".join(lines) or "No vendor is registered: steady vendors add VENDOR --make-key FILE."

    return _told(lambda: _run(settings, work))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CannotDo("CLIENT is the client_id that was printed when it was added.") from error
