"""Glucose sensors: two weeks in numbers (DM-10, in pregnancy PG-2) and lows that last (DM-11)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final

from domain.detection.glucose import LOW, SENSOR, VERY_LOW, is_below, limit_text, shown
from domain.detection.judgement import Judgement, Severity
from domain.detection.picture import View
from domain.detection.rule import Glucose, Limit, Look, Rule, same
from domain.readings.reading import Reading
from domain.readings.sensor_days import Summary, read, summary

DATES: Final = 14
_BELOW_54, _BELOW_63, _BELOW_70, _ABOVE_140, _ABOVE_180, _ABOVE_250 = range(6)
OLDER: Final = "older_glucose_targets"


def stretch(view: View, last: date) -> Summary | None:
    """The 14 dates up to one, as counts and shares; None without a sample."""
    first = last - timedelta(days=DATES - 1)
    start, _ = view.bounds(first)
    _, end = view.bounds(last)
    days = [read(one.each) for one in view.daily(SENSOR, first, last)]
    return summary(days, DATES, int((end - start).total_seconds() // 3600))


def two_weeks(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-10: once a day, at its first sample: the 14 dates before, against targets and against the 14 before them."""
    at = anchor.taken_at
    if rule.id != "DM-10" and not view.profile.has("pregnant", at):
        return None
    start, _ = view.bounds(view.day(at))
    if view.between(SENSOR, start, at)[0].id != anchor.id:
        return None
    yesterday = view.day(at) - timedelta(days=1)
    found = stretch(view, yesterday)
    enough = rule.limit("active", view.profile, at)
    if found is None or found.active < enough:
        active = Decimal(0) if found is None else found.active
        shown_as = same(active.quantize(Decimal("0.1"), ROUND_DOWN))
        return rule.not_evaluable(anchor, f"missing: sensor active {shown_as} % of 14 days, {same(enough)} % are needed")
    if rule.id == "DM-10":
        before = stretch(view, yesterday - timedelta(days=DATES))
        return _adult(rule, view, anchor, found, before if before is not None and before.active >= enough else None)
    return _pregnant(rule, view, anchor, found)


def _shown(value: Decimal) -> str:
    return same(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


def _adult(rule: Rule, view: View, anchor: Reading, found: Summary, before: Summary | None) -> Judgement:
    at, profile = anchor.taken_at, view.profile
    older = "_older" if profile.has(OLDER, at) else ""
    limits = {name: rule.limit(name, profile, at)
              for name in ("below_54", f"below_70{older}", f"above_250{older}", "cv", "fall", "small_fall")}  # fmt: skip
    below_54, below_70, above_250 = (found.beyond[place] for place in (_BELOW_54, _BELOW_70, _ABOVE_250))
    fall = None if before is None else before.in_range - found.in_range
    said: list[tuple[Severity, str]] = []
    if below_54 >= limits["below_54"]:
        said.append((Severity.AMBER, f"{_shown(below_54)} % below 3.0 mmol/L"))
    if below_70 >= limits[f"below_70{older}"]:
        said.append((Severity.AMBER, f"{_shown(below_70)} % below 3.9"))
    if fall is not None and fall >= limits["small_fall"]:
        said.append((Severity.AMBER if fall >= limits["fall"] else Severity.INFO, f"time in range down {_shown(fall)} points"))
    if found.cv is not None and found.cv > limits["cv"]:
        said.append((Severity.INFO, f"variation {_shown(found.cv)} %"))
    if above_250 >= limits[f"above_250{older}"]:
        said.append((Severity.INFO, f"{_shown(above_250)} % above 13.9"))
    return _told(rule, view, anchor, found, said, limits)


def _pregnant(rule: Rule, view: View, anchor: Reading, found: Summary) -> Judgement | None:
    limits = {name: rule.limit(name, view.profile, anchor.taken_at) for name in ("below_54", "below_63", "in_range", "above_140")}
    said: list[tuple[Severity, str]] = []
    below_54, below_63, above_140 = (found.beyond[place] for place in (_BELOW_54, _BELOW_63, _ABOVE_140))
    if below_54 >= limits["below_54"]:
        said.append((Severity.AMBER, f"{_shown(below_54)} % below 3.0 mmol/L"))
    if below_63 >= limits["below_63"]:
        said.append((Severity.AMBER, f"{_shown(below_63)} % below 3.5"))
    if found.in_narrow_range <= limits["in_range"]:
        said.append((Severity.INFO, f"{_shown(found.in_narrow_range)} % in 3.5 to 7.8"))
    if above_140 >= limits["above_140"]:
        said.append((Severity.INFO, f"{_shown(above_140)} % above 7.8"))
    return _told(rule, view, anchor, found, said, limits)


def _told(
    rule: Rule, view: View, anchor: Reading, found: Summary, said: Sequence[tuple[Severity, str]], limits: dict[str, Decimal],
) -> Judgement:  # fmt: skip
    if not said:
        return rule.quiet(anchor)
    names = ("below_54", "below_63", "below_70", "above_140", "above_180", "above_250")
    numbers = {name: _shown(share) for name, share in zip(names, found.beyond, strict=True)}
    numbers |= {"in_range": _shown(found.in_range), "active": _shown(found.active), "samples": str(found.n)}
    if found.mean is not None and found.cv is not None:
        numbers |= {"mean_mg": _shown(found.mean), "cv": _shown(found.cv), "gmi_percent": str(found.gmi_percent),
                    "gmi_mmol": str(found.gmi_mmol)}  # fmt: skip
    start, _ = view.bounds(view.day(anchor.taken_at) - timedelta(days=DATES))
    return rule.fired(
        anchor, max(severity for severity, _ in said), "Sensor, last 14 days: " + ", ".join(words for _, words in said),
        advice="ADV-SEEN", numbers=numbers, limits={name: same(value) for name, value in limits.items()},
        window=(start, anchor.taken_at),
    )  # fmt: skip


RECOVERED: Final = timedelta(minutes=15)
UNKNOWN: Final = timedelta(minutes=30)
_LONG: Final = timedelta(hours=4)


def low_since(samples: Sequence[Reading], limit: Glucose) -> datetime | None:
    """DM-11: since when a sensor has been below a limit at the last of these samples; None: it is not.

    A low ends after 15 minutes at or above the limit, and as 'unknown' where more than 30 minutes are missing.
    """
    start: datetime | None = None
    up: datetime | None = None
    last: datetime | None = None
    for one in samples:
        if last is not None and one.taken_at - last > UNKNOWN:
            start = up = None
        last = one.taken_at
        if is_below(one, limit):
            start, up = start or last, None
        else:
            up = up or last
            if start is not None and last - up >= RECOVERED:
                start = None
    return None if up is not None else start


def prolonged(rule: Rule, view: View, anchor: Reading) -> Judgement | None:
    """DM-11: more than 120 minutes below 3.9 is amber, below 3.0 red; said once, when it becomes so."""
    if not is_below(anchor, LOW):
        return rule.quiet(anchor)
    at = anchor.taken_at
    most = timedelta(minutes=int(rule.limit("minutes", view.profile, at)))
    samples = [one for one in view.between(SENSOR, at - _LONG, at) if (one.taken_at, one.id) <= (at, anchor.id)]
    for limit, severity in ((VERY_LOW, Severity.RED), (LOW, Severity.AMBER)):
        since = low_since(samples, limit) if is_below(anchor, limit) else None
        if since is None or at - since <= most:
            continue
        earlier = [one for one in samples[:-1] if is_below(one, limit) and one.taken_at >= since]
        if earlier and earlier[-1].taken_at - since > most:
            continue
        minutes = int((at - since).total_seconds() // 60)
        return rule.fired(
            anchor, severity, f"Sensor below {limit_text(anchor, limit)} for {minutes} minutes, now {shown(anchor)}", advice="ADV-HYPO",
            numbers={"minutes": str(minutes)}, limits={"minutes": str(int(most.total_seconds() // 60))}, window=(since, at),
        )  # fmt: skip
    return rule.quiet(anchor)


_LOOK: Final = {SENSOR: Look(days=2 * DATES)}
RULES: Final = (
    Rule(
        id="DM-10", version=1, group="DM-SENSOR", title="Two weeks of sensor glucose", anchors=frozenset({SENSOR}), looks=_LOOK,
        limits={
            "active": Limit(Decimal(70), "lower"), "below_54": Limit(Decimal("1.0"), "lower"), "below_70": Limit(Decimal("4.0"), "lower"),
            "below_70_older": Limit(Decimal("1.0"), "lower"), "above_250": Limit(Decimal("5.0"), "lower"),
            "above_250_older": Limit(Decimal("10.0"), "lower"), "cv": Limit(Decimal("36.0"), "lower"),
            "fall": Limit(Decimal(10), "lower"), "small_fall": Limit(Decimal(5), "lower"),
        },
        trend=SENSOR, judge=two_weeks,
    ),
    Rule(
        id="DM-11", version=1, group="DM-HYPO", title="Low that lasts", anchors=frozenset({SENSOR}), looks={SENSOR: Look(back=_LONG)},
        in_pregnancy=True, limits={"minutes": Limit(Decimal(120), "lower")}, trend=SENSOR, judge=prolonged,
    ),
    Rule(
        id="PG-2-SENSOR", version=1, group="PG-GLUCOSE", title="Two weeks of sensor glucose in pregnancy", told="pregnant",
        anchors=frozenset({SENSOR}), looks=_LOOK, least=None, in_pregnancy=True,
        limits={
            "active": Limit(Decimal(70), "lower"), "below_54": Limit(Decimal("1.0"), "lower"), "below_63": Limit(Decimal("4.0"), "lower"),
            "in_range": Limit(Decimal(70), "higher"), "above_140": Limit(Decimal(25), "lower"),
        },
        trend=SENSOR, judge=two_weeks,
    ),
)  # fmt: skip
