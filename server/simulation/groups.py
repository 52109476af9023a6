"""Two peer groups of the simulated clinic, lived in by the doors that everybody uses: joined, asked, answered, held and reported."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.errors import Conflict, Invalid
from domain.groups.moderation import Report
from server.app_state import Parts
from server.auth.actor import of_patient, of_staff
from server.groups import posting, service, setup

HANDLES: Final = ("Heron", "Otter", "Willow", "Badger", "Teal", "Fern", "Plover", "Hazel")
BREATHE: Final = (
    ("Stairs", "How do you all manage the stairs on a bad day?",
     ("I stop on every fourth step and count.", "I moved the bed down for a month.")),
    ("Cold air", "Walking out into the cold takes my breath. What helps?", ("A scarf over my mouth, and out through the nose.",)),
    ("Singing group", "There is a singing group at the library on Tuesdays. It did me more good than I thought.", ()),
)  # fmt: skip
HELD: Final = (
    ("A hard night", "I can't go on like this, I don't see the point any more"),
    ("Swollen feet", "Just double your furosemide for two days, that is what I do"),
    ("A tea that cures", "See https://tea.example.com, it changed my life"),
)


async def lived_in(parts: Parts, org: UUID, staff: Sequence[tuple[UUID, str]], patients: Sequence[UUID], now: datetime) -> None:
    """Found two groups, put a nurse on duty for a fortnight, and let eight people write."""
    lead = next(one for one, role in staff if role == "lead")
    nurses = [one for one, role in staff if role == "nurse"]
    at = int(now.timestamp())
    asker, request = of_staff(lead, org, "lead", str(uuid7()), at, at + 3600), uuid7()
    groups: list[UUID] = []
    for name, about, topic in (("Torbay breathe easy", "place", "Torbay"), ("Living with heart failure", "condition", "heart_failure")):
        new = setup.NewGroup(name=name, purpose="To learn from others who live with it", about=about, topic=topic,
                             closes_on=now.date() + timedelta(days=365))  # fmt: skip
        groups.append(await setup.found(parts, asker, request, new))
        for nurse in nurses[:2]:
            await setup.appoint(parts, asker, request, groups[-1], nurse, "nurse")
    await setup.put_on_duty(parts, asker, request, nurses[0], "clinician", now - timedelta(hours=1), now + timedelta(days=13))
    members: list[UUID] = []
    for patient, name in zip(patients, HANDLES, strict=False):
        try:
            await service.join(parts, of_patient(patient, org, "simulated", at), groups[0], name)
        except (Conflict, Invalid):
            continue
        members.append(patient)
    await _talk(parts, org, groups[0], members, at)


async def _talk(parts: Parts, org: UUID, group: UUID, members: Sequence[UUID], at: int) -> None:
    async def write(place: int, body: str, *, title: str = "", thread: UUID | None = None) -> posting.Posted:
        actor = of_patient(members[place % len(members)], org, "simulated", at)
        new = posting.Written(body=body, title=title, thread=thread, is_question=thread is None and body.endswith("?"))
        return await posting.write(parts, actor, group, new, uuid7())

    first: posting.Posted | None = None
    for place, (title, body, answers) in enumerate(BREATHE):
        asked = await write(place, body, title=title)
        first = first or asked
        for other, words in enumerate(answers, place + 1):
            await write(other, words, thread=asked.thread)
    for place, (title, body) in enumerate(HELD, 3):
        await write(place, body, title=title)
    if first is not None:
        reporter = of_patient(members[-1], org, "simulated", at)
        await service.report(parts, reporter, group, first.post, Report.UNKIND, "I would rather not read about bad days")
