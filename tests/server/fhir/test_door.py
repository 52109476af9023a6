"""Observations through the FHIR door: one judged path, answers in FHIR's own words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from integrations.fhir.codes import NHS_NUMBER
from server.auth.assertions import TYPE
from tests.clinic import Clinic
from tests.server.auth.test_sign_in import proof

NOW = datetime.now(UTC).replace(microsecond=0)
JSON = {"content-type": "application/fhir+json"}


def weight(clinic: Clinic, kg: str, at: datetime = NOW, **more: Any) -> bytes:
    """A weight as a vendor sends it; its digits are kept."""
    found = {
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": msgspec.Raw(kg.encode()), "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        "device": {"identifier": {"value": clinic.serial}}, **more,
    }  # fmt: skip
    return msgspec.json.encode({name: value for name, value in found.items() if value is not None})


def name(value: str = "") -> list[dict[str, str]]:
    return [{"system": "https://vendor.example/readings", "value": value or str(uuid7())}]


async def vendor_of(client: AsyncClient, clinic: Clinic, scope: str = "system/Observation.crs") -> dict[str, str]:
    """The header of a vendor that asked the token endpoint with its key."""
    form = {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": proof(clinic), "scope": scope}
    granted = (await client.post("/oauth/token", data=form)).json()
    return {"authorization": f"Bearer {granted['access_token']}"}


async def post(client: AsyncClient, clinic: Clinic, body: bytes, **headers: str) -> Any:
    headers = {**(await vendor_of(client, clinic) if "authorization" not in headers else {}), **JSON, **headers}
    return await client.post("/fhir/R4/Observation", content=body, headers=headers)


async def test_an_observation_travels_from_a_vendor_to_the_right_nurse_and_back(client: AsyncClient, clinic: Clinic) -> None:
    for back, kg in ((2, "80.0"), (1, "80.9")):
        answer = await post(client, clinic, weight(clinic, kg, NOW - timedelta(days=back)))
        assert answer.status_code == 201, answer.text
    answer = await post(client, clinic, weight(clinic, "82.60", identifier=name("a")))
    assert answer.status_code == 201, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    assert cards[0]["patient"] == str(clinic.patient)
    assert cards[0]["reasons"][0]["sentence"].startswith("Weight up 2.6 kg in 2 days")
    place = answer.headers["location"].removeprefix("http://test").partition("/_history")[0]
    for who in ("vendor", "nurse", "patient"):
        found = await client.get(place, headers=await vendor_of(client, clinic) if who == "vendor" else clinic.token(who))
        assert found.status_code == 200, (who, found.text)
        assert b'"value":82.60,' in found.content
        assert found.json()["identifier"] == name("a")
        assert found.json()["subject"] == {"reference": f"Patient/{clinic.patient}"}
    assert (await client.get(place, headers=clinic.token("stranger"))).status_code == 404


async def test_its_senders_name_makes_it_one_reading(client: AsyncClient, clinic: Clinic) -> None:
    mine = await vendor_of(client, clinic)
    key = name()
    first = await post(client, clinic, weight(clinic, "80.10", identifier=key), **mine)
    again = await post(client, clinic, weight(clinic, "80.10", identifier=key), **mine)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    put_right = await post(client, clinic, weight(clinic, "81.30", identifier=key, status="corrected"), **mine)
    assert put_right.status_code == 201, put_right.text
    assert (put_right.json()["status"], put_right.json()["id"] != first.json()["id"]) == ("corrected", True)
    back = await post(client, clinic, weight(clinic, "80.10", identifier=key, status="amended"), **mine)
    assert back.status_code == 201
    old = await client.get(f"/fhir/R4/Observation/{first.json()['id']}", headers=mine)
    assert (old.json()["status"], old.headers["etag"]) == ("entered-in-error", 'W/"2"')
    found = (await client.get(f"/v1/patients/{clinic.patient}/readings", headers=clinic.token("nurse"))).json()["items"]
    assert [(one["value"], one["status"]) for one in found if one["status"] == "final"] == [(80.1, "final")]
    gone = await post(client, clinic, weight(clinic, "80.10", identifier=key, status="entered-in-error", valueQuantity=None), **mine)
    assert gone.status_code in {200, 201}, gone.text
    found = (await client.get(f"/v1/patients/{clinic.patient}/readings", headers=clinic.token("nurse"))).json()["items"]
    assert [one for one in found if one["status"] == "final"] == []
    late = await post(client, clinic, weight(clinic, "80.10", identifier=key), **mine)
    assert (late.status_code, late.json()["issue"][0]["code"]) == (409, "conflict")


async def test_a_conditional_create_is_done_once(client: AsyncClient, clinic: Clinic) -> None:
    mine = await vendor_of(client, clinic)
    key = name()
    condition = {"if-none-exist": f"identifier={key[0]['system']}|{key[0]['value']}"}
    first = await post(client, clinic, weight(clinic, "80.1", identifier=key), **mine, **condition)
    again = await post(client, clinic, weight(clinic, "99.9", identifier=key), **mine, **condition)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    wrong = await post(client, clinic, weight(clinic, "80.1"), **mine, **{"if-none-exist": "code=x"})
    assert wrong.status_code == 412


async def test_inv_19_what_another_persons_device_or_name_is_on_is_refused(client: AsyncClient, clinic: Clinic) -> None:
    mine = await vendor_of(client, clinic)
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"subject": {"reference": f"Patient/{clinic.stranger}"}}, "not-found", "Observation.device"),
        ({"device": {"identifier": {"value": "somebody else's"}}}, "not-found", "Observation.device"),
        ({"device": None}, "required", "Observation.device"),
        ({"subject": {"reference": "Patient/somebody"}}, "not-found", "Observation.subject"),
        ({"subject": {"identifier": {"system": NHS_NUMBER, "value": "9990010009"}}}, "not-found", "Observation.subject"),
    ]
    for more, code, expression in wrong:
        answer = await post(client, clinic, weight(clinic, "80.1", **more), **mine)
        assert answer.status_code == 422, answer.text
        issue = answer.json()["issue"][0]
        assert (issue["code"], issue["expression"]) == (code, [expression])
    hers = await post(client, clinic, weight(clinic, "80.1", device=None, subject={"reference": f"Patient/{clinic.patient}"}),
                      **clinic.token("stranger"))  # fmt: skip
    assert hers.status_code == 422
    nurse = clinic.token("nurse")
    for whose, status in ((clinic.patient, 201), (clinic.stranger, 422)):
        answer = await post(client, clinic, weight(clinic, "80.1", device=None, subject={"reference": f"Patient/{whose}"}), **nurse)
        assert answer.status_code == status, answer.text


async def test_what_cannot_be_right_is_kept_and_asked_about(client: AsyncClient, clinic: Clinic) -> None:
    answer = await post(client, clinic, weight(clinic, "8020"))
    assert answer.status_code == 202
    issue = answer.json()["issue"][0]
    assert (issue["severity"], issue["details"]["text"], issue["expression"]) == ("warning", "impossible", ["Observation.value.value"])
    held = (await client.get("/v1/quarantine", headers=clinic.token("nurse"))).json()
    assert len(held["items"]) == 1
    assert (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"] == []


async def test_every_refusal_is_an_operation_outcome(client: AsyncClient, clinic: Clinic) -> None:
    mine = await vendor_of(client, clinic)
    only_write = await vendor_of(client, clinic, "system/Observation.c")
    body = weight(clinic, "80.1")
    place = (await post(client, clinic, body, **mine)).json()["id"]
    url = "/fhir/R4/Observation"
    asked: list[tuple[str, str, dict[str, Any], int]] = [
        ("GET", f"{url}/{place}", {}, 401),
        ("GET", f"{url}/{place}", {"headers": only_write}, 403),
        ("GET", f"{url}/nothing", {"headers": mine}, 404),
        ("GET", "/fhir/R4/Immunization", {"headers": mine}, 404),
        ("DELETE", f"{url}/{place}", {"headers": mine}, 405),
        ("GET", f"{url}/{place}", {"headers": {**mine, "accept": "application/fhir+xml"}}, 406),
        ("GET", f"{url}/{place}?_format=xml", {"headers": mine}, 406),
        ("PUT", f"{url}/{place}", {"headers": {**mine, **JSON, "if-match": 'W/"7"'}, "content": body}, 412),
        ("POST", url, {"headers": {**mine, **JSON}, "content": b" " * 5_300_000}, 413),
        ("POST", url, {"headers": {**mine, "content-type": "text/plain"}, "content": body}, 415),
        ("POST", url, {"headers": {**mine, "content-type": "application/fhir+json; charset=latin-1"}, "content": body}, 415),
        ("POST", url, {"headers": {**mine, **JSON}, "content": b"{"}, 400),
        ("POST", url, {"headers": {**mine, **JSON}, "content": b"[" * 100_000}, 400),
        ("POST", url, {"headers": {**mine, **JSON}, "content": b'{"resourceType":1,"x":' + b"[" * 100_000}, 400),
        ("POST", url, {"headers": {**mine, **JSON}, "content": body.replace(b"kg", b"furlong")}, 422),
        ("POST", url, {"headers": {**mine, **JSON}, "content": body.replace(b'"final"', b'"final","status":"final"')}, 422),
        ("POST", url, {"headers": {**mine, **JSON}, "content": body.replace(b"80.1", b"1e999999")}, 422),
        ("POST", url, {"headers": {**mine, **JSON}, "content": body.replace(b"80.1", b"NaN")}, 400),
        ("POST", "/fhir/R4", {"headers": {**mine, **JSON}, "content": b'{"resourceType":"Bundle","type":"document"}'}, 400),
        ("GET", f"{url}?_page=xyz", {"headers": mine}, 410),
        ("GET", f"{url}?code=%FF", {"headers": mine}, 400),
        ("GET", f"{url}?patient={clinic.patient}&date=soon", {"headers": mine}, 400),
        ("GET", f"{url}?patient={clinic.patient}&colour=blue", {"headers": {**mine, "prefer": "handling=strict"}}, 400),
    ]
    for method, path, more, status in asked:
        answer = await client.request(method, path, **more)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        found = answer.json()
        assert found["resourceType"] == "OperationOutcome"
        assert answer.headers["content-type"].startswith("application/fhir+json")
        assert found["issue"][0]["severity"] == "error"
        assert "80.1" not in answer.text
        assert clinic.serial not in answer.text


def bundled(kind: str, *bodies: bytes, **more: Any) -> bytes:
    entries = [{"resource": msgspec.Raw(body), "request": {"method": "POST", "url": "Observation"}, **more} for body in bodies]
    return msgspec.json.encode({"resourceType": "Bundle", "type": kind, "entry": entries})


async def test_a_batch_is_answered_entry_by_entry(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    early = weight(clinic, "80.2", NOW - timedelta(hours=1), status="preliminary")
    body = bundled("batch", weight(clinic, "80.1"), early, weight(clinic, "7"))
    answer = await client.post("/fhir/R4", content=body, headers=mine)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["type"] == "batch-response"
    assert [one["response"]["status"][:3] for one in found["entry"]] == ["201", "422", "202"]
    assert found["entry"][1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.status"]
    place = found["entry"][0]["response"]["location"].removeprefix("http://test").partition("/_history")[0]
    assert (await client.get(place, headers=mine)).json()["valueQuantity"]["value"] == 80.1


async def test_a_transaction_is_stored_whole_or_not_at_all(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    good = weight(clinic, "80.1")
    # Refused before the commit, and by the commit: a pressure whose diastolic is not below its systolic.
    loinc, ucum = "http://loinc.org", "http://unitsofmeasure.org"
    pressure = [
        {"code": {"coding": [{"system": loinc, "code": code}]}, "valueQuantity": {"value": value, "system": ucum, "code": "mm[Hg]"}}
        for code, value in (("8480-6", 80), ("8462-4", 120))
    ]
    upside_down = weight(clinic, "1", valueQuantity=None, component=pressure, code={"coding": [{"system": loinc, "code": "85354-9"}]})
    for bad in (weight(clinic, "80", status="preliminary"), upside_down):
        answer = await client.post("/fhir/R4", content=bundled("transaction", good, bad), headers=mine)
        assert answer.status_code == 422, answer.text
        assert answer.json()["issue"][0]["expression"][0].startswith("Bundle.entry[1]")
        found = await client.get(f"/v1/patients/{clinic.patient}/readings", headers=clinic.token("nurse"))
        assert found.json()["items"] == []
    both = bundled("transaction", good, weight(clinic, "80.3", NOW - timedelta(hours=1)))
    answer = await client.post("/fhir/R4", content=both, headers=mine)
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["201 Created", "201 Created"]


async def test_a_bundle_of_ten_thousand_is_refused_at_once(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    body = bundled("batch", *[b'{"resourceType":"Observation"}'] * 10_000)
    answer = await client.post("/fhir/R4", content=body, headers=mine)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-long")


async def test_references_within_a_bundle_are_followed(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    device = {"resourceType": "Device", "identifier": [{"value": clinic.serial}]}
    unknown = {"resourceType": "Device", "identifier": [{"value": "nobody's"}]}
    entries = [
        {"fullUrl": "urn:uuid:d", "resource": device, "request": {"method": "POST", "url": "Device"}},
        {"resource": msgspec.Raw(weight(clinic, "80.1", device={"reference": "urn:uuid:d"})),
         "request": {"method": "POST", "url": "Observation"}},
        {"resource": unknown, "request": {"method": "POST", "url": "Device"}},
        {"request": {"method": "GET", "url": f"Observation?patient={clinic.patient}&code=29463-7"}},
    ]  # fmt: skip
    body = msgspec.json.encode({"resourceType": "Bundle", "type": "batch", "entry": entries})
    answer = await client.post("/fhir/R4", content=body, headers=mine)
    found = answer.json()["entry"]
    assert [one["response"]["status"][:3] for one in found] == ["200", "201", "422", "200"]
    assert found[3]["resource"]["entry"][0]["resource"]["valueQuantity"]["value"] == 80.1


async def filled(client: AsyncClient, clinic: Clinic) -> dict[str, str]:
    """Seven weights, a day apart, and twenty samples of a sensor; the vendor's header."""
    mine = {**await vendor_of(client, clinic), **JSON}
    bodies = [weight(clinic, f"80.{back}", NOW - timedelta(days=back)) for back in range(7)]
    glucose = {"coding": [{"system": "http://loinc.org", "code": "105272-9"}]}
    value = {"value": 6.1, "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    samples = [
        weight(clinic, "1", NOW - timedelta(days=1, minutes=5 * place), code=glucose, valueQuantity={**value, "value": 6 + place / 10})
        for place in range(20)
    ]
    answer = await client.post("/fhir/R4", content=bundled("batch", *bodies, *samples), headers=mine)
    assert {one["response"]["status"] for one in answer.json()["entry"]} == {"201 Created"}, answer.text
    return mine


async def test_a_search_is_read_page_by_page_and_its_addresses_name_nobody(client: AsyncClient, clinic: Clinic) -> None:
    mine = await filled(client, clinic)
    for who in (mine, clinic.token("nurse"), clinic.token("patient")):
        seen: list[str] = []
        url: str | None = f"/fhir/R4/Observation?patient=Patient/{clinic.patient}&_count=5&_sort=-date"
        while url is not None:
            page = (await client.get(url, headers=who)).json()
            assert page["type"] == "searchset"
            seen += [one["resource"]["effectiveDateTime"] for one in page["entry"]]
            for link in page["link"]:
                assert str(clinic.patient) not in link["url"]
                assert "29463" not in link["url"]
            url = next((link["url"].removeprefix("http://test") for link in page["link"] if link["relation"] == "next"), None)
        assert len(seen) == 27
        assert [datetime.fromisoformat(one) for one in seen] == sorted(map(datetime.fromisoformat, seen), reverse=True)
    other = await client.get(f"/fhir/R4/Observation?patient={clinic.patient}&_count=2", headers=mine)
    stolen = next(link["url"] for link in other.json()["link"] if link["relation"] == "next").removeprefix("http://test")
    assert (await client.get(stolen, headers=clinic.token("stranger"))).status_code == 410


async def test_a_search_finds_what_its_parameters_ask_for(client: AsyncClient, clinic: Clinic) -> None:
    mine = await filled(client, clinic)

    async def count(query: str, who: dict[str, str] = mine) -> int:
        found = await client.get(f"/fhir/R4/Observation?patient={clinic.patient}&{query}", headers=who)
        assert found.status_code == 200, found.text
        return len([one for one in found.json().get("entry", ()) if one["search"]["mode"] == "match"])

    day = (NOW - timedelta(days=3)).date().isoformat()
    exact = (NOW - timedelta(days=3)).isoformat().replace("+00:00", "Z")
    assert await count("code=http://loinc.org|29463-7") == 7
    assert await count("code=27113001,105272-9") == 27
    assert await count("code=9999-9") == 0
    assert await count(f"code=29463-7&date={exact}") == 1
    assert await count(f"code=29463-7&date=ge{exact}") == 4
    assert await count(f"code=29463-7&date=gt{exact}&date=lt{NOW.isoformat().replace('+00:00', 'Z')}") == 2
    assert await count(f"code=29463-7&date={day}") == 1
    assert await count(f"date=lt{day}&code=29463-7") == 3
    assert await count("category=laboratory") == 20
    assert await count("status=entered-in-error") == 0
    assert await count("_lastUpdated=lt2020") == 0
    assert await count("code=29463-7&_sort=date") == 7
    assert await count("", clinic.token("stranger")) == 0
    counted = (await client.get(f"/fhir/R4/Observation?patient={clinic.patient}&_summary=count", headers=mine)).json()
    assert (counted["total"], counted.get("entry")) == (27, None)
    sample = (await client.get(f"/fhir/R4/Observation?patient={clinic.patient}&code=105272-9&_count=1", headers=mine)).json()["entry"][0]
    one = await client.get(sample["fullUrl"].removeprefix("http://test"), headers=mine)
    assert one.json() == sample["resource"]
    query = f"patient={clinic.patient}&colour=blue&_count=1&_include=Observation:device"
    loose = (await client.get(f"/fhir/R4/Observation?{query}", headers=mine)).json()
    assert [each["search"]["mode"] for each in loose["entry"]] == ["match", "include", "outcome"]


async def test_a_reading_is_said_to_be_in_error_at_its_own_address(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), **JSON}
    made = (await post(client, clinic, weight(clinic, "80.1"), **mine)).json()
    url = f"/fhir/R4/Observation/{made['id']}"
    refused = await client.put(url, json={**made, "status": "amended"}, headers=mine)
    assert (refused.status_code, refused.json()["issue"][0]["expression"]) == (422, ["Observation.status"])
    for answer in [await client.put(url, json={**made, "status": "entered-in-error"}, headers=mine) for _ in range(2)]:
        assert (answer.status_code, answer.json().get("status")) == (200, "entered-in-error"), answer.text
    again = await client.get(url, headers={**mine, "if-none-match": 'W/"2"'})
    assert (again.status_code, again.content) == (304, b"")


async def test_people_devices_and_what_can_be_done(client: AsyncClient, clinic: Clinic) -> None:
    patient = clinic.token("patient")
    found = (await client.get(f"/fhir/R4/Patient/{clinic.patient}", headers=clinic.token("nurse"))).json()
    assert (found["name"][0]["given"], found["identifier"][0]["system"]) == (["Agnes"], "https://fhir.nhs.uk/Id/nhs-number")
    number = found["identifier"][0]["value"]
    by_number = (await client.get(f"/fhir/R4/Patient?identifier={NHS_NUMBER}|{number}", headers=clinic.token("nurse"))).json()
    assert by_number["entry"][0]["resource"]["id"] == str(clinic.patient)
    assert (await client.get(f"/fhir/R4/Patient/{clinic.stranger}", headers=clinic.token("nurse"))).status_code == 404
    assert (await client.get("/fhir/R4/Patient", headers=patient)).json()["total"] == 1
    devices = (await client.get("/fhir/R4/Device", headers=patient)).json()
    assert devices["entry"][0]["resource"]["serialNumber"] == clinic.serial
    one = await client.get(f"/fhir/R4/Device/{devices['entry'][0]['resource']['id']}", headers=await vendor_of(client, clinic))
    assert one.json()["manufacturer"] == clinic.vendor_name
    assert (await client.get(f"/fhir/R4/Device/{one.json()['id']}", headers=clinic.token("stranger"))).status_code == 404
    statement = (await client.get("/fhir/R4/metadata")).json()
    assert {one["type"] for one in statement["rest"][0]["resource"]} >= {"Observation", "Patient", "Device"}
    config = (await client.get("/fhir/R4/.well-known/smart-configuration")).json()
    assert config == (await client.get("/.well-known/smart-configuration")).json()
    assert "system/Observation.crs" in config["scopes_supported"]
