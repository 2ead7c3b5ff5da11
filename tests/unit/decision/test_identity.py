"""The bytes of a decision: nine digits, names before order, and nothing that they cannot hold."""

import dataclasses
import json

import pytest

from evalgate.decision import canonical, decide
from tests.unit.decision.builds import build, check, flips, suite

DECISION = decide(build(suite(check(*flips(60, 9, 2), name="b"), check(*flips(60, 3, 4), name="a"))))


def with_delta(delta):
    first, second = DECISION.suites[0].checks
    turned = dataclasses.replace(first, comparison=dataclasses.replace(first.comparison, delta=delta))
    return dataclasses.replace(DECISION, suites=(dataclasses.replace(DECISION.suites[0], checks=(turned, second)),))


def deltas(decision):
    (of,) = json.loads(canonical(decision))["suites"]
    return [one["comparison"]["delta"] for one in of["checks"]]


def test_checks_stand_by_name_and_floats_have_nine_digits():
    assert deltas(DECISION) == [0.0166666667, -0.116666667]


def test_a_last_bit_is_no_difference_and_a_ninth_digit_is_one():
    """Processors differ in the last bits of a logarithm or a sum; nobody may get another decision for it."""
    near = with_delta(-0.123456789)
    assert canonical(with_delta(-0.123456789 * (1 + 2**-52))) == canonical(near)
    assert canonical(with_delta(-0.123456788)) != canonical(near)


def test_zero_has_one_sign():
    assert canonical(with_delta(-0.0)) == canonical(with_delta(0.0))


@pytest.mark.parametrize("value", [object(), {"a": 1}, b"bytes"])
def test_what_has_no_bytes_of_its_own_is_refused(value):
    with pytest.raises(TypeError, match=f"a decision holds no {type(value).__name__}"):
        canonical(dataclasses.replace(DECISION, promise=value))
