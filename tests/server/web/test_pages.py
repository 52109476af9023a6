"""What the pages answer: who may see what, what a button does, and that everything works without scripts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.assets import manifest
from server.problems import PAGES
from tests.clinic import Clinic
from tests.server.web.conftest import session


def reading(kind: str, at: datetime, value: float, unit: str) -> dict[str, Any]:
    return {"id": str(uuid7()), "kind": kind, "takenAt": at.isoformat(), "value": value, "unit": unit}


async def gain(client: AsyncClient, clinic: Clinic, kg: float = 82.6) -> None:
    """Make the patient's weight rise by more than the limit."""
    now = datetime.now(UTC)
    items = [reading("body_weight", now - timedelta(days=back), 80.0 + back % 2 * 0.2, "kg") for back in range(12, 1, -1)]
    items.append(reading("body_weight", now - timedelta(days=1), 81.3, "kg"))
    items.append(reading("body_weight", now, kg, "kg"))
    answer = await client.post("/v1/readings/batch", json={"items": items}, headers=clinic.token("patient"))
    assert {one["status"] for one in answer.json()["items"]} == {"stored"}, answer.text


def field(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found[1]


def action(text: str, what: str) -> str:
    found = re.search(rf'action="(/patients/[^"]+/{what})"', text)
    assert found is not None, what
    return found[1]


async def press(client: AsyncClient, page: Response, what: str, headers: dict[str, str], **more: str) -> Response:
    form = {"csrf": field(page.text, "csrf"), "version": field(page.text, "version"), **more}
    return await client.post(action(page.text, what), data=form, headers=headers)


async def test_tok_8_nobody_sees_a_page_before_sign_in(client: AsyncClient, clinic: Clinic) -> None:
    for path in ("/", f"/patients/{clinic.patient}"):
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sign-in"
    stream = await client.get("/events", headers={"accept": "text/html, text/event-stream"})
    assert stream.status_code == 401


async def test_tok_8_a_wrong_password_and_a_wrong_code_say_so_and_nothing_more(client: AsyncClient, clinic: Clinic) -> None:
    wrong = await client.post("/sign-in", data={"email": clinic.email, "password": "wrong"})
    unknown = await client.post("/sign-in", data={"email": "nobody@example.org", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert "not right" in wrong.text
    assert "not right" in unknown.text
    code = await client.post("/sign-in/code", data={"step": "x", "code": "123456"})
    assert code.status_code == 401
    assert "set-cookie" not in code.headers


async def test_al_1_take_and_close_with_an_outcome_by_plain_forms(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    mine = await session(client, clinic)
    queue = await client.get("/", headers=mine)
    assert queue.status_code == 200
    assert queue.headers["cache-control"] == "no-store"
    assert "script-src 'self' 'nonce-" in queue.headers["content-security-policy"]
    assert f'id="row-{clinic.patient}"' in queue.text
    assert "Weight up 2.6 kg" in queue.text
    assert "Soon" in queue.text
    assert "nobody yet" in queue.text
    assert "Boris" not in queue.text
    taken = await press(client, queue, "acknowledge", mine)
    assert taken.status_code == 303
    person = await client.get(taken.headers["location"], headers=mine)
    assert "yours" in person.text
    assert "Limits in force: gain in three days, more than 2 kg" in person.text
    assert "above usual" in person.text
    unsaid = await press(client, person, "close", mine, result="false_alarm")
    assert unsaid.status_code == 422
    assert "Say why no action was needed." in unsaid.text
    closed = await press(client, person, "close", mine, result="false_alarm", reason="measurement_error")
    assert closed.status_code == 303
    person = await client.get(closed.headers["location"], headers=mine)
    assert "Nothing is open." in person.text
    assert "Closed: false alarm" in person.text
    assert f"row-{clinic.patient}" not in (await client.get("/", headers=mine)).text


async def test_alp_5_a_second_nurse_hears_that_somebody_was_faster(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    mine = await session(client, clinic)
    before = await client.get(f"/patients/{clinic.patient}", headers=mine)
    assert (await press(client, before, "acknowledge", mine)).status_code == 303
    stale = await press(client, before, "snooze", mine, until="1h", reason="Rings back at ten")
    assert stale.status_code == 409
    assert "Somebody changed this since you looked." in stale.text
    in_place = await press(client, before, "acknowledge", {**mine, "hx-request": "true"})
    assert in_place.status_code == 200
    assert "Somebody changed this since you looked." in in_place.text
    assert f'id="row-{clinic.patient}"' in in_place.text


async def test_al_7_put_off_with_an_end_and_a_reason(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    mine = await session(client, clinic)
    queue = await client.get("/", headers=mine)
    assert (await press(client, queue, "snooze", mine, until="9y", reason="Why not")).status_code == 422
    done = await press(client, queue, "snooze", {**mine, "hx-request": "true"}, until="1h", reason="Rings back at ten")
    assert done.status_code == 200
    assert "put off until" in done.text
    assert "Put off." in done.text


async def test_row_2_a_stranger_is_not_there(client: AsyncClient, clinic: Clinic) -> None:
    mine = await session(client, clinic)
    for path in (f"/patients/{clinic.stranger}", f"/patients/{uuid7()}", "/patients/x", "/nowhere"):
        answer = await client.get(path, headers=mine)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is nothing here for you" in answer.text


async def test_tok_7_a_button_without_the_pages_token_does_nothing(client: AsyncClient, clinic: Clinic) -> None:
    await gain(client, clinic)
    mine = await session(client, clinic)
    queue = await client.get("/", headers=mine)
    bare = await client.post(action(queue.text, "acknowledge"), data={"version": "1"}, headers=mine)
    assert bare.status_code == 403
    assert "nobody yet" in (await client.get("/", headers=mine)).text


async def test_tok_8_signing_out_ends_the_session(client: AsyncClient, clinic: Clinic) -> None:
    mine = await session(client, clinic)
    queue = await client.get("/", headers=mine)
    out = await client.post("/sign-out", data={"csrf": field(queue.text, "csrf")}, headers=mine)
    assert out.headers["location"] == "/sign-in"
    assert (await client.get("/", headers=mine)).status_code == 303
    late = await client.post("/sign-out", data={}, headers={**mine, "hx-request": "true"})
    assert late.status_code == 401
    assert "You are signed out." in late.text


async def test_dq_8_what_history_showed_afterwards_stands_on_the_timeline(client: AsyncClient, clinic: Clinic) -> None:
    then = datetime.now(UTC) - timedelta(days=9)
    items = [reading("glucose_cgm", then + timedelta(minutes=5 * place), 2.7, "mmol/L") for place in range(4)]
    answer = await client.post("/v1/readings/batch", json={"items": items}, headers=clinic.token("patient"))
    assert answer.status_code == 200, answer.text
    mine = await session(client, clinic)
    person = await client.get(f"/patients/{clinic.patient}", headers=mine)
    assert "found late" in person.text
    assert "Nothing is open." in person.text
    assert "lowest 2.7" in person.text


@pytest.mark.parametrize("code", sorted(PAGES))
async def test_ux_2_every_problem_has_its_page(client: AsyncClient, code: str) -> None:
    answer = await client.get(f"/problems/{code}", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert PAGES[code].title in answer.text.replace("&#39;", "'")


async def test_ux_2_a_machine_gets_a_document(client: AsyncClient, clinic: Clinic) -> None:
    answer = await client.get(f"/v1/patients/{clinic.patient}/readings", headers={"accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_inp_static_files_may_be_kept_and_nothing_else_is_served(client: AsyncClient, static: object) -> None:
    assert static
    css = await client.get(f"/static/{manifest().files['app.css']}")
    assert css.status_code == 200
    assert css.headers["content-type"].startswith("text/css")
    assert "immutable" in css.headers["cache-control"]
    for name in ("manifest.json", "../assets.py", "%2e%2e/assets.py", "..%2fassets.py", "images", "x.css", "%00"):
        assert (await client.get(f"/static/{name}")).status_code == 404, name


async def test_ux_1_2_the_docs_page_asks_no_other_host(client: AsyncClient) -> None:
    answer = await client.get("/docs")
    assert answer.status_code == 200
    assert "://" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
