"""What vendors' records have in common: read one by one, each a draft with its origin or a fault, instants and numbers bounded."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeVar

import msgspec

from domain.readings.reading import Context, Draft, Source, TimeSource
from integrations.derived import reading_id
from integrations.manifest import Delivery, Fault, Origin, Parsed, Unreadable

T = TypeVar("T")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_S: Final = 4_102_444_800
"""The year 2100."""
_DIGITS: Final = 18
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)


class Skip(Exception):
    """A record that is no reading, and why; the code is stable, the text never the value."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def epoch(seconds: float | None) -> datetime:
    """The instant of a Unix time. Raises Skip."""
    if seconds is None or not 0 < seconds < _MOST_S:
        raise Skip("time_missing", "A Unix time in seconds, before the year 2100.")
    return _EPOCH + timedelta(seconds=seconds)


def instant(text: str | None) -> datetime:
    """An ISO 8601 time with its offset. Raises Skip."""
    try:
        found = datetime.fromisoformat(text or "")
        if found.tzinfo is not None and _FIRST <= found <= _LAST:
            return found
    except (ValueError, OverflowError):
        pass
    raise Skip("time_missing", "An ISO 8601 time with its offset, between 1900 and 2100.")


def finite(value: Decimal | int | None) -> Decimal:
    """A number that can be counted with. Raises Skip."""
    if value is None:
        raise Skip("value_missing", "A number is needed.")
    made = Decimal(value)
    if not made.is_finite() or len(made.as_tuple().digits) > _DIGITS * 3 or abs(made.adjusted()) > _DIGITS:
        raise Skip("not_a_number", "A finite number of at most 18 digits.")
    return made


def short(value: Decimal, places: int = 6) -> Decimal:
    """A number that a vendor computed in binary, without the digits that are no measurement (77.5643875134944 kg)."""
    if len(value.as_tuple().digits) <= _DIGITS // 2:
        return value
    return value.quantize(Decimal(1).scaleb(-places))


class Records:
    """Collects what the records of one body came to."""

    def __init__(self, vendor: str, delivery: Delivery) -> None:
        self._vendor = vendor
        self._delivery = delivery
        self._row = 0
        self._drafts: list[Draft] = []
        self._origins: list[Origin] = []
        self._faults: list[Fault] = []

    def each(self, raws: "list[msgspec.Raw]", shape: type[T], read: Callable[[T], None]) -> None:
        """Read every record by itself, so that a bad one sinks no other (ING-4)."""
        for raw in raws:
            self._row += 1
            try:
                read(msgspec.json.decode(raw, type=shape))
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.fault("entry_unreadable", "Not a record of this kind.")
            except Skip as skip:
                self.fault(skip.code, str(skip))

    def fault(self, code: str, detail: str) -> None:
        """Say why the record of the moment is no reading."""
        self._faults.append(Fault(row=max(self._row, 1), code=code, detail=detail))

    def add(  # noqa: PLR0913 - one reading's fields
        self, kind: str, at: datetime, *, record: str, account: str = "", value: Decimal | None = None, unit: str,
        parts: Mapping[str, Decimal] | None = None, comparator: Literal["<", ">"] | None = None, manual: bool = False,
        time_source: TimeSource = TimeSource.OFFSET_IN_PAYLOAD, context: Context | None = None, retracts: bool = False,
    ) -> None:  # fmt: skip
        """One reading of a record; its id is made of the vendor's own. What it says now may correct what it said before."""
        account = account or self._delivery.account
        if len(account) > 128:  # noqa: PLR2004 - a serial number of ours
            raise Skip("account_unknown", "A name of an account has at most 128 characters.")
        if not record:
            record = f"{at.isoformat()}|{value}|{sorted((parts or {}).items())}|{unit}"
        offset = at.utcoffset()
        self._drafts.append(Draft(
            id=reading_id(self._delivery.patient, self._vendor, account, record, kind), kind=kind, taken_at=at, value=value,
            parts=None if parts is None else dict(parts), unit=unit, comparator=comparator, context=context, manual=manual,
            source=Source.VENDOR, time_source=time_source, offset_min=int(offset.total_seconds() // 60) if offset else 0,
            history=True, retracts=retracts, reason="The vendor took it back" if retracts else None,
        ))  # fmt: skip
        self._origins.append(Origin(account, f"{record}:{kind}"[:500]))

    def parsed(self) -> Parsed:
        """All of it."""
        return Parsed(drafts=self._drafts, faults=self._faults, origins=self._origins)


def decoded(body: bytes, shape: type[T], wanted: str) -> T:
    """A JSON body as it must be. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(wanted) from error


def raws(body: bytes, wanted: str) -> list[msgspec.Raw]:
    """The records of a JSON array, or the one that stands alone. Raises Unreadable."""
    head = body.lstrip()[:1]
    if head not in {b"[", b"{"}:
        raise Unreadable(wanted)
    return decoded(body, list[msgspec.Raw], wanted) if head == b"[" else [decoded(body, msgspec.Raw, wanted)]


def says(body: bytes, *names: bytes) -> bool:
    """Whether the beginning of a JSON body holds each of these names."""
    head = body[:4000].lstrip()
    return head[:1] in {b"{", b"["} and all(b'"' + name + b'"' in head for name in names)
