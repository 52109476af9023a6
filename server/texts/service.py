"""What becomes of a text: whose it is, each thing in it by the door of every reading, and one answer. Sent again it is the same one."""

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, assert_never
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.forms.response import derived
from domain.messages import texts
from domain.messages.texts import Ask, Free, Part, Told, Unclear
from domain.readings.kinds import BY_NAME, FALLS, SYMPTOMS
from domain.readings.reading import Draft, TimeSource
from integrations.govuk_notify import Received, number_of
from server import clock
from server.app_state import Parts
from server.audit.chain import NOBODY
from server.auth.actor import of_patient
from server.care import service as care
from server.db import Role, Tx
from server.messages import service as messages
from server.messages.shown import expects
from server.plans import service as plans
from server.readings import service as readings
from server.readings.wire import Given, ItemOut, asked, out
from server.texts import store

UNKNOWN: Final = "This number is not set up here. If you feel unwell ring 111, or 999 in an emergency. Your care team can set it up."
SEVERAL: Final = "This number is set up for more than one person, so nothing was kept. Ring your care team, 111, or 999 in an emergency."
NOT_YET: Final = "Reply START first: then you can send readings by text. If you feel unwell ring 111, or 999 in an emergency. Nothing was kept."
STOPPED: Final = "You will hear no more from us by text. What you send is still kept and judged. START begins again."
STARTED: Final = f"You are set up. {texts.HELP}"
_MOST: Final = 900
"""GOV.UK Notify takes 918 letters."""
_APART: Final = timedelta(seconds=2)
_LABELS: Final = {("symptom", code): label for code, label in SYMPTOMS.values()} | {("fall", code): label for code, label in FALLS.values()}


async def receive(parts: Parts, request_id: UUID, text: Received) -> None:
    """Keep and judge what a text says, and answer it once. Raises Busy when too much waits: then it is delivered again."""
    number = number_of(text.source_number) or text.source_number
    async with parts.database.begin_as(Role.AUTH) as tx:
        found = await store.FIND.all(tx, number)
        if len({row.patient_id for row in found}) != 1:
            await _answer_stranger(tx, text, number, SEVERAL if found else UNKNOWN)
            return
        row = found[0]
        said = texts.parse(text.message)
        state = "off" if Ask.STOP in said else "on" if Ask.START in said else None
        await store.HEARD.run(tx, row.patient_id, number, clock.now(), state)
    actor = of_patient(row.patient_id, row.org_id, "text", int(clock.now().timestamp()))
    if row.state == "waiting" and state is None:
        words = NOT_YET
    else:
        words = "\n".join([one for one in await _say(parts, actor, request_id, text, said) if one])
    async with parts.database.begin(actor, one=actor.id) as tx:
        now = clock.now()
        for place, piece in enumerate(pieces(words)):
            # One after the other: a phone shows them as they come.
            key, due = f"text:{text.id}" if not place else f"text:{text.id}:{place}", now + place * _APART
            await store.ANSWER.run(tx, uuid7(), actor.id, piece, number, key, due)
        await store.HINT.run(tx, str(actor.id))


async def _answer_stranger(tx: Tx, text: Received, number: str, words: str) -> None:
    """Nothing personal, and once a day: two machines that answer each other would never end."""
    key = f"stranger:{sha256(number.encode()).hexdigest()[:32]}:{text.date_received:%Y-%m-%d}"
    await store.ANSWER.run(tx, uuid7(), NOBODY, words, number, key, clock.now())


def pieces(words: str) -> list[str]:
    """An answer as texts of at most 900 letters, broken between its lines, else between words: none of it is left out."""
    found: list[str] = []
    for line in words.split("\n"):
        for part in textwrap.wrap(line, _MOST) or [""]:
            if found and len(found[-1]) + 1 + len(part) <= _MOST:
                found[-1] += f"\n{part}"
            else:
                found.append(part)
    return found


async def _say(parts: Parts, actor: Actor, request_id: UUID, text: Received, said: Sequence[Part]) -> list[str]:
    """The answer to each thing, in order; all readings of one text are one request."""
    told = [(place, one) for place, one in enumerate(said) if isinstance(one, Told)]
    items = [Given(draft=_draft(text, place, one)) for place, one in told]
    settled = await readings.settle(parts.ingest, parts.devices, actor, request_id, items, None) if items else []
    became = {
        place: _noted(one, asked(out(found.outcome, found.draft.id), found.draft) if found.draft is not None else out(found.outcome, None))
        for (place, one), found in zip(told, settled, strict=True)
    }  # fmt: skip
    answers: list[str] = []
    for place, one in enumerate(said):
        match one:
            case Told():
                answers.append(became[place])
            case Unclear(says=says):
                answers.append(f"Not clear, and not kept. {says}." if "?" in says else f"Not clear, and not kept. Send: {says}")
            case Free(words=words):
                answers.append(await _to_team(parts, actor, request_id, derived(text.id, f"message {place}"), words))
            case Ask():
                answers.append(await _asked(parts, actor, request_id, one))
            case _:
                assert_never(one)
    if told:
        answers.append((await care.care_now(parts.database, parts.reads, actor, request_id, await parts.ready())).told_by_text)
    return answers


def _draft(text: Received, place: int, told: Told) -> Draft:
    return Draft(
        id=derived(text.id, str(place)), kind=told.kind, taken_at=text.date_received, value=told.value,
        parts=None if told.parts is None else dict(told.parts), code=told.code, unit=told.unit, manual=True,
        time_source=TimeSource.SERVER_RECEIVED,
    )  # fmt: skip


def _noted(told: Told, item: ItemOut) -> str:
    kind = BY_NAME[told.kind]
    numbers = "/".join(f"{one:f}" for one in told.parts.values()) if told.parts else "" if told.value is None else f"{told.value:f}"
    what = f"{kind.label} {numbers}" if numbers else _LABELS.get((told.kind, told.code or ""), kind.label)
    match item.status:
        case "stored" | "duplicate":
            return f"{what}: noted. Please measure again and send it once more." if item.unconfirmed else f"{what}: noted."
        case "quarantined":
            return f"{what}: kept, but it does not look right. {item.question or 'Is it?'} Please measure again, or ring your team."
        case "rejected":
            return f"{what}: not kept. {item.detail or ''}".rstrip()


async def _to_team(parts: Parts, actor: Actor, request_id: UUID, message: UUID, words: str) -> str:
    """Words for a person go to the team as a message; what must not wait is judged at once (F68)."""
    try:
        sent = await messages.send(parts.database, parts.ingest, parts.reads, actor, request_id, message, words)
    except (Conflict, Invalid) as error:
        return error.detail
    now = await _local(parts, actor, request_id)
    return f"This is no reading that we know, so it went to your team as a message. {expects(sent.reply, now)} HELP says what you can send."


async def _local(parts: Parts, actor: Actor, request_id: UUID) -> datetime:
    return (await care.care_now(parts.database, parts.reads, actor, request_id, await parts.ready())).as_of


async def _asked(parts: Parts, actor: Actor, request_id: UUID, ask: Ask) -> str:
    match ask:
        case Ask.HELP:
            return texts.HELP
        case Ask.STOP:
            return STOPPED
        case Ask.START:
            return STARTED
        case Ask.WHO:
            found = await care.care_now(parts.database, parts.reads, actor, request_id, await parts.ready())
            return f"{found.said.text} {found.next_says}"
        case Ask.PLAN:
            return await _plan(parts, actor, request_id)
        case Ask.TODAY:
            return await _today(parts, actor, request_id)
        case _:
            assert_never(ask)


async def _plan(parts: Parts, actor: Actor, request_id: UUID) -> str:
    """Every step of the plan in force, worst zone first: what an app shows as a page."""
    found = await plans.whole(parts.database, parts.reads, actor, actor.id, request_id)
    if found.in_force is None or not found.in_force.plan.steps:
        return "You have no plan with steps yet. Ask your care team."
    plan = found.in_force.plan
    zones = {"red": "If it is bad", "amber": "If something changes", "green": "When you are well"}
    lines: list[str] = []
    for zone, words in zones.items():
        steps = [step.words for step in plan.steps if step.zone == zone]
        lines += [f"{words}:", *steps] if steps else []
    return "\n".join(lines)


async def _today(parts: Parts, actor: Actor, request_id: UUID) -> str:
    found = await plans.today(parts.database, parts.reads, actor, actor.id, request_id)
    left = [one.expect.label for one in found.asked if one.met is None]
    done = [one.expect.label for one in found.asked if one.met is not None]
    if not found.asked:
        return "Nothing is asked of you today."
    still = f"Still to send today: {', '.join(left)}." if left else "All that is asked today has come. Thank you."
    return f"{still} Came already: {', '.join(done)}." if done and left else still
