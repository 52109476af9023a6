"""The whole way of one reading: in through the API, judged, on the right nurse's screen, taken and closed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient
from uuid_utils.compat import uuid7

from tests.clinic import Clinic


def weight(kg: float, at: datetime) -> dict[str, Any]:
    return {"id": str(uuid7()), "kind": "body_weight", "takenAt": at.isoformat(), "value": kg, "unit": "kg"}


async def test_a_reading_travels_from_a_phone_to_the_right_nurse(client: AsyncClient, clinic: Clinic) -> None:
    now = datetime.now(UTC)
    mine = clinic.token("patient")
    for back, kg in ((2, 80.0), (1, 81.3)):
        body = weight(kg, now - timedelta(days=back))
        answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=mine)
        assert answer.status_code == 201, answer.text
    body = weight(82.6, now)
    answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=mine)
    assert answer.status_code == 201, answer.text
    again = await client.put(f"/v1/readings/{body['id']}", json=body, headers=mine)
    assert again.status_code == 200, again.text
    nurse = clinic.token("nurse")
    found = (await client.get("/v1/episodes", headers=nurse)).json()
    assert [card["patient"] for card in found["items"]] == [str(clinic.patient)]
    card = found["items"][0]
    assert card["episode"]["severity"] == "amber"
    assert card["reasons"][0]["sentence"].startswith("Weight up 2.6 kg in 2 days")
    path = f"/v1/patients/{clinic.patient}/episodes/{card['episode']['id']}"
    taken = await client.post(f"{path}/acknowledge", json={}, headers={**nurse, "if-match": '"1"'})
    assert taken.status_code == 200, taken.text
    closed = await client.post(f"{path}/close", json={"result": "advice_given"}, headers={**nurse, "if-match": '"2"'})
    assert closed.status_code == 200, closed.text
    assert (await client.get("/v1/episodes", headers=nurse)).json()["items"] == []
    # After the close the same reading does not call again; a worse one does.
    worse = weight(84.2, now + timedelta(minutes=1))
    assert (await client.put(f"/v1/readings/{worse['id']}", json=worse, headers=mine)).status_code == 201
    read = await client.get(f"/v1/patients/{clinic.patient}/readings?limit=10", headers=nurse)
    assert [one["value"] for one in read.json()["items"]] == [84.2, 82.6, 81.3, 80.0]
    hidden = await client.get(f"/v1/patients/{clinic.stranger}/readings", headers=nurse)
    assert hidden.json()["items"] == []
