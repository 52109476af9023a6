"""INV-18: no value, name or number of a person in logs, metrics or addresses."""

import io
import logging
from datetime import UTC, datetime

import structlog
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from server import log
from tests.clinic import Clinic

CANARY = "canary-7391"


async def test_inv_18_a_marker_is_found_nowhere(client: AsyncClient, clinic: Clinic, caplog: object) -> None:
    said = io.StringIO()
    log.configure("debug", stream=said)
    root = logging.getLogger()
    handler = logging.StreamHandler(said)
    root.addHandler(handler)
    try:
        mine, nurse = clinic.token("patient"), clinic.token("nurse")
        odd = {"id": str(uuid7()), "kind": "body_weight", "takenAt": datetime.now(UTC).isoformat(), "value": 73.9125, "unit": CANARY}
        await client.put(f"/v1/readings/{odd['id']}", json=odd, headers=mine)
        good = {**odd, "unit": "kg", "reason": CANARY}
        await client.put(f"/v1/readings/{odd['id']}", json=good, headers=mine)
        await client.get(f"/v1/patients/{clinic.patient}/readings", headers=nurse)
        await client.get(f"/v1/{CANARY}", headers=nurse)
        await client.get(f"/patients/{clinic.patient}?{CANARY}=1", headers={"accept": "text/html"})
        counts = (await client.get("/metrics")).text
    finally:
        root.removeHandler(handler)
    words = said.getvalue()
    assert "request.served" in words
    for secret in (CANARY, "73.9125", "73.91", "Agnes"):
        assert secret not in words
        assert secret not in counts
    assert str(clinic.patient) not in counts
    assert 'route="/v1/readings/{reading_id}"' in counts
    assert caplog is not None
    structlog.reset_defaults()


def test_aud_6_only_named_keys_are_logged() -> None:
    kept = log.allow_list(None, "info", {"event": "reading.stored", "count": 1, "value": 73.9, "name": "Agnes"})
    assert kept == {"event": "reading.stored", "count": 1, "dropped": 2}
