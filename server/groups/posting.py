"""Writing in a group: looked at before anybody reads it, help at once for whoever needs it, her own team if she wished so."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.groups import content, helplines, ladder, moderation
from domain.groups.crisis import Finding
from domain.groups.helplines import Help
from domain.groups.images import clean
from domain.groups.moderation import Fate
from domain.readings.reading import Draft as ReadingDraft
from domain.text import admit, is_admitted
from server import clock
from server.app_state import Parts
from server.groups import cards, store, wishes
from server.groups.peers import fresh
from server.groups.service import Inside, inside, must_be_patient, peers_of
from server.ingest import Part, Request
from server.people import store as people

logger = structlog.get_logger("groups")

BODY_MOST: Final = 4_000
UNTITLED: Final = "Something on my mind"
_TITLE: Final = range(3, 121)
Detector = Callable[[str], Finding | None]


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a member sends: an answer in a thread, or a new thread with a title."""

    body: str
    thread: UUID | None = None
    title: str = ""
    is_question: bool = False
    card: str = ""
    image: bytes | None = None
    key: str = ""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it, what the writer is told, and help if her words called for it."""

    post: UUID
    thread: UUID
    is_held: bool
    told: tuple[str, ...]
    help: Help | None
    told_team: bool = False


class _Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A post ready to be stored."""

    body: str
    title: str
    finding: Finding | None
    is_down: bool
    found: frozenset[content.Found]
    image: bytes | None
    card: cards.Card | None = None


def _looked(parts: Parts, written: Written) -> _Looked:
    """Looked at before anything is refused: what sounds like a crisis is taken as it comes, mended where it must be (PGS-3)."""
    whole = f"{written.title}\n{written.body}"
    finding, is_down = _detect(parts.extras["crisis"], whole)
    if finding is not None:
        mended = msgspec.structs.replace(written, body=_mended(written.body, BODY_MOST), title=_mended(written.title, _TITLE.stop - 1))
        if len(mended.title) not in _TITLE:
            mended = msgspec.structs.replace(mended, title=UNTITLED)
        return _Looked(
            body=mended.body or UNTITLED, title=mended.title, finding=finding, is_down=is_down, found=content.look(whole),
            image=_cleaned_or_none(written.image),
        )  # fmt: skip
    body = admit(written.body, pointer="/body", most=BODY_MOST).strip()
    title = admit(written.title, pointer="/title", most=_TITLE.stop - 1).strip()
    if not body:
        raise Invalid("Say something.", "/body")
    if written.thread is None and len(title) not in _TITLE:
        raise Invalid("A title of 3 to 120 characters.", "/title")
    image = None if written.image is None else clean(written.image)
    return _Looked(body=body, title=title, finding=None, is_down=is_down, found=content.look(whole), image=image)


def _mended(text: str, most: int) -> str:
    """The text without what would have it refused."""
    return "".join(one for one in text[:most] if one == "\n" or is_admitted(one)).strip()


def _cleaned_or_none(image: bytes | None) -> bytes | None:
    try:
        return None if image is None else clean(image)
    except Invalid:
        return None


def _detect(detector: Detector, text: str) -> tuple[Finding | None, bool]:
    """What the detector says; whatever is wrong with it, a person reads the post first (PGS-3)."""
    try:
        return detector(text), False
    except Exception as error:  # noqa: BLE001 - it must not decide by failing
        logger.error("crisis.down", error=type(error).__name__)  # noqa: TRY400 - no trace of what was written
        return None, True


async def write(parts: Parts, actor: Actor, group: UUID, written: Written, request_id: UUID) -> Posted:
    """Store a post once; the same key again changes nothing. Her team hears of a crisis only if she wished so when well."""
    must_be_patient(actor)
    now = clock.now()
    looked = _looked(parts, written)
    if written.card and looked.finding is None:
        looked = msgspec.structs.replace(looked, card=await cards.make(parts, actor, written.card, request_id, now))
    async with inside(parts, actor, group) as here:
        posted = await _store(parts, here, written, looked, now)
    if posted.help is None:
        return posted
    spoken = await help_for(parts, actor)
    told = await _tell_team(parts, actor, request_id, now)
    return msgspec.structs.replace(posted, help=spoken, told_team=told)


async def help_for(parts: Parts, actor: Actor) -> Help:
    """Who answers now, in the asker's language."""
    async with parts.database.begin(actor) as tx:
        person = await people.PATIENT.one(tx, actor.id)
    return helplines.of("en" if person is None else person.language)


async def _store(parts: Parts, here: Inside, written: Written, looked: _Looked, now: datetime) -> Posted:
    group, me = here.group, here.me
    is_new = now.date() < me.new_until
    is_crisis = looked.finding is not None
    if not is_crisis and (group.state != "open" or group.closes_on <= now.date()):
        raise Invalid("The people who look after this group have paused it. You can read, and write again later.", "/groupId")
    duty = await store.DUTY.one(here.tx, group.org_id, now)
    fate = moderation.fate(
        crisis=None if looked.finding is None else looked.finding.why, is_down=looked.is_down, found=looked.found,
        has_image=looked.image is not None, is_watched=duty is not None and duty.until is not None, is_new=is_new, now=now,
    )  # fmt: skip
    post = peers_of(parts).once(me.handle_id, written.key) if written.key else fresh()
    thread = await _thread(here, written, looked, post)
    row = await store.ADD_POST.one(here.tx, group.group_id, post, thread, me.handle_id, moderation.hour(now),
                                   "held" if fate.is_held else "shown", " ".join(fate.told))  # fmt: skip
    posted = Posted(
        post=post, thread=thread, is_held=fate.is_held, told=fate.told,
        help=None if looked.finding is None and not looked.is_down else helplines.of("en"),
    )  # fmt: skip
    if row is not None:
        today = await store.WROTE.one(here.tx, group.group_id, now.date(), 1, 0)
        moderation.must_be_within(0 if today is None else today.n - 1, is_new=is_new, is_crisis=is_crisis)
        await _fill(here, posted, looked, fate, row.seq, now)
    return posted


async def _thread(here: Inside, written: Written, looked: _Looked, post: UUID) -> UUID:
    group = here.group.group_id
    if written.thread is None:
        kind = "question" if written.is_question else "talk"
        await store.ADD_THREAD.run(here.tx, group, post, here.me.handle_id, looked.title, kind)
        return post
    first = await store.POST.one(here.tx, group, written.thread)
    if first is not None and first.thread_id == written.thread:
        return written.thread
    if looked.finding is None:
        raise NotFound
    # What she answered is gone; a cry for help is not lost with it.
    await store.ADD_THREAD.run(here.tx, group, post, here.me.handle_id, looked.title, "talk")
    return post


async def _fill(here: Inside, posted: Posted, looked: _Looked, fate: Fate, seq: int, now: datetime) -> None:
    group, tx = here.group.group_id, here.tx
    await store.ADD_BODY.run(tx, group, posted.post, looked.body, looked.image)
    if looked.card is not None:
        await store.ADD_CARD.run(tx, group, posted.post, looked.card.text, looked.card.until)
    await store.ADD_WORDS.run(tx, group, seq, posted.post, content.words(f"{looked.title} {looked.body}"))
    if not posted.is_held:
        await store.BUMP.run(tx, group, posted.thread, seq)
    for one in fate.concerns:
        await store.ADD_CASE.run(tx, group, fresh(), posted.post, here.me.handle_id, one.kind, one.level, one.why, now, one.due_at,
                                 ladder.first_at(one.level, now))  # fmt: skip


async def _tell_team(parts: Parts, actor: Actor, request_id: UUID, now: datetime) -> bool:
    """What she asked for when she was well (F76): her own report, judged like any other, that says nothing of the group."""
    wish = await wishes.get(parts, actor)
    if wish is None or not wish.tells_team:
        return False
    draft = ReadingDraft(id=uuid7(), kind="symptom", taken_at=now, code="crisis_wish")
    await parts.ingest.submit(Request(actor=actor, what="crisis-wish", request_id=request_id), [Part(actor.id, [draft])])
    return True
