"""What decoding costs is measured on one reading each, beside real libraries."""

from pathlib import Path

from server import bench_adapters


def test_each_format_is_measured_beside_its_library(tmp_path: Path) -> None:
    found = {one.format: one for one in bench_adapters.measured(tmp_path)}
    assert found.keys() == {"fhir", "open_mhealth", "hl7v2"}
    assert all(one.read_us > 0 for one in found.values())
    # Without the published schemas there is nothing to hold Open mHealth against.
    assert found["open_mhealth"].beside_us is None
    assert found["fhir"].times is not None
