"""iHealth."""

from typing import Final

from integrations.ihealth import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(
    name="ihealth", title="iHealth", tier=Tier.BRONZE, adapter=adapter, api=adapter.API,
)  # fmt: skip
