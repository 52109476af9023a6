"""Open mHealth and IEEE 1752.1 data points."""

from typing import Final

from integrations.manifest import Manifest, Tier
from integrations.open_mhealth import adapter

MANIFEST: Final = Manifest(name="open_mhealth", title="Open mHealth data points", tier=Tier.BRONZE, adapter=adapter, is_file=True)
