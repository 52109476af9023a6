"""A stored judgement worked out again from the stored facts as they were known at that instant, to the same bytes (ALP-12)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.detection import engine
from domain.detection.judgement import Judgement
from domain.detection.picture import Memo
from domain.readings.baseline import Baseline
from domain.readings.reading import Reading
from server.rules.history import History

# The database keeps an object without the order of its keys.
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
Normals = Mapping[tuple[int, date, int], Baseline | None]
"""(kind, date, fewest days) -> the person's own normal that the rule asked for; None: too few days to know it."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement worked out again: the same to the byte, or what differs and why. `normals`: what it was held against."""

    same: bool
    reason: str
    stored: str
    again: str = ""
    normals: Normals = {}


def again(stored: Judgement, judged_at: datetime, past: History) -> Replayed:
    """The stored judgement beside the one that the same facts give now."""
    said = _ENCODER.encode(stored).decode()
    rule = engine.BY_ID.get(stored.rule)
    if rule is None or rule.version != stored.version:
        return Replayed(same=False, stored=said, reason="The rule has another version by now: only that release can replay it.")
    if not rule.anchors:
        return Replayed(same=False, stored=said, reason="Silence is judged from the plan and what did not come, so no reading replays it.")
    memo = Memo()
    view = past.view(judged_at, memo)
    anchor = _anchor(view.readings, stored.anchor)
    found = None if anchor is None else engine.judge_one(view, rule, anchor)
    now = "" if found is None else _ENCODER.encode(found).decode()
    if now == said:
        return Replayed(same=True, stored=said, again=now, reason="The same to the byte.", normals=dict(memo.normals))
    return Replayed(same=False, stored=said, again=now, reason="It differs: what is known of that time has changed.")


def _anchor(readings: Mapping[int, Sequence[Reading]], wanted: UUID) -> Reading | None:
    return next((one for ones in readings.values() for one in ones if one.id == wanted), None)
