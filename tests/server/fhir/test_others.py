"""INV-19, INV-10: whatever place of FHIR names somebody else's person, reading or device, it finds what it finds of nobody."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from integrations.fhir.codes import NHS_NUMBER
from server import clock
from server.app_state import Parts
from server.db import Database
from server.fhir.ids import joined
from tests.clinic import Clinic, make_clinic
from tests.server.consent.test_withdrawal import stop_all
from tests.server.fhir.test_door import JSON, NOW, bundled, name, post, vendor_of, weight


@pytest.fixture
async def other(database: Database, parts: Parts) -> Clinic:
    """Another clinic, whose people may know nothing of the first."""
    return await make_clinic(database, parts, clock.now())


async def known(client: AsyncClient, clinic: Clinic, key: str) -> dict[str, str]:
    """What there is to know of the first clinic's patient: addresses, numbers and names."""
    made = await post(client, clinic, weight(clinic, "80.10", identifier=name(key)))
    assert made.status_code == 201, made.text
    patient = clinic.token("patient")
    person = (await client.get(f"/fhir/R4/Patient/{clinic.patient}", headers=patient)).json()
    device = (await client.get("/fhir/R4/Device", headers=patient)).json()["entry"][0]["resource"]
    return {"reading": made.json()["id"], "number": person["identifier"][0]["value"], "device": device["id"]}


def subject(clinic: Clinic, body: bytes, **more: Any) -> bytes:
    """The same, said of a person and of no device."""
    return msgspec.json.encode({**msgspec.json.decode(body), "device": {"display": "Scale", "identifier": {"value": "x"}},
                                "subject": {"reference": f"Patient/{clinic.patient}"}, **more})  # fmt: skip


async def test_inv_19_no_address_and_no_parameter_finds_another_persons_record(client: AsyncClient, clinic: Clinic, other: Clinic) -> None:
    key = str(uuid7())
    seen = await known(client, clinic, key)
    place, device = seen["reading"], seen["device"]
    nothing = joined(uuid7(), uuid7())
    hers = (await post(client, other, weight(other, "70.5"))).json()["id"]
    asked = [
        (f"Observation/{place}", f"Observation/{nothing}"), (f"Observation/{place}/_history/1", f"Observation/{nothing}/_history/1"),
        (f"Observation?_id={place}", f"Observation?_id={nothing}"), (f"Patient/{clinic.patient}", f"Patient/{uuid7()}"),
        (f"Observation?_id={place}&patient={other.patient}", f"Observation?_id={nothing}&patient={other.patient}"),
        (f"Observation?patient={clinic.patient}&identifier=https://vendor.example/readings|{key}",
         f"Observation?patient={uuid7()}&identifier=x|y"),
        (f"Observation?patient={other.patient}&identifier={key}", f"Observation?patient={other.patient}&identifier=y"),
        (f"Observation?patient={clinic.patient}&_include=Observation:subject&_include=Observation:device",
         f"Observation?patient={uuid7()}&_include=Observation:subject&_include=Observation:device"),
        (f"Observation?patient={clinic.patient}&_summary=count", f"Observation?patient={uuid7()}&_summary=count"),
        (f"Observation?patient={clinic.patient}&_total=accurate", f"Observation?patient={uuid7()}&_total=accurate"),
        (f"Patient?_id={clinic.patient}", f"Patient?_id={uuid7()}"),
        (f"Patient/{clinic.patient}/$everything", f"Patient/{uuid7()}/$everything"),
        (f"Patient?identifier={NHS_NUMBER}|{seen['number']}", f"Patient?identifier={NHS_NUMBER}|9990000018"),
        (f"Device/{device}", "Device/999999999"), (f"Device?patient={clinic.patient}", f"Device?patient={uuid7()}"),
        (f"Device?identifier={clinic.serial}", "Device?identifier=x"),
        *((f"{kind}?patient={clinic.patient}", f"{kind}?patient={uuid7()}")
          for kind in ("Flag", "DetectedIssue", "CarePlan", "Communication", "Consent", "AuditEvent", "QuestionnaireResponse")),
    ]  # fmt: skip
    for who in (other.token("nurse"), other.token("patient"), await vendor_of(client, other), clinic.token("stranger")):
        for path, of_nobody in asked:
            found, empty = [await client.get(f"/fhir/R4/{one}", headers=who) for one in (path, of_nobody)]
            assert found.status_code == empty.status_code, (path, found.text)
            told = found.json()
            assert told.get("total", 0) == 0, path
            assert [one for one in told.get("entry", ()) if one["search"]["mode"] != "outcome"] == [], path
            assert ("80.1" in found.text, clinic.serial in found.text, "Agnes" in found.text) == (False, False, False), path
    both = await client.get(f"/fhir/R4/Observation?_id={hers},{place}", headers=other.token("nurse"))
    assert [one["resource"]["id"] for one in both.json()["entry"]] == [hers]


async def test_inv_19_nobody_writes_into_another_persons_record(client: AsyncClient, clinic: Clinic, other: Clinic) -> None:
    key = str(uuid7())
    seen = await known(client, clinic, key)
    entry = weight(other, "81.5", NOW - timedelta(hours=1))
    body = subject(clinic, entry)
    of_device = weight(clinic, "81.5", NOW - timedelta(hours=1))
    by_number = msgspec.json.encode({**msgspec.json.decode(body), "subject": {"identifier": {"system": NHS_NUMBER, "value": seen["number"]}}})
    named = msgspec.json.encode({**msgspec.json.decode(body), "identifier": name(key)})
    gone = msgspec.json.encode({**msgspec.json.decode(named), "status": "entered-in-error", "valueQuantity": None})
    gone = gone.replace(b',"valueQuantity":null', b"")
    contained = msgspec.json.encode({**msgspec.json.decode(of_device), "device": {"reference": "#d"}, "contained": [
        {"resourceType": "Device", "id": "d", "serialNumber": clinic.serial}]})  # fmt: skip
    by_place = msgspec.json.encode({**msgspec.json.decode(of_device), "device": {"reference": f"Device/{seen['device']}"}})
    condition = {"if-none-exist": f"identifier=https://vendor.example/readings|{key}"}
    for who in (other.token("nurse"), other.token("patient"), await vendor_of(client, other), clinic.token("stranger")):
        for one in (body, by_number, named, gone):
            for more in ({}, condition):
                answer = await client.post("/fhir/R4/Observation", content=one, headers={**who, **JSON, **more})
                assert answer.status_code == 422, (answer.status_code, answer.text)
                assert answer.json()["issue"][0]["code"] in {"not-found", "required"}
        made = await client.get(f"/fhir/R4/Observation/{seen['reading']}", headers=clinic.token("patient"))
        wrong = msgspec.json.encode({**made.json(), "status": "entered-in-error"})
        answer = await client.put(f"/fhir/R4/Observation/{seen['reading']}", content=wrong, headers={**who, **JSON})
        assert answer.status_code in {403, 404}, answer.text
        for kind in ("batch", "transaction"):
            answer = await client.post("/fhir/R4", content=bundled(kind, body, named), headers={**who, **JSON})
            told = [one["response"]["status"][:3] for one in answer.json().get("entry", ())]
            assert (answer.status_code, told) == ((200, ["422", "422"]) if kind == "batch" else (422, []))
    for one in (of_device, contained, by_place):
        answer = await client.post("/fhir/R4/Observation", content=one, headers={**await vendor_of(client, other), **JSON})
        assert answer.status_code == 422, answer.text
    found = await client.get(f"/fhir/R4/Observation?patient={clinic.patient}", headers=clinic.token("patient"))
    assert [(one["resource"]["id"], one["resource"]["status"]) for one in found.json()["entry"]] == [(seen["reading"], "final")]


async def test_ing_4_an_entry_of_another_person_sinks_no_good_one(client: AsyncClient, clinic: Clinic, other: Clinic) -> None:
    good = subject(clinic, weight(clinic, "80.4"), identifier=name())
    bad = subject(other, weight(clinic, "80.6"), identifier=name())
    answer = await client.post("/fhir/R4", content=bundled("batch", bad, good), headers={**clinic.token("nurse"), **JSON})
    assert [one["response"]["status"][:3] for one in answer.json()["entry"]] == ["422", "201"]
    answer = await client.post("/fhir/R4", content=bundled("transaction", bad, good), headers={**clinic.token("nurse"), **JSON})
    assert answer.status_code == 422


@pytest.mark.parametrize("wrong", [b"x" * 600, b"a\\u0000b", b"\\ud800", b"\xff"], ids=["long", "nul", "half", "no UTF-8"])
async def test_inp_4_a_name_that_cannot_be_kept_is_refused(client: AsyncClient, clinic: Clinic, wrong: bytes) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    text = b'"' + wrong + b'"'
    for field in ('"identifier":[{"system":"urn:x","value":@}]', '"identifier":[{"system":@,"value":"1"}]',
                  '"device":{"identifier":{"value":@}}', '"device":{"reference":@}', '"subject":{"reference":@}', '"id":@'):  # fmt: skip
        given = weight(clinic, "80.1") if "device" not in field else weight(clinic, "80.1", device=None)
        body = given[:-1] + b"," + field.encode().replace(b"@", text) + b"}"
        answer = await client.post("/fhir/R4/Observation", content=body, headers=mine)
        assert answer.status_code in {400, 422}, (field, answer.status_code, answer.text)
    thing = b'{"resourceType":"Device","identifier":[{"value":' + text + b"}]}"
    entry = b'{"resource":' + thing + b',"request":{"method":"POST","url":"Device"}}'
    answer = await client.post("/fhir/R4", content=b'{"resourceType":"Bundle","type":"batch","entry":[' + entry + b"]}", headers=mine)
    assert answer.status_code in {200, 400, 422}, answer.text


async def test_inv_10_after_a_withdrawal_nothing_of_fhir_is_left(client: AsyncClient, clinic: Clinic) -> None:
    seen = await known(client, clinic, str(uuid7()))
    await post(client, clinic, weight(clinic, "80.3", NOW - timedelta(days=1)))
    nurse = {**clinic.token("nurse"), **JSON}
    page = (await client.get(f"/fhir/R4/Observation?patient={clinic.patient}&_count=1", headers=nurse)).json()
    following = next(one["url"].removeprefix("http://test") for one in page["link"] if one["relation"] == "next")
    made = (await client.get(f"/fhir/R4/Observation/{seen['reading']}", headers=nurse)).json()
    etag = {"if-none-match": 'W/"1"'}
    await stop_all(client, clinic)
    answer = await client.get(following, headers=nurse)
    assert (answer.status_code, answer.json().get("entry", [])) == (200, [])
    assert (await client.get(f"/fhir/R4/Observation/{seen['reading']}", headers={**nurse, **etag})).status_code == 404
    wrong = await client.put(f"/fhir/R4/Observation/{seen['reading']}", json={**made, "status": "entered-in-error"}, headers=nurse)
    assert wrong.status_code == 404
    body = subject(clinic, weight(clinic, "81.5", NOW - timedelta(hours=1)), identifier=name())
    assert (await client.post("/fhir/R4/Observation", content=body, headers=nurse)).status_code == 422
    hers = f"patient={clinic.patient}"
    urls = (f"Observation/{seen['reading']}", f"Observation?{hers}", f"Patient/{clinic.patient}", f"Flag?{hers}")
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    answer = await client.post("/fhir/R4", json={"resourceType": "Bundle", "type": "batch", "entry": entries}, headers=nurse)
    assert [(one["response"]["status"][:3], len(one.get("resource", {}).get("entry", ()))) for one in answer.json()["entry"]] == [
        ("404", 0), ("200", 0), ("404", 0), ("200", 0),
    ]  # fmt: skip
