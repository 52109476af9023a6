"""Dexcom."""

from typing import Final

from integrations.dexcom import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(
    name="dexcom", title="Dexcom", tier=Tier.BRONZE, adapter=adapter, api=adapter.API,
)  # fmt: skip
