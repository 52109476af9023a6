"""Search parameters of Observation: what they may be, and what they mean."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.readings.kinds import BY_NAME
from domain.readings.reading import Status
from integrations.fhir.codes import MEANINGS
from server.fhir.out import CATEGORIES, OURS
from server.fhir.outcome import Refused, refused

_ZONE: Final = ZoneInfo("Europe/London")
_DATE: Final = re.compile(
    r"(eq|ge|le|gt|lt|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII,
)  # fmt: skip
FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOST: Final = 200
_IN_FORCE: Final = {"final": False, "corrected": True, "amended": True}


def bad(name: str, detail: str) -> Refused:
    """A parameter whose value cannot be read."""
    return refused(400, "value", detail, "", name)


def one_of(query: Mapping[str, Sequence[str]], *names: str) -> str | None:
    """The only value of a parameter that has several names, or None."""
    found = [value for name in names for value in query.get(name, ())]
    if len(set(found)) > 1:
        raise bad(names[0], f"{names[0]}: once only.")
    return found[0] if found else None


def patient_id(text: str, base: str) -> UUID:
    """`<id>`, `Patient/<id>` or its whole address."""
    tail = text.removeprefix(f"{base}/").removeprefix("Patient/")
    if not _UUID.fullmatch(tail):
        raise bad("patient", "patient: Patient/<id>.")
    return UUID(tail)


def span(texts: Sequence[str], name: str) -> tuple[datetime, datetime]:
    """The stretch of time in which every given date holds: from (inside) to (outside)."""
    start, end = FIRST, LAST
    for text in texts:
        sign, low, high = _date(text, name)
        if sign in {"eq", "ge"}:
            start = max(start, low)
        if sign in {"gt", "sa"}:
            start = max(start, high)
        if sign in {"eq", "le"}:
            end = min(end, high)
        if sign in {"lt", "eb"}:
            end = min(end, low)
    return start, end


def _date(text: str, name: str) -> tuple[str, datetime, datetime]:
    found = _DATE.fullmatch(text.replace(" ", "+"))
    if found is None:
        raise bad(name, f"{name}: a date such as ge2026-03-02 or lt2026-03-02T07:30:00Z.")
    sign, year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=_ZONE if zone is None else datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo,
        )  # fmt: skip
        until = _after(at, month, day, hour, second)
    except (ValueError, OverflowError) as error:
        raise bad(name, f"{name}: there is no such date.") from error
    if fraction:
        at += timedelta(microseconds=int(fraction[1:7].ljust(6, "0")))
        until = at + timedelta(microseconds=1)
    return sign or "eq", min(max(at, FIRST), LAST), min(max(until, FIRST), LAST)


def _after(at: datetime, month: str | None, day: str | None, hour: str | None, second: str | None) -> datetime:
    """Where a date of this precision ends."""
    if second is not None:
        return at + timedelta(seconds=1)
    if hour is not None:
        return at + timedelta(minutes=1)
    if day is not None:
        # The next midnight of the same wall clock: a day can have 23 or 25 hours.
        following = at.replace(tzinfo=None) + timedelta(days=1)
        return following.replace(tzinfo=at.tzinfo)
    if month is not None:
        return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
    return at.replace(year=at.year + 1)


def kinds(codes: str | None, categories: str | None) -> list[int]:
    """The kinds that a `code` and a `category` ask for: each is a list of tokens, any of which may match."""
    found = {kind.no for kind in BY_NAME.values()}
    if codes is not None:
        found &= {no for token in codes.split(",") for no in _of_code(token)}
    if categories is not None:
        wanted = {token.rpartition("|")[2] for token in categories.split(",")}
        classes = {data_class for data_class, name in CATEGORIES.items() if name in wanted}
        found &= {kind.no for kind in BY_NAME.values() if kind.data_class in classes}
    return sorted(found)


def _of_code(token: str) -> set[int]:
    system, bar, code = token.rpartition("|")
    matches: Callable[[str], bool] = (lambda given: given == system) if bar else (lambda _: True)
    found = {BY_NAME[meaning.kind].no for (of, each), meaning in MEANINGS.items() if each == code and matches(of)}
    if matches(OURS) and code in BY_NAME:
        found.add(BY_NAME[code].no)
    return found


def statuses(text: str | None) -> tuple[list[int], bool | None]:
    """The stored statuses that a `status` asks for, and whether only corrections (or none of them) are meant."""
    if text is None:
        return [int(one) for one in Status], None
    wanted = {token.rpartition("|")[2] for token in text.split(",")}
    found = [int(Status.SUPERSEDED), int(Status.ENTERED_IN_ERROR)] if "entered-in-error" in wanted else []
    corrections = {_IN_FORCE[one] for one in wanted if one in _IN_FORCE}
    if corrections:
        found.append(int(Status.FINAL))
    return found, corrections.pop() if len(corrections) == 1 and "entered-in-error" not in wanted else None


def count(text: str | None) -> int:
    """How many on one page: 50 unless said, 200 at most."""
    if text is None:
        return 50
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - what fits an integer
        raise bad("_count", "_count: a whole number.")
    return min(int(text), MOST)


def sort(text: str | None) -> bool:
    """Whether the oldest comes first."""
    if text not in {None, "-date", "date"}:
        raise bad("_sort", "_sort: date or -date.")
    return text == "date"


