"""Observations through the FHIR door: one judged path, answers in FHIR's own words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from httpx import AsyncClient
from uuid_utils.compat import uuid7

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
