"""Signed readings (Standard Webhooks)."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.standard_webhooks import adapter

MANIFEST: Final = Manifest(
    name="standard_webhooks", title="Signed readings (Standard Webhooks)", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK,
)  # fmt: skip
