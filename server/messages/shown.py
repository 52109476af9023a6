"""What a message says around its words: what it is about, its receipts, and when an answer may be expected."""

from datetime import datetime
from typing import Final

from domain.messages.reply import Reply
from domain.readings.kinds import BY_NO
from server.messages.store import MessageRow
from server.web import words
from server.web.drawing import number

URGENT: Final = "If you feel unwell, ring 111, or 999 in an emergency. Do not wait for an answer."
HIDDEN: Final = "something that you may not see"


def about(row: MessageRow) -> str:
    """What the message points at, as far as its reader may see it (F69); empty where it points at nothing."""
    if row.about is None:
        return ""
    if row.about == "reading" and row.about_kind is not None and row.about_value is not None:
        kind = BY_NO[row.about_kind]
        value = number(row.about_value, min(kind.places, 1)) + ("" if row.about_value2 is None else f"/{number(row.about_value2, 0)}")
        return f"{kind.label} {value} {words.unit(kind.unit)}"
    return row.about_words or HIDDEN


def expects(reply: Reply, now: datetime) -> str:
    """What its writer is told at once, by the hours of the team; `now` is on the reader's own clock."""
    if reply.by is None:
        return f"Nobody can say when this will be read. {URGENT}"
    by = f"You will have an answer by {words.when(reply.by.astimezone(now.tzinfo), now)}."
    if reply.is_read_now:
        return f"{by} {URGENT}"
    opens = "" if reply.opens_at is None else f" until {words.when(reply.opens_at.astimezone(now.tzinfo), now)}"
    return f"Nobody reads messages just now{opens}. {by} {URGENT}"
