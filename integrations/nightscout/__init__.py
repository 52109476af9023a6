"""Nightscout entries (API v1)."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.nightscout import adapter

MANIFEST: Final = Manifest(name="nightscout", title="Nightscout entries", tier=Tier.BRONZE, adapter=adapter, is_file=True)
