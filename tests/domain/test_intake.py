"""What drafts change in one picture: new, known, corrected, held."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace
from uuid_utils.compat import uuid7

from domain import intake
from domain.detection.judgement import Severity
from domain.detection.picture import Picture
from domain.detection.spans import SPANS
from domain.episodes.episode import FlagState, State
from domain.readings.kinds import BY_NAME
from domain.readings.reading import Draft, Duplicate, Outcome, Quarantined, Rejected, Status, Stored
from tests.builders import NOW, draft, picture

PATIENT = UUID(int=7)
WEIGHT = BY_NAME["body_weight"].no


def take(where: Picture, *drafts: Draft) -> list[Outcome]:
    return intake.take(where, PATIENT, drafts, NOW, uuid7).outcomes


def reaches(where: Picture, *drafts: Draft) -> bool:
    return intake.reaches(where, drafts, NOW)


def words(outcomes: list[Outcome]) -> list[str]:
    return [one.code if isinstance(one, Rejected | Quarantined) else type(one).__name__ for one in outcomes]


def test_dq_6_the_same_again_is_a_duplicate_and_another_content_is_refused() -> None:
    where = picture()
    one = draft("body_weight", 80)
    other_id = replace(one, id=uuid7())
    changed = replace(one, value=Decimal(81))
    moved = replace(one, taken_at=NOW - timedelta(hours=1))
    assert words(take(where, one, one, other_id, changed, moved)) == ["Stored", "Duplicate", "Duplicate", "id_reused", "id_reused"]
    assert [one.id for one in where.readings[WEIGHT]] == [one.id]
    first = take(where, other_id)[0]
    assert isinstance(first, Duplicate)
    assert first.first_id == one.id
    assert words(take(where, replace(other_id, device=4))) == ["Stored"]


def test_samples_have_ids_of_their_own_and_may_be_sent_again() -> None:
    where = picture()
    sample = draft("glucose_cgm", 5.4)
    assert words(take(where, sample, replace(sample, id=uuid7()))) == ["Stored", "Duplicate"]
    in_mg = draft("glucose_cgm", 97, NOW - timedelta(minutes=5), unit="mg/dL")
    assert words(take(where, in_mg)) == ["Stored"]
    assert where.recent_ids == b""


def test_ing_9_a_correction_takes_the_old_one_out_of_force_in_any_order() -> None:
    old, new = draft("body_weight", 90), draft("body_weight", 80)
    new = replace(new, corrects=old.id, reason="typed wrong")
    for order in ((old, new), (new, old)):
        where = picture()
        taken = intake.take(where, PATIENT, order, NOW, uuid7)
        assert [one.id for one in where.readings[WEIGHT]] == [new.id]
        assert [one.status for one in where.gone] == [Status.SUPERSEDED]
        assert [one.corrects for one in taken.corrections] == [old.id]
        assert not where.orphans
        assert not taken.is_plain


def test_a_retraction_may_come_before_after_and_twice() -> None:
    old = draft("body_weight", 90)
    gone = Draft(id=uuid7(), kind="", taken_at=NOW, retracts=True, corrects=old.id, reason="not mine")
    where = picture()
    assert words(take(where, old, gone, gone)) == ["Stored", "Stored", "Duplicate"]
    early = picture()
    assert words(take(early, gone, old, old)) == ["Stored", "Stored", "Duplicate"]
    assert where.readings[WEIGHT] == early.readings[WEIGHT] == []
    assert early.gone[0].status == Status.ENTERED_IN_ERROR
    assert words(take(where, replace(gone, corrects=None))) == ["nothing_named"]
    known = take(where, replace(old, id=uuid7(), corrects=old.id))
    assert words(known) == ["Stored"]


def test_held_and_refused_drafts_change_nothing() -> None:
    where = picture()
    taken = intake.take(where, PATIENT, [draft("body_weight", 900), draft("unheard_of", 1, unit="kg")], NOW, uuid7)
    assert words(taken.outcomes) == ["impossible", "kind_unknown"]
    assert (len(taken.quarantined), dict(where.readings)) == (1, {})


def test_a_late_reading_finds_its_place_and_is_judged() -> None:
    where = picture()
    take(where, draft("body_weight", 83, NOW))
    assert not where.flags
    taken = intake.take(where, PATIENT, [draft("body_weight", 80, NOW - timedelta(days=1))], NOW, uuid7)
    assert "HF-W1" in [one.rule for one in taken.effects.flags]
    assert intake.take(where, PATIENT, [draft("step_count", 100)], NOW, uuid7).is_plain


def test_what_no_rule_looks_at_is_kept_and_nothing_follows() -> None:
    where = picture()
    assert intake.take(where, PATIENT, [draft("step_count", 100)], NOW, uuid7).is_plain
    where.readings.put(WEIGHT, [])
    intake.trim(where, NOW)
    assert len(where.readings[BY_NAME["step_count"].no]) == 1


def test_what_waits_for_a_repeat_is_judged_again_when_it_is_due() -> None:
    where = picture()
    take(where, draft("oxygen_saturation", 91, NOW - timedelta(minutes=5)))
    due = where.due_at
    assert due is not None
    assert due == NOW + timedelta(minutes=10)
    assert [one.severity for one in where.episodes] == [Severity.INFO]
    taken = intake.again(where, due, due, uuid7)
    assert [(one.severity, one.emergency) for one in taken.effects.episodes] == [(Severity.RED, True)]
    assert where.due_at is None


def test_information_expires_and_what_expires_later_stays_due() -> None:
    where = picture()
    take(where, draft("oxygen_saturation", 94))
    ends = where.due_at
    assert ends is not None
    assert ends == NOW + timedelta(hours=24)
    intake.again(where, NOW, NOW, uuid7)
    assert where.due_at == ends
    over = intake.again(where, ends, ends, uuid7)
    assert [one.state for one in over.effects.episodes] == [State.CLOSED]
    assert where.episodes == []
    intake.again(where, ends, ends, uuid7)
    acted = picture()
    take(acted, draft("body_weight", 80, NOW - timedelta(days=1)), draft("body_weight", 83))
    assert intake.again(acted, NOW, NOW, uuid7).effects.episodes == []


def test_inv_8_a_withdrawn_reading_withdraws_its_flag() -> None:
    where = picture()
    heavy = draft("body_weight", 83)
    take(where, draft("body_weight", 80, NOW - timedelta(days=1)), heavy)
    take(where, Draft(id=uuid7(), kind="", taken_at=NOW, retracts=True, corrects=heavy.id, reason="scales"))
    assert {one.state for one in where.flags} == {FlagState.WITHDRAWN}
    assert "HF-W1" in {one.rule for one in where.flags}


def test_a_picture_forgets_what_no_rule_needs() -> None:
    where = picture()
    many = [draft("rr_interval", 600 + place % 9, NOW - timedelta(minutes=place)) for place in range(450)]
    days = [draft("body_weight", 80, NOW - timedelta(days=back)) for back in range(20)]
    samples = [draft("glucose_cgm", 5.5, NOW - timedelta(hours=hours)) for hours in range(12)]
    take(where, *many, *days, *samples)
    intake.trim(where, NOW)
    assert len(where.readings[BY_NAME["rr_interval"].no]) == intake.MOST
    assert where.readings[WEIGHT][0].taken_at >= NOW - SPANS.kept(WEIGHT)
    kept = where.readings[BY_NAME["glucose_cgm"].no]
    assert NOW - SPANS.kept(BY_NAME["glucose_cgm"].no) - timedelta(hours=1) <= kept[0].taken_at < NOW - timedelta(hours=2)
    assert reaches(where, draft("body_weight", 80, NOW - timedelta(days=1)))
    assert not reaches(where, draft("body_weight", 80, NOW - timedelta(days=6)))
    assert reaches(where, draft("unheard_of", 1, NOW - timedelta(days=600)))
    assert len(where.recent_ids) == 8 * intake.KEPT
    assert intake.complete_from(where, WEIGHT) <= NOW
    assert isinstance(take(where, draft("body_weight", 80.4))[0], Stored)


def test_dq_12_a_released_draft_that_is_sent_again_is_here() -> None:
    where, sent = picture(), draft("heart_rate", 310)
    assert words(take(where, sent)) == ["impossible"]
    assert words(take(where, replace(sent, settled="released"))) == ["Stored"]
    assert words(take(where, sent)) == ["Duplicate"]


def test_dq_2_a_weight_is_held_against_the_persons_own_of_weeks_when_the_picture_keeps_days_only() -> None:
    where = picture()
    take(where, *(draft("body_weight", 75, NOW - timedelta(days=back)) for back in range(9, 20)))
    intake.trim(where, NOW)
    assert words(take(where, draft("body_weight", 176))) == ["implausible_for_unit"]
    assert words(take(where, draft("body_weight", 76))) == ["Stored"]
