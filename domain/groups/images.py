"""Pictures without anything but the picture (INP-7): place, time, camera and comments are left out, whole segments at a time.

JPEG and PNG only, up to 10 megapixels. What is not understood to the last byte is refused, so nothing rides along.
"""

import struct
from typing import Final

from domain.errors import Invalid, TooMuch

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_PIXELS: Final = 10_000_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
"""Empty: nothing rides along in it."""
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
_JPEG_KEPT: Final = frozenset({0xC4, 0xDB, 0xDD})
"""Tables of a picture; its frame and its scan are looked at by themselves."""
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_END: Final = 0xD9
_SCAN: Final = 0xDA
_APPS: Final = frozenset({*range(0xE0, 0xF0), 0xFE})
_ORIENTATIONS: Final = 9
_EXIF: Final = 0xE1


def clean(image: bytes) -> bytes:
    """The picture alone, as it looks; raises Invalid or TooMuch."""
    if len(image) > MOST_BYTES:
        raise TooMuch("A picture of at most 5 MB.")
    if image.startswith(_PNG):
        return _png(image)
    if image.startswith(b"\xff\xd8\xff"):
        return _jpeg(image)
    raise Invalid("A JPEG or PNG picture.", "/image")


def media_type(image: bytes) -> str:
    """What a cleaned picture is."""
    return "image/png" if image.startswith(_PNG) else "image/jpeg"


def _broken() -> Invalid:
    return Invalid("This picture is damaged.", "/image")


def _must_be_small(width: int, height: int) -> None:
    if not width or not height or width * height > MOST_PIXELS:
        raise Invalid("A picture of at most 10 megapixels.", "/image")


def _png(image: bytes) -> bytes:
    kept, seen = [_PNG], list[bytes]()
    place = len(_PNG)
    # What comes after the end is left out.
    while place < len(image) and b"IEND" not in seen:
        name, whole = _chunk(image, place)
        if not seen:
            if name != b"IHDR" or len(whole) != 25:  # noqa: PLR2004 - as the format has it
                raise _broken()
            _must_be_small(*struct.unpack(">II", whole[8:16]))
        seen.append(name)
        if name in _PNG_KEPT:
            kept.append(whole)
        elif name[:1].isupper():
            raise _broken()
        place += len(whole)
    if b"IDAT" not in seen or kept[-1] != _PNG_END:
        raise _broken()
    return b"".join(kept)


def _chunk(image: bytes, place: int) -> tuple[bytes, bytes]:
    """A chunk's name and the whole of it."""
    head = image[place : place + 8]
    if len(head) < 8:  # noqa: PLR2004 - length and name
        raise _broken()
    length, name = struct.unpack(">I4s", head)
    whole = image[place : place + 12 + length]
    if len(whole) != 12 + length:
        raise _broken()
    return name, whole


def _jpeg(image: bytes) -> bytes:
    kept: list[bytes] = []
    place, frames, orientation = 2, 0, 1
    while True:
        marker, whole = _segment(image, place)
        if marker == _SCAN:
            break
        if marker in _FRAMES:
            _must_be_small(*_size(whole))
            frames += 1
        if marker in _FRAMES or marker in _JPEG_KEPT:
            kept.append(whole)
        elif marker not in _APPS:
            raise _broken()
        elif marker == _EXIF and orientation == 1:
            orientation = _orientation(whole)
        place += len(whole)
    if frames != 1:
        raise _broken()
    return b"".join([b"\xff\xd8", _turned(orientation), *kept, *_scans(image, place)])


def _size(frame: bytes) -> tuple[int, int]:
    """The height and width that a frame names."""
    if len(frame) < 9:  # noqa: PLR2004 - up to the width
        raise _broken()
    height, width = struct.unpack(">HH", frame[5:9])
    return height, width


def _segment(image: bytes, place: int) -> tuple[int, bytes]:
    """A marker and its whole segment."""
    head = image[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF:  # noqa: PLR2004 - marker and length
        raise _broken()
    marker, length = head[1], struct.unpack(">H", head[2:])[0]
    whole = image[place : place + 2 + length]
    if length < 2 or len(whole) != 2 + length:  # noqa: PLR2004 - the length counts itself
        raise _broken()
    return marker, whole


def _scans(image: bytes, place: int) -> list[bytes]:
    """The picture's own data, scan by scan, with the tables between; up to its end and not a byte further."""
    kept: list[bytes] = []
    while True:
        marker, whole = (_END, b"\xff\xd9") if image[place : place + 2] == b"\xff\xd9" else _segment(image, place)
        if marker == _END:
            return [*kept, whole]
        if marker in _JPEG_KEPT or marker == _SCAN:
            kept.append(whole)
        elif marker not in _APPS:
            raise _broken()
        place += len(whole)
        if marker == _SCAN:
            end = _end_of_data(image, place)
            kept.append(image[place:end])
            place = end


def _end_of_data(image: bytes, place: int) -> int:
    """Where coded data end: at a marker that is neither a stuffed byte nor a restart."""
    while True:
        place = image.find(b"\xff", place)
        if place < 0 or place + 1 >= len(image):
            raise _broken()
        after = image[place + 1]
        if after == 0 or 0xD0 <= after <= 0xD7:  # noqa: PLR2004 - restart markers
            place += 2
        elif after == 0xFF:  # noqa: PLR2004 - a fill byte
            place += 1
        else:
            return place


def _orientation(segment: bytes) -> int:
    """Which way up an Exif segment says that the picture is; 1 when it says nothing that can be read."""
    body = segment[10:]
    if segment[4:10] != b"Exif\x00\x00" or body[:2] not in (b"II", b"MM"):
        return 1
    order = "<" if body[:2] == b"II" else ">"
    try:
        (at,) = struct.unpack_from(f"{order}I", body, 4)
        (count,) = struct.unpack_from(f"{order}H", body, at)
        for entry in range(min(count, 100)):
            tag, _kind, _n, value = struct.unpack_from(f"{order}HHIH", body, at + 2 + 12 * entry)
            if tag == 0x0112:  # noqa: PLR2004 - Orientation
                return value if 1 <= value < _ORIENTATIONS else 1
    except struct.error:
        pass
    return 1


def _turned(orientation: int) -> bytes:
    """An Exif segment of ours that says one thing: which way up."""
    if orientation == 1:
        return b""
    body = b"Exif\x00\x00" + b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
