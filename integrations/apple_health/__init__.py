"""Apple Health's export (export.xml)."""

from typing import Final

from integrations.apple_health import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(
    name="apple_health", title="Apple Health export", tier=Tier.BRONZE, adapter=adapter, is_file=True, stream=adapter.stream,
)  # fmt: skip
