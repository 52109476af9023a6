"""Every public sample of vendors, files and webhooks, read in place: positives become drafts, traps never a wrong value."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.readings.quality import check
from domain.readings.reading import Draft, Quarantined, Reading, Rejected
from integrations import signatures
from integrations.manifest import Delivery, Parsed, Secrets, Unproved
from integrations.registry import for_file, manifests
from tests.samples.test_real_exports import sample

pytestmark = pytest.mark.samples
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def parsed(form: str, name: str) -> Parsed:
    body = sample(name).read_bytes()
    return manifests()[form].adapter.parse(Delivery(body=body, received_at=NOW, patient="p", account="a"))


def lines(found: Parsed) -> list[str]:
    shown = [
        f"{one.kind} {one.comparator or ''}{one.value} {one.unit} {one.taken_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for one in found.drafts
    ]
    return [*shown, *(f"{one.row} {one.code}" for one in found.faults)]


EXPECTED: dict[tuple[str, str], list[str]] = {
    # Local wall clock written as epoch: 04:03:27 on the wall in UTC-8 is 20:03:27 UTC.
    ("ihealth", "vendors/ihealth/ihealth-glucose.json"): [
        "glucose_capillary 60 mg/dL 2015-09-17T20:03:27", "glucose_capillary 70 mg/dL 2015-09-24T20:44:40"],
    ("ihealth", "vendors/ihealth/ihealth-glucose-empty.json"): [],
    ("ihealth", "vendors/ihealth/ihealth-spo2-empty.json"): [],
    ("ihealth", "vendors/ihealth/ihealth-spo2-no-heart-rate.json"): ["oxygen_saturation 99 % 2015-09-23T21:46:00"],
    ("ihealth", "vendors/ihealth/ihealth-spo2-no-oxygen-saturation.json"): ["1 nothing_measured"],
    ("ihealth", "vendors/ihealth/ihealth-weight-no-weight-value.json"): ["1 nothing_measured"],
    ("ihealth", "vendors/ihealth/ihealth-weight.json"): [
        "body_weight 77.564388 kg 2015-09-17T20:04:09", "body_fat 10 % 2015-09-17T20:04:09", "body_weight 77.564384 kg 2015-09-17T20:07:57"],
    ("ihealth", "vendors/ihealth/ihealth-activity.json"): [],
    ("ihealth", "vendors/ihealth/ihealth-activity-no-steps.json"): [],
    ("ihealth", "vendors/ihealth/ihealth-sport.json"): [],
    ("withings", "vendors/withings/withings-sleep-measures.json"): [],
    ("withings", "vendors/withings/withings-sleep-summary.json"): [],
    ("garmin", "vendors/garmin/push_webhook_dailies_data.json"): ["step_count 7694 {steps} 2026-01-13T11:00:00"],
    ("garmin", "vendors/garmin/push_webhook_sleeps_data.json"): ["sleep_duration 28800 s 2026-01-13T15:40:00"],
    ("garmin", "vendors/garmin/push_webhook_hrv_data.json"): [],
    ("garmin", "vendors/garmin/push_webhook_multiple_activities.json"): [],
    ("garmin", "vendors/garmin/push_webhook_user_not_found.json"): [],
    ("garmin", "vendors/garmin/push_webhook_permissions_scope_reduced.json"): [],
    ("oura", "vendors/oura/normalize_activity_samples.json"): ["step_count 8500 {steps} 2024-01-15T23:59:59"],
    ("oura", "vendors/oura/sample_oura_sleep.json"): ["sleep_duration 27000 s 2024-01-15T07:00:00"],
    ("oura", "vendors/oura/normalize_sleep_nap_detection_late_nap_type.json"): [],
    ("oura", "vendors/oura/normalize_sleep_skips_deleted_type.json"): ["1 deleted"],
    ("tidepool", "tidepool/oor-values-1.json"): ["glucose_cgm <40 mg/dL 2016-06-14T02:05:43"],
    ("tidepool", "tidepool/smbg-3.json"): ["glucose_capillary 14.043 mmol/L 2018-05-14T08:17:09"],
    ("tidepool", "tidepool/blood-ketones-3.json"): ["ketones_blood 0.5 mmol/L 2018-05-14T08:17:07"],
    **{("tidepool", f"tidepool/{name}.json"): [] for name in (
        "alarm-1", "alarm-2", "alarm-3", "calibration-1", "calibration-2", "device-status-1", "device-status-2", "food-1", "insulin-1",
        "time-change-1", "upload-3")},
    # 175 lb, 12.5 st, 98.6 F; 0.97 called per cent is a fraction; the pressure that stands twice is one.
    ("apple_health", "vendors/format-facts/apple-health-export-traps.xml"): [
        "glucose 5.4 mmol<180.1558800000541>/L 2026-11-19T08:00:00", "glucose 97 mg/dL 2026-11-19T08:05:00",
        "oxygen_saturation 0.97 {fraction} 2026-11-19T03:00:00", "body_temperature 98.6 [degF] 2026-11-19T07:00:00",
        "body_weight 175 [lb_av] 2026-11-19T07:00:00", "body_weight 12.5 [stone_av] 2026-11-19T07:01:00",
        "blood_pressure None mm[Hg] 2026-11-19T07:05:00"],
}  # fmt: skip


@pytest.mark.parametrize(("form", "name"), list(EXPECTED), ids=[name for _, name in EXPECTED])
def test_each_sample_gives_what_it_measured_and_nothing_else(form: str, name: str) -> None:
    assert lines(parsed(form, name)) == EXPECTED[form, name]


def test_the_traps_of_an_apple_export_come_to_the_right_numbers() -> None:
    found = [check(one, recent={}, now=NOW) for one in parsed("apple_health", "vendors/format-facts/apple-health-export-traps.xml").drafts]
    assert all(isinstance(one, Reading) for one in found)
    assert [one.value for one in found if isinstance(one, Reading)] == [
        Decimal(text) for text in ("5.4", "5.4", "97", "37.0", "79.38", "79.38", "142")]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "unit"), [
    ("glucose_capillary", "6.5", "mg/dL"), ("body_temperature", "-100", "Cel"), ("body_temperature", "384.5", "Cel"),
    ("oxygen_saturation", "0.97", "%"), ("heart_rate", "0", "/min"), ("oxygen_saturation", "-100", "%"), ("body_weight", "0", "kg"),
])  # fmt: skip
def test_dq_2_what_real_senders_send_wrong_is_held_never_believed(kind: str, value: str, unit: str) -> None:
    draft = Draft(id=UUID(int=1), kind=kind, taken_at=NOW, value=Decimal(value), unit=unit)
    assert isinstance(check(draft, recent={}, now=NOW), Quarantined | Rejected)


def test_every_file_sample_is_recognised_by_one_adapter() -> None:
    known = {
        "vendors/dexcom-clarity/clarity-g6-mgdl.csv": "csv_glucose", "vendors/format-facts/clarity-mmol-bom-dst.csv": "csv_glucose",
        "vendors/format-facts/libreview-uk-mmol-dst.csv": "libreview", "nightscout/entries-sgv.json": "nightscout",
        "vendors/format-facts/apple-health-export-traps.xml": "apple_health", "tidepool/smbg-3.json": "tidepool",
    }  # fmt: skip
    for name, form in known.items():
        found = for_file(sample(name).read_bytes())
        assert found is not None, name
        assert found.name == form
        assert for_file(sample("nightscout/treatments.json").read_bytes()) is None


SCHEMES = {"standard-webhooks": signatures.standard_webhooks, "fitbit-hmac-sha1": signatures.fitbit,
           "oura-hmac-sha256": signatures.oura, "terra-hmac-sha256": signatures.terra}  # fmt: skip


def test_each_published_signature_is_judged_as_published() -> None:
    vectors: list[dict[str, Any]] = msgspec.json.decode(sample("webhooks/vectors.json").read_bytes())
    assert {one["scheme"] for one in vectors} == SCHEMES.keys()
    for one in vectors:
        headers = {name.lower(): value for name, value in one["headers"].items()}
        at = one.get("now") or int(headers.get("x-oura-timestamp", "0"))
        delivery = Delivery(body=one["body"].encode(), received_at=datetime.fromtimestamp(at, UTC), headers=headers)
        try:
            SCHEMES[one["scheme"]](delivery, Secrets(signing=(one["secret"],)))
            is_valid = True
        except Unproved:
            is_valid = False
        assert is_valid is one["valid"], one["origin"]
