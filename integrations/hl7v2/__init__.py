"""HL7 v2 observation messages of home devices (IHE PCD-01, Continua)."""

from typing import Final

from integrations.hl7v2 import adapter
from integrations.manifest import Manifest, Tier

MANIFEST: Final = Manifest(name="hl7v2", title="HL7 v2 ORU^R01", tier=Tier.SILVER, adapter=adapter, is_file=True)
