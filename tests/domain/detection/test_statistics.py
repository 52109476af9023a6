"""The statistics against the figures that the clinical reference prints."""

from decimal import Decimal

import pytest

from domain.detection.statistics import egfr, poisson_tail


@pytest.mark.parametrize(
    ("usual", "n", "expected"), [("0.5", 3, ".0144"), ("0.5", 4, ".00175"), ("1", 4, ".019"), ("1", 5, ".0037"), ("0.25", 3, ".0022")]
)
def test_ep_3_tail_of_the_poisson(usual: str, n: int, expected: str) -> None:
    assert poisson_tail(n, Decimal(usual)).quantize(Decimal(expected)) == Decimal(expected)
    assert poisson_tail(0, Decimal(usual)) == 1


def test_ep_3_nothing_is_usual_for_somebody_free_of_seizures() -> None:
    assert [poisson_tail(n, Decimal(0)) for n in (0, 1, 2)] == [1, 0, 0]


def test_ck_3_the_two_formulas_differ() -> None:
    found = [egfr(Decimal(120), 65, is_female=True, equation=one) for one in ("ckd_epi_2009", "ckd_epi_2021")]
    assert [round(one, 1) for one in found] == [Decimal("40.8"), Decimal("43.3")]
    man = [egfr(Decimal(60), 40, is_female=False, equation=one) for one in ("ckd_epi_2009", "ckd_epi_2021")]
    assert [round(one, 1) for one in man] == [Decimal("119.6"), Decimal("120.6")]
