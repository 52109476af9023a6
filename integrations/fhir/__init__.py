"""FHIR R4: Observations and Bundles of them (UK Core included)."""

from typing import Final

from integrations.fhir import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(name="fhir", title="FHIR R4 Observations", tier=Tier.BRONZE, adapter=adapter, is_file=True)
