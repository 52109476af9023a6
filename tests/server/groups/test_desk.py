"""PGS-2, PGS-3, PGS-6: whoever is on duty hears of a crisis until somebody takes it; decisions, appeals and names are two people's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from server.db import Database, Role
from server.groups.telling import Teller
from server.notices.notifier import Message, Notifier, Said
from server.people import admin
from tests.clinic import Clinic
from tests.server.groups.test_anonymity import come_in, make_group, on_duty
from tests.server.groups.test_members import ask, read, two

CRISIS = "I cannot go on, I want to end my life"


class Provider:
    """A provider that answers as it is told and keeps what it took."""

    def __init__(self, state: str = "accepted") -> None:
        self.state = state
        self.took: list[Message] = []

    async def send(self, message: Message) -> Said:
        self.took.append(message)
        return Said(self.state, "test")


async def moderators(database: Database, clinic: Clinic, group: UUID, **roles: Any) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        for role, ids in roles.items():
            for staff in ids:
                await tx.execute("insert into group_moderator values ($1, $2, $3, $4, 'Sr Test')", clinic.org, group, staff, role)


async def reached(database: Database, clinic: Clinic, staff: UUID, *channels: str) -> None:
    async with database.begin_as(Role.OWNER) as tx:
        for place, channel in enumerate(channels, 1):
            await admin.add_contact(tx, clinic.org, channel, f"{staff}@{channel}.example", staff=staff, place=place)


def teller(database: Database, channels: dict[str, Notifier]) -> Teller:
    return Teller(database, channels, url="https://desk.example", brand="Steady")


async def queue(client: AsyncClient, clinic: Clinic, who: str = "nurse") -> dict[str, Any]:
    answer = await client.get("/v1/moderation", headers=clinic.token(who))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def press(client: AsyncClient, clinic: Clinic, case: dict[str, Any], what: str, who: str = "nurse", **body: Any) -> Any:
    headers = {**clinic.token(who), "if-match": f'"{case["version"]}"'}
    return await client.post(f"/v1/moderation/cases/{case['id']}/{what}", json=body, headers=headers)


async def one(client: AsyncClient, clinic: Clinic, who: str = "nurse") -> dict[str, Any]:
    (case,) = (await queue(client, clinic, who))["waiting"]
    return dict(case)


def own(provider: Provider, *staff: UUID) -> list[str]:
    """To whom of these it went; other tests' cases may wait in the same database."""
    return [message.address for message in provider.took if any(str(who) in message.address for who in staff)]


async def test_pgs_3_whoever_is_on_duty_is_told_and_told_again_until_somebody_takes_it(  # noqa: PLR0915 - one night in order
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await moderators(database, clinic, group, volunteer=[clinic.colleague])
    await reached(database, clinic, clinic.nurse, "email", "log")
    await reached(database, clinic, clinic.colleague, "email")
    await reached(database, clinic, clinic.lead, "email")
    assert (await ask(client, clinic, group, CRISIS)).json()["help"]["lines"][0]["number"] == "999"
    posted = datetime.now(UTC)
    email, log = Provider(), Provider()
    everybody = (clinic.nurse, clinic.colleague, clinic.lead)
    here = teller(database, {"email": email, "log": log})
    await here.run()
    assert own(email, *everybody) == [f"{clinic.nurse}@email.example"]
    # Two minutes later by her next channel, after five whoever looks after the group as well, after ten the lead.
    await here.run(posted + timedelta(minutes=1))
    assert own(log, *everybody) == []
    await here.run(posted + timedelta(minutes=3))
    assert own(log, *everybody) == [f"{clinic.nurse}@log.example"]
    await here.run(posted + timedelta(minutes=6))
    assert len(own(email, clinic.colleague)) == 1
    assert own(email, clinic.lead) == []
    await here.run(posted + timedelta(minutes=11))
    await here.run(posted + timedelta(minutes=17))
    assert len(own(email, clinic.lead)) == 2
    # Nothing that is sent says what, whose or where (INV-18).
    said = "".join(message.subject + message.body for message in email.took)
    assert not [word for word in (CRISIS, "Heron", str(group), "heart") if word in said]
    assert len({message.id for message in email.took}) == len(email.took)
    case = await one(client, clinic)
    assert (case["level"], case["handle"], case["body"], case["postState"]) == (3, "Heron", CRISIS, "held")
    assert "Sr Test by email" in case["told"]
    assert (await press(client, clinic, case, "take")).status_code == 200
    before = len(email.took)
    await here.run(posted + timedelta(minutes=25))
    assert own(Provider(), *everybody) == []
    assert len(own(email, *everybody)) == len([m for m in email.took[:before] if any(str(who) in m.address for who in everybody)])


async def test_pgs_3_taken_and_not_decided_it_comes_back_to_everybody(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    await reached(database, clinic, clinic.nurse, "email")
    await ask(client, clinic, group, CRISIS)
    assert (await press(client, clinic, await one(client, clinic), "take")).status_code == 200
    email = Provider()
    await teller(database, {"email": email}).run(datetime.now(UTC) + timedelta(minutes=31))
    assert own(email, clinic.nurse) == [f"{clinic.nurse}@email.example"]
    assert (await one(client, clinic))["state"] == "open"


async def test_pgs_3_with_an_empty_rota_those_who_look_after_the_group_and_the_lead_are_told_at_once(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await make_group(database, clinic)
    await come_in(client, clinic.token("patient"), group, "Heron")
    await moderators(database, clinic, group, nurse=[clinic.colleague])
    await reached(database, clinic, clinic.colleague, "email")
    await reached(database, clinic, clinic.lead, "email")
    await ask(client, clinic, group, CRISIS)
    email = Provider()
    await teller(database, {"email": email}).run()
    assert own(email, clinic.colleague, clinic.lead) == [f"{clinic.colleague}@email.example"]
    # Nobody on duty and nobody who looks after it: the lead at once.
    bare = await make_group(database, clinic)
    await come_in(client, clinic.token("stranger"), bare, "Otter")
    await ask(client, clinic, bare, CRISIS, who="stranger")
    await teller(database, {"email": email}).run()
    assert own(email, clinic.lead) == [f"{clinic.lead}@email.example"]


async def test_alp_4_a_channel_that_takes_nothing_is_left_for_the_next_and_nobody_reached_is_an_alarm(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await reached(database, clinic, clinic.nurse, "email", "log")
    await ask(client, clinic, group, CRISIS)
    email, log = Provider("failed"), Provider()
    await teller(database, {"email": email, "log": log}).run()
    assert (len(own(email, clinic.nurse)), len(own(log, clinic.nurse))) == (1, 1)
    await ask(client, clinic, group, "I have thought about killing myself", who="stranger")
    dead = Provider("refused")
    with capture_logs() as logs:
        await teller(database, {"email": dead, "log": dead}).run()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["notice.nobody"]
    first = own(dead, clinic.nurse)
    # Tried again in seconds under the same keys (INV-6).
    await teller(database, {"email": dead, "log": dead}).run(datetime.now(UTC) + timedelta(seconds=8))
    assert len(own(dead, clinic.nurse)) == 2 * len(first) == 4
    assert len({message.id for message in dead.took if str(clinic.nurse) in message.address}) == 2


async def test_pgs_2_a_decision_has_a_reason_and_is_told_to_the_writer_and_to_whoever_reported(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await moderators(database, clinic, group, nurse=[clinic.nurse])
    asked = (await ask(client, clinic, group, "Buy my beans, they cure everything")).json()
    report = f"/v1/groups/{group}/posts/{asked['id']}/report"
    await client.post(report, json={"kind": "selling", "words": "It is a shop"}, headers=clinic.token("stranger"))
    case = await one(client, clinic)
    assert (case["kind"], case["level"], case["reports"]) == ("report-selling", 1, [{"kind": "selling", "words": "It is a shop"}])
    assert (await press(client, clinic, case, "decide", decision="hide", reason="")).status_code == 422
    assert (await press(client, clinic, case, "decide", decision="hide", reason="No selling here, see the rules")).status_code == 200
    assert (await press(client, clinic, case, "decide", decision="show", reason="I changed my mind")).status_code == 412
    found = (await read(client, clinic, group, asked["thread"])).json()
    assert [(item["state"], item["body"], item["why"]) for item in found["items"]] == [("hidden", "", "")]
    assert found["title"] == ""
    mine = (await read(client, clinic, group, asked["thread"], "patient")).json()["items"][0]
    assert (mine["state"], mine["why"]) == ("hidden", "No selling here, see the rules")
    (told,) = (await client.get(f"/v1/groups/{group}/reports", headers=clinic.token("stranger"))).json()["items"]
    assert told["outcome"] == "It is hidden now."
    (decision,) = (await client.get(f"/v1/groups/{group}/decisions", headers=clinic.token("patient"))).json()["items"]
    assert (decision["decision"], decision["reason"]) == ("hide", "No selling here, see the rules")
    assert decision["appealUntil"] is not None


async def test_pgs_6_an_appeal_is_heard_by_a_second_person_and_a_removal_is_reversible(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await moderators(database, clinic, group, nurse=[clinic.nurse, clinic.colleague])
    asked = (await ask(client, clinic, group, "You are all fools", who="stranger")).json()
    await client.post(f"/v1/groups/{group}/posts/{asked['id']}/report", json={"kind": "unkind"}, headers=clinic.token("patient"))
    removed = await press(client, clinic, await one(client, clinic), "decide", decision="remove", reason="Unkind, for the third time")
    assert removed.status_code == 200
    assert (await read(client, clinic, group, asked["thread"], "stranger")).status_code == 404
    # Neither again under another name, nor by leaving first.
    assert (await come_in(client, clinic.token("stranger"), group, "Kestrel")).status_code == 409
    path = f"/v1/groups/{group}/posts/{asked['id']}/appeal"
    assert (await client.post(path, json={"words": "It was a joke"}, headers=clinic.token("patient"))).status_code == 404
    assert (await client.post(path, json={"words": "It was a joke"}, headers=clinic.token("stranger"))).status_code == 202
    assert (await client.post(path, json={"words": "Again"}, headers=clinic.token("stranger"))).status_code == 404
    case = await one(client, clinic)
    assert (case["state"], case["appeal"]) == ("appealed", "It was a joke")
    assert (await press(client, clinic, case, "hear", overturns=True, reason="Fair enough")).status_code == 409
    assert (await press(client, clinic, case, "hear", "colleague", overturns=True, reason="Fair enough, a joke")).status_code == 200
    found = (await read(client, clinic, group, asked["thread"], "patient")).json()["items"]
    assert [(item["state"], item["body"]) for item in found] == [("shown", "You are all fools")]
    assert (await read(client, clinic, group, asked["thread"], "stranger")).status_code == 200
    (decision,) = (await client.get(f"/v1/groups/{group}/decisions", headers=clinic.token("stranger"))).json()["items"]
    assert (decision["state"], decision["reason"]) == ("final", "Fair enough, a joke")
    history = (await client.get(f"/v1/moderation/cases/{case['id']}", headers=clinic.token("nurse"))).json()["history"]
    assert [(entry["what"], entry["by"]) for entry in history] == [("remove", "Sr Test"), ("overturned", "colleague Test")]


async def test_pgs_5_a_volunteer_decides_no_crisis_and_shows_no_advice_about_medicines(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await moderators(database, clinic, group, volunteer=[clinic.colleague])
    await ask(client, clinic, group, "Just double your furosemide for a few days")
    case = await one(client, clinic, "colleague")
    assert case["kind"] == "medicine"
    for decision in ("show", "note"):
        answer = await press(client, clinic, case, "decide", "colleague", decision=decision, reason="Seems fine", note="Fine")
        assert (answer.status_code, answer.json()["detail"]) == (422, "A nurse decides this. You can hide it, or leave it to her.")
    answer = await client.post(f"/v1/moderation/cases/{case['id']}/identity", json={"reason": "I would like to know who"},
                               headers=clinic.token("colleague"))  # fmt: skip
    assert answer.status_code == 409
    # F78: the nurse lets it be seen with her note, and says that she checked it.
    answer = await press(client, clinic, case, "decide", decision="note", reason="With my note", note="Ask us before you change a dose",
                         isChecked=True)  # fmt: skip
    assert answer.status_code == 200, answer.text
    (thread,) = (await client.get(f"/v1/groups/{group}/threads", headers=clinic.token("stranger"))).json()["items"]
    shown = (await read(client, clinic, group, thread["id"])).json()["items"][0]
    assert (shown["note"], shown["noteBy"], shown["isChecked"]) == ("Ask us before you change a dose", "Sr Test", True)


async def test_acc_3_a_moderator_does_not_look_across(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group, other = await two(client, clinic, database), await make_group(database, clinic)
    await moderators(database, clinic, other, nurse=[clinic.colleague])
    await ask(client, clinic, group, CRISIS)
    case = await one(client, clinic)
    assert (await queue(client, clinic, "colleague"))["waiting"] == []
    for who in ("colleague", "lead", "admin"):
        assert (await press(client, clinic, case, "take", who)).status_code == 404
        assert (await client.get(f"/v1/moderation/cases/{case['id']}", headers=clinic.token(who))).status_code == 404
        answer = await client.post(f"/v1/moderation/cases/{case['id']}/identity", json={"reason": "I would like to know"},
                                   headers=clinic.token(who))  # fmt: skip
        assert answer.status_code == 404, who
    for who in ("patient", "vendor"):
        assert (await client.get("/v1/moderation", headers=clinic.token(who))).status_code == 404
    # Nor at what nobody raised: a post that is simply there.
    plain = (await ask(client, clinic, group, "Good morning everybody", who="stranger")).json()
    async with database.begin_peer(org=clinic.org, moderator=clinic.nurse) as tx:
        assert await tx.fetch("select 1 from peer_post where post_id = $1", UUID(plain["id"])) == []
        assert len(await tx.fetch("select 1 from peer_body")) == 1
        assert await tx.fetch("select 1 from peer_member") == []


async def test_pgs_3_in_a_crisis_the_clinician_on_duty_opens_the_name_alone_and_the_person_reads_who_looked(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await moderators(database, clinic, group, nurse=[clinic.colleague])
    await ask(client, clinic, group, CRISIS)
    case = await one(client, clinic)
    path = f"/v1/moderation/cases/{case['id']}/identity"
    assert (await client.post(path, json={"reason": "short"}, headers=clinic.token("nurse"))).status_code == 422
    answer = await client.post(path, json={"reason": "She may be about to harm herself"}, headers=clinic.token("nurse"))
    assert (answer.status_code, answer.json()["isOpen"]) == (201, True)
    opening = f"/v1/moderation/openings/{answer.json()['id']}"
    assert (await client.get(f"{opening}/person", headers=clinic.token("colleague"))).status_code == 404
    found = await client.get(f"{opening}/person", headers=clinic.token("nurse"))
    assert (found.status_code, found.json()["patient"], found.json()["name"]) == (200, str(clinic.patient), "Agnes Test")
    async with database.begin(clinic.actor("patient")) as tx:
        rows = await tx.fetch("select actor, what from audit where patient_id = $1", clinic.patient)
    assert [(row["actor"], row["what"]) for row in rows] == [(clinic.nurse, "peer-identity")]
    # Reviewed by a second person, never by herself.
    review = {"reason": "It was right"}
    assert (await client.post(f"{opening}/review", json=review, headers=clinic.token("nurse"))).status_code == 409
    assert (await client.post(f"{opening}/review", json=review, headers=clinic.token("colleague"))).status_code == 200
    (listed,) = (await client.get("/v1/moderation/openings", headers=clinic.token("colleague"))).json()["items"]
    assert (listed["basis"], listed["isReviewed"], listed["review"]) == ("vital_interests", True, "It was right")


async def test_pgs_1_outside_a_crisis_a_name_needs_two_people(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    await moderators(database, clinic, group, nurse=[clinic.nurse, clinic.colleague])
    await ask(client, clinic, group, "See https://cures.example.com for more")
    case = await one(client, clinic)
    answer = await client.post(f"/v1/moderation/cases/{case['id']}/identity", json={"reason": "The police ask about fraud"},
                               headers=clinic.token("nurse"))  # fmt: skip
    assert (answer.status_code, answer.json()["isOpen"]) == (201, False)
    opening = f"/v1/moderation/openings/{answer.json()['id']}"
    assert (await client.get(f"{opening}/person", headers=clinic.token("nurse"))).status_code == 409
    assert (await client.post(f"{opening}/agree", json={}, headers=clinic.token("nurse"))).status_code == 409
    # The database says the same, whatever the program does.
    async with database.begin_as(Role.SEAL) as tx:
        assert await tx.fetch("select sealed from handle_seal where group_id = $1", group) == []
    assert (await client.post(f"{opening}/agree", json={}, headers=clinic.token("colleague"))).status_code == 200
    assert (await client.get(f"{opening}/person", headers=clinic.token("colleague"))).status_code == 404
    assert (await client.get(f"{opening}/person", headers=clinic.token("nurse"))).json()["name"] == "Agnes Test"
    async with database.begin_as(Role.SEAL) as tx:
        assert len(await tx.fetch("select sealed from handle_seal where group_id = $1", group)) == 1
        assert await tx.fetch("select patient_id from patient") == []


async def test_f71_the_lead_founds_a_group_says_who_looks_after_it_and_plans_the_duty(client: AsyncClient, clinic: Clinic) -> None:
    body = {"name": "Torbay breathe easy", "purpose": "To talk", "about": "place", "topic": "Torbay",
            "closesOn": (clinic.now.date() + timedelta(days=90)).isoformat()}  # fmt: skip
    assert (await client.post("/v1/moderation/groups", json=body, headers=clinic.token("nurse"))).status_code == 403
    made = await client.post("/v1/moderation/groups", json=body, headers=clinic.token("lead"))
    assert made.status_code == 201, made.text
    group = made.json()["id"]
    who = {"staff": str(clinic.nurse), "role": "nurse"}
    assert (await client.post(f"/v1/moderation/groups/{group}/moderators", json=who, headers=clinic.token("lead"))).status_code == 200
    nobody = {"staff": str(uuid7()), "role": "nurse"}
    assert (await client.post(f"/v1/moderation/groups/{group}/moderators", json=nobody, headers=clinic.token("lead"))).status_code == 404
    assert (await come_in(client, clinic.token("patient"), UUID(group), "Heron")).status_code == 200
    assert (await ask(client, clinic, UUID(group), "Hello to you all")).json()["state"] == "held"
    now = datetime.now(UTC)
    duty = {"staff": str(clinic.nurse), "role": "clinician", "fromAt": (now - timedelta(minutes=1)).isoformat(),
            "toAt": (now + timedelta(hours=8)).isoformat()}  # fmt: skip
    planned = await client.post("/v1/moderation/duty", json=duty, headers=clinic.token("lead"))
    assert planned.status_code == 201, planned.text
    assert (await client.post("/v1/moderation/duty", json=duty, headers=clinic.token("lead"))).status_code == 409
    assert (await client.get("/v1/moderation/duty", headers=clinic.token("nurse"))).json()["isWatched"] is True
    assert (await ask(client, clinic, UUID(group), "Hello again to you all")).json()["state"] == "shown"
    pause = {"isPaused": True, "reason": "A quiet evening after a hard day"}
    assert (await client.post(f"/v1/moderation/groups/{group}/pause", json=pause, headers=clinic.token("colleague"))).status_code == 404
    assert (await client.post(f"/v1/moderation/groups/{group}/pause", json=pause, headers=clinic.token("nurse"))).status_code == 200
    assert (await ask(client, clinic, UUID(group), "Hello a third time")).status_code == 422
    assert (await ask(client, clinic, UUID(group), CRISIS)).status_code == 202
    assert (await client.delete(f"/v1/moderation/duty/{planned.json()['id']}", headers=clinic.token("lead"))).status_code == 204
    assert (await client.delete(f"/v1/moderation/groups/{group}/moderators/{clinic.nurse}", headers=clinic.token("lead"))).status_code == 204
    assert (await queue(client, clinic))["waiting"] == []


async def test_pgs_4_who_was_blocked_comes_back_under_another_name_and_is_still_blocked(
    client: AsyncClient, clinic: Clinic, database: Database
) -> None:
    group = await two(client, clinic, database)
    await on_duty(database, clinic)
    yours = (await ask(client, clinic, group, "Hello from the otter", who="stranger")).json()
    await client.post(f"/v1/groups/{group}/posts/{yours['id']}/block", json={}, headers=clinic.token("patient"))
    await client.post(f"/v1/groups/{group}/leave", json={}, headers=clinic.token("stranger"))
    assert (await come_in(client, clinic.token("stranger"), group, "Kestrel")).status_code == 200
    again = (await ask(client, clinic, group, "Hello, it is somebody else", who="stranger")).json()
    assert (await read(client, clinic, group, again["thread"], "patient")).status_code == 404
    # Nor does a new name begin a new count of the day's posts.
    for _ in range(3):
        assert (await ask(client, clinic, group, "One more thought about salt", who="stranger")).status_code == 201
    assert (await ask(client, clinic, group, "And one more", who="stranger")).status_code == 429


async def test_pgs_3_words_of_crisis_are_heard_wherever_they_are_written(client: AsyncClient, clinic: Clinic, database: Database) -> None:
    group = await two(client, clinic, database)
    refused = await come_in(client, clinic.token("stranger"), await make_group(database, clinic), "Kill myself")
    assert (refused.status_code, "116 123" in refused.json()["detail"]) == (422, True)
    asked = (await ask(client, clinic, group, "You are all fools", who="stranger")).json()
    body = {"kind": "unkind", "words": "It makes me want to die"}
    told = await client.post(f"/v1/groups/{group}/posts/{asked['id']}/report", json=body, headers=clinic.token("patient"))
    assert "116 123" in told.json()["says"]
    case = await one(client, clinic)
    assert (case["kind"], case["level"]) == ("report-worried", 3)
    assert (await press(client, clinic, case, "decide", decision="hide", reason="Unkind words")).status_code == 200
    appeal = {"words": "Then there is no reason to live"}
    path = f"/v1/groups/{group}/posts/{asked['id']}/appeal"
    assert (await client.post(path, json=appeal, headers=clinic.token("stranger"))).status_code == 202
    assert (await one(client, clinic))["level"] == 3
