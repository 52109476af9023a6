"""What a patient is told, by code (table 3): what to do, by when, whom to ring. Templates, never free text (C-9).

Plain English for a reading age of 9 to 11. A name in braces is filled from the judgement's numbers or, where it stands in
USUAL, from what the service or the plan says; another language is another table with the same codes and names.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Final

ADVICE: Final[dict[str, str]] = {
    "ADV-999": "Ring 999 now. Tell them what is wrong. Unlock your door and do not drive.",
    "ADV-TODAY": "We need to talk to you today. If nobody has rung you by {time}, ring {team} or 111. Ring 999 if you get worse fast.",
    "ADV-RETAKE": "That reading looks unusual. Sit still for 5 minutes, then take it again.",
    "ADV-WEIGH": "Your weight is up {gain_kg} kg since yesterday. Weigh yourself again tomorrow morning, after the toilet and before "
    "breakfast. Ring {team} if you feel more breathless.",
    "ADV-REWEIGH": "Your weight is up {gain_kg} kg in {span}. Please weigh again to be sure: after the toilet, without shoes, in light "
    "clothes, scales on a hard floor. If you cannot now, weigh tomorrow before breakfast. Are you more breathless, swollen or waking "
    "breathless? Then tell us here and ring {team} today.",
    "ADV-REBLOW": "That peak flow is in your {zone} zone. Put the pointer to zero, stand up, seal your lips and blow hard and fast "
    "3 times now. If it is still low, or your chest is tight, do the steps in your asthma plan at once. If your blue inhaler lasts "
    "less than 4 hours, get help at once.",
    "ADV-HF": "Your weight or breathing may mean extra fluid. Follow your water-tablet plan; your nurse will see this. "
    "Ring {team} today if you are more breathless, swollen, or wake up breathless.",
    "ADV-HF-WEIGHT": "Your weight is up {gain_kg} kg in {span}. This can be fluid. Follow your water-tablet plan; your nurse will "
    "see this. Ring {team} today if you are more breathless, swollen, or wake up breathless.",
    "ADV-DRY": "You may be dried out. Stand up slowly. Do not take extra water tablets. Ring {team} today.",
    "ADV-COPD": "Your chest seems worse than usual. Use your action plan. If you have a rescue pack and your sputum has changed colour, "
    "start it as agreed and tell us. Ring {team} today if it does not help.",
    "ADV-O2HIGH": "Your oxygen level is above your target. Check that the flow is {flow}. Ring {team} today.",
    "ADV-ASTHMA": "Your asthma is not as good as usual. Do the steps in your asthma plan now. If your blue inhaler lasts less than "
    "4 hours, get help at once.",
    "ADV-ZONE": "You are in your {zone} zone: do the steps in your asthma plan now. If your blue inhaler lasts less than 4 hours, "
    "get help at once.",
    "ADV-BP": "Your blood pressure is above your target. No need to panic: keep taking your tablets. We will look at it with you.",
    "ADV-HYPO": "Your sugar is low. Take 15 to 20 g of fast sugar now, and test again in 15 minutes.",
    "ADV-KET": "Test your ketones again in 2 hours. Never stop insulin. Drink water. Ring {team} if they rise or you feel ill.",
    "ADV-KET-NOW": "Your sugar is high or you are ill. Test your ketones now, and your sugar again in 2 hours. Never stop insulin. Drink "
    "water. Ring {team} if ketones are 0.6 or more. Ring 999 if you are drowsy or breathe fast.",
    "ADV-KET-RED": "Ring {team} now; if nobody answers, ring 111. Never stop insulin. Drink water and test again in 2 hours. Ring 999 if "
    "you are drowsy, breathe fast or cannot stop being sick.",
    "ADV-SICK": "While you are being sick or not drinking, your plan says to pause: {medicines}. Start again after 24 to 48 hours of "
    "eating and drinking. Ring {team} if you are not sure.",
    "ADV-KIDNEY": "A blood test needs acting on. {team} will ring you. Stop ibuprofen-type painkillers. Ring 111 if nobody has rung "
    "by {time}.",
    "ADV-SEIZURE": "Time it. Cushion the head. If it lasts over 5 minutes, give rescue medicine if you have it, then ring 999.",
    "ADV-MOOD": "Thank you for telling us. You are not alone. Someone will call you {when}. Ring 999 if you are in danger, 111 and press "
    "2 for mental health, or Samaritans on 116 123, day and night.",
    "ADV-MATERNITY": "Ring your maternity unit now and tell them this number. They will want to see you today. Ring 999 if you have a bad "
    "headache, your sight changes, it hurts under your ribs or your face swells.",
    "ADV-MATERNITY-NOW": "Go to your maternity unit now, and ring them on the way. Ring 999 if you have a bad headache, your sight changes, "
    "it hurts under your ribs or your face swells.",
    "ADV-SEEN": "Thank you. Your team can see this and will talk about it with you. Ring {team} sooner if you feel worse.",
    "ADV-MISS": "We have not seen a reading since {day}. Do you need help with the device? Ring {team}.",
    "ADV-CLOSED": "Your team is closed just now. Ring 111 now and tell them what you told us. If it gets worse, ring 999.",
    "ADV-NO-ANSWER": "Nobody from your team has answered yet. Do not wait for us: ring 111 now, or 999 if it gets worse.",
}  # fmt: skip

USUAL: Final[dict[str, str]] = {
    "team": "your team", "time": "an hour from now", "when": "as soon as we can", "flow": "what was prescribed",
    "medicines": "the medicines it names", "crisis": "Samaritans on 116 123",
}  # fmt: skip
"""What stands for a name that neither the service nor the plan has filled."""


def names(code: str) -> frozenset[str]:
    """The names that the words of a code ask for. Raises KeyError for a code nobody wrote."""
    return frozenset(name for _, name, _, _ in Formatter().parse(ADVICE[code]) if name)


def missing(code: str, numbers: Mapping[str, str]) -> frozenset[str]:
    """The names that a judgement's numbers leave open, and nobody else fills."""
    return names(code) - numbers.keys() - USUAL.keys()


def text(code: str, numbers: Mapping[str, str] | None = None) -> str:
    """The words for a code, filled from a judgement's numbers. Raises KeyError for a code or a name nobody has words for."""
    words = ADVICE[code].format_map({**USUAL, **(numbers or {})})
    return words[0].upper() + words[1:]
