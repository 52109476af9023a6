"""The parts of FHIR R4 that are read, as structs: what is not looked at is known by name, anything else is refused."""

from collections.abc import Callable
from typing import Annotated, Final, TypeVar, cast

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Anything = msgspec.Raw | msgspec.UnsetType


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """One element."""


T = TypeVar("T", bound=Shape)


def _beside(names: str, *, primitives: str = "") -> Callable[[type[T]], type[T]]:
    """The same shape with further elements that are allowed and not looked at, and the extensions of its primitives."""
    every = [*names.split(), *(f"_{one}" for one in primitives.split())]
    fields = [(f"x{place}", Anything, msgspec.field(default=msgspec.UNSET, name=name)) for place, name in enumerate(every)]

    def wider(shape: type[T]) -> type[T]:
        return cast("type[T]", msgspec.defstruct(shape.__name__, fields, bases=(shape,), kw_only=True))

    return wider


@_beside("id extension version display userSelected", primitives="system code version display userSelected")
class Coding(Shape, frozen=True, kw_only=True):
    """A code of a system."""

    system: Text = ""
    code: Text = ""


@_beside("id extension", primitives="text")
class Concept(Shape, frozen=True, kw_only=True):
    """One meaning, in several systems."""

    coding: Annotated[tuple[Coding, ...], msgspec.Meta(min_length=1)] = ()
    text: Text = ""


@_beside("id extension", primitives="value comparator unit system code")
class Quantity(Shape, frozen=True, kw_only=True):
    """A measured amount; `value` stays as it was written."""

    value: Anything = msgspec.UNSET
    comparator: Text = ""
    unit: Text = ""
    system: Text = ""
    code: Text = ""


@_beside("id extension use type period assigner", primitives="use system value")
class Identifier(Shape, frozen=True, kw_only=True):
    """A name that a system gave."""

    system: Text = ""
    value: Text = ""


@_beside("id extension display", primitives="reference type display")
class Reference(Shape, frozen=True, kw_only=True):
    """Who or what is meant: by address, or by identifier."""

    reference: Text = ""
    type: Text = ""
    identifier: Identifier | None = None


@_beside("id extension", primitives="start end")
class Period(Shape, frozen=True, kw_only=True):
    """From when to when."""

    start: Text = ""
    end: Text = ""


class Valued(Shape, frozen=True, kw_only=True):
    """What an observation and its components share: a code and at most one value."""

    code: Concept
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: Anything = msgspec.UNSET
    value_boolean: Anything = msgspec.UNSET
    value_integer: Anything = msgspec.UNSET
    value_range: Anything = msgspec.UNSET
    value_ratio: Anything = msgspec.UNSET
    value_sampled_data: Anything = msgspec.UNSET
    value_time: Anything = msgspec.UNSET
    value_date_time: Anything = msgspec.UNSET
    value_period: Anything = msgspec.UNSET
    data_absent_reason: Concept | None = None
    modifier_extension: Anything = msgspec.UNSET


_VALUES: Final = "valueString valueBoolean valueInteger valueTime valueDateTime"
@_beside("id extension interpretation referenceRange", primitives=_VALUES)
class Component(Valued, frozen=True, kw_only=True):
    """One part of an observation."""


@_beside(
    "meta language text extension basedOn partOf category encounter issued performer interpretation note method specimen "
    "referenceRange derivedFrom",
    primitives=f"id implicitRules language status effectiveDateTime effectiveInstant issued {_VALUES}",
)
class Observation(Valued, frozen=True, kw_only=True):
    """An Observation of R4."""

    resource_type: Text
    id: Text = ""
    status: Text
    identifier: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1)] = ()
    subject: Reference | None = None
    focus: Anything = msgspec.UNSET
    effective_date_time: Text = ""
    effective_period: Period | None = None
    effective_timing: Anything = msgspec.UNSET
    effective_instant: Text = ""
    device: Reference | None = None
    body_site: Concept | None = None
    has_member: Anything = msgspec.UNSET
    contained: tuple[msgspec.Raw, ...] = ()
    implicit_rules: Anything = msgspec.UNSET
    component: Annotated[tuple[Component, ...], msgspec.Meta(min_length=1)] = ()


@_beside("id extension modifierExtension", primitives="method url ifNoneExist ifMatch")
class Request(Shape, frozen=True, kw_only=True):
    """What a bundle asks for one entry."""

    method: Text
    url: Text
    if_none_exist: Text = ""
    if_match: Text = ""
    if_none_match: Text = ""
    if_modified_since: Text = ""


@_beside("id extension modifierExtension link search response", primitives="fullUrl")
class Entry(Shape, frozen=True, kw_only=True):
    """One entry of a bundle; its resource is read apart, so that a bad one sinks no good one."""

    full_url: Text = ""
    resource: Anything = msgspec.UNSET
    request: Request | None = None


@_beside("meta implicitRules language identifier timestamp total link signature", primitives="id type timestamp total")
class Bundle(Shape, frozen=True, kw_only=True):
    """A Bundle of R4."""

    resource_type: Text
    id: Text = ""
    type: Text
    entry: tuple[Entry, ...] = ()


class Kind(msgspec.Struct, frozen=True, rename="camel"):
    """What a resource says it is."""

    resource_type: Text
    id: str = ""


class Loose(msgspec.Struct, frozen=True):
    """An identifier, whatever else it has."""

    system: str = ""
    value: str = ""


class Named(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The same, with identifiers read loosely."""

    resource_type: Text
    id: str = ""
    identifier: tuple[Loose, ...] = ()
    serial_number: str = ""


OBSERVATION: Final[msgspec.json.Decoder[Observation]] = msgspec.json.Decoder(Observation)
BUNDLE: Final[msgspec.json.Decoder[Bundle]] = msgspec.json.Decoder(Bundle)
KIND: Final = msgspec.json.Decoder(Kind)
NAMED: Final = msgspec.json.Decoder(Named)
_ENCODER: Final = msgspec.json.Encoder()


def written(shape: Shape) -> bytes:
    """A shape as JSON again, each key that was there once."""
    return _ENCODER.encode(shape)
