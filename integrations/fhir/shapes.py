"""The parts of FHIR R4 that are read, as structs: what is not looked at is known by name, anything else is refused."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Anything = msgspec.Raw | msgspec.UnsetType


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """One element."""


def _beside(base: type[Shape], names: str, *, primitives: str = "") -> Any:  # noqa: ANN401 - a class made here, typed by its base
    """A shape with further elements that are allowed and not looked at, and the extensions of its primitives."""
    every = [*names.split(), *(f"_{one}" for one in primitives.split())]
    fields = [(f"x{place}", Anything, msgspec.field(default=msgspec.UNSET, name=name)) for place, name in enumerate(every)]
    return msgspec.defstruct(
        base.__name__, cast("Any", fields), bases=(base,), kw_only=True, frozen=True, forbid_unknown_fields=True, rename="camel",
        omit_defaults=True,
    )  # fmt: skip


class CodingBase(Shape, frozen=True, kw_only=True):
    """A code of a system."""

    system: Text = ""
    code: Text = ""


if TYPE_CHECKING:
    Coding = CodingBase
else:
    Coding = _beside(CodingBase, "id extension version display userSelected", primitives="system code version display userSelected")


class ConceptBase(Shape, frozen=True, kw_only=True):
    """One meaning, in several systems."""

    coding: Annotated[tuple[Coding, ...], msgspec.Meta(min_length=1)] = ()
    text: Text = ""


if TYPE_CHECKING:
    Concept = ConceptBase
else:
    Concept = _beside(ConceptBase, "id extension", primitives="text")


class QuantityBase(Shape, frozen=True, kw_only=True):
    """A measured amount; `value` stays as it was written."""

    value: Anything = msgspec.UNSET
    comparator: Text = ""
    unit: Text = ""
    system: Text = ""
    code: Text = ""


if TYPE_CHECKING:
    Quantity = QuantityBase
else:
    Quantity = _beside(QuantityBase, "id extension", primitives="value comparator unit system code")


class IdentifierBase(Shape, frozen=True, kw_only=True):
    """A name that a system gave."""

    system: Text = ""
    value: Text = ""


if TYPE_CHECKING:
    Identifier = IdentifierBase
else:
    Identifier = _beside(IdentifierBase, "id extension use type period assigner", primitives="use system value")


class ReferenceBase(Shape, frozen=True, kw_only=True):
    """Who or what is meant: by address, or by identifier."""

    reference: Text = ""
    type: Text = ""
    identifier: Identifier | None = None


if TYPE_CHECKING:
    Reference = ReferenceBase
else:
    Reference = _beside(ReferenceBase, "id extension display", primitives="reference type display")


class PeriodBase(Shape, frozen=True, kw_only=True):
    """From when to when."""

    start: Text = ""
    end: Text = ""


if TYPE_CHECKING:
    Period = PeriodBase
else:
    Period = _beside(PeriodBase, "id extension", primitives="start end")


class ValuedBase(Shape, frozen=True, kw_only=True):
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
if TYPE_CHECKING:
    Component = ValuedBase
else:
    Component = _beside(ValuedBase, "id extension interpretation referenceRange", primitives=_VALUES)


class ObservationBase(ValuedBase, frozen=True, kw_only=True):
    """An Observation of R4."""

    resource_type: Text
    id: Text = ""
    status: Text
    identifier: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1)] = ()
    subject: Reference | None = None
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


if TYPE_CHECKING:
    Observation = ObservationBase
else:
    Observation = _beside(
        ObservationBase,
        "meta language text extension basedOn partOf category focus encounter issued performer interpretation note method specimen "
        "referenceRange derivedFrom",
        primitives=f"id implicitRules language status effectiveDateTime effectiveInstant issued {_VALUES}",
    )


class RequestBase(Shape, frozen=True, kw_only=True):
    """What a bundle asks for one entry."""

    method: Text
    url: Text
    if_none_exist: Text = ""
    if_match: Text = ""
    if_none_match: Text = ""
    if_modified_since: Text = ""


if TYPE_CHECKING:
    Request = RequestBase
else:
    Request = _beside(RequestBase, "id extension modifierExtension", primitives="method url ifNoneExist ifMatch")


class EntryBase(Shape, frozen=True, kw_only=True):
    """One entry of a bundle; its resource is read apart, so that a bad one sinks no good one."""

    full_url: Text = ""
    resource: Anything = msgspec.UNSET
    request: Request | None = None


if TYPE_CHECKING:
    Entry = EntryBase
else:
    Entry = _beside(EntryBase, "id extension modifierExtension link search response", primitives="fullUrl")


class BundleBase(Shape, frozen=True, kw_only=True):
    """A Bundle of R4."""

    resource_type: Text
    id: Text = ""
    type: Text
    entry: tuple[Entry, ...] = ()


if TYPE_CHECKING:
    Bundle = BundleBase
else:
    Bundle = _beside(BundleBase, "meta implicitRules language identifier timestamp total link signature", primitives="id type timestamp total")


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


OBSERVATION: Final[msgspec.json.Decoder[ObservationBase]] = msgspec.json.Decoder(Observation)
BUNDLE: Final[msgspec.json.Decoder[BundleBase]] = msgspec.json.Decoder(Bundle)
KIND: Final = msgspec.json.Decoder(Kind)
NAMED: Final = msgspec.json.Decoder(Named)
_ENCODER: Final = msgspec.json.Encoder()


def written(shape: Shape | Sequence[Shape]) -> bytes:
    """A shape as JSON again, each key that was there once."""
    return _ENCODER.encode(shape)
