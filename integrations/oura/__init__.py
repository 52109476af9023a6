"""Oura."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.oura import adapter

MANIFEST: Final = Manifest(
    name="oura", title="Oura", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK, api=adapter.API,
)  # fmt: skip
