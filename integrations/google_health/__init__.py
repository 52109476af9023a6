"""Google Health."""

from typing import Final

from integrations.google_health import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(
    name="google_health", title="Google Health", tier=Tier.BRONZE, adapter=adapter, hook=adapter.HOOK, api=adapter.API,
)  # fmt: skip
