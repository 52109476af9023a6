"""INP-7: of a picture only the picture is kept; what is damaged, too large or not understood to the last byte is refused."""

import struct
import zlib

import pytest

from domain.errors import Invalid, TooMuch
from domain.groups import images

PNG = b"\x89PNG\r\n\x1a\n"
START, END = b"\xff\xd8", b"\xff\xd9"
PLACE = b"51.5074N 0.1278W"


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int = 2, height: int = 1) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


DATA = chunk(b"IDAT", zlib.compress(b"\x00\x10\x20"))
LAST = chunk(b"IEND")


def segment(marker: int, body: bytes = b"") -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def frame(height: int = 1, width: int = 2, marker: int = 0xC0) -> bytes:
    return segment(marker, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")


TABLE = segment(0xDB, bytes(65))
CODES = segment(0xC4, bytes(20))
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
CODED = b"\x12\x34\xff\x00\x56"


def exif(orientation: int, order: str = ">", before: int = 0) -> bytes:
    """An Exif segment with a place in it, and the orientation after so many other entries."""
    entries = [struct.pack(f"{order}HHIHH", 0x010F, 3, 1, 7, 0)] * before
    entries.append(struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return segment(0xE1, b"Exif\x00\x00" + head + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + PLACE)


def jpeg(*before: bytes, coded: bytes = CODED, after: bytes = END) -> bytes:
    return START + b"".join(before) + SCAN + coded + after


def webp() -> bytes:
    body = b"WEBPVP8L" + struct.pack("<I", 6) + b"\x2f\x00\x00\x00\x00\x00"
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_inp_7_a_png_loses_its_notes_and_what_follows_its_end() -> None:
    colours, clear = chunk(b"PLTE", b"\x00\x00\x00"), chunk(b"tRNS", b"\x00")
    notes = [chunk(b"tEXt", b"Comment\x00" + PLACE), chunk(b"eXIf", PLACE), chunk(b"tIME", bytes(7))]
    found = images.clean(PNG + header() + notes[0] + colours + notes[1] + clear + DATA + notes[2] + LAST + PLACE)
    assert found == PNG + header() + colours + clear + DATA + LAST
    assert images.media_type(found) == "image/png"


def test_inp_7_a_jpeg_loses_its_notes_and_what_follows_its_end() -> None:
    notes = [segment(0xE0, b"JFIF\x00" + PLACE), segment(0xFE, PLACE), segment(0xED, PLACE), segment(0xE1, b"http://ns.adobe.com/" + PLACE)]
    found = images.clean(jpeg(*notes, TABLE, frame(), CODES, after=END + PLACE))
    assert found == jpeg(TABLE, frame(), CODES)
    assert images.media_type(found) == "image/jpeg"


def test_inp_7_what_stands_between_two_scans_is_looked_at_as_well() -> None:
    second = CODES + segment(0xDD, b"\x00\x04") + SCAN + b"\x77\xff\xd3\x78"
    found = images.clean(jpeg(TABLE, frame(marker=0xC2), after=segment(0xFE, PLACE) + second + segment(0xE1, PLACE) + END))
    assert found == jpeg(TABLE, frame(marker=0xC2), after=second + END)


@pytest.mark.parametrize("coded", [b"\x01\xff\x00\x02", b"\x01\xff\xd0\x02\xff\xd7\x03", b"\x01\xff\xff", b"\x01\xff\xff\x00\x02"])
def test_inp_7_stuffed_bytes_restarts_and_fill_bytes_belong_to_the_data(coded: bytes) -> None:
    assert images.clean(jpeg(frame(), coded=coded)) == jpeg(frame(), coded=coded)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_inp_7_which_way_up_is_all_that_is_kept_of_exif(order: str, orientation: int) -> None:
    found = images.clean(jpeg(exif(orientation, order, before=3), frame()))
    ours = struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    assert found == jpeg(segment(0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + ours), frame())
    assert PLACE not in found
    assert images.clean(found) == found


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(exif(1), id="upright"),
        pytest.param(exif(0), id="none"),
        pytest.param(exif(9), id="unknown"),
        pytest.param(segment(0xE1, b"Exif\x00\x00XX\x00*\x00\x00\x00\x08"), id="no order of bytes"),
        pytest.param(segment(0xE1, b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"), id="points outside"),
        pytest.param(segment(0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x05"), id="fewer than it counts"),
        pytest.param(segment(0xE1, b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"), id="empty"),
        pytest.param(exif(6, before=100), id="beyond the hundredth entry"),
    ],
)
def test_inp_7_exif_that_says_nothing_of_use_is_left_out_whole(said: bytes) -> None:
    assert images.clean(jpeg(said, frame())) == jpeg(frame())


def test_inp_7_the_first_word_on_which_way_up_holds() -> None:
    assert images.clean(jpeg(exif(1), exif(6), exif(3), frame())) == images.clean(jpeg(exif(6), frame()))


@pytest.mark.parametrize("image", [b"", b"not a picture", webp(), b"GIF89a" + bytes(20), START, PNG[:-1], b"<svg/>"])
def test_inp_7_another_kind_of_file_is_refused(image: bytes) -> None:
    with pytest.raises(Invalid, match="A JPEG or PNG picture") as refused:
        images.clean(image)
    assert refused.value.pointer == "/image"


def test_inp_7_five_megabytes_are_taken_and_a_byte_more_is_not() -> None:
    whole = PNG + header() + DATA + LAST
    most = whole + bytes(images.MOST_BYTES - len(whole))
    assert images.clean(most) == whole
    with pytest.raises(TooMuch, match="at most 5 MB"):
        images.clean(most + b"\x00")


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (10_001, 1000), (65_535, 65_535)])
def test_inp_7_a_picture_of_no_size_or_beyond_ten_megapixels_is_refused(width: int, height: int) -> None:
    for image in (PNG + header(width, height) + DATA + LAST, jpeg(frame(height, width))):
        with pytest.raises(Invalid, match="10 megapixels"):
            images.clean(image)


def test_inp_7_ten_megapixels_are_taken() -> None:
    for image in (PNG + header(10_000, 1000) + DATA + LAST, jpeg(frame(1000, 10_000))):
        assert images.clean(image) == image


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(PNG, id="nothing in it"),
        pytest.param(PNG + DATA + header() + LAST, id="data before the header"),
        pytest.param(PNG + chunk(b"IHDR", bytes(12)) + DATA + LAST, id="a short header"),
        pytest.param(PNG + header() + LAST, id="no data"),
        pytest.param(PNG + header() + DATA, id="no end"),
        pytest.param(PNG + header() + DATA + LAST[:-1], id="an end cut short"),
        pytest.param(PNG + header() + DATA + chunk(b"IEND", PLACE), id="something in the end"),
        pytest.param(PNG + header() + DATA + b"\x00\x00\x00", id="a length cut short"),
        pytest.param(PNG + header() + chunk(b"ABCD", PLACE) + DATA + LAST, id="a part that must be understood and is not"),
    ],
)
def test_inp_7_a_damaged_png_is_refused(image: bytes) -> None:
    with pytest.raises(Invalid, match="damaged"):
        images.clean(image)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(START + b"\xff", id="nothing in it"),
        pytest.param(jpeg(TABLE), id="no frame"),
        pytest.param(jpeg(frame(), frame()), id="two frames"),
        pytest.param(jpeg(segment(0xC0, b"\x08\x00\x01")), id="a short frame"),
        pytest.param(jpeg(frame(marker=0xC3)), id="a kind of frame nobody shows"),
        pytest.param(START + TABLE + b"\x00\x00\x00\x00", id="no marker where one belongs"),
        pytest.param(START + b"\xff\xdb\x00\x01" + frame(), id="a length that does not count itself"),
        pytest.param(START + TABLE[:-1], id="a table cut short"),
        pytest.param(jpeg(frame(), after=b""), id="data without an end"),
        pytest.param(jpeg(frame(), after=b"\xff"), id="an end cut in half"),
        pytest.param(jpeg(frame(), after=segment(0xC1, PLACE) + END), id="a frame after the scan"),
        pytest.param(jpeg(frame(), after=TABLE), id="no end after a table"),
    ],
)
def test_inp_7_a_damaged_jpeg_is_refused(image: bytes) -> None:
    with pytest.raises(Invalid, match="damaged") as refused:
        images.clean(image)
    assert refused.value.pointer == "/image"
