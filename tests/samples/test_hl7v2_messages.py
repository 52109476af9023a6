"""Messages that others published, read in place."""

from datetime import UTC, datetime

import pytest

from integrations.hl7v2.adapter import parse
from integrations.manifest import Delivery, Unreadable
from tests.samples.test_real_exports import sample

pytestmark = pytest.mark.samples


def delivery(name: str) -> Delivery:
    return Delivery(body=sample(f"hl7v2-pcd01/ipf/{name}").read_bytes(), received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p")


def test_a_blood_pressure_is_one_reading_at_its_containers_time() -> None:
    found = parse(delivery("valid-pcd01-request.hl7v2"))
    assert [(one.kind, one.parts, one.unit, one.taken_at.isoformat()) for one in found.drafts] == [
        ("blood_pressure", {"systolic": 120, "diastolic": 80, "mean": 100}, "266016", "2009-08-13T09:57:15+05:00"),
    ]


def test_invasive_values_are_left_and_the_heart_rate_is_read() -> None:
    assert [(one.kind, one.value) for one in parse(delivery("valid-pcd01-request2.hl7v2")).drafts] == [("heart_rate", 60)]


@pytest.mark.parametrize("name", ["valid-pcd01-response.hl7v2", "pcd01-response-invalid.hl7"])
def test_an_acknowledgement_is_no_observation(name: str) -> None:
    with pytest.raises(Unreadable):
        parse(delivery(name))
