"""Logical ids: a reading's own, with the patient whose it is, so that one key prefix finds it (architecture 8)."""

from typing import Final
from uuid import UUID

from domain.errors import NotFound

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLACE: Final = {digit: place for place, digit in enumerate(_DIGITS)}
_WIDTH: Final = 22
_MOST: Final = 2**128


def _short(one: UUID) -> str:
    number = one.int
    found: list[str] = []
    for _ in range(_WIDTH):
        number, digit = divmod(number, 62)
        found.append(_DIGITS[digit])
    return "".join(reversed(found))


def _long(text: str) -> UUID:
    if len(text) != _WIDTH or not all(digit in _PLACE for digit in text):
        raise NotFound
    number = 0
    for digit in text:
        number = number * 62 + _PLACE[digit]
    if number >= _MOST:
        raise NotFound
    return UUID(int=number)


def joined(patient: UUID, one: UUID) -> str:
    """The logical id of something of a patient: 45 characters."""
    return f"{_short(patient)}.{_short(one)}"


def parted(text: str) -> tuple[UUID, UUID]:
    """The patient and the thing that a logical id names. Raises NotFound for whatever was never one."""
    patient, _, one = text.partition(".")
    return _long(patient), _long(one)
