"""F49, INV-15, ALP-8: who watches now, what happens next and by when, when the newest reading was judged, what to do meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.episodes.calendar import Calendar
from domain.episodes.notify import Team
from server.care import words
from server.db import Database, Role
from server.people import admin
from server.teams.service import Watching
from tests.clinic import Clinic
from tests.server.episodes.test_ladder import act, alive, report, rows

LONDON = ZoneInfo("Europe/London")


async def care(client: AsyncClient, clinic: Clinic, who: str = "patient") -> dict[str, Any]:
    answer = await client.get("/v1/me/care-now", headers=clinic.token(who))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def weigh(client: AsyncClient, clinic: Clinic, value: float = 80.2) -> datetime:
    at = datetime.now(UTC) - timedelta(minutes=5)
    body = {"id": str(uuid7()), "kind": "body_weight", "takenAt": at.isoformat(), "value": value, "unit": "kg"}
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
    assert answer.status_code in {201, 202}, answer.text
    return at


async def test_f49_who_watches_what_happens_next_and_when_the_last_reading_was_judged(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    at = await weigh(client, clinic)
    await alive(database, clinic)
    found = await care(client, clinic)
    assert (found["isCurrent"], found["watching"]["isWatched"], found["concerns"], found["next"]) == (True, True, 0, None)
    assert found["nextSays"] == "Nothing about you waits for anybody."
    assert (found["lastReading"]["kind"], datetime.fromisoformat(found["lastReading"]["takenAt"])) == ("body_weight", at)
    assert datetime.fromisoformat(found["lastReading"]["judgedAt"]) >= at
    assert found["judgedSays"].startswith("Your last reading, weight of ")
    assert found["evaluatedThrough"] <= found["asOf"]
    await report(client, clinic, "feel_worse")
    await alive(database, clinic)
    found = await care(client, clinic)
    assert (found["concerns"], found["next"], found["nextBy"] is None) == (1, "nurse_will_look", False)
    assert found["nextSays"].startswith("A nurse will look at this by ")
    assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
    assert (await care(client, clinic))["next"] == "nurse_has_it"


async def test_inv_15_a_stopped_worker_and_judgement_that_lags_promise_nobody(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    await report(client, clinic, "breathless_at_rest")
    await alive(database, clinic)
    assert (await care(client, clinic))["next"] == "nurse_will_ring"
    await rows(database, "update heartbeat set at = now() - interval '16 seconds' where duty = 'escalate' returning duty")
    found = await care(client, clinic)
    assert (found["isCurrent"], found["watching"]["isWatched"], found["next"], found["nextBy"]) == (False, False, "may_not_be_seen", None)
    assert found["watching"]["says"].startswith("Your nurse may not see this yet.")
    assert found["meanwhile"] == "If you feel unwell, ring your team, 111, or 999 in an emergency."
    assert "nobody has been reminded of anything for " in found["judgedSays"]
    mine = (await client.get("/v1/me/episodes", headers=clinic.token("patient"))).json()
    assert [one["next"] for one in mine["items"]] == ["may_not_be_seen"]
    # Alive, and far behind with what is due.
    await alive(database, clinic)
    await rows(database, "insert into due (patient_id, at) values ($1, now() - interval '2 minutes') on conflict (patient_id) do update "
                         "set at = excluded.at returning at", clinic.patient)  # fmt: skip
    found = await care(client, clinic)
    assert (found["isCurrent"], found["lagS"] >= 120) == (False, True)
    assert (await client.get("/readyz")).json()["watching"] is False
    await rows(database, "delete from due where patient_id = $1 returning at", clinic.patient)
    assert (await care(client, clinic))["isCurrent"] is True


async def test_f49_a_closed_team_says_when_it_opens_and_what_to_do_until_then(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    now = datetime.now(UTC)
    async with database.begin_as(Role.OWNER) as tx:
        await admin.add_closure(tx, clinic.org, clinic.team, now - timedelta(days=1), now + timedelta(hours=12), "training")
    await report(client, clinic, "feel_worse")
    await alive(database, clinic)
    found = await care(client, clinic)
    assert (found["watching"]["isWatched"], found["next"]) == (False, "looked_at_from")
    assert found["watching"]["says"].startswith("Nobody is watching just now. The next shift begins ")
    assert found["meanwhile"] == "If you feel unwell: Ring 111, or 999 in an emergency."
    assert ", today " in found["nextSays"] or ", tomorrow " in found["nextSays"]


async def test_f49_a_message_that_waits_and_a_held_reading_are_said(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await weigh(client, clinic, 12.0)
    sent = await client.put(f"/v1/me/messages/{uuid7()}", json={"text": "May I swim?"}, headers=clinic.token("patient"))
    assert sent.status_code == 201, sent.text
    await alive(database, clinic)
    found = await care(client, clinic)
    assert (found["held"], found["messageWaits"], found["answerBy"] is None) == (1, True, False)
    assert found["heldSays"] == "One reading is held until you or your nurse say what it was."


async def test_acc_3_one_sees_ones_own_and_who_shares_with_nobody_is_told_so(client: AsyncClient, clinic: Clinic) -> None:
    found = await care(client, clinic, "stranger")
    assert (found["watching"]["isWatched"], found["watching"]["teams"], found["lastReading"]) == (False, [], None)
    assert found["watching"]["says"].startswith("You share with no team, so nobody is watching.")
    assert found["judgedSays"].startswith("No reading has come from you in the last 45 days.")
    for who in ("nurse", "vendor"):
        assert (await client.get("/v1/me/care-now", headers=clinic.token(who))).status_code == 404


async def test_f49_the_nurses_page_says_the_same_words(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    await alive(database, clinic)
    says = (await care(client, clinic))["watching"]["says"]
    page = await client.get("/team", headers={**clinic.token("nurse"), "accept": "text/html"})
    assert f"Patients see: “{says}”" in page.text


def test_f49_the_end_of_a_shift_and_the_number_to_ring_are_said() -> None:
    now = datetime(2026, 11, 25, 10, tzinfo=LONDON)
    team = Team(id=UUID(int=1), name="A", telephone="01632 960001", out_of_hours="Ring 111.", calendar=Calendar(zone="Europe/London"))
    on = Watching(is_on=True, until=now + timedelta(hours=8), opens_at=None, teams=[team])
    assert words.said(on, now, is_current=True).text == (
        "A nurse is watching now, until today 18:00. If you feel worse, ring your team on 01632 960001, or 111, or 999 in an emergency.")
    never = Watching(is_on=False, until=None, opens_at=None, teams=[team, team])
    assert words.said(never, now, is_current=True).text == "Nobody is watching just now. If you feel unwell: Ring 111."
    assert words.held(0) == ""
    assert words.held(2).startswith("2 readings are held")
