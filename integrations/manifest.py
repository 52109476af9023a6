"""What an adapter is: a card that says what it can do, and pure functions from bytes to drafts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from domain.readings.reading import Draft


class Tier(StrEnum):
    """How far an adapter has been proved (integrations/tiers.py)."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One body as received. `zone` is the patient's, for times that carry none; `patient` only makes derived ids distinct."""

    body: bytes
    received_at: datetime
    zone: str = "Europe/London"
    patient: str = ""
    headers: Mapping[str, str] = {}
    """By lower-case name."""
    name: str = ""
    account: str = ""
    """Whose body it is, by the vendor's own name of the person, where the body itself does not say: it was pulled for them."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One row or entry that is no reading, and why. Never the value: it may be health data. `pointer`: where, as the format says it."""

    row: int
    code: str
    detail: str
    pointer: str = ""


class Origin(msgspec.Struct, frozen=True):
    """What a vendor calls a draft: the account or serial number it is of, and the record, whose later content is a correction."""

    account: str
    record: str


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """Drafts in the order of the file, and the rows that gave none. `origins`: one a draft, where a vendor's machine sent it."""

    drafts: Sequence[Draft]
    faults: Sequence[Fault] = ()
    origins: Sequence[Origin] = ()


class Unreadable(Exception):
    """The body is not of this format at all; the text says what was expected."""


class Adapter(Protocol):
    """The functions of an adapter, all pure."""

    def recognises(self, body: bytes) -> bool:
        """Whether the beginning of a body looks like this format."""
        ...

    def parse(self, delivery: Delivery) -> Parsed:
        """Drafts out of a body. Raises Unreadable."""
        ...


class Unproved(Exception):
    """Nobody can know that a delivery is of whom it says; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator registered with a vendor's door. Several signing secrets count at once while they are changed over."""

    signing: tuple[str, ...] = ()
    verify: str = ""
    """The word of a vendor's handshake."""
    client_id: str = ""
    client_secret: str = ""


Scheme = Callable[[Delivery, Secrets], str]
"""Proves on the raw bytes where a delivery comes from; the name of the proof. Raises Unproved."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something is to be fetched: of which account, what, from when to when, or which object."""

    account: str
    what: str
    start: datetime | None = None
    end: datetime | None = None
    object_id: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a vendor expects to hear."""

    status: int
    body: bytes = b""
    media: str = "application/json"


def _no_id(_delivery: Delivery) -> str:
    return ""


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """How a vendor's machine calls us. With `notices` a body holds nothing but what to fetch."""

    scheme: Scheme
    id_of: Callable[[Delivery], str] = _no_id
    """The vendor's own id of a delivery; without one the bytes stand for themselves."""
    status: int = 200
    notices: Callable[[Delivery], Sequence[Notice]] | None = None
    handshake: Callable[[str, Mapping[str, str], Delivery, Secrets], Answer | None] | None = None
    """The answer to a vendor that asks whether we are there (method, query, delivery, secrets); None: it is no such question."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a vendor's API, below its base; with `form` it is a POST."""

    path: str
    query: Mapping[str, str] = {}
    form: Mapping[str, str] | None = None


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a vendor lets us ask with, for one account."""

    access: str
    refresh: str = ""
    expires_in_s: int = 0


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """How what a notice names is fetched (OAuth 2). The `base` can be another one of the same vendor (its European house)."""

    base: str
    token_path: str
    """Where tokens are renewed: below the base, or an address of its own. Empty: nothing is renewed."""
    asks: Callable[[Notice, Secrets], Sequence[Ask]]
    next: Callable[[bytes, Ask], Ask | None] | None = None
    """The next page, as the body of this one says."""
    token_form: Mapping[str, str] = {}
    is_basic: bool = False
    """Whether the client's own secret goes into the Authorization header there, not into the form."""
    tokens: Callable[[bytes], Tokens | None] | None = None
    status: Callable[[bytes], int] | None = None
    """The HTTP status that a body means, where a vendor answers 200 to everything."""
    every: timedelta | None = None
    """How often to look where nobody calls us."""
    most: timedelta = timedelta(days=30)
    """The longest stretch that one request may ask for."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The card of one adapter. Impossible combinations cannot be built."""

    name: str
    title: str
    tier: Tier
    adapter: Adapter
    is_file: bool = False
    stream: Callable[[Iterable[bytes], Delivery], Iterator[Draft | Fault]] | None = None
    """Reads a file that does not fit into memory, piece by piece; the delivery has no body then."""
    hook: Hook | None = None
    api: Api | None = None
    version: int = 1
    """Raised when the same body is read otherwise than before: kept files can then be read again."""

    def __post_init__(self) -> None:
        """Refuse what cannot be: an adapter without a door, or notices that nobody can follow."""
        if not (self.is_file or self.hook or self.api):
            raise ValueError(f"{self.name}: neither file, webhook nor API")
        if self.hook is not None and self.hook.notices is not None and self.api is None:
            raise ValueError(f"{self.name}: notices of what to fetch, and no API to fetch it from")
