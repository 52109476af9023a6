"""Glucose exports as CSV: Dexcom Clarity."""

from typing import Final

from integrations.csv_glucose import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(name="csv_glucose", title="Dexcom Clarity CSV", tier=Tier.BRONZE, adapter=adapter, is_file=True)
