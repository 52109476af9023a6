"""Counts and times, with bounded labels: route templates and closed words only, never an id (INV-18)."""

from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS: Final = Counter("steady_requests", "Requests answered", ["method", "route", "status"])
SECONDS: Final = Histogram(
    "steady_request_seconds", "Time to answer", ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
READINGS: Final = Counter("steady_readings", "Items of readings answered, by what became of them", ["outcome"])
FLAGS: Final = Counter("steady_flags", "Flags raised or raised higher", ["severity"])
RULE_FAILURES: Final = Counter("steady_rule_failures", "Judgements that a rule could not finish because it raised (INV-8)", ["rule"])
STREAMS: Final = Gauge("steady_streams", "Open live streams")
LISTENING: Final = Gauge("steady_listening", "1 while the process hears of changes")

_outcomes: dict[str, Counter] = {}
_known: dict[tuple[str, str, int], Counter] = {}
_times: dict[str, Histogram] = {}


def request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    key = (method, route, status)
    counter = _known.get(key)
    if counter is None:
        counter = REQUESTS.labels(method if method in METHODS else "other", route, str(status))
        _known[key] = counter
    counter.inc()
    timer = _times.get(route)
    if timer is None:
        timer = _times[route] = SECONDS.labels(route)
    timer.observe(seconds)


def reading(outcome: str) -> None:
    """Count one item of readings by what became of it."""
    counter = _outcomes.get(outcome)
    if counter is None:
        counter = _outcomes[outcome] = READINGS.labels(outcome)
    counter.inc()


def text(registry: CollectorRegistry = REGISTRY) -> bytes:
    """All of it, as Prometheus reads it."""
    return generate_latest(registry)
