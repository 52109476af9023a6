"""FHIR R4 -> drafts: an Observation, a Bundle of them, or one of either on each line."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar, cast

import msgspec

from integrations.fhir.observation import Found, Wrong, read
from integrations.fhir.shapes import BUNDLE, KIND, NAMED, OBSERVATION, Bundle, Entry, Named, Observation, Shape, written
from integrations.json_keys import members
from integrations.manifest import Delivery, Fault, Parsed, Unreadable

_HEAD: Final = 4000
_NO_JSON: Final = "FHIR is JSON with a resourceType."
_UNREAD: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
T = TypeVar("T", bound=Shape)


def recognises(body: bytes) -> bool:
    """A JSON object that says its resourceType near the beginning."""
    head = body[:_HEAD].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith(b"{") and b'"resourceType"' in head


def parse(delivery: Delivery) -> Parsed:
    """Drafts in the order of the body. The row of a fault is the entry's number, or the line's. Observations of one person only."""
    found: list[Found] = []
    faults: list[Fault] = []
    for row, where, raw in _resources(delivery.body):
        if isinstance(raw, Wrong):
            faults.append(_fault(row, where, raw))
            continue
        if kind_of(raw) != "Observation":
            continue
        try:
            found.append(read(observation(raw), zone=delivery.zone, patient=delivery.patient))
        except Wrong as error:
            faults.append(_fault(row, where, error))
    if len({one.subject.reference or one.subject.value for one in found if one.subject is not None}) > 1:
        raise Unreadable("These Observations are of more than one person: send each person's apart.")
    return Parsed(drafts=[one.draft for one in found], faults=faults)


def observation(raw: bytes) -> Observation:
    """An Observation as it was sent. Raises Wrong where it is not of R4's shape, or has a key twice."""
    return _shaped(OBSERVATION, raw, "Observation")


def bundle(raw: bytes) -> Bundle:
    """A Bundle, its resources unread. Raises Wrong."""
    one = _shaped(BUNDLE, raw, "Bundle")
    if one.resource_type != "Bundle":
        raise Wrong("not_a_bundle", "structure", "resourceType", "A Bundle was expected.")
    return one


def _shaped(decoder: msgspec.json.Decoder[T], raw: bytes, root: str) -> T:
    try:
        one = decoder.decode(raw)
    except _UNREAD as error:
        raise _why(raw, root, str(error)) from error
    again = written(one)
    # Written without blanks and escapes nothing becomes longer: as long as what came, it has all that came.
    if len(again) != len(raw) and members(again) != members(raw):
        raise Wrong("key_twice", "structure", root, "A key stands twice in one object, or nothing stands behind it: null or [].")
    return one


def _why(raw: bytes, root: str, complaint: str) -> Wrong:
    """What is no JSON is told as such, even where a wrong shape stands before it; then a value said twice: two readings in one."""
    try:
        found = msgspec.json.decode(raw)
    except _UNREAD:
        return Wrong("not_json", "structure", "", "This is not JSON.")
    if isinstance(found, dict) and sum(str(name).startswith("value") for name in cast("dict[str, object]", found)) > 1:
        return Wrong("value_twice", "structure", f"{root}.value", "At most one value[x].")
    return Wrong("structure", "structure", expression(root, complaint), said(complaint))


def kind_of(raw: bytes) -> str:
    """The resourceType of a resource; empty where there is none."""
    try:
        return KIND.decode(raw).resource_type
    except _UNREAD:
        return ""


def named(raw: bytes) -> Named | None:
    """How a Patient or a Device is named; None where it cannot be read."""
    try:
        return NAMED.decode(raw)
    except _UNREAD:
        return None


def expression(root: str, text: str) -> str:
    """The FHIRPath of a decoder's complaint: `$.component[0].code` -> Observation.component[0].code."""
    _, found, path = text.rpartition(" - at `$")
    return (root + path.rstrip("`").replace("[...]", "")) if found else root


def said(text: str) -> str:
    """A decoder's complaint without what was sent."""
    head = text.partition(" - at `$")[0]
    if head.startswith("Object contains unknown field"):
        return "R4 knows no such element."
    return head if head.startswith(("Expected `", "Object missing required field")) else "Not of the shape that R4 has here."


def _resources(body: bytes) -> Iterator[tuple[int, str, bytes | Wrong]]:
    text = body.lstrip(b"\xef\xbb\xbf \r\n\t")
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
        lines: Sequence[bytes] = [text]
    except _UNREAD:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:  # noqa: PLR2004 - one line was tried already
            raise Unreadable(_NO_JSON) from None
    for number, line in enumerate(lines, start=1):
        kind = kind_of(line)
        if kind == "Bundle":
            try:
                entries = bundle(line).entry
            except Wrong as error:
                raise Unreadable(error.detail) from error
            yield from _entries(entries)
        elif kind:
            yield number, "", line
        elif len(lines) == 1:
            raise Unreadable(_NO_JSON)
        else:
            yield number, "", Wrong("not_json", "structure", "", "This line is no FHIR resource.")


def _entries(entries: Sequence[Entry]) -> Iterator[tuple[int, str, bytes]]:
    for place, entry in enumerate(entries):
        if isinstance(entry.resource, msgspec.Raw):
            yield place + 1, f"Bundle.entry[{place}].resource", bytes(entry.resource)


def _fault(row: int, where: str, error: Wrong) -> Fault:
    path = error.expression
    if where:
        path = where + path.removeprefix("Observation") if path.startswith("Observation") else f"{where}.{path}".rstrip(".")
    return Fault(row=row, code=error.code, detail=error.detail, pointer=path)
