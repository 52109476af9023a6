"""Glucose exports as CSV: LibreView."""

from typing import Final

from integrations.libreview import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(name="libreview", title="LibreView CSV", tier=Tier.BRONZE, adapter=adapter, is_file=True)
