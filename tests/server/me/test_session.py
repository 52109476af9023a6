"""A patient in a browser: a one-time code, a cookie of her own kind, ended when idle, never anybody else's (TOK-5, TOK-7 to TOK-10)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient

from server import clock
from server.auth.service import Auth
from tests.clinic import Clinic
from tests.server.me.conftest import code_for, own_session
from tests.server.web.conftest import session


def auth_of(clinic: Clinic) -> Auth:
    found: Auth = clinic.parts.extras["auth"]
    return found


async def csrf(client: AsyncClient, headers: dict[str, str]) -> str:
    page = await client.get("/me", headers=headers)
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


async def test_tok_7_the_cookie_is_strict_and_the_page_has_a_policy(client: AsyncClient, clinic: Clinic) -> None:
    answer = await client.post("/me/sign-in", data={"code": await code_for(clinic)})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-me=")
    assert all(part in cookie for part in ("Path=/", "Secure", "HttpOnly", "SameSite=Strict"))
    page = await client.get("/me", headers={"cookie": cookie.split(";", 1)[0], "accept": "text/html"})
    assert page.status_code == 200
    assert "Hello, Agnes" in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_tok_9_10_a_code_counts_once_and_every_refusal_looks_the_same(client: AsyncClient, clinic: Clinic) -> None:
    code = await code_for(clinic)
    assert (await client.get(f"/me/sign-in?code={code}")).text.count(code) == 1  # shown, not used up
    assert (await client.post("/me/sign-in", data={"code": code})).status_code == 303
    used = await client.post("/me/sign-in", data={"code": code})
    absent = await client.post("/me/sign-in", data={"code": "000000000000"})
    odd = await client.post("/me/sign-in", data={"code": "x' or 1=1 --"})
    bare = [re.sub(r"nonce-?=?\"?[\w-]+", "", one.text) for one in (used, absent, odd)]
    assert {one.status_code for one in (used, absent, odd)} == {401}
    assert len(set(bare)) == 1


async def test_tok_9_guesses_at_one_code_are_counted(client: AsyncClient, clinic: Clinic) -> None:
    code = await code_for(clinic)
    for n in range(1, 6):
        wrong = f"{code[:6]}{(int(code[6:]) + n) % 10**6:06}"
        assert (await client.post("/me/sign-in", data={"code": wrong})).status_code == 401
    assert (await client.post("/me/sign-in", data={"code": code})).status_code == 401


async def test_acc_3_no_session_opens_the_other_kinds_pages(client: AsyncClient, clinic: Clinic) -> None:
    mine = await own_session(client, clinic)
    value = mine["cookie"].split("=", 1)[1]
    staff = await session(client, clinic)
    theirs = staff["cookie"].split("=", 1)[1]
    # Each cookie at its own door, and under the other's name: known nowhere but where it was given.
    for cookie in (f"__Host-me={value}", f"__Host-session={value}"):
        for path in ("/", "/messages", f"/patients/{clinic.patient}", "/v1/me", "/v1/me/readings", "/v1/episodes"):
            answer = await client.get(path, headers={"cookie": cookie})
            assert answer.status_code == 401, (cookie[:12], path)
    for cookie in (f"__Host-session={theirs}", f"__Host-me={theirs}"):
        answer = await client.get("/me", headers={"cookie": cookie})
        assert answer.status_code == 401
    both = f"{mine['cookie']}; {staff['cookie']}"
    assert "Hello, Agnes" in (await client.get("/me", headers={"cookie": both})).text
    assert (await client.get("/v1/me", headers={"cookie": both})).json()["kind"] == "staff"
    # A token is not asked for here: staff with one find no such page.
    assert (await client.get("/me", headers=clinic.token("nurse"))).status_code == 404
    assert (await client.get("/me", headers={"cookie": f"{mine['cookie']}; {mine['cookie']}"})).status_code == 401


async def test_tok_7_what_changes_something_needs_the_pages_own_token(client: AsyncClient, clinic: Clinic) -> None:
    mine = await own_session(client, clinic)
    assert (await client.post("/me/sign-out", headers=mine, data={})).status_code == 403
    assert (await client.post("/me/sign-out", headers=mine, data={"csrf": "guess"})).status_code == 403
    other = await own_session(client, clinic, "stranger")
    assert (await client.post("/me/sign-out", headers=mine, data={"csrf": await csrf(client, other)})).status_code == 403
    answer = await client.post("/me/sign-out", headers=mine, data={"csrf": await csrf(client, mine)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me/sign-in")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    after = await client.get("/me", headers=mine)
    assert (after.status_code, after.headers["location"]) == (303, "/me/sign-in")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_tok_7_nobody_is_signed_in_from_another_site(client: AsyncClient, clinic: Clinic, site: str) -> None:
    code = await code_for(clinic)
    assert (await client.post("/me/sign-in", data={"code": code}, headers={"sec-fetch-site": site})).status_code == 401
    assert (await client.post("/me/sign-in", data={"code": code}, headers={"sec-fetch-site": "same-origin"})).status_code == 303


@pytest.mark.parametrize("gone", [timedelta(minutes=16), timedelta(hours=5)])
async def test_tok_8_an_idle_session_ends(client: AsyncClient, clinic: Clinic, monkeypatch: pytest.MonkeyPatch, gone: timedelta) -> None:
    mine = await own_session(client, clinic)
    assert (await client.get("/me", headers=mine)).status_code == 200
    later = datetime.now(UTC) + gone
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert (await client.get("/me", headers=mine)).status_code == 303


async def test_tok_5_a_revoked_person_is_out_at_once(client: AsyncClient, clinic: Clinic) -> None:
    mine = await own_session(client, clinic)
    assert (await client.get("/me", headers=mine)).status_code == 200
    await auth_of(clinic).revoke(clinic.patient)
    assert (await client.get("/me", headers=mine)).status_code == 303


async def test_tok_5_nothing_is_shown_while_revocations_cannot_be_checked(
    client: AsyncClient, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await own_session(client, clinic)
    with monkeypatch.context() as patch:
        patch.setattr(type(auth_of(clinic).revocations), "is_fresh", property(lambda _: False))
        assert (await client.get("/me", headers=mine)).status_code == 403
