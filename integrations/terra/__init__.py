"""Terra."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.terra import adapter

MANIFEST: Final = Manifest(
    name="terra", title="Terra", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK,
)  # fmt: skip
