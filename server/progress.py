"""How far a long command has come: a bar, a rate and a time left, on a terminal only."""

import sys
from typing import Final

from server import clock

_WIDTH: Final = 24
_EVERY_S: Final = 0.2


class Progress:
    """One line that is written over; nothing at all where nobody looks at it. `unit` names what is counted."""

    def __init__(self, label: str, whole: int, unit: str) -> None:
        self._label, self._whole, self._unit = label, max(whole, 1), unit
        self._shown = sys.stderr.isatty()
        self._began = clock.monotonic()
        self._last = 0.0
        self._done = 0

    def step(self, count: int = 1, note: str = "") -> None:
        """So many more are done."""
        self._done += count
        now = clock.monotonic()
        if not self._shown or (now - self._last < _EVERY_S and self._done < self._whole):
            return
        self._last = now
        took = max(now - self._began, 1e-6)
        rate = self._done / took
        left = (self._whole - self._done) / rate if rate else 0.0
        full = round(_WIDTH * min(self._done / self._whole, 1.0))
        bar = "█" * full + "░" * (_WIDTH - full)
        line = f"{self._label} {bar} {self._done:,}/{self._whole:,} {self._unit}, {rate:,.1f} a second, {left:,.0f} s left {note}"
        sys.stderr.write(f"\r\x1b[K{line[:150]}")
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
