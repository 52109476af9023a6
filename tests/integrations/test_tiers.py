"""Every adapter is found by its folder and shows what its tier asks for."""

from pathlib import Path

import pytest

from integrations.manifest import Manifest, Tier
from integrations.registry import for_file, manifests
from integrations.tiers import CASES

HERE = Path(__file__).parent
CODE = HERE.parent.parent / "integrations"


@pytest.mark.parametrize("manifest", manifests().values(), ids=lambda one: one.name)
def test_each_adapter_keeps_what_its_tier_promises(manifest: Manifest) -> None:
    assert (CODE / manifest.name / "README.md").is_file()
    inputs = list((HERE / manifest.name / "cases").glob("*.in.*"))
    outputs = list((HERE / manifest.name / "cases").glob("*.out.json"))
    assert len(inputs) == len(outputs) >= CASES[manifest.tier]


def test_the_first_adapters_are_there() -> None:
    assert {"csv_glucose", "nightscout"} <= manifests().keys()
    assert for_file(b"nothing known") is None


def test_a_manifest_refuses_what_cannot_be() -> None:
    adapter = manifests()["nightscout"].adapter
    with pytest.raises(ValueError, match="neither"):
        Manifest(name="x", title="X", tier=Tier.BRONZE, adapter=adapter)
    announces = manifests()["withings"].hook
    with pytest.raises(ValueError, match="no API"):
        Manifest(name="x", title="X", tier=Tier.BRONZE, adapter=adapter, hook=announces)
