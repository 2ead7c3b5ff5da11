"""How numbers are written, as a table."""

from __future__ import annotations

import pytest

from evalgate.decision.results import Interval
from evalgate.report.formatting import (
    change,
    count,
    flip_score,
    number,
    percent,
    point_range,
    points,
    score,
    seconds,
)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.81, "81 %"),
        (0.8125, "81 %"),
        (0.125, "13 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9975, "99.8 %"),
        (0.99961, "over 99.9 %"),
        (0.995, "99.5 %"),
        (0.004, "0.4 %"),
        (0.0004, "under 0.1 %"),
        (2 / 3, "67 %"),
        (1.2, "120 %"),
    ],
)
def test_a_share_is_a_percentage_that_never_rounds_to_all_or_nothing(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (-0.06, "−6 points"),
        (0.01, "+1 point"),
        (-0.0104, "−1 point"),
        (0.004, "+0.4 points"),
        (-0.125, "−12 points"),
        (-0.025, "−2.5 points"),
        (-0.0996, "−10 points"),
        (0.0, "0 points"),
        (-0.0, "0 points"),
        (-0.0004, "about 0 points"),
        (1.0, "+100 points"),
        (0.0096, "+1 point"),
    ],
)
def test_a_difference_is_signed_points(share: float, text: str) -> None:
    assert points(share) == text


@pytest.mark.parametrize(("share", "text"), [(0.14, "14 points"), (0.01, "1 point"), (0.005, "0.5 points")])
def test_a_size_is_points_without_a_sign(share: float, text: str) -> None:
    assert points(share, signed=False) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-0.22, -0.04, "−22 to −4 points"),
        (-0.022, 0.031, "−2.2 to +3.1 points"),
        (0.0, 0.06, "0 to +6 points"),
        (0.0, 0.0, "0 points"),
    ],
)
def test_an_interval_is_a_range_of_points(low: float, high: float, text: str) -> None:
    assert point_range(Interval(low=low, high=high, level=0.9, method="tango")) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.8, "3.8"),
        (0, "0"),
        (4, "4"),
        (1240.4, "1,240"),
        (0.0042, "0.0042"),
        (-1.5, "−1.5"),
        (99.95, "100"),
        (12.34, "12.3"),
        (1234567, "1,234,567"),
        (1e18, "1.00e+18"),
        (3e-9, "3.00e−09"),
        (2 / 3, "0.667"),
    ],
)
def test_a_number_keeps_three_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (0.0001, "under 1 ms"),
        (0.008, "8 ms"),
        (0.0999, "0.1 s"),
        (0.4, "0.4 s"),
        (1.0, "1 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (200, "3 min 20 s"),
        (3900, "1 h 5 min"),
        (7200, "2 h"),
        (4_000_000, "1,111 h 6 min"),
        (1e99, "1.00e+99 s"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "no examples"), (1, "1 example"), (80, "80 examples"), (1000, "1,000 examples")]
)
def test_a_count_agrees_with_its_noun(amount: int, text: str) -> None:
    assert count(amount, "example") == text


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (0.81, 0, 1, None, "81 %"),
        (3.8, 1, 5, None, "3.8"),
        (0.42, None, None, "s", "0.4 s"),
        (412.3, None, None, "tokens", "412 tokens"),
        (7.25, None, None, None, "7.25"),
        (None, 0, 1, None, "–"),
    ],
)
def test_a_score_shows_as_its_range_asks(
    value: float | None, low: float | None, high: float | None, unit: str | None, text: str
) -> None:
    assert score(value, low=low, high=high, unit=unit) == text


@pytest.mark.parametrize(
    ("value", "binary", "low", "high", "text"),
    [
        (1.0, True, 0.0, 1.0, "pass"),
        (0.0, True, 0.0, 1.0, "fail"),
        (0.5, True, 0.0, 1.0, "0.5"),
        (0.5, False, 0.0, 1.0, "0.5"),
        (4.0, False, 1.0, 5.0, "4"),
        (None, True, 0.0, 1.0, "no score"),
    ],
)
def test_one_examples_score_is_pass_or_fail_only_where_it_is_one_of_two(
    value: float | None, binary: bool, low: float, high: float, text: str
) -> None:
    assert flip_score(value, binary=binary, low=low, high=high, unit=None) == text


@pytest.mark.parametrize(
    ("delta", "baseline", "candidate", "low", "unit", "text"),
    [
        (0, 0.8, 0.8, 0, None, "none"),
        (-0.13, 0.81, 0.68, 0, None, "−13 points"),
        (-0.1, 3.8, 3.4, 1, None, "−10 points"),
        (-0.1, 0.4, 0.5, None, "s", "+0.1 s, worse"),
        (0.2, 500, 400, None, "tokens", "−100 tokens, better"),
        (0.2, None, 400, None, "tokens", "+20 points"),
    ],
)
def test_a_change_is_in_points_where_the_score_has_a_range(
    delta: float, baseline: float | None, candidate: float | None, low: float | None, unit: str | None, text: str
) -> None:
    assert change(delta, baseline=baseline, candidate=candidate, low=low, unit=unit) == text
