"""HL7 v2 messages: each case is a message written for it, and what must come out; escapes, frames and acknowledgements beside them."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.hl7v2.adapter import parse, recognises
from integrations.hl7v2.message import MOST, Frames, NoMessage, acknowledgement, framed, read, time, unescaped
from integrations.manifest import Delivery, Unreadable

CASES = Path(__file__).parent / "hl7v2" / "cases"
HEADER = b"MSH|^~\\&|A||||20260302080000+0000||ORU^R01^ORU_R01|M1|P|2.6"


def delivery(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=datetime(2026, 11, 24, tzinfo=UTC), patient="p")


@pytest.mark.parametrize("case", sorted(CASES.glob("*.in.hl7")), ids=lambda path: path.name)
def test_cases(case: Path) -> None:
    expected = msgspec.json.decode(case.with_name(case.name.replace(".in.hl7", ".out.json")).read_bytes())
    found = parse(delivery(case.read_bytes()))
    shown = [
        [one.kind, one.taken_at.isoformat(),
         "gone" if one.retracts else f"{one.comparator or ''}{one.value if one.parts is None else '/'.join(map(str, one.parts.values()))}",
         one.unit, one.time_source.name.lower(), one.manual, one.corrects is not None]
        for one in found.drafts
    ]  # fmt: skip
    assert {"drafts": shown, "faults": [[one.row, one.code] for one in found.faults]} == expected
    for ending in (b"\n", b"\r\n"):
        again = parse(delivery(framed(case.read_bytes().replace(b"\r", ending))))
        assert [one.id for one in again.drafts] == [one.id for one in found.drafts]


def test_a_correction_names_the_reading_that_it_corrects() -> None:
    row = b"\rOBR|1|||X|||20260302073000+0000\rOBX|1|NM|188736^W^MDC|1|%b|kg^kg^UCUM|||||%b"
    (first,), (second,), (gone,) = (
        parse(delivery(HEADER + row % values)).drafts for values in ((b"80.2", b"F"), (b"80.4", b"C"), (b"", b"W"))
    )
    assert (second.corrects, gone.corrects) == (first.id, first.id)
    assert len({first.id, second.id, gone.id}) == 3


@pytest.mark.parametrize(
    ("text", "plain"),
    [("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"), ("\\X41\\", "A"), ("x\\Z9\\y", "xy"), ("\\E\\F\\E\\", "\\F\\"), ("plain", "plain")],
)
def test_inp_4_an_escape_is_read_once(text: str, plain: str) -> None:
    assert unescaped(text, "\\") == plain


@pytest.mark.parametrize(
    ("text", "iso"),
    [("20260302073000.1234+0530", "2026-03-02T07:30:00.123400+05:30"), ("202603020730", "2026-03-02T07:30:00"), ("20260302", None),
     ("20261302073000", None), ("", None), ("20260302073000-0330", "2026-03-02T07:30:00-03:30"), ("20260302073000+9900", None)],
)  # fmt: skip
def test_times(text: str, iso: str | None) -> None:
    found = time(text)
    assert (None if found is None else found.isoformat()) == iso


def test_characters_that_are_not_utf_8_are_read_as_latin_1_and_said_so() -> None:
    assert not read(HEADER).guessed
    assert read(HEADER + b"\rPID|||1||Zo\xeb").segments[0].part(5) == "Zoë"
    assert read(HEADER + b"\rPID|||1||Zo\xeb").guessed


@pytest.mark.parametrize(
    "body",
    [b"", b"PID|1", b"MSH|", b"MSH|^^~&|", b"MSHA^~\\&|", b"MSH|^~\\&|A||||||ACK^R01|1", HEADER + b"\rOBX|" + b"x" * 70_000,
     b"MSH" + b"x" * MOST],
)  # fmt: skip
def test_inp_4_what_is_no_observation_message_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(delivery(body))


def test_an_acknowledgement_names_the_message() -> None:
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    message = read(HEADER)
    assert acknowledgement(message, "AA", "S1", now) == b"MSH|^~\\&|Steady||A||20260302080000+0000||ACK^R01^ACK|S1|P|2.6\rMSA|AA|M1\r"
    assert acknowledgement(message, "AE", "S1", now, "no value").endswith(b"MSA|AE|M1\rERR|||207^no value^HL70357|E\r")
    assert acknowledgement(None, "AR", "S1", now, "no message").endswith(b"MSA|AR|\rERR|||200^no message^HL70357|E\r")


@given(st.lists(st.binary(max_size=40).map(lambda one: one.replace(b"\x1c", b"").replace(b"\x0b", b"")), max_size=5), st.integers(1, 7))
def test_frames_come_whole_however_the_stream_is_cut(messages: list[bytes], size: int) -> None:
    stream = b"".join(framed(one) for one in messages)
    frames = Frames()
    found = [one for place in range(0, len(stream), size) for one in frames.feed(stream[place : place + size])]
    assert found == messages


def test_inp_20_a_frame_that_is_none_or_never_ends_is_refused() -> None:
    with pytest.raises(NoMessage):
        Frames().feed(b"GET / HTTP/1.1")
    endless = Frames()
    with pytest.raises(NoMessage):
        endless.feed(b"\x0b" + b"x" * (MOST + 1))


@given(st.binary(max_size=300))
def test_any_octets_after_a_header_give_drafts_or_faults(octets: bytes) -> None:
    parse(delivery(HEADER + b"\rOBR|1\r" + octets))


def test_a_message_is_recognised_by_its_header() -> None:
    assert recognises(framed(HEADER))
    assert not recognises(b"MSH|^~\\&|A||||||ADT^A01")
