"""One filled-in form: what was answered, what was left open, and the readings it becomes.

Every reading of a response has an id that follows from the response alone, so that a retry doubles nothing; a response
that corrects another corrects, retracts or leaves alone each of its readings.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from domain.forms.form import Answer, Fault, Form, Given, Item, path, unit_of
from domain.forms.scoring import points, scores
from domain.readings.kinds import BY_NAME
from domain.readings.quality import is_number
from domain.readings.reading import Draft, Source

Raw = str | list[str] | Decimal
"""An answer as it was sent."""

ASKED_ONCE: Final = "asked_once"
ASKED_TWICE: Final = "asked_twice"


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one person to one version of a form. `left_open`: asked again, and left open again."""

    id: UUID
    form: str
    version: int
    taken_at: datetime
    answers: dict[str, Given]
    facts: dict[str, str] = {}
    left_open: frozenset[str] = frozenset()
    source: Source = Source.APP
    offset_min: int = 0
    corrects: UUID | None = None
    reason: str | None = None


class Slot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reading that a response stands for: its id, and the content that it was sent with."""

    id: UUID
    kind: str
    taken_at: datetime
    value: Decimal | None = None
    code: str | None = None

    def says(self, draft: Draft) -> bool:
        """Whether a draft says the same."""
        return (self.kind, self.taken_at, self.value, self.code) == (draft.kind, draft.taken_at, draft.value, draft.code)


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What a response comes to. `ask_again`: needed, open, and not yet asked a second time."""

    drafts: tuple[Draft, ...]
    slots: dict[str, Slot]
    scores: dict[str, Decimal]
    missing: dict[str, tuple[str, ...]]
    ask_again: tuple[str, ...]


def admit(form: Form, sent: Mapping[str, Raw]) -> tuple[dict[str, Given], list[Fault]]:
    """The answers as the form means them, and a fault for each that it does not know."""
    found: dict[str, Given] = {}
    faults: list[Fault] = []
    for key, raw in sent.items():
        item = form.item(key)
        reason = "This form has no such question." if item is None else _unfit(item, raw)
        if reason:
            faults.append(Fault(f"/answers/{key}", reason))
        else:
            found[key] = tuple(sorted(set(raw))) if isinstance(raw, list) else raw
    return found, faults


def _unfit(item: Item, raw: Raw) -> str:
    match raw:
        case Decimal():
            return _unfit_number(item, raw)
        case str():
            known = item.answer is Answer.ONE and item.option(raw) is not None
            return "" if known else "One of the codes of this question's options, if it has any."
        case _:
            known = item.answer is Answer.SOME and all(item.option(code) is not None for code in raw)
            return "" if known else "A list of codes of this question's options, if several may be chosen."


def _unfit_number(item: Item, value: Decimal) -> str:
    if item.answer is not Answer.NUMBER:
        return "This question is answered by a code."
    if not is_number(value):
        return "A finite number of at most 18 digits."
    if not item.kind and item.low is not None and item.high is not None and not item.low <= value <= item.high:
        # A number that becomes a reading goes on: what is impossible is held and asked about there, never lost (DQ-1).
        return f"From {item.low} to {item.high}."
    return ""


def admit_facts(form: Form, sent: Mapping[str, str]) -> list[Fault]:
    """A fault for each fact that the form does not know."""
    known = {fact.key: fact.codes for fact in form.facts}
    return [
        Fault(f"/facts/{key}", "This form knows no such fact, or not with that code.")
        for key, code in sent.items() if code not in known.get(key, ())
    ]  # fmt: skip


def fill(form: Form, response: Response, before: Mapping[str, Slot]) -> Filled:
    """What a response becomes. `before`: the readings of the response that it corrects, by their place in it."""
    asked = path(form, response.answers, response.facts)
    open_ones = [item for item in asked if item.key not in response.answers]
    scored = scores(form, response.answers)
    made = {
        **_of_answers(form, response),
        **{
            f"{item.key}.open": _draft(
                response, item.unanswered, code=ASKED_TWICE if item.key in response.left_open else ASKED_ONCE
            )
            for item in open_ones if item.unanswered
        },
        **{
            f"score.{score.key}": _draft(response, score.kind, value=value)
            for score in form.scores if score.kind and (value := scored[score.key].value) is not None
        },
    }  # fmt: skip
    drafts, slots = _against(response, made, before)
    return Filled(
        drafts=tuple(drafts), slots=slots,
        scores={key: one.value for key, one in scored.items() if one.value is not None},
        missing={key: one.missing for key, one in scored.items() if one.missing},
        ask_again=tuple(item.key for item in open_ones if item.required and item.key not in response.left_open),
    )  # fmt: skip


def _of_answers(form: Form, response: Response) -> dict[str, Draft]:
    """Every answer that was given counts, also one that the branches would not have asked for: nothing told is lost."""
    made: dict[str, Draft] = {}
    for item in form.items:
        given = response.answers.get(item.key)
        if given is None:
            continue
        if item.kind:
            made[item.key] = _draft(
                response, item.kind, value=points(item, response.answers), unit=unit_of(item), after_s=item.after_s,
                manual=item.answer is Answer.NUMBER,
            )  # fmt: skip
        codes = () if isinstance(given, Decimal) else (given,) if isinstance(given, str) else given
        for option in item.options:
            if option.code in codes and option.symptom:
                made[f"{item.key}.{option.code}"] = _draft(response, "symptom", code=option.symptom)
    return made


def _draft(  # noqa: PLR0913 - one reading
    response: Response, kind: str, *, value: Decimal | None = None, code: str | None = None, unit: str = "",
    after_s: int = 0, manual: bool = False,
) -> Draft:  # fmt: skip
    return Draft(
        id=response.id, kind=kind, taken_at=response.taken_at + timedelta(seconds=after_s), value=value, code=code,
        unit=None if code is not None else unit or BY_NAME[kind].unit, manual=manual, source=response.source,
        offset_min=response.offset_min,
    )  # fmt: skip


def _against(
    response: Response, made: Mapping[str, Draft], before: Mapping[str, Slot]
) -> tuple[list[Draft], dict[str, Slot]]:
    """Each reading with its id, held against what it was: left alone, corrected, retracted or new."""
    drafts: list[Draft] = []
    slots: dict[str, Slot] = {}
    for place, draft in made.items():
        old = before.get(place)
        if old is not None and old.says(draft):
            slots[place] = old
            continue
        new = msgspec.structs.replace(
            draft, id=derived(response.id, place), corrects=None if old is None else old.id,
            reason=None if old is None else response.reason,
        )  # fmt: skip
        drafts.append(new)
        slots[place] = Slot(id=new.id, kind=new.kind, taken_at=new.taken_at, value=new.value, code=new.code)
    drafts.extend(
        Draft(
            id=derived(response.id, f"{place}.gone"), kind="", taken_at=response.taken_at, retracts=True, corrects=old.id,
            reason=response.reason, source=response.source,
        )
        for place, old in before.items() if place not in made
    )  # fmt: skip
    return drafts, slots


def derived(response: UUID, place: str) -> UUID:
    """The id of one reading of a response (UUIDv8 of a SHA-256): the same however often the response is sent."""
    digest = bytearray(hashlib.sha256(f"{response}|{place}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
