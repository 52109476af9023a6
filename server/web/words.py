"""The words that several pages share, each once; plain English, a few words, nothing that blames."""

from datetime import date as _date
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.episodes.episode import DismissReason, Result
from server.web.views import Choice

RESULTS: Final = (
    Choice(value=Result.ADVICE_GIVEN, label="Advice given"),
    Choice(value=Result.MEDICINE_CHANGED, label="Medicine changed"),
    Choice(value=Result.VISIT, label="Visit arranged"),
    Choice(value=Result.ADMITTED, label="Admitted to hospital"),
    Choice(value=Result.NO_ACTION_NEEDED, label="No action needed", hint="Say why below"),
    Choice(value=Result.FALSE_ALARM, label="False alarm", hint="Say why below"),
)
DISMISS_REASONS: Final = (
    Choice(value=DismissReason.MEASUREMENT_ERROR, label="The reading was wrong"),
    Choice(value=DismissReason.EXPECTED, label="Expected for this person"),
    Choice(value=DismissReason.KNOWN, label="Known already"),
    Choice(value=DismissReason.ACTED, label="Somebody has acted already"),
    Choice(value=DismissReason.DUPLICATE, label="The same concern twice"),
)
CONDITIONS: Final[dict[str, str]] = {
    "heart_failure": "heart failure",
    "hypertension": "high blood pressure",
    "copd": "COPD",
    "asthma": "asthma",
    "diabetes": "diabetes",
    "diabetes_type_1": "type 1 diabetes",
    "diabetes_type_2": "type 2 diabetes",
    "kidney": "kidney disease",
    "chronic_kidney_disease": "kidney disease",
    "epilepsy": "epilepsy",
    "ulcerative_colitis": "ulcerative colitis",
    "crohns_disease": "Crohn's disease",
    "multiple_sclerosis": "multiple sclerosis",
    "parkinsons_disease": "Parkinson's disease",
    "mood": "low mood",
    "depression": "depression",
}
EVENTS: Final[dict[str, str]] = {
    "opened": "Flagged",
    "raised": "Became more serious",
    "reopened": "Flagged again",
    "acknowledged": "Taken",
    "snoozed": "Put off",
    "unsnoozed": "Back in the queue",
    "explained": "Explained by a later reading",
    "closed": "Closed",
    "resolved": "Back to usual, closed by itself",
    "cleared": "Readings are back to usual",
    "started": "Being dealt with",
    "handed_over": "Handed over",
    "handed_back": "Handed back to the team",
    "undone": "Taken back at once",
    "not_acted": "Taken, but nothing was noted in time: back in the queue",
    "breached": "Not answered within a working day",
    "reminded": "Still open: the owner was reminded",
    "expired": "Ended by itself",
    "superseded": "Replaced by a newer concern",
    "withdrawn": "Withdrawn after a correction",
    "escalated": "Passed to the next person",
}

STEPS: Final[dict[str, str]] = {
    "no_receipt": "another channel",
    "second_channel": "another channel",
    "deputy": "the deputy",
    "lead": "the lead",
    "lead_again": "the lead again",
    "out_of_hours": "the out-of-hours service again",
    "nobody_out_of_hours": "the shift that begins",
    "breach": "reported as late",
    "not_acted": "back in the queue",
    "not_closed": "asked if it can be closed",
    "back": "back in the queue",
}
"""Where a concern goes when nobody acts before."""
ROLES: Final = {
    "nurse": "nurse on duty", "deputy": "deputy", "lead": "lead", "out_of_hours": "out-of-hours service", "owner": "owner",
}  # fmt: skip
CHANNELS: Final = {
    "log": "desk", "email": "e-mail", "app": "app", "sms": "text", "push": "browser", "fcm": "phone", "apns": "phone",
    "apprise": "rota's own way",
}  # fmt: skip
RESULTS_SENT: Final = {"accepted": "sent", "refused": "refused by the provider", "failed": "could not be sent"}
RECEIPTS: Final = {"delivered": "arrived", "failed": "did not arrive"}


UNITS: Final = {
    "mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "[lb_av]": "lb", "[stone_av]": "stone", "[in_i]": "in", "[ft_i]": "ft",
    "{fraction}": "as a fraction of 1", "/min": "a minute", "{score}": "points", "umol/L": "µmol/L", "ug/g": "µg/g",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²", "{puff}": "puffs", "{doses}": "doses",
}  # fmt: skip
"""UCUM codes as people write them; one that is not here is written so already."""
_BODY: Final = msgspec.json.Decoder(dict[str, str])


def unit(code: str | None) -> str:
    """A unit as people write it."""
    return UNITS.get(code or "", code or "")


def inside(said: str) -> str:
    """Words as they stand within a sentence: an abbreviation keeps its capitals."""
    return said if any(letter.isupper() for letter in said.partition(" ")[0][1:]) else said[:1].lower() + said[1:]


def event(what: str, body: str) -> str:
    """One line of a concern's history: what was done, to whom or why."""
    told = _BODY.decode(body)
    who = ", ".join(ROLES.get(role, role) for role in told.get("who", "").split() if role != "patient")
    if "to" in told:
        return f"{EVENTS[what]} to {told['to']}: {told['reason']}"
    if "was" in told:
        return f"{EVENTS[what]}: {EVENTS.get(told['was'], told['was']).lower()}"
    more = who or told.get("why") or told.get("result", "").replace("_", " ") or told.get("reason", "") or told.get("rule", "")
    said = EVENTS.get(what, what)
    return f"{said}: {more}" if more else said


def sent(channel: str, state: str, receipt: str | None = None) -> str:
    """How somebody was told, whether that went through, and what the provider said of it later."""
    return f"by {CHANNELS.get(channel, channel)}: {RECEIPTS.get(receipt or '') or RESULTS_SENT.get(state, state)}"


def next_step(step: str | None, due_at: datetime | None, now: datetime) -> str:
    """What happens next if nobody acts, and when."""
    said = STEPS.get(step or "")
    if said is None or due_at is None:
        return ""
    return f"next: {said}, {when(due_at.astimezone(now.tzinfo), now).removeprefix('today ')}"


def conditions(codes: list[str] | None) -> str:
    """Conditions as people say them."""
    return ", ".join(CONDITIONS.get(code, code.replace("_", " ")) for code in codes or [])


def waited(since: datetime, now: datetime) -> str:
    """How long ago in one word and a number; relative only under a day."""
    gone = now - since
    minutes = int(gone.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes} min"
    if gone < timedelta(days=1):
        return f"{minutes // 60} h"
    return f"{gone.days} day{'s' if gone.days != 1 else ''}"


def span(gone: timedelta) -> str:
    """How long, in the largest unit that fits."""
    minutes = max(int(gone.total_seconds() // 60), 0)
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        many = minutes // size
        if many:
            return f"{many} {name}{'s' if many != 1 else ''}"
    return "a moment"


def date(at: _date) -> str:
    """A day in full."""
    return f"{at.day} {at:%B %Y}"


def when(at: datetime, now: datetime) -> str:
    """A time as the viewer says it: today's, yesterday's and tomorrow's by the clock, others by the day. Both in one zone."""
    clock = at.strftime("%H:%M")
    if at.date() == now.date():
        return f"today {clock}"
    if at.date() == now.date() - timedelta(days=1):
        return f"yesterday {clock}"
    if at.date() == now.date() + timedelta(days=1):
        return f"tomorrow {clock}"
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at.day} {at.strftime('%b')}{year} {clock}"


def first_sentence(text: str) -> str:
    """The first sentence: a row has one line for it, the person's page has all."""
    head, dot, _ = text.partition(". ")
    return head + "." if dot else text
