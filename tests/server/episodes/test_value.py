"""F40, AL-9 on a real database: outcomes give a rule its value; over budget it is recorded and shown to nobody."""

from datetime import UTC, datetime, timedelta

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.detection import engine
from server.db import Database, Role
from server.episodes import value
from tests.clinic import Clinic
from tests.server.episodes.test_ladder import act, close_all, report, rows

OPEN = "select 1 from episode where patient_id = $1 and \"group\" = 'HF-S' and state <> 'closed'"


async def test_f40_what_nurses_found_gives_a_rule_its_value(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    for result in ({"result": "visit"}, {"result": "false_alarm", "reason": "expected"}, {"result": "no_action_needed", "reason": "known"}):
        await report(client, clinic, "feel_worse")
        assert (await act(client, clinic, "acknowledge", 1)).status_code == 200
        assert (await act(client, clinic, "close", 2, result)).status_code == 200
    await report(client, clinic, "feel_worse")
    await rows(database, "update episode set acknowledged_at = closed_at - interval '90 minutes' "
                         "where patient_id = $1 and result = 'visit' returning id", clinic.patient)  # fmt: skip
    for who in ("worker", "nurse"):
        begun = database.begin_as(Role.WORKER) if who == "worker" else database.begin(clinic.actor("nurse"))
        async with begun as tx:
            (found,) = [one for one in await value.rule_values(tx, clinic.team, datetime.now(UTC)) if one.rule == "F44"]
        assert (found.flags, found.confirmed, found.false, found.actions, found.minutes) == (4, 2, 1, 1, 60)
        assert str(found.ppv) == "0.67"


async def test_al_9_a_rule_over_its_budget_is_recorded_and_shown_to_nobody(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    assert "HF-S1" not in engine.FLOOR
    for _ in range(10):
        await report(client, clinic, "breathless_on_effort_worse")
        await close_all(client, clinic, {"result": "false_alarm", "reason": "expected"})
    assert await value.keep_budget(database, datetime.now(UTC)) >= 1
    assert await value.keep_budget(database, datetime.now(UTC)) == 0
    ((by, reason),) = await rows(database, "select by, reason from rule_mode where team_id = $1 and rule = 'HF-S1'", clinic.team)
    assert (by, "concerns a patient-month over all rules" in reason) == ("budget", True)
    await report(client, clinic, "breathless_on_effort_worse")
    assert await rows(database, OPEN, clinic.patient) == []
    shadow = await rows(database, "select state, episode from flag where patient_id = $1 and rule = 'HF-S1' and state = 'shadow'",
                        clinic.patient)  # fmt: skip
    assert shadow == [("shadow", None)]
    # The lead has the last word: ended, it is shown again, and the budget leaves it alone while a row of hers stands.
    later = datetime.now(UTC)
    await rows(database, "update rule_mode set to_at = now() where team_id = $1 returning rule", clinic.team)
    await rows(database, "insert into rule_mode (mode_id, rule, team_id, mode, from_at, by, reason) "
                         "values ($1, 'HF-S1', $2, 'active', $3, 'lead', 'we want to see it') returning rule", uuid7(), clinic.team,
               later)  # fmt: skip
    await rows(database, "update picture set version = version + 1 where patient_id = $1 returning version", clinic.patient)
    assert await value.keep_budget(database, later + timedelta(seconds=1)) == 0
    await report(client, clinic, "breathless_on_effort_worse")
    assert await rows(database, OPEN, clinic.patient) == [(1,)]
