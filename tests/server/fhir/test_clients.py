"""Unmodified FHIR clients that nobody here wrote, against a running server; and a validator for all that it sends."""

import asyncio
import datetime as dt
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhirclient import client as smart
from fhirclient.models.observation import Observation
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from httpx import AsyncClient

from server.app_state import Parts
from tests.clinic import Clinic
from tests.server.fhir.test_door import NOW, bundled, name, vendor_of, weight

VITAL = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}


def pulse(rate: int, at: dt.datetime, who: Clinic) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "status": "final", "category": [{"coding": [VITAL]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}, "subject": {"reference": f"Patient/{who.patient}"},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": rate, "unit": "beats/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    }  # fmt: skip


async def test_fhirpy_works_unmodified(served: tuple[str, Parts], there: Clinic) -> None:
    client: Any = AsyncFHIRClient(f"{served[0]}/fhir/R4", authorization=there.token("patient")["authorization"])
    made = client.resource("Observation", **pulse(71, NOW, there))
    await made.save()
    assert made.id
    for back in range(1, 7):
        await client.resource("Observation", **pulse(71 + back, NOW - dt.timedelta(hours=back), there)).save()
    found = client.resources("Observation").search(patient=f"Patient/{there.patient}", code="http://loinc.org|8867-4").sort("-date").limit(3)
    rates = [one["valueQuantity"]["value"] async for one in found]
    assert rates == [71, 72, 73, 74, 75, 76, 77]
    assert await client.resources("Observation").search(patient=str(there.patient)).count() == 7
    again = await client.reference("Observation", made.id).to_resource()
    assert again["valueQuantity"]["value"] == 71
    person = await client.resources("Patient").search(_id=str(there.patient)).first()
    assert person is not None
    assert person["name"][0]["given"] == ["Agnes"]
    told = await client.execute("Observation/$validate", method="post", data=pulse(71, NOW, there))
    assert told["issue"][0]["severity"] == "information"
    with pytest.raises(ResourceNotFound):
        await client.reference("Observation", "nothing").to_resource()
    wrong = client.resource("Observation", **{**pulse(71, NOW, there), "status": "done"})
    with pytest.raises(OperationOutcome, match="entered-in-error"):
        await wrong.save()
    batch = client.resource("Bundle", type="batch", entry=[
        {"resource": pulse(80, NOW - dt.timedelta(days=1), there), "request": {"method": "POST", "url": "Observation"}},
    ])  # fmt: skip
    await batch.save()


async def test_fhirclient_works_unmodified(served: tuple[str, Parts], there: Clinic) -> None:
    token = there.token("patient")["authorization"].removeprefix("Bearer ")

    def work() -> list[float]:
        client: Any = smart.FHIRClient(settings={"app_id": "test", "api_base": f"{served[0]}/fhir/R4"})
        observations: Any = Observation
        client.server.session.headers["Authorization"] = f"Bearer {token}"
        for back in range(5):
            answer = observations(pulse(70 + back, NOW - dt.timedelta(hours=back), there)).create(client.server)
            assert answer["resourceType"] == "Observation"
        wanted = {"patient": f"Patient/{there.patient}", "code": "http://loinc.org|8867-4", "_count": "2"}
        # Its own paging: every next link is followed as it stands.
        pages: Any = observations.where(wanted).perform_iter(client.server)
        return [entry.resource.valueQuantity.value for page in pages for entry in page.entry or ()]

    assert await asyncio.to_thread(work) == [70, 71, 72, 73, 74]


def valid(found: dict[str, Any]) -> None:
    get_fhir_model_class(found["resourceType"]).model_validate(found)


async def test_all_that_is_sent_is_valid_r4(client: AsyncClient, clinic: Clinic) -> None:
    mine = {**await vendor_of(client, clinic), "content-type": "application/fhir+json"}
    bodies = (weight(clinic, "80.10", identifier=name()), weight(clinic, "80.1", status="done"), weight(clinic, "8000"))
    valid((await client.post("/fhir/R4", content=bundled("batch", *bodies), headers=mine)).json())
    valid((await client.post("/fhir/R4", content=bundled("transaction", *bodies), headers=mine)).json())
    valid((await client.get("/fhir/R4/metadata")).json())
    valid((await client.get("/fhir/R4/Observation")).json())
    for path in (f"Observation?patient={clinic.patient}&_include=Observation:subject&_include=Observation:device&colour=blue", "Device",
                 f"Patient/{clinic.patient}", "Patient", f"Observation?patient={clinic.patient}&_summary=count"):  # fmt: skip
        answer = await client.get(f"/fhir/R4/{path}", headers=clinic.token("patient"))
        assert answer.status_code == 200, answer.text
        valid(answer.json())


async def test_the_rest_of_the_record_is_valid_r4_and_only_for_who_may_see_it(client: AsyncClient, clinic: Clinic) -> None:
    mine = await vendor_of(client, clinic)
    for back, kg in ((2, "80.0"), (0, "83.6")):
        body = weight(clinic, kg, NOW - dt.timedelta(days=back))
        made = await client.post("/fhir/R4/Observation", content=body, headers={**mine, "content-type": "application/fhir+json"})
        assert made.status_code == 201
    patient, nurse = clinic.token("patient"), clinic.token("nurse")
    found: dict[str, list[Any]] = {}
    for kind in ("Flag", "DetectedIssue", "CarePlan", "Communication", "Consent", "AuditEvent", "QuestionnaireResponse"):
        answer = await client.get(f"/fhir/R4/{kind}?patient={clinic.patient}", headers=patient)
        assert answer.status_code == 200, answer.text
        valid(answer.json())
        found[kind] = [entry["resource"] for entry in answer.json().get("entry", ())]
        other = (await client.get(f"/fhir/R4/{kind}?patient={clinic.patient}", headers=clinic.token("stranger"))).json()
        assert other["total"] == 0, kind
        assert (await client.get(f"/fhir/R4/{kind}?patient={clinic.patient}", headers=mine)).status_code in {200, 403}
    assert found["Flag"][0]["status"] == "active"
    assert any(flag["code"]["text"].startswith("Weight up 3.6 kg in 2 days") for flag in found["Flag"])
    place = found["DetectedIssue"][0]["evidence"][0]["detail"][0]["reference"]
    assert (await client.get(f"/fhir/R4/{place}", headers=nurse)).json()["valueQuantity"]["value"] == 83.6
    one = await client.get(f"/fhir/R4/Flag/{found['Flag'][0]['id']}", headers=nurse)
    assert one.json() == found["Flag"][0]
    assert found["Consent"][0]["provision"]["actor"][0]["reference"]["display"] == "Test team"
    assert {event["agent"][0]["who"]["display"] for event in found["AuditEvent"]} >= {"Test vendor"}
    assert (await client.get(f"/fhir/R4/AuditEvent?patient={clinic.patient}", headers=nurse)).json()["total"] == 0
    whole = await client.get(f"/fhir/R4/Patient/{clinic.patient}/$everything", headers=patient)
    valid(whole.json())
    kinds = {entry["resource"]["resourceType"] for entry in whole.json()["entry"]}
    assert kinds >= {"Patient", "Observation", "Device", "Flag", "DetectedIssue", "Consent", "AuditEvent"}
    assert (await client.get(f"/fhir/R4/Patient/{clinic.patient}/$everything", headers=clinic.token("stranger"))).status_code == 404
