"""Local wall-clock times of files to instants (integrations 0, rule 4)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class LocalClock:
    """Local times to instants: the order of the file tells the two passes of a repeated hour apart."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._last: datetime | None = None

    def at(self, naive: datetime | None) -> datetime | None:
        """The instant, or None for no local time or one in a gap."""
        if naive is None or naive.tzinfo is not None:
            return None
        first = naive.replace(tzinfo=self._zone, fold=0)
        if first.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) != naive:
            return None
        second = naive.replace(tzinfo=self._zone, fold=1)
        last = self._last
        # Compared as instants: in one zone Python would compare wall clocks.
        chosen = second if last is not None and first.astimezone(UTC) < last and second.astimezone(UTC) >= last else first
        self._last = chosen.astimezone(UTC)
        return chosen
