"""The numbers of Bluetooth health devices: SFLOAT, FLOAT, and a reader that never goes past the end of a value."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Final


class Special(Enum):
    """What a number can say instead of a number."""

    NAN = "not a number"
    NRES = "not at this resolution"
    ABOVE = "above range"
    BELOW = "below range"
    RESERVED = "reserved"


Number = Decimal | Special


class Wrong(Exception):
    """The octets are not what their flags announce; the text says what was missing or left over."""


_SFLOAT: Final = {
    0x07FF: Special.NAN, 0x0800: Special.NRES, 0x07FE: Special.ABOVE, 0x0802: Special.BELOW, 0x0801: Special.RESERVED,
}  # fmt: skip
_FLOAT: Final = {
    0x007FFFFF: Special.NAN, 0x00800000: Special.NRES, 0x007FFFFE: Special.ABOVE, 0x00800002: Special.BELOW,
    0x00800001: Special.RESERVED,
}  # fmt: skip


def _signed(raw: int, bits: int) -> int:
    return raw - (1 << bits) if raw >> (bits - 1) else raw


def sfloat(raw: int) -> Number:
    """The 16-bit float: 12 bits of mantissa, 4 of exponent, both signed; the special values come first."""
    special = _SFLOAT.get(raw)
    if special is not None:
        return special
    return Decimal(_signed(raw & 0x0FFF, 12)).scaleb(_signed(raw >> 12, 4))


def float32(raw: int) -> Number:
    """The 32-bit float: 24 bits of mantissa, 8 of exponent, both signed."""
    special = _FLOAT.get(raw)
    if special is not None:
        return special
    return Decimal(_signed(raw & 0x00FFFFFF, 24)).scaleb(_signed(raw >> 24, 8))


def crc16(octets: bytes) -> int:
    """CRC-16/MCRF4XX: what ends a value whose device protects it end to end."""
    found = 0xFFFF
    for octet in octets:
        found ^= octet
        for _ in range(8):
            found = (found >> 1) ^ 0x8408 if found & 1 else found >> 1
    return found


class Octets:
    """Little-endian fields, one after another."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._place = 0

    def take(self, size: int) -> bytes:
        """The next octets. Raises Wrong when there are fewer."""
        found = self._value[self._place : self._place + size]
        if len(found) < size:
            raise Wrong(f"{size - len(found)} octets are missing at place {self._place}.")
        self._place += size
        return found

    def unsigned(self, size: int) -> int:
        """An unsigned whole number of so many octets."""
        return int.from_bytes(self.take(size), "little")

    def signed(self, size: int) -> int:
        """A signed whole number of so many octets."""
        return int.from_bytes(self.take(size), "little", signed=True)

    def flags(self, size: int, reserved: int) -> int:
        """The announcing bits. Raises Wrong when a reserved one is set: what follows could then mean anything."""
        found = self.unsigned(size)
        if found & reserved:
            raise Wrong("A reserved flag is set.")
        return found

    def sfloat(self) -> Number:
        """The next SFLOAT."""
        return sfloat(self.unsigned(2))

    def float32(self) -> Number:
        """The next FLOAT."""
        return float32(self.unsigned(4))

    def time(self) -> datetime | None:
        """The next seven octets of date and time, without zone; None when the device knows no year, month or day."""
        year, month, day, hour, minute, second = self.unsigned(2), *(self.unsigned(1) for _ in range(5))
        if not (year and month and day):
            return None
        try:
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the device knows no zone
        except ValueError as error:
            raise Wrong("No date and time.") from error

    @property
    def left(self) -> int:
        """How many octets are left."""
        return len(self._value) - self._place

    def end(self) -> None:
        """Raise Wrong when anything is left over."""
        if self.left:
            raise Wrong(f"{self.left} octets are left over.")

    def checked_end(self) -> None:
        """The end, or a last pair of octets that is the right CRC of all before it."""
        if self.left == 2:  # noqa: PLR2004 - a CRC
            before = self._value[: self._place]
            if self.unsigned(2) != crc16(before):
                raise Wrong("The checksum does not fit.")
        self.end()
