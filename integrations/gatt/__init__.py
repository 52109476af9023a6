"""Raw values of Bluetooth health devices (GATT characteristics)."""

from typing import Final

from integrations.gatt import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(name="gatt", title="Bluetooth characteristic values", tier=Tier.SILVER, adapter=adapter, is_file=True)
