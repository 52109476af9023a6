"""What we send as FHIR R4, as structs: fields in the order of the standard, left out where there is nothing to say."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A data type, or a part of a resource."""


class Coding(Part, frozen=True, kw_only=True):
    """A code of a system."""

    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Part, frozen=True, kw_only=True):
    """One meaning."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Identifier(Part, frozen=True, kw_only=True):
    """A name that a system gave."""

    use: str = ""
    system: str = ""
    value: str = ""


class Reference(Part, frozen=True, kw_only=True):
    """Who or what is meant."""

    reference: str = ""
    type: str = ""
    identifier: Identifier | None = None
    display: str = ""


class Quantity(Part, frozen=True, kw_only=True):
    """A measured amount, its digits as they were sent."""

    value: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Period(Part, frozen=True, kw_only=True):
    """From when to when."""

    start: str = ""
    end: str = ""


class Meta(Part, frozen=True, kw_only=True):
    """Which version this is, and since when."""

    version_id: str = ""
    last_updated: str = ""
    profile: tuple[str, ...] = ()


class Annotation(Part, frozen=True, kw_only=True):
    """A remark."""

    text: str


class Component(Part, frozen=True, kw_only=True):
    """One part of a panel."""

    code: Concept
    value_quantity: Quantity | None = None


class Observation(Part, frozen=True, kw_only=True):
    """A reading."""

    resource_type: str = msgspec.field(default_factory=lambda: "Observation")
    id: str
    meta: Meta
    identifier: tuple[Identifier, ...] = ()
    status: str
    category: tuple[Concept, ...]
    code: Concept
    subject: Reference
    effective_date_time: str
    issued: str
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    note: tuple[Annotation, ...] = ()
    body_site: Concept | None = None
    device: Reference | None = None
    component: tuple[Component, ...] = ()


class Link(Part, frozen=True, kw_only=True):
    """Where to read on."""

    relation: str
    url: str


class Search(Part, frozen=True, kw_only=True):
    """Why an entry is in a bundle."""

    mode: str


class Response(Part, frozen=True, kw_only=True):
    """What became of an entry."""

    status: str
    location: str = ""
    etag: str = ""
    last_modified: str = ""
    outcome: Any = None


class Entry(Part, frozen=True, kw_only=True):
    """One entry of a bundle."""

    full_url: str = ""
    resource: Any = None
    search: Search | None = None
    response: Response | None = None


class Bundle(Part, frozen=True, kw_only=True):
    """Several resources."""

    resource_type: str = msgspec.field(default_factory=lambda: "Bundle")
    id: str = ""
    type: str
    timestamp: str = ""
    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry, ...] = ()


ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
encode = ENCODER.encode


def instant(at: datetime) -> str:
    """An instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
