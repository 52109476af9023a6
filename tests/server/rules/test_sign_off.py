"""F46, TOK-8: two people sign before a limit changes, nobody signs twice, and the past stays as it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from server.auth.actor import of_staff
from server.auth.service import Auth
from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.rules.test_in_force import flags, weights

GAIN = {"key": "HF-W1.gain_kg", "value": 1.5}


def body(clinic: Clinic, *changes: dict[str, Any], ahead: timedelta = timedelta(minutes=1), **more: Any) -> dict[str, Any]:
    begins = datetime.now(UTC) + ahead
    return {
        "changes": list(changes) or [GAIN], "reason": "Two admissions were seen late", "fromAt": begins.isoformat(),
        "reviewAt": (begins + timedelta(days=90)).isoformat(), **({"teamId": str(clinic.team)} if not more.pop("own", False) else {}), **more,
    }  # fmt: skip


async def proposed(client: AsyncClient, clinic: Clinic, *changes: dict[str, Any], who: str = "lead", **more: Any) -> Response:
    return await client.post("/v1/proposals", json=body(clinic, *changes, **more), headers=clinic.token(who))


async def sign(client: AsyncClient, clinic: Clinic, proposal: str, who: str) -> Response:
    return await client.post(f"/v1/proposals/{proposal}/sign", json={}, headers=clinic.token(who))


async def test_f46_two_clinicians_sign_and_then_the_limit_holds_from_its_date_on(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    made = await proposed(client, clinic, ahead=timedelta(seconds=1))
    assert made.status_code == 201, made.text
    one = made.json()
    assert one["state"] == "open"
    assert one["changes"] == [{"key": "HF-W1.gain_kg", "value": "1.5", "mg": None, "before": "2.00", "relaxes": False, "floor": True}]
    # Cached before the limit changes: signing makes that picture stale.
    now = datetime.now(UTC)
    await client.post("/v1/readings/batch", json=weights((now - timedelta(days=1), 80.0)), headers=clinic.token("patient"))
    assert [(seat["seat"], seat["name"]) for seat in one["signatures"]] == [("first", "lead Test")]
    twice = await sign(client, clinic, one["id"], "lead")
    assert (twice.status_code, twice.json()["detail"]) == (409, "You have signed it; a second person must.")
    second = await sign(client, clinic, one["id"], "colleague")
    assert second.status_code == 200, second.text
    assert second.json()["state"] in {"agreed", "in_force"}
    assert (await sign(client, clinic, one["id"], "nurse")).status_code == 409
    later = max(datetime.fromisoformat(one["fromAt"]), datetime.now(UTC)) + timedelta(milliseconds=1)
    await client.post("/v1/readings/batch", json=weights((later, 81.6)), headers=clinic.token("patient"))
    assert [rule for rule, _, _ in await flags(database, clinic)] == ["HF-W1"]
    seen = await client.get(f"/v1/proposals/{one['id']}", headers=clinic.token("admin"))
    assert len(seen.json()["signatures"]) == 2
    async with database.begin_as(Role.AUDITOR) as tx:
        rows = await tx.fetch("select what, action from audit where org_id = $1 and what like 'limits-%' order by at, seq", clinic.org)
    assert [(row[0], row[1]) for row in rows] == [("limits-propose", "C"), ("limits-sign", "U")]


@pytest.mark.parametrize(
    ("who", "status"), [("nurse", 403), ("colleague", 403), ("admin", 201), ("lead", 201), ("patient", 404), ("vendor", 404)]
)
async def test_acc_2_a_lead_or_an_administrator_proposes(client: AsyncClient, clinic: Clinic, who: str, status: int) -> None:
    assert (await proposed(client, clinic, who=who)).status_code == status


@pytest.mark.parametrize(
    ("who", "status"), [("nurse", 200), ("lead", 409), ("admin", 403), ("patient", 404), ("stranger", 404), ("vendor", 404)]
)
async def test_acc_2_clinicians_of_that_service_sign_and_who_proposed_has_signed(
    client: AsyncClient, clinic: Clinic, who: str, status: int
) -> None:
    made = (await proposed(client, clinic)).json()
    assert (await sign(client, clinic, made["id"], who)).status_code == status


async def test_acc_10_another_organisation_finds_nothing_and_another_team_cannot_sign(
    client: AsyncClient, clinic: Clinic, database: Database, parts: Any
) -> None:
    made = (await proposed(client, clinic)).json()
    auth: Auth = parts.extras["auth"]
    now = int(datetime.now(UTC).timestamp())
    elsewhere = of_staff(uuid7(), uuid7(), "lead", str(uuid7()), now, now + 3600)
    headers = {"authorization": f"Bearer {auth.tokens.issue(elsewhere, now)}"}
    assert (await client.get(f"/v1/proposals/{made['id']}", headers=headers)).status_code == 404
    assert (await client.post(f"/v1/proposals/{made['id']}/sign", json={}, headers=headers)).status_code == 404
    assert (await client.get("/v1/proposals", headers=headers)).json()["items"] == []
    assert (await client.post("/v1/proposals", json=body(clinic), headers=headers)).status_code == 404
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update team_member set to_at = now() where staff_id = $1", clinic.colleague)
    assert (await sign(client, clinic, made["id"], "colleague")).status_code == 403


async def test_tok_8_a_sign_in_older_than_five_minutes_neither_proposes_nor_signs(client: AsyncClient, clinic: Clinic, parts: Any) -> None:
    made = (await proposed(client, clinic)).json()
    auth: Auth = parts.extras["auth"]
    now = int(datetime.now(UTC).timestamp())
    for role, staff, url, sent in (("lead", clinic.lead, "/v1/proposals", body(clinic)),
                                   ("nurse", clinic.nurse, f"/v1/proposals/{made['id']}/sign", {}),
                                   ("nurse", clinic.nurse, f"/v1/proposals/{made['id']}/end", {"reason": "no"})):  # fmt: skip
        stale = of_staff(staff, clinic.org, role, str(uuid7()), now - 301, now + 3600)
        answer = await client.post(url, json=sent, headers={"authorization": f"Bearer {auth.tokens.issue(stale, now)}"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/fresh-sign-in-needed")


async def test_f46_it_can_be_taken_back_before_it_takes_effect_and_not_after(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    made = (await proposed(client, clinic, ahead=timedelta(days=1))).json()
    assert (await sign(client, clinic, made["id"], "nurse")).json()["state"] == "agreed"
    ended = await client.post(f"/v1/proposals/{made['id']}/end", json={"reason": "Tried it: too many flags"}, headers=clinic.token("colleague"))
    assert (ended.status_code, ended.json()["state"]) == (200, "withdrawn")
    again = await client.post(f"/v1/proposals/{made['id']}/end", json={"reason": "again"}, headers=clinic.token("lead"))
    assert again.status_code == 409
    assert (await sign(client, clinic, made["id"], "colleague")).status_code == 409
    async with database.begin_as(Role.WORKER) as tx:
        rows = await tx.fetch("select withdrawn_at is null as stands from service_limit where team_id = $1", clinic.team)
    assert [row[0] for row in rows] == [False]
    at_once = (await proposed(client, clinic, ahead=timedelta(seconds=1))).json()
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update proposal set from_at = now() - interval '1 minute' where proposal_id = $1", at_once["id"])
    assert (await sign(client, clinic, at_once["id"], "nurse")).json()["state"] == "in_force"
    late = await client.post(f"/v1/proposals/{at_once['id']}/end", json={"reason": "Too late"}, headers=clinic.token("lead"))
    assert late.status_code == 409


async def test_c_7_what_relaxes_a_floor_or_contradicts_is_refused_with_a_pointer(client: AsyncClient, clinic: Clinic) -> None:
    for change, pointer, words in (
        ({"key": "HF-W1.gain_kg", "value": 2.5}, "/changes/0/value", "safety floor"),
        ({"key": "OX-1.low", "value": 95}, "/changes/0/value", "contradict"),
        ({"key": "DM-1.low", "value": 3.5}, "/changes/0/unit", "in which unit"),
        ({"key": "HF-W1.gain_kg", "value": "1.5"}, "/changes/0/value", "A number"),
        ({"key": "HF-W1.gain_kg", "value": True}, "/changes/0/value", "A number"),
        ({"key": "nothing", "value": 1}, "/changes/0/key", "no such limit"),
    ):
        answer = await proposed(client, clinic, change)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert words in answer.json()["errors"][0]["detail"]
    past = await proposed(client, clinic, ahead=timedelta(minutes=-1))
    assert past.json()["errors"][0]["pointer"] == "/fromAt"


async def test_f46_what_was_signed_in_between_is_checked_again(client: AsyncClient, clinic: Clinic) -> None:
    low = (await proposed(client, clinic, {"key": "OX-1.low", "value": 94})).json()
    usual = (await proposed(client, clinic, {"key": "OX-1.ok", "value": 96}, ahead=timedelta(minutes=2))).json()
    both = (await proposed(client, clinic, {"key": "OX-1.ok", "value": 97}, {"key": "OX-1.low", "value": 96})).json()
    assert (await sign(client, clinic, both["id"], "nurse")).status_code == 200
    # Back to 96 would stand beside a low limit of 96.
    clash = await sign(client, clinic, usual["id"], "nurse")
    assert (clash.status_code, "contradict" in clash.json()["detail"]) == (422, True)
    assert (await sign(client, clinic, low["id"], "nurse")).status_code == 200
    listed = (await client.get(f"/v1/proposals?team={clinic.team}", headers=clinic.token("nurse"))).json()["items"]
    assert [one["id"] for one in listed] == [usual["id"], both["id"], low["id"]]
    assert (await client.get(f"/v1/proposals?team={uuid7()}", headers=clinic.token("nurse"))).status_code == 404


async def test_f46_a_persons_own_limit_needs_a_clinician_and_the_person(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    url = f"/v1/patients/{clinic.patient}/limits"
    pair = {"key": "DM-2.very_low", "value": 61, "unit": "mg/dL"}
    made = await client.post(url, json=body(clinic, GAIN, pair, ahead=timedelta(seconds=1), own=True), headers=clinic.token("nurse"))
    assert made.status_code == 201, made.text
    assert [(one["value"], one["mg"]) for one in made.json()["changes"]] == [("1.5", None), ("3.4", "61")]
    here = f"{url}/{made.json()['id']}"
    agreed = await client.post(f"{here}/sign", json={}, headers=clinic.token("patient"))
    assert (agreed.status_code, agreed.json()["state"]) == (200, "open")
    assert (await client.post(f"{here}/sign", json={}, headers=clinic.token("patient"))).status_code == 409
    assert (await client.post(f"{here}/sign", json={}, headers=clinic.token("stranger"))).status_code == 404
    signed = await client.post(f"{here}/sign", json={}, headers=clinic.token("lead"))
    assert signed.status_code == 200, signed.text
    assert [seat["seat"] for seat in signed.json()["signatures"]] == ["clinician", "patient"]
    assert (await client.post(f"{here}/sign", json={}, headers=clinic.token("nurse"))).status_code == 409
    mine = (await client.get(url, headers=clinic.token("patient"))).json()
    assert [(one["key"], one["value"], one["setByName"]) for one in mine["entries"]] == [
        ("DM-2.very_low", "3.4", "lead Test"), ("HF-W1.gain_kg", "1.5", "lead Test"),
    ]  # fmt: skip
    later = max(datetime.fromisoformat(made.json()["fromAt"]), datetime.now(UTC)) + timedelta(milliseconds=1)
    sent = weights((later - timedelta(days=1), 80.0), (later, 81.6))
    await client.post("/v1/readings/batch", json=sent, headers=clinic.token("patient"))
    assert [rule for rule, _, _ in await flags(database, clinic)] == ["HF-W1"]


async def test_f46_the_person_says_no_and_a_later_no_comes_too_late(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    url = f"/v1/patients/{clinic.patient}/limits"
    made = (await client.post(url, json=body(clinic, own=True, ahead=timedelta(days=1)), headers=clinic.token("nurse"))).json()
    no = await client.post(f"{url}/{made['id']}/end", json={"reason": "Too strict for me"}, headers=clinic.token("patient"))
    assert (no.status_code, no.json()["state"]) == (200, "withdrawn")
    assert (await client.post(f"{url}/{made['id']}/end", json={"reason": "x"}, headers=clinic.token("nurse"))).status_code == 409
    assert (await client.post(f"{url}/{made['id']}/sign", json={}, headers=clinic.token("nurse"))).status_code == 409
    assert (await client.post(f"{url}/{uuid7()}/end", json={"reason": "x"}, headers=clinic.token("nurse"))).status_code == 404
    other = (await client.post(url, json=body(clinic, own=True, ahead=timedelta(days=1)), headers=clinic.token("nurse"))).json()
    for who in ("nurse", "patient"):
        await client.post(f"{url}/{other['id']}/sign", json={}, headers=clinic.token(who))
    taken = await client.post(f"{url}/{other['id']}/end", json={"reason": "Changed my mind"}, headers=clinic.token("patient"))
    assert taken.json()["state"] == "withdrawn"
    assert (await client.get(url, headers=clinic.token("patient"))).json()["entries"] == []
    soon = (await client.post(url, json=body(clinic, own=True, ahead=timedelta(seconds=1)), headers=clinic.token("nurse"))).json()
    async with database.begin_as(Role.OWNER) as tx:
        await tx.execute("update personal_proposal set from_at = now() - interval '1 minute' where proposal_id = $1", soon["id"])
    for who in ("nurse", "patient"):
        await client.post(f"{url}/{soon['id']}/sign", json={}, headers=clinic.token(who))
    late = await client.post(f"{url}/{soon['id']}/end", json={"reason": "x"}, headers=clinic.token("patient"))
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("who", "status"), [("patient", 200), ("nurse", 200), ("lead", 200), ("stranger", 404), ("admin", 403), ("vendor", 403)]
)
async def test_acc_2_a_persons_limits_are_read_by_them_and_their_team(client: AsyncClient, clinic: Clinic, who: str, status: int) -> None:
    assert (await client.get(f"/v1/patients/{clinic.patient}/limits", headers=clinic.token(who))).status_code == status


@pytest.mark.parametrize(("who", "status"), [("patient", 404), ("stranger", 404), ("admin", 403), ("vendor", 404), ("nurse", 201)])
async def test_acc_2_a_clinician_who_looks_after_them_proposes(client: AsyncClient, clinic: Clinic, who: str, status: int) -> None:
    answer = await client.post(f"/v1/patients/{clinic.patient}/limits", json=body(clinic, own=True), headers=clinic.token(who))
    assert answer.status_code == status
    answer = await client.post(f"/v1/patients/{clinic.stranger}/limits", json=body(clinic, own=True), headers=clinic.token(who))
    assert answer.status_code == (403 if who == "admin" else 404)
