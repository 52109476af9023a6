"""What an access was, in words that the person whose record it is reads (AUD-5)."""

from typing import Final

WHAT: Final = {
    "access-log": "this list",
    "clocks": "how well your devices' clocks go",
    "episode-acknowledge": "a concern about you: took it on",
    "episode-close": "a concern about you: closed it",
    "episode-snooze": "a concern about you: put it off",
    "episode-start": "a concern about you: began to act",
    "flag": "why you were flagged",
    "form": "a form for you, filled in with what is known",
    "grants": "who may see your record",
    "import": "readings from a file",
    "limits": "your personal limits",
    "limits-end": "a limit: ended it",
    "limits-propose": "a limit: proposed it",
    "limits-sign": "a limit: signed it",
    "my-episodes": "the concerns about you",
    "pairing-code": "a code that pairs your phone",
    "patient": "your name, birth date and conditions",
    "plan": "your plan",
    "plan-draft": "your plan: wrote a new version",
    "plan-sign": "your plan: signed it",
    "quarantine": "readings that are held until somebody looks",
    "quarantine-correct": "a held reading: put it right",
    "quarantine-discard": "a held reading: left it out",
    "quarantine-hold": "a held reading: held it again",
    "quarantine-release": "a held reading: let it count",
    "queue": "the list of people who need attention",
    "reading-apart": "two readings: said that they are not the same",
    "reading-links": "readings that came by two routes",
    "reading-retracted": "a reading, marked as entered in error",
    "reading-together": "two readings: said that they are the same",
    "readings": "your readings",
    "record": "your page",
    "response": "your answers to a form",
    "responses": "your answers to forms",
    "today": "what is asked of you today",
}
DID: Final = {"C": "added to", "R": "looked at", "U": "changed", "D": "ended"}
WHY: Final = {"self": "It is your own record.", "grant": "You share this with their team.", "device": "It is your device."}
