"""What a person is asked to agree to, word for word. A version is never changed once it was shown: a new one follows (F60)."""

import hashlib
from typing import Final

import msgspec


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One version of one text."""

    key: str
    version: int
    title: str
    body: str

    @property
    def digest(self) -> str:
        """SHA-256 of title and words: what a receipt holds on to."""
        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).hexdigest()


TEXTS: Final = (
    Text(
        key="sharing", version=1, title="Let somebody see your record",
        body=(
            "You choose who may see your record, which parts of it, and until when. They may look at it only to look after you. "
            "You can take away parts, or stop it all, at any time and without giving a reason; it takes one step and works at once. "
            "What they have seen already stays in their own notes, and the list of who looked stays in yours. "
            "If you stop sharing with everybody, your readings are still kept and you are still told what to do, "
            "but nobody else is watching."
        ),
    ),
    Text(
        key="proxy", version=1, title="Let somebody act for you",
        body=(
            "Somebody who cares for you may see the parts of your record that you choose, and add readings and symptoms for you if you "
            "allow it. They sign in as themselves, and the list of who looked says that it was them. They cannot change who else sees "
            "your record. You can stop it at any time, in one step."
        ),
    ),
)  # fmt: skip


def current(key: str) -> Text:
    """The newest version of a text."""
    return max((one for one in TEXTS if one.key == key), key=lambda one: one.version)
