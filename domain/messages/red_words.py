"""Words in a message that must not wait for somebody to read it: each stands for a symptom, which is judged as if reported (F68).

Nobody's "no chest pain" is told from "chest pain": a person looks. Missing one is worse than asking once too often.
"""

import re
import unicodedata
from typing import Final

_WORDS: Final = (
    ("self_harm_plan", ("kill myself", "killing myself", "end my life", "ending my life", "end it all", "want to die", "wish i was dead",
                        "suicid", "hurt myself", "hurting myself", "harm myself", "self harm", "selfharm", "better off dead",
                        "better off without me", "take my own life", "cant go on", "cannot go on")),
    ("stroke_sign", ("face has dropped", "face dropped", "face drooping", "slurred", "slurring", "cant move my arm", "stroke")),
    ("chest_pain", ("chest pain", "pain in my chest", "pain in the chest", "pains in my chest", "tight chest", "chest is tight",
                    "tightness in my chest", "chest hurts", "heart attack")),
    ("breathlessness", ("cant breathe", "cannot breathe", "cant breath", "hard to breathe", "struggling to breathe", "short of breath",
                        "out of breath", "breathless", "gasping", "lips are blue", "blue lips")),
    ("seizure", ("seizure", "had a fit", "having a fit", "convuls")),
    ("confusion", ("confused", "confusion", "doesnt know where", "does not know where")),
    ("feel_worse", ("collapsed", "fainted", "passed out", "blacked out", "coughing blood", "coughing up blood", "vomiting blood",
                    "bleeding", "cant wake", "cannot wake", "overdose", "too many tablets", "took too many", "much worse",
                    "getting worse", "feel worse", "feeling worse", "emergency", "999", "ambulance")),
)  # fmt: skip
"""Symptom code -> what is written when it is meant; letters and single spaces only."""


def _plain(text: str) -> str:
    """Small letters without marks; an apostrophe is nothing, whatever else is no letter or digit is a space."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return re.sub(r"[^a-z0-9]+", " ", re.sub("['\u2019\u2018`\u00b4]", "", bare)).strip()


def found(text: str) -> tuple[str, ...]:
    """The symptoms that a text speaks of, most pressing first, each once."""
    plain = f" {_plain(text)}"
    return tuple(code for code, phrases in _WORDS if any(f" {phrase}" in plain for phrase in phrases))
