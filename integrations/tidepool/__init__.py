"""Tidepool."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.tidepool import adapter

MANIFEST: Final = Manifest(
    name="tidepool", title="Tidepool", tier=Tier.BRONZE, adapter=adapter, is_file=True, hook=adapter.HOOK,
)  # fmt: skip
