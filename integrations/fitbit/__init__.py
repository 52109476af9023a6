"""Fitbit (legacy)."""

from typing import Final

from integrations.fitbit import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(
    name="fitbit", title="Fitbit (legacy)", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK, api=adapter.API,
)  # fmt: skip
