"""Withings."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.withings import adapter

MANIFEST: Final = Manifest(
    name="withings", title="Withings", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK, api=adapter.API,
)  # fmt: skip
