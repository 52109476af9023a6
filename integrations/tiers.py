"""What each tier must show; `tests/integrations/test_tiers.py` holds every adapter to it."""

from typing import Final

from integrations.manifest import Tier

CASES: Final = {Tier.BRONZE: 5, Tier.SILVER: 8, Tier.GOLD: 12}
"""How many cases of its own (input and expected drafts) an adapter of a tier brings at least."""
