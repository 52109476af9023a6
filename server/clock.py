"""The only place that asks the clock (everything else is given `now`)."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that only go forward, for leases and patience (OPS-6)."""
    return time.monotonic()


def cpu() -> float:
    """Seconds of processor time that this process has taken: what a measurement counts on a shared machine."""
    return time.process_time()
