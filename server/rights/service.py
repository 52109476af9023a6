"""What can be asked of one's data besides an export: that something is erased (PRV-2). A person decides, class by class."""

from typing import Final

from domain.errors import Invalid, NotFound
from domain.sharing.reviews import Kind
from domain.text import admit
from server import clock
from server.consent.service import Asking
from server.reviews import store
from server.reviews.service import open_one

_MOST: Final = 1000


async def ask_to_erase(ask: Asking, said: str) -> None:
    """A patient asks for something to be erased; once a day is asking once. A lead decides and answers within the days of a review."""
    patient = ask.must_be_patient()
    words = admit(said, pointer="/said", most=_MOST).strip()
    if not words:
        raise Invalid("Say what should be erased.", "/said")
    async with ask.database.begin(ask.actor) as tx:
        person = await store.PERSON.one(tx, patient)
        if person is None:
            raise NotFound
        held = {"name": person.name, "said": words}
        await open_one(tx, person.org_id, Kind.ERASURE, f"erasure:{patient}:{clock.now().date()}", held, patient=patient, zone=person.zone)
        await ask.reads.record(ask.actor, patient, "erasure", ask.request_id, action="C")
