"""HL7 v2 as text: segments, fields, components, escapes; MLLP frames; acknowledgements."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import msgspec

MOST: Final = 1024 * 1024
SEGMENT: Final = 64 * 1024
_START: Final = b"\x0b"
_END: Final = b"\x1c\r"


class NoMessage(Exception):
    """Not an HL7 v2 message at all, or one that breaks a bound; the text says which."""


class Segment(msgspec.Struct, frozen=True):
    """One line: its name and its fields, numbered as the standard numbers them."""

    name: str
    fields: tuple[str, ...]
    component: str
    repetition: str
    escape: str

    def field(self, no: int) -> str:
        """A field as it stands, empty when it is not there."""
        return self.fields[no] if no < len(self.fields) else ""

    def part(self, no: int, component: int = 1) -> str:
        """One component of the first repetition of a field, its escapes read."""
        parts = self.field(no).split(self.repetition, 1)[0].split(self.component)
        return unescaped(parts[component - 1], self.escape) if component <= len(parts) else ""


class Message(msgspec.Struct, frozen=True):
    """A whole message. `guessed`: its characters were not the UTF-8 that they should be."""

    header: Segment
    segments: tuple[Segment, ...]
    guessed: bool = False

    @property
    def control_id(self) -> str:
        """MSH-10: tells one message from another."""
        return self.header.part(10)


def read(body: bytes) -> Message:
    """The message in a body; segments end in CR, LF or both. Raises NoMessage."""
    if len(body) > MOST:
        raise NoMessage("At most 1 MiB.")
    octets = body.strip(b"\x0b\x1c\r\n \t")
    try:
        text, guessed = octets.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        text, guessed = octets.decode("latin-1"), True
    if not text.startswith("MSH") or len(text) < 8:  # noqa: PLR2004 - MSH and its five separators
        raise NoMessage("A message begins with MSH.")
    separator, marks = text[3], text[4:8]
    if len({separator, *marks}) != 5 or any(mark.isalnum() or mark.isspace() for mark in (separator, *marks)):  # noqa: PLR2004
        raise NoMessage("MSH names five different separators.")
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
    if any(len(line.encode()) > SEGMENT for line in lines):
        raise NoMessage("A segment has at most 64 KiB.")
    segments = tuple(_segment(line, separator, marks) for line in lines)
    return Message(segments[0], segments[1:], guessed)


def _segment(line: str, separator: str, marks: str) -> Segment:
    fields = line.split(separator)
    # In MSH the separator itself is field 1.
    numbered = (fields[0], separator, *fields[1:]) if fields[0] == "MSH" else tuple(fields)
    return Segment(fields[0], numbered, marks[0], marks[1], marks[2])


_PLAIN: Final = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n"}


def unescaped(text: str, escape: str) -> str:
    """The text with its escapes read once; one that nobody knows is dropped."""
    if escape not in text:
        return text
    found: list[str] = []
    for place, piece in enumerate(text.split(escape)):
        if place % 2 == 0:
            found.append(piece)
        elif piece in _PLAIN:
            found.append(_PLAIN[piece])
        elif re.fullmatch(r"X(?:[0-9A-Fa-f]{2}){1,64}", piece):
            found.append(bytes.fromhex(piece[1:]).decode("latin-1"))
    return "".join(found)


_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,4}))?)?([+-]\d{4})?", re.ASCII)


def time(text: str) -> datetime | None:
    """An instant with its offset, or a wall clock without one; None for less than a minute's precision or no time at all."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute = (int(found[place]) for place in range(1, 6))
    offset = found[8]
    try:
        zone = None
        if offset is not None:
            minutes = int(offset[1:3]) * 60 + int(offset[3:])
            zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
        fraction = int((found[7] or "0").ljust(6, "0"))
        return datetime(year, month, day, hour, minute, int(found[6] or 0), fraction, zone)
    except ValueError:
        return None


def acknowledgement(message: Message | None, code: str, control_id: str, now: datetime, error: str = "") -> bytes:
    """ACK^R01 to a message: AA stored, AE its content is wrong, AR it is not taken at all. With an error also ERR."""
    stamp = now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    answered = "" if message is None else message.header.field(10)
    to = "" if message is None else message.header.field(3)
    lines = [f"MSH|^~\\&|Steady||{to}||{stamp}||ACK^R01^ACK|{control_id}|P|2.6", f"MSA|{code}|{answered}"]
    if error:
        lines.append(f"ERR|||{'207' if code == 'AE' else '200'}^{error}^HL70357|E")
    return "".join(f"{line}\r" for line in lines).encode()


class Frames:
    """MLLP: whole messages out of a stream of octets. Raises NoMessage when a frame grows too large or does not begin as one."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, octets: bytes) -> list[bytes]:
        """The messages that are complete now."""
        self._held += octets
        found: list[bytes] = []
        while self._held:
            if not self._held.startswith(_START):
                raise NoMessage("A frame begins with 0x0B.")
            end = self._held.find(_END)
            if end < 0:
                if len(self._held) > MOST:
                    raise NoMessage("At most 1 MiB.")
                break
            found.append(self._held[1:end])
            self._held = self._held[end + 2 :]
        return found


def framed(message: bytes) -> bytes:
    """A message as MLLP sends it."""
    return _START + message + _END
