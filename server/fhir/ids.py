"""Logical ids: a reading's own, with the patient whose it is, so that one key prefix finds it (architecture 8)."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import NotFound

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLACE: Final = {digit: place for place, digit in enumerate(_DIGITS)}
_WIDTH: Final = 22
_MOST: Final = 2**128


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT: Final = 8


def _short(number: int, width: int = _WIDTH) -> str:
    found: list[str] = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        found.append(_DIGITS[digit])
    return "".join(reversed(found))


def _long(text: str, width: int = _WIDTH) -> int:
    if len(text) != width or not all(digit in _PLACE for digit in text):
        raise NotFound
    number = 0
    for digit in text:
        number = number * 62 + _PLACE[digit]
    if number >= _MOST:
        raise NotFound
    return number


def joined(patient: UUID, one: UUID, at: datetime | None = None) -> str:
    """The logical id of something of a patient: 45 characters. A sensor's sample says its moment too: it is found by its hour."""
    found = f"{_short(patient.int)}.{_short(one.int)}"
    return found if at is None else f"{found}.{_short((at - _EPOCH) // timedelta(milliseconds=1), _MOMENT)}"


class Id(msgspec.Struct, frozen=True):
    """What a logical id names."""

    patient: UUID
    one: UUID
    at: datetime | None


def parted(text: str) -> Id:
    """The patient and the thing that a logical id names. Raises NotFound for whatever was never one."""
    patient, _, rest = text.partition(".")
    one, dot, moment = rest.partition(".")
    at = None
    if dot:
        try:
            at = _EPOCH + timedelta(milliseconds=_long(moment, _MOMENT))
        except OverflowError as error:
            raise NotFound from error
    return Id(UUID(int=_long(patient)), UUID(int=_long(one)), at)
