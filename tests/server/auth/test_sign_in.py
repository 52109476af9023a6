"""TOK controls: tokens, vendors' proofs, phones, staff, and what was revoked."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from httpx import AsyncClient, Response
from pyotp.totp import TOTP
from uuid_utils.compat import uuid7

from server.auth import keys
from server.auth.assertions import TYPE
from server.auth.service import Auth
from server.settings import Settings
from tests.clinic import PASSWORD, Clinic

URL = "http://test/oauth/token"


def auth_of(clinic: Clinic) -> Auth:
    found: Auth = clinic.parts.extras["auth"]
    return found


def proof(clinic: Clinic, *, algorithm: str = "ES384", kid: str = "", **claims: Any) -> str:
    now = int(time.time())
    found = {"iss": str(clinic.vendor), "sub": str(clinic.vendor), "aud": URL, "exp": now + 120, "jti": str(uuid7()), **claims}
    return jwt.encode(found, clinic.key, algorithm=algorithm, headers={"kid": kid or clinic.kid, "typ": "JWT"})


async def ask(client: AsyncClient, assertion: str) -> Response:
    return await client.post("/oauth/token", data={
        "grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": assertion, "scope": "system/Observation.c",
    })  # fmt: skip


async def test_tok_6_a_vendor_proves_its_key_once(client: AsyncClient, clinic: Clinic) -> None:
    assertion = proof(clinic)
    answer = await ask(client, assertion)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json()["access_token"]
    me = await client.get("/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (me.status_code, me.json()["kind"]) == (200, "vendor")
    again = await ask(client, assertion)
    assert (again.status_code, again.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://elsewhere/oauth/token"}, {"exp": int(time.time()) - 60}, {"exp": int(time.time()) + 3_600}, {"sub": str(uuid7())},
        {"iss": str(uuid7()), "sub": str(uuid7())}, {"jti": ""}, {"jti": 7}, {"exp": "soon"}, {"aud": [URL]},
    ],
)  # fmt: skip
async def test_tok_6_a_proof_that_does_not_hold_is_refused_without_a_reason(
    client: AsyncClient, clinic: Clinic, claims: dict[str, Any]
) -> None:
    answer = await ask(client, proof(clinic, **claims))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def tampered(token: str, **header: Any) -> str:
    head, rest = token.split(".", 1)
    found = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    found.update(header)
    return base64.urlsafe_b64encode(json.dumps(found).encode()).rstrip(b"=").decode() + "." + rest


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"kid": "other"}, {"kid": "../../etc/passwd"}, {"typ": "JWT"}, {"crit": ["exp"]}, {"jwk": {}},
     {"jku": "http://127.0.0.1/keys"}, {"x5u": "http://127.0.0.1"}],
)  # fmt: skip
async def test_tok_1_2_a_token_whose_header_is_unusual_is_no_token(client: AsyncClient, clinic: Clinic, header: dict[str, Any]) -> None:
    good = clinic.token("patient")["authorization"].removeprefix("Bearer ")
    assert (await client.get("/v1/me", headers={"authorization": f"Bearer {good}"})).status_code == 200
    answer = await client.get("/v1/me", headers={"authorization": f"Bearer {tampered(good, **header)}"})
    assert answer.status_code == 401


async def test_tok_3_keys_change_without_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("keys")
    ring = keys.ensure(folder)
    first = ring.current.kid
    names = keys.rotate(folder)
    assert ring.reload()
    assert ring.current.kid == names.current != first
    assert first in ring.verifying
    keys.rotate(folder)
    ring.reload()
    assert first not in ring.verifying
    assert {one["kid"] for one in ring.published()["keys"]} == set(ring.verifying)


async def pair(client: AsyncClient, clinic: Clinic) -> dict[str, Any]:
    made = await client.post("/v1/pairing-codes", json={"patient": str(clinic.patient)}, headers=clinic.token("nurse"))
    assert made.status_code == 201, made.text
    answer = await client.post("/v1/pairing", json={"code": made.json()["code"]})
    assert answer.status_code == 200, answer.text
    again = await client.post("/v1/pairing", json={"code": made.json()["code"]})
    assert again.status_code == 401
    return answer.json()


async def refresh(client: AsyncClient, token: str, client_id: str) -> Response:
    return await client.post("/oauth/token", data={"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id})


async def test_tok_4_a_phone_is_paired_once_and_its_token_turns_over(client: AsyncClient, clinic: Clinic) -> None:
    phone = await pair(client, clinic)
    assert phone["patient"] == str(clinic.patient)
    second = (await refresh(client, phone["refresh_token"], phone["client_id"])).json()
    # Its answer was lost on the way: the same use again within seconds gets the same token.
    assert (await refresh(client, phone["refresh_token"], phone["client_id"])).json()["refresh_token"] == second["refresh_token"]
    third = (await refresh(client, second["refresh_token"], phone["client_id"])).json()
    reused = await refresh(client, phone["refresh_token"], phone["client_id"])
    assert (reused.status_code, reused.json()) == (400, {"error": "invalid_grant"})
    assert (await refresh(client, third["refresh_token"], phone["client_id"])).status_code == 400


async def test_tok_9_a_pairing_code_is_for_people_who_share_and_guesses_are_counted(client: AsyncClient, clinic: Clinic) -> None:
    other = await client.post("/v1/pairing-codes", json={"patient": str(clinic.stranger)}, headers=clinic.token("nurse"))
    assert other.status_code == 404
    own = await client.post("/v1/pairing-codes", json={"patient": str(clinic.patient)}, headers=clinic.token("patient"))
    assert own.status_code == 404
    made = (await client.post("/v1/pairing-codes", json={"patient": str(clinic.patient)}, headers=clinic.token("nurse"))).json()["code"]
    code = made.replace(" ", "")
    wrong = code[:6] + f"{(int(code[6:]) + 1) % 10**6:06}"
    for _ in range(5):
        assert (await client.post("/v1/pairing", json={"code": wrong})).status_code == 401
    assert (await client.post("/v1/pairing", json={"code": code})).status_code == 401


async def test_tok_5_what_is_revoked_ends_at_once(client: AsyncClient, clinic: Clinic) -> None:
    phone = await pair(client, clinic)
    mine = {"authorization": f"Bearer {phone['access_token']}"}
    assert (await client.get("/v1/me", headers=mine)).status_code == 200
    await auth_of(clinic).revoke(clinic.patient)
    assert (await client.get("/v1/me", headers=mine)).status_code == 401
    assert (await refresh(client, phone["refresh_token"], phone["client_id"])).status_code == 400


async def test_tok_5_when_revocations_cannot_be_checked_readings_are_still_taken(
    client: AsyncClient, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    revocations = auth_of(clinic).revocations
    body = {"id": str(uuid7()), "kind": "heart_rate", "takenAt": "2026-11-20T07:00:00Z", "value": 70, "unit": "/min"}
    with monkeypatch.context() as patch:
        patch.setattr(type(revocations), "is_fresh", property(lambda _: False))
        assert (await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))).status_code == 201
        assert (await client.get("/v1/me/readings", headers=clinic.token("patient"))).status_code == 403
        assert (await client.get("/v1/episodes", headers=clinic.token("nurse"))).status_code == 503


async def test_tok_8_staff_need_both_factors_and_a_code_counts_once(clinic: Clinic) -> None:
    auth = auth_of(clinic)
    assert await auth.password(clinic.email, "wrong") is None
    assert await auth.password("nobody@example.org", PASSWORD) is None
    ticket = await auth.password(clinic.email.upper(), PASSWORD)
    assert ticket is not None
    assert await auth.code(ticket, "000000") is None
    assert await auth.code("not-a-ticket", "000000") is None
    code = TOTP(clinic.totp).now()
    assert await auth.code(ticket, code) is not None
    assert await auth.code(ticket, code) is None


async def test_tok_9_10_after_five_tries_an_account_waits_and_nobody_can_tell(clinic: Clinic) -> None:
    auth = auth_of(clinic)
    for _ in range(5):
        assert await auth.password(clinic.email, "wrong") is None
    assert await auth.password(clinic.email, PASSWORD) is None


async def test_who_am_i_and_what_is_published(client: AsyncClient, clinic: Clinic, settings: Settings) -> None:
    me = (await client.get("/v1/me", headers=clinic.token("nurse"))).json()
    assert (me["kind"], me["name"], me["role"]) == ("staff", "Sr Test", "nurse")
    assert (await client.get("/v1/me", headers=clinic.token("patient"))).json()["name"] == "Agnes Test"
    published = (await client.get("/.well-known/jwks.json")).json()["keys"]
    assert {"d"} & {name for one in published for name in one} == set()
    smart = (await client.get("/.well-known/smart-configuration")).json()
    assert smart["token_endpoint"] == URL
    assert settings.issuer.startswith("https://")
    for form in ({"grant_type": "password"}, {}, {"grant_type": "refresh_token"}):
        assert (await client.post("/oauth/token", data=form)).status_code == 400
