"""Garmin Health."""

from typing import Final

from integrations.garmin import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(
    name="garmin", title="Garmin Health", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK,
)  # fmt: skip
