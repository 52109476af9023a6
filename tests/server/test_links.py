"""One measurement by two routes, end to end: one for the rules, both in the record, taken apart by a person (F13, DQ-6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from tests.clinic import Clinic


async def both(client: AsyncClient, clinic: Clinic) -> tuple[str, str]:
    """The same oxygen level typed on the phone and sent by the device's vendor half a minute later."""
    at = datetime.now(UTC) - timedelta(minutes=5)
    ids = (str(uuid7()), str(uuid7()))
    body: dict[str, Any] = {"kind": "oxygen_saturation", "value": 94, "unit": "%"}
    phone = {**body, "id": ids[0], "takenAt": at.isoformat(), "manual": True}
    assert (await client.put(f"/v1/readings/{ids[0]}", json=phone, headers=clinic.token("patient"))).status_code == 201
    device = {**body, "id": ids[1], "takenAt": (at + timedelta(seconds=30)).isoformat(), "deviceSerial": clinic.serial}
    assert (await client.put(f"/v1/readings/{ids[1]}", json=device, headers=clinic.token("vendor"))).status_code == 201
    return ids


async def active(client: AsyncClient, clinic: Clinic) -> list[tuple[str, str]]:
    cards = (await client.get("/v1/episodes", headers=clinic.token("nurse"))).json()["items"]
    return sorted((reason["rule"], reason["severity"]) for card in cards for reason in card["reasons"] if reason["state"] == "active")


async def test_f13_both_are_kept_with_where_they_came_from_and_rules_see_one(client: AsyncClient, clinic: Clinic) -> None:
    phone, device = await both(client, clinic)
    assert await active(client, clinic) == [("OX-1", "info")]
    (link,) = (await client.get(f"/v1/patients/{clinic.patient}/reading-links", headers=clinic.token("nurse"))).json()["items"]
    assert link["copy"] == {"id": phone, "source": "app", "device": None}
    assert link["kept"] == {"id": device, "source": "vendor", "device": f"{clinic.vendor_name} Scale"}
    read = (await client.get("/v1/me/readings", headers=clinic.token("patient"))).json()["items"]
    assert {one["id"] for one in read} == {phone, device}
    assert (await client.get(f"/v1/patients/{clinic.patient}/reading-links", headers=clinic.token("stranger"))).json()["items"] == []


async def test_f13_taken_apart_they_are_two_and_together_one_again(client: AsyncClient, clinic: Clinic) -> None:
    phone, device = await both(client, clinic)
    url, nurse = f"/v1/patients/{clinic.patient}/readings", clinic.token("nurse")
    apart = await client.post(f"{url}/{phone}/apart", json={"reason": "two fingers"}, headers=nurse)
    assert (apart.status_code, apart.json()["isApart"], apart.json()["reason"]) == (200, True, "two fingers")
    assert await active(client, clinic) == [("OX-1", "amber"), ("OX-1", "info")]
    again = {"id": str(uuid7()), "kind": "heart_rate", "takenAt": datetime.now(UTC).isoformat(), "value": 70, "unit": "/min"}
    await client.put(f"/v1/readings/{again['id']}", json=again, headers=clinic.token("patient"))
    assert await active(client, clinic) == [("OX-1", "amber"), ("OX-1", "info")]
    back = await client.post(f"{url}/{phone}/together", json={"reason": "one after all"}, headers=nurse)
    assert (back.status_code, back.json()["isApart"]) == (200, False)
    assert [one for one in await active(client, clinic) if one[1] == "amber"] == []
    assert (await client.post(f"{url}/{device}/apart", json={"reason": "x"}, headers=nurse)).status_code == 404
    assert (await client.post(f"{url}/{phone}/apart", json={"reason": "x"}, headers=clinic.token("vendor"))).status_code == 404
    assert (await client.post(f"{url}/{phone}/apart", json={"reason": "x"}, headers=clinic.token("stranger"))).status_code == 404
