"""Which part of alpha some suites of a config have, and what tells two configs apart."""

import pytest

from evalgate.gate.family import deciding_policy, family_of, recorded_family, shared
from evalgate.suite.config import Config

SUITE = {
    "dataset": "golden.jsonl",
    "task": {"command": "cat"},
    "evaluators": [{"exact_match": {"path": "answer"}}],
}
COMPARES = {"exact_match": {"no_regression": {}}}


def config(policy=None, **checks):
    suites = {name: {**SUITE, "checks": each, "baseline": "build:1"} for name, each in checks.items()}
    return Config.model_validate({"suites": suites, "policy": policy or {}})


def family(of, *, together=False):
    return family_of(recorded_family(of, together=together))


MIXED = config(
    a=COMPARES,
    b=COMPARES,
    c=COMPARES,
    absolute={"exact_match": {"at_least": 0.5}},
    shown={"exact_match": {"no_regression": {}, "report_only": True}, "latency": {"at_most": 9}},
)


@pytest.mark.parametrize(
    ("decided", "alpha"),
    [
        (["a"], 0.05 / 3),
        (["a", "c"], 0.10 / 3),
        (["a", "b", "c"], 0.05),
        (["c", "shown", "b", "a", "absolute"], 0.05),
        (["a", "absolute"], 0.05 / 3),
        (["absolute"], 0.05),
        ([], 0.05),
    ],
)
def test_suites_that_compare_share_alpha_alike(decided, alpha):
    """Those with facts alone have no comparison, so nothing is taken for them, nor kept from the others."""
    assert deciding_policy(MIXED, decided).alpha == pytest.approx(alpha)


def test_parts_that_are_decided_apart_take_no_more_than_alpha_together():
    assert sum(deciding_policy(MIXED, [name]).alpha for name in "abc") == pytest.approx(0.05)


def test_builds_of_before_have_the_whole():
    assert family_of(None) is None
    assert shared([None, None], ["a"]) is None
    assert shared([None, family(MIXED)], ["a"]) is not None


def test_what_decides_tells_configs_apart_and_what_a_build_may_take_does_not():
    one = family(MIXED).config
    budgeted = MIXED.model_copy(update={"budget": MIXED.budget.model_copy(update={"usd": 3.0})})
    assert family(budgeted, together=True).config == one
    seeded = MIXED.model_copy(update={"policy": MIXED.policy.model_copy(update={"seed": 1})})
    assert family(seeded).config != one
    assert family(config(a=COMPARES)).config != one
