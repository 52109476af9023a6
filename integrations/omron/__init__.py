"""Omron."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.omron import adapter

MANIFEST: Final = Manifest(
    name="omron", title="Omron", tier=Tier.BRONZE, adapter=adapter, api=adapter.API,
)  # fmt: skip
