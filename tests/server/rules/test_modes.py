"""AL-9, F46: a rule is shown or recorded only when two people have signed; each signed change is a version of the rule set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from uuid_utils.compat import uuid7

from domain.detection import engine
from domain.episodes.value import may_rest
from server.db import Database, Role
from tests.clinic import Clinic
from tests.server.episodes.test_ladder import close_all, report, rows
from tests.server.rules.test_reports import gained
from tests.server.rules.test_sign_off import body, proposed, sign

OPEN = "select 1 from episode where patient_id = $1 and \"group\" = 'HF-S' and state <> 'closed'"


async def mode(client: AsyncClient, clinic: Clinic, modes: dict[str, str], who: str = "lead", **more: Any) -> Response:
    review = (datetime.now(UTC) + timedelta(days=90)).isoformat()
    sent = {"teamId": str(clinic.team), "modes": modes, "reason": "Too many that nobody acts on", "reviewAt": review, **more}
    return await client.post("/v1/rules/modes", json=sent, headers=clinic.token(who))


async def test_al_9_a_signed_mode_holds_from_the_second_signature_on_and_is_taken_back_the_same_way(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    assert "HF-S1" not in engine.FLOOR
    made = await mode(client, clinic, {"HF-S1": "shadow"})
    assert (made.status_code, made.json()["kind"], made.json()["modes"], made.json()["state"]) == (201, "mode", {"HF-S1": "shadow"}, "open")
    await report(client, clinic, "breathless_on_effort_worse")
    assert await rows(database, OPEN, clinic.patient) == [(1,)]
    await close_all(client, clinic, {"result": "false_alarm", "reason": "expected"})
    twice = await sign(client, clinic, made.json()["id"], "lead")
    assert (twice.status_code, twice.json()["detail"]) == (409, "You have signed it; a second person must.")
    signed = await sign(client, clinic, made.json()["id"], "nurse")
    assert (signed.status_code, signed.json()["state"]) == (200, "in_force"), signed.text
    await report(client, clinic, "breathless_on_effort_worse")
    assert await rows(database, OPEN, clinic.patient) == []
    shown = (await client.get("/v1/rules", headers=clinic.token("nurse"))).json()
    rule = next(one for one in shown["items"] if one["id"] == "HF-S1")
    assert (rule["mode"], rule["modeBy"], rule["modeReason"]) == ("shadow", "lead Test and Sr Test", "Too many that nobody acts on")
    again = await mode(client, clinic, {"HF-S1": "shadow"})
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "/modes/HF-S1")
    back = (await mode(client, clinic, {"HF-S1": "active"})).json()
    await sign(client, clinic, back["id"], "colleague")
    await report(client, clinic, "breathless_on_effort_worse")
    assert await rows(database, OPEN, clinic.patient) == [(1,)]
    late = await client.post(f"/v1/proposals/{back['id']}/end", json={"reason": "Too late"}, headers=clinic.token("lead"))
    assert late.status_code == 409
    async with database.begin_as(Role.AUDITOR) as tx:
        kept = await tx.fetch("select what, action from audit where org_id = $1 and what like 'mode-%' order by at, seq", clinic.org)
    assert [(row[0], row[1]) for row in kept] == [("mode-propose", "C"), ("mode-sign", "U")] * 2


@pytest.mark.parametrize(
    ("modes", "pointer"),
    [({"HF-W1": "shadow"}, "/modes/HF-W1"), ({"F44": "shadow"}, "/modes/F44"), ({"GONE": "shadow"}, "/modes/GONE"),
     ({"HF-S1": "active"}, "/modes/HF-S1"), ({}, "/modes")],
)  # fmt: skip
async def test_al_9_what_must_always_be_heard_is_never_switched_off(
    client: AsyncClient, clinic: Clinic, modes: dict[str, str], pointer: str
) -> None:
    refused = await mode(client, clinic, modes)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize(("who", "status"), [("nurse", 403), ("admin", 201), ("patient", 404), ("vendor", 404)])
async def test_acc_2_a_lead_or_an_administrator_proposes_a_mode(client: AsyncClient, clinic: Clinic, who: str, status: int) -> None:
    made = await mode(client, clinic, {"HF-S1": "shadow"}, who)
    assert made.status_code == status
    if status == 201:
        assert made.json()["signatures"] == []


async def test_f46_the_database_itself_takes_no_mode_that_two_people_did_not_sign(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    made = (await mode(client, clinic, {"HF-S1": "shadow"})).json()
    for rule, of in (("HF-S1", made["id"]), ("HF-W1", made["id"]), ("HF-S1", str(uuid7()))):
        with pytest.raises(Exception, match="row-level security"):
            async with database.begin(clinic.actor("lead")) as tx:
                await tx.execute(
                    "insert into rule_mode (mode_id, rule, team_id, mode, from_at, by, reason, proposal_id) "
                    "values ($1, $2, $3, 'shadow', now(), 'me', 'because', $4)", uuid7(), rule, clinic.team, of,
                )  # fmt: skip


async def test_f38_each_signed_change_is_a_version_of_the_services_rule_set_and_a_flag_names_the_one_that_judged(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    before = await gained(client, clinic, database)
    made = (await proposed(client, clinic, ahead=timedelta(seconds=1))).json()
    await sign(client, clinic, made["id"], "nurse")
    other = (await mode(client, clinic, {"HF-S1": "shadow"})).json()
    await sign(client, clinic, other["id"], "nurse")
    shown = (await client.get("/v1/rules", headers=clinic.token("nurse"))).json()
    assert sorted((one["version"], one["proposal"]) for one in shown["versions"]) == [(1, made["id"]), (2, other["id"])]
    assert {one["release"] for one in shown["versions"]} == {engine.RULE_SET}
    later = (await proposed(client, clinic, {"key": "HF-W1.gain_kg", "value": 1.8}, ahead=timedelta(days=1))).json()
    await sign(client, clinic, later["id"], "nurse")
    assert len((await client.get("/v1/rules", headers=clinic.token("nurse"))).json()["versions"]) == 3
    await client.post(f"/v1/proposals/{later['id']}/end", json={"reason": "Not yet"}, headers=clinic.token("colleague"))
    assert len((await client.get("/v1/rules", headers=clinic.token("nurse"))).json()["versions"]) == 2
    url = f"/v1/patients/{clinic.patient}/flags"
    assert (await client.get(f"{url}/{before}", headers=clinic.token("patient"))).json()["versions"] == []
    await rows(database, "update rule_set set from_at = now() - interval '1 hour' where team_id = $1 and version = 1 returning version",
               clinic.team)  # fmt: skip
    await rows(database, "update rule_set set from_at = now() - interval '2 hours' where team_id = $1 and version = 2 returning version",
               clinic.team)  # fmt: skip
    for who in ("patient", "nurse"):
        (named,) = (await client.get(f"{url}/{before}", headers=clinic.token(who))).json()["versions"]
        assert (named["version"], named["team"], named["release"]) == (1, "Test team", engine.RULE_SET)


async def test_f46_a_body_that_is_no_mode_is_refused(client: AsyncClient, clinic: Clinic) -> None:
    assert (await mode(client, clinic, {"HF-S1": "off"})).status_code == 422
    assert (await client.post("/v1/rules/modes", json=body(clinic), headers=clinic.token("lead"))).status_code == 422


async def test_al_9_a_service_starts_with_the_noisy_ambers_recorded_only_until_it_says_otherwise(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    begun = "select rule from shadowed_rules($1, now()) as s (rule) order by rule"
    assert {row[0] for row in await rows(database, begun, clinic.team)} == engine.RESTING
    assert all(may_rest(rule) for rule in engine.RESTING)
    shown = (await client.get("/v1/rules", headers=clinic.token("nurse"))).json()["items"]
    assert {one["id"]: one["modeBy"] for one in shown if one["mode"] == "shadow"} == dict.fromkeys(engine.RESTING, "the rule set as delivered")
    made = (await mode(client, clinic, {"HF-W3": "active"})).json()
    await sign(client, clinic, made["id"], "lead")
    await sign(client, clinic, made["id"], "nurse")
    assert {row[0] for row in await rows(database, begun, clinic.team)} == engine.RESTING - {"HF-W3"}
