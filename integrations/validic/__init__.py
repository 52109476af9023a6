"""Validic."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.validic import adapter

MANIFEST: Final = Manifest(
    name="validic", title="Validic", tier=Tier.BRONZE, adapter=adapter, api=adapter.API,
)  # fmt: skip
