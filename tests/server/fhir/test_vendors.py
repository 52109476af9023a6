"""A vendor's engineer: the page as it is written, the commands, what became of each item, and proofs that do not hold."""

import asyncio
import contextlib
import io
import re
import zlib
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from httpx import AsyncClient
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from server import vendors
from server.app_state import Parts
from server.auth.assertions import CLAIMS, public_key
from server.auth.tokens import ASSERTION_MOST_S, Expected, Key, Refused, verify
from server.db import Database, Role
from server.settings import Settings
from tests.clinic import Clinic
from tests.samples.test_real_exports import sample
from tests.server.auth.test_sign_in import proof
from tests.server.fhir.test_door import JSON, bundled, vendor_of, weight

PAGE = Path(__file__).parent.parent.parent.parent / "deploy" / "docs" / "vendors.md"


async def test_the_page_is_true_as_it_is_written(served: tuple[str, Parts], there: Clinic, tmp_path: Path) -> None:
    private = tmp_path / "vendor.pem"
    private.write_bytes(there.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL))
    for old, new in (("http://127.0.0.1:8080", served[0]), ("client_id from above", str(there.vendor)), ("kid from above", there.kid),
                     ("vendor.pem", str(private)), ("SN-1001", there.serial)):  # fmt: skip
        assert old in code
        code = code.replace(old, new)
    printed = io.StringIO()

    def work() -> None:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102 - our own page, run as its reader would

    await asyncio.to_thread(work)
    assert f"201 {served[0]}/fhir/R4/Observation/" in printed.getvalue()
    assert "'status': 'stored'" in printed.getvalue()


async def test_a_sender_looks_up_what_became_of_each_item(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    body = bundled("batch", weight(clinic, "80.1"), weight(clinic, "8010"), weight(clinic, "80.1", status="cancelled"))
    answer = await client.post("/fhir/R4", content=body, headers=mine)
    place = answer.headers["receipt"]
    found = (await client.get(place, headers=mine)).json()
    assert [(one["status"], one.get("code"), one.get("pointer")) for one in found["items"]] == [
        ("stored", None, None), ("quarantined", "impossible", "Bundle.entry[1].resource.value.value"),
        ("rejected", "not_final", "Bundle.entry[2].resource.status"),
    ]  # fmt: skip
    assert found["items"][1]["state"] == "held"
    nurse = clinic.token("nurse")
    held = (await client.get("/v1/quarantine", headers=nurse)).json()["items"][0]
    discarded = await client.post(f"/v1/patients/{clinic.patient}/quarantine/{held['id']}/discard", json={"reason": "a typing error"},
                                  headers={**nurse, "if-match": '"1"'})  # fmt: skip
    assert discarded.status_code == 200, discarded.text
    assert (await client.get(place, headers=mine)).json()["items"][1]["state"] == "discarded"
    for who in ("nurse", "patient", "stranger"):
        assert (await client.get(place, headers=clinic.token(who))).status_code == 404


async def test_what_was_received_is_kept_as_it_came(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    body = weight(clinic, "80.1", status="cancelled")
    answer = await client.post("/fhir/R4/Observation", content=body, headers=mine)
    assert answer.status_code == 422
    async with database.begin_as(Role.OWNER) as tx:
        row = await tx.fetchrow("select body, format, mapper from receipt where principal = $1", clinic.vendor)
    assert row is not None
    assert (zlib.decompress(row[0]), row[1], row[2]) == (body, "fhir", 1)


async def test_a_scope_is_all_that_a_token_is_for(client: AsyncClient, clinic: Clinic) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    others = ("system/*.cruds", "system/Observation.write", "system/Patient.r", "patient/Observation.rs", "", "system/Observation.rs?code=1")
    for scope in others:
        answer = await client.post("/oauth/token", data={**form, "client_assertion": proof(clinic), "scope": scope})
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"}), scope
    only_read = {**await vendor_of(client, clinic, "system/Observation.rs"), **JSON}
    assert (await client.post("/fhir/R4/Observation", content=weight(clinic, "80.1"), headers=only_read)).status_code == 403
    assert (await client.get(f"/fhir/R4/Observation?patient={clinic.patient}", headers=only_read)).status_code == 200


@pytest.mark.samples
@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_the_published_assertions_are_refused_as_expired(algorithm: str) -> None:
    tokens: list[str] = msgspec.json.decode(sample("smart-auth/signed-jwts.json").read_bytes())["jwts"]
    token = next(one for one in tokens if jwt.get_unverified_header(one)["alg"] == algorithm)
    head = jwt.get_unverified_header(token)
    keys = [key for name in ("RS384", "ES384") for key in msgspec.json.decode(sample(f"smart-auth/{name}.public.json").read_bytes())["keys"]]
    key = next(one for one in keys if one["kid"] == head["kid"])
    claims = jwt.decode(token, options={"verify_signature": False})
    expected = Expected(kind=head["typ"], issuer=claims["iss"], audience=claims["aud"], required=CLAIMS, lives_at_most_s=ASSERTION_MOST_S,
                        may_name_jku=True)  # fmt: skip
    public = {name: value for name, value in key.items() if name in {"kty", "crv", "x", "y", "n", "e"}}
    known = Key(algorithm, public_key(public, algorithm), head.get("jku"))
    # At its own time it holds; today it does not, and for no other reason.
    assert verify(token, lambda _: known, expected, claims["exp"] - 60)["sub"] == claims["sub"]
    with pytest.raises(Refused) as refused:
        verify(token, lambda _: known, expected, 1_795_000_000)
    assert refused.value.reason == "exp"


def test_vendors_are_registered_by_one_command(settings: Settings, database: Database, clinic: Clinic, tmp_path: Path) -> None:
    assert database
    name = f"acme-{uuid7().hex}"
    told = steady(lambda: vendors.add(settings, name, None, None, tmp_path / "vendor.pem"))
    client = re.search(r"client_id +(\S+)", told)
    assert client is not None
    assert f"{settings.port}/oauth/token" in told
    assert (tmp_path / "vendor.pem").stat().st_mode & 0o077 == 0
    assert steady(lambda: vendors.assign(settings, name, "SN-1", str(clinic.patient), model="Scale", since=None)).startswith("device")
    assert name in steady(lambda: vendors.show(settings))
    assert "private key" in steady(lambda: vendors.add(settings, name, None, tmp_path / "vendor.pem", None), code=2)
    assert "ended" in steady(lambda: vendors.end(settings, client[1]))
    assert "ended" in next(line for line in steady(lambda: vendors.show(settings)).splitlines() if client[1] in line)
    assert "client_id" in steady(lambda: vendors.end(settings, "somebody"), code=2)
    assert "set STEADY_DATABASE_HOST" in steady(lambda: vendors.show(replace(settings, database=None)), code=2)


@pytest.mark.parametrize("sort", ["EC", "RSA", "OKP"])
def test_a_public_key_is_read_as_jwk_and_as_pem(tmp_path: Path, sort: str) -> None:
    key: Any = {
        "EC": lambda: ec.generate_private_key(ec.SECP384R1()), "RSA": lambda: rsa.generate_private_key(65537, 2048),
        "OKP": ed25519.Ed25519PrivateKey.generate,
    }[sort]()  # fmt: skip
    pem, jwk = tmp_path / "key.pem", tmp_path / "key.json"
    pem.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    kid, algorithm, found = vendors.public_jwk(pem)
    jwk.write_bytes(msgspec.json.encode(found))
    assert vendors.public_jwk(jwk) == (kid, algorithm, found)
    assert algorithm == {"EC": "ES384", "RSA": "RS384", "OKP": "EdDSA"}[sort]
    public_key(found, algorithm)
    jwk.write_bytes(b"{}")
    with pytest.raises(vendors.CannotDo):
        vendors.public_jwk(jwk)


def steady(act: Any, code: int = 0) -> str:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert act() == code, err.getvalue()
    return out.getvalue() + err.getvalue()


async def test_the_vendors_page_is_offered_from_the_docs(client: AsyncClient) -> None:
    page = await client.get("/docs/vendors")
    assert page.status_code == 200
    assert "a first reading in ten minutes" in page.text
    assert "<table>" in page.text
    assert "/docs/vendors" in (await client.get("/docs")).text
