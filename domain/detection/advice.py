"""What a patient is told, by code (table 3): what to do, by when, whom to ring. Templates, never free text (C-9)."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

ADVICE: Final[dict[str, str]] = {
    "ADV-999": "Ring 999 now. Tell them what is wrong. Unlock your door and do not drive.",
    "ADV-TODAY": "We need to talk to you today. If nobody has rung you within the hour, ring your team or 111.",
    "ADV-RETAKE": "That reading looks unusual. Sit still for 5 minutes, then take it again.",
    "ADV-HF": "Your weight or breathing may mean extra fluid. Follow your water-tablet plan; your nurse will see this. "
    "Ring today if you are more breathless, swollen, or wake up breathless.",
    "ADV-ASTHMA": "Your peak flow is lower than usual. Do the steps in your asthma plan now. If your blue inhaler lasts "
    "less than 4 hours, get help at once.",
    "ADV-BP": "Your blood pressure was high once and came down. Keep taking your tablets; your nurse can see it.",
    "ADV-HYPO": "Your sugar is low. Take 15 to 20 g of fast sugar now, and test again in 15 minutes.",
    "ADV-KET": "Test your ketones again in 2 hours. Never stop insulin. Drink water. Ring your team if they rise or you feel ill.",
    "ADV-SEIZURE": "Time it. Cushion the head. If it lasts over 5 minutes, give rescue medicine if you have it, then ring 999.",
    "ADV-MOOD": "Thank you for telling us. You are not alone. Ring 999 if you are in danger, 111 and press 2 for mental health, "
    "or Samaritans on 116 123, day and night.",
}  # fmt: skip


def text(code: str, numbers: Mapping[str, str] | None = None) -> str:
    """The words for a code, filled from a judgement's numbers. Raises KeyError for a code nobody wrote."""
    return ADVICE[code].format_map(defaultdict(str, numbers or {}))
