"""Logs: JSON lines with an allow-list of keys, so that a value or a name cannot be logged (INV-18, AUD-6)."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

ALLOWED: Final = frozenset({
    "event", "level", "timestamp", "logger", "request_id", "method", "route", "status", "ms", "duty", "error", "code", "count",
    "actor", "patient", "episode", "client", "kind", "port", "pid", "version", "lag_s", "topic", "attempt", "reason", "seconds",
})


def allow_list(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the list, and break nothing into lines."""
    kept = {key: value for key, value in event.items() if key in ALLOWED}
    dropped = len(event) - len(kept)
    if dropped:
        kept["dropped"] = dropped
    return kept


def configure(level: str = "info", *, stream: Any = None) -> None:  # noqa: ANN401 - any text stream
    """Log JSON to standard error; the standard library's loggers say warnings only."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_list,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    for noisy in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
