"""F15: a person without a smartphone has the same judgement and advice: every reading, symptom and plan step by text."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.messages import texts as said
from domain.readings.kinds import BY_NAME
from server.audit.chain import NOBODY
from server.db import Database
from server.texts import service
from tests.clinic import Clinic
from tests.server.episodes.test_ladder import alive, rows
from tests.server.plans.test_plans import in_force
from tests.server.reach import test_reach
from tests.server.reach.test_reach import Post, number, on, quiet

callbacks = test_reach.callbacks
post = test_reach.post


FLAGS = "select rule, severity, state from flag where patient_id = $1 order by rule, severity"


class Phone:
    """A phone that can only text."""

    def __init__(self, client: AsyncClient, clinic: Clinic, database: Database, headers: dict[str, str]) -> None:
        self.client, self.clinic, self.database, self.headers = client, clinic, database, headers
        self.number = number()

    async def send(self, words: str, *, key: object = None, at: datetime | None = None, number: str | None = None) -> str:
        """Text something; the answer that is on its way, empty where none is."""
        sent = key or uuid7()
        body = {
            "id": str(sent), "source_number": (number or self.number).removeprefix("+"), "destination_number": "447700900999", "message": words,
            "date_received": (at or datetime.now(UTC)).isoformat(),
        }  # fmt: skip
        answer = await self.client.post("/v1/callbacks/govuk-notify/texts", json=body, headers=self.headers)
        assert answer.status_code == 204, answer.text
        found = await rows(self.database, "select words, address from outbox where dedupe = $1", f"text:{sent}")
        assert all(one[1] == self.number for one in found)
        return found[0][0] if found else ""

    async def flags(self) -> list[tuple[Any, ...]]:
        return await rows(self.database, FLAGS, self.clinic.patient)


@pytest.fixture
async def phone(client: AsyncClient, clinic: Clinic, database: Database, callbacks: dict[str, str]) -> Phone:
    made = Phone(client, clinic, database, callbacks)
    await on(database, clinic, made.number)
    await rows(database, "update patient_channel set is_words = true where patient_id = $1 returning 1", clinic.patient)
    return made


async def test_f15_a_pressure_is_kept_judged_and_answered(phone: Phone, clinic: Clinic, database: Database) -> None:
    await alive(database, clinic)
    answer = await phone.send("BP 142 88")
    assert answer.startswith("Blood pressure 142/88: noted.")
    assert "A nurse is watching now." in answer
    kept = await rows(database, "select kind, value, value2, time_source, manual from reading where patient_id = $1", clinic.patient)
    assert [(one[0], int(one[1]), int(one[2]), one[3], one[4]) for one in kept] == [(101, 142, 88, 5, True)]


async def test_f15_a_callback_that_comes_again_is_the_same_text(phone: Phone, clinic: Clinic, database: Database) -> None:
    key, at = uuid7(), datetime.now(UTC)
    first = await phone.send("WEIGHT 82.4, worse", key=key, at=at)
    assert await phone.send("WEIGHT 82.4, worse", key=key, at=at) == first
    assert len(await rows(database, "select id from reading where patient_id = $1", clinic.patient)) == 2
    assert len(await rows(database, "select id from outbox where patient_id = $1 and audience = 'text'", clinic.patient)) == 1
    assert len([one for one in await phone.flags() if one[2] == "active"]) == 1


async def test_f15_worse_raises_the_same_flag_as_the_app_and_the_advice_comes_by_text_at_night_too(
    client: AsyncClient, phone: Phone, clinic: Clinic, post: Post
) -> None:
    now = datetime.now(UTC)
    await quiet(client, clinic, fromAt=f"{now - timedelta(hours=1):%H:%M}:00", toAt=f"{now + timedelta(hours=2):%H:%M}:00", zone="UTC")
    answer = await phone.send("WORSE")
    assert answer.startswith("I feel worse: noted.")
    await post.work()
    texted = [taken.body.decode() for taken in post.provider.taken]
    assert any("noted" in one for one in texted)
    assert any("We need to talk to you today" in one for one in texted), texted
    assert not any("Agnes" in one for one in texted)
    assert [one[0] for one in await phone.flags()] == ["F44"]


@pytest.mark.parametrize(
    ("words", "kind", "body"),
    [
        ("BP 190 125", "blood_pressure", {"parts": {"systolic": 190, "diastolic": 125}, "unit": "mm[Hg]"}),
        ("GLUCOSE 2.4", "glucose_capillary", {"value": 2.4, "unit": "mmol/L"}),
        ("SPO2 84", "oxygen_saturation", {"value": 84, "unit": "%"}),
        ("PEAK 180", "peak_flow", {"value": 180, "unit": "L/min"}),
        ("chest pain", "symptom", {"code": "chest_pain"}),
        ("ketones 3.4", "ketones_blood", {"value": 3.4, "unit": "mmol/L"}),
    ],
)  # fmt: skip
async def test_f15_parity_the_same_flag_by_text_as_by_the_app(
    client: AsyncClient, phone: Phone, clinic: Clinic, database: Database, parts: Any, words: str, kind: str, body: dict[str, Any]
) -> None:
    from tests.clinic import make_clinic  # noqa: PLC0415 - a second person, judged beside the first

    at = datetime.now(UTC)
    await phone.send(words, at=at)
    other = await make_clinic(database, parts, at)
    reading = {"id": str(uuid7()), "kind": kind, "takenAt": at.isoformat(), **body}
    assert (await client.put(f"/v1/readings/{reading['id']}", json=reading, headers=other.token("patient"))).status_code in {201, 202}
    by_app = await rows(database, FLAGS, other.patient)
    assert await phone.flags() == by_app
    verdicts = "select rule, verdict, severity from judgement where patient_id = $1 order by rule, verdict"
    assert await rows(database, verdicts, clinic.patient) == await rows(database, verdicts, other.patient)


async def test_f15_parity_every_kind_of_reading_is_taken_by_text_as_by_the_app(
    client: AsyncClient, phone: Phone, clinic: Clinic
) -> None:
    at = datetime.now(UTC)
    for name, kind in BY_NAME.items():
        if kind.codes:
            code = next(iter(kind.codes.values())) if name != "symptom" else "cough_worse"
            words, body = (code if name == "fall" else f"{name} {code}"), {"code": code}
        elif kind.parts:
            middles = {part.name: round(float((part.hard.low + part.hard.high) / 2)) for part in kind.parts if not part.optional}
            words, body = f"{name} {' '.join(map(str, middles.values()))} {kind.unit}", {"parts": middles, "unit": kind.unit}
        else:
            value = 70 if name == "heart_rate" else round(float(((kind.soft or kind.hard).low + (kind.soft or kind.hard).high) / 2))  # type: ignore[union-attr]
            words, body = f"{kind.label if name == 'glucose' else name} {value} {kind.unit}", {"value": value, "unit": kind.unit}
        answer = await phone.send(words, at=at)
        reading = {"id": str(uuid7()), "kind": name, "takenAt": (at + timedelta(seconds=1)).isoformat(), **body}
        by_app = await client.put(f"/v1/readings/{reading['id']}", json=reading, headers=clinic.token("patient"))
        noted = "noted" if by_app.status_code in {200, 201} else "kept, but" if by_app.status_code == 202 else "not kept"
        assert f": {noted}" in answer, (words, answer, by_app.text)


async def test_f15_what_is_unclear_is_asked_for_and_what_is_clear_is_kept(phone: Phone, clinic: Clinic, database: Database) -> None:
    answer = await phone.send("PULSE 72\nWEIGHT 181\nBP 142")
    assert answer.splitlines()[:3] == [
        "Heart rate 72: noted.",
        "Not clear, and not kept. Weight 181: in which unit? Send it again with KG or G or LB behind it.",
        "Not clear, and not kept. Send: BP 142 88",
    ]
    assert len(await rows(database, "select id from reading where patient_id = $1", clinic.patient)) == 1
    assert "kept, but it does not look right" in await phone.send("WEIGHT 12 KG")


async def test_f68_words_for_a_person_go_to_the_team_and_what_must_not_wait_is_judged(
    phone: Phone, clinic: Clinic, database: Database
) -> None:
    answer = await phone.send("I have had a terrible pain in my chest since lunch")
    assert answer.startswith("This is no reading that we know, so it went to your team as a message.")
    assert "999 in an emergency" in answer
    kept = await rows(database, "select body, red_words from message where patient_id = $1", clinic.patient)
    assert kept == [("I have had a terrible pain in my chest since lunch", ["chest_pain"])]
    assert await phone.flags() != []


async def test_f15_help_stop_start_who_plan_and_today(phone: Phone, clinic: Clinic, database: Database) -> None:
    async def state() -> str:
        return (await rows(database, "select state from patient_channel where patient_id = $1", clinic.patient))[0][0]

    assert await phone.send("HELP") == said.HELP
    assert (await phone.send("Stop"), await state()) == (service.STOPPED, "off")
    # Nothing of hers is lost for it.
    assert "noted" in await phone.send("PULSE 70")
    assert await state() == "off"
    assert (await phone.send("START"), await state()) == (service.STARTED, "on")
    await alive(database, clinic)
    assert (await phone.send("WHO")).startswith("A nurse is watching now.")
    assert await phone.send("PLAN") == "You have no plan with steps yet. Ask your care team."
    assert await phone.send("TODAY") == "Nothing is asked of you today."


async def test_f15_parity_every_step_of_a_plan_is_told_by_text_and_what_is_asked_today(
    client: AsyncClient, phone: Phone, clinic: Clinic, database: Database
) -> None:
    signed = await in_force(client, clinic, "heart_failure", "hypertension")
    key = uuid7()
    await phone.send("PLAN", key=key)
    found = await rows(database, "select words from outbox where dedupe like $1 order by due_at", f"text:{key}%")
    told = "\n".join(one[0] for one in found)
    assert all(len(one[0]) <= 900 for one in found)
    lines = " ".join(told.split())
    steps = signed["plan"]["steps"]
    assert len(steps) >= 5
    for step in steps:
        assert " ".join(step["words"].split()) in lines, step
    before = await phone.send("TODAY")
    assert before.startswith("Still to send today: ")
    assert "Weight" in before
    await phone.send("WEIGHT 80.2")
    after = await phone.send("TODAY")
    assert "Weight" in after.partition("Came already:")[2]


def test_f15_a_long_answer_is_several_texts_and_none_of_it_is_left_out() -> None:
    words = "\n".join(["a short line", "word " * 400, "an end"])
    found = service.pieces(words)
    assert all(len(one) <= 900 for one in found)
    assert " ".join(" ".join(found).split()) == " ".join(words.split())
    assert service.pieces("short") == ["short"]


async def test_f15_a_number_that_nobody_has_hears_nothing_personal_and_once_a_day(phone: Phone, database: Database) -> None:
    stranger = number()
    for _ in range(3):
        assert await phone.send("BP 142 88", number=stranger) == ""
    told = await rows(database, "select patient_id, words from outbox where address = $1", stranger)
    assert told == [(NOBODY, service.UNKNOWN)]
    assert await rows(database, "select 1 from reading where patient_id = $1", NOBODY) == []


async def test_f15_a_number_of_two_people_is_nobodys(phone: Phone, clinic: Clinic, database: Database) -> None:
    await rows(database, "insert into patient_channel (patient_id, channel_id, place, channel, address, set_by) "
                         "values ($1, $2, 1, 'sms', $3, $1) returning 1", clinic.stranger, uuid7(), phone.number)  # fmt: skip
    await phone.send("BP 142 88")
    assert await rows(database, "select words from outbox where address = $1", phone.number) == [(service.SEVERAL,)]
    assert await rows(database, "select 1 from reading where patient_id = any ($1::uuid[])", [clinic.patient, clinic.stranger]) == []


async def test_f15_a_number_noted_in_clinic_counts_once_it_answers_start(
    client: AsyncClient, clinic: Clinic, database: Database, callbacks: dict[str, str]
) -> None:
    phone = Phone(client, clinic, database, callbacks)
    url = f"/v1/patients/{clinic.patient}/channels/{uuid7()}"
    for who, status in (("vendor", 404), ("stranger", 404), ("nurse", 204), ("nurse", 204)):
        assert (await client.put(url, json={"number": phone.number}, headers=clinic.token(who))).status_code == status
    asked = await rows(database, "select words from outbox where address = $1", phone.number)
    assert [one[0][:18] for one in asked] == ["Reply START to sen"]
    assert await phone.send("BP 142 88") == service.NOT_YET
    assert await rows(database, "select 1 from reading where patient_id = $1", clinic.patient) == []
    assert await phone.send("start") == service.STARTED
    assert "noted" in await phone.send("BP 142 88")
    seen = (await client.get(f"/v1/patients/{clinic.patient}/channels", headers=clinic.token("nurse"))).json()["channels"]
    assert [(one["channel"], one["state"], one["inWords"]) for one in seen] == [("sms", "on", True)]


async def test_inp_a_text_needs_the_token_and_its_shape(client: AsyncClient, phone: Phone, callbacks: dict[str, str]) -> None:
    url = "/v1/callbacks/govuk-notify/texts"
    assert (await client.post(url, json={}, headers={})).status_code == 401
    assert (await client.post(url, json={"id": "x"}, headers=callbacks)).status_code == 422
    # What she cannot see is no reason to refuse her words.
    assert "noted" in await phone.send("BP\u200b 142\u202e 88\r\n")
    assert await phone.send("  ") == said.HELP
