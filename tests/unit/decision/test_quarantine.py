"""Examples that are set aside are out of everything that is counted, before anything is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalgate.decision import decide, exit_code, redraws
from evalgate.decision.evidence import Quarantined
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import build, check, suite


def aside(evidence, places, *, name=None, active=True):
    entries = tuple(
        Quarantined(
            example_id=evidence.example_ids[place],
            check=name,
            owner="o",
            reason="r",
            expires="2026-12-31",
            active=active,
        )
        for place in places
    )
    return replace(evidence, quarantined=entries)


def without(evidence, places):
    """The same suite as if these examples had never been in its dataset."""
    keep = [place for place in range(len(evidence.example_ids)) if place not in places]

    def rows(scores):
        return replace(scores, values=scores.values[keep], cells=scores.cells[keep])

    return replace(
        evidence,
        example_ids=tuple(evidence.example_ids[place] for place in keep),
        checks=tuple(
            replace(each, candidate=rows(each.candidate), baseline=rows(each.baseline)) for each in evidence.checks
        ),
        clusters=evidence.clusters and tuple(evidence.clusters[place] for place in keep),
        slices={path: tuple(values[place] for place in keep) for path, values in evidence.slices.items()},
        identical=evidence.identical[keep],
    )


def broken(n=60, worse=12, **given):
    sides = [0.0] * worse + [1.0] * (n - worse), [1.0] * n
    rules = {"no_regression": {"slices": ["metadata.lang"]}, "at_least": 0.5}
    one = check(*sides, name="route", rules=rules)
    return suite(one, slices={"metadata.lang": ["de", "en"] * (n // 2)}, **given)


@pytest.mark.parametrize("clusters", [None, [f"c{place // 3}" for place in range(60)]])
def test_what_is_set_aside_counts_as_if_it_were_not_in_the_dataset(clusters):
    """In the comparison, its slices and clusters, the threshold, and what could have been caught."""
    of = broken() if clusters is None else replace(broken(), clusters=tuple(clusters))
    left_out = decide(build(without(of, range(8))))
    set_aside = decide(build(aside(of, range(8))))
    assert set_aside.suites[0].checks == left_out.suites[0].checks
    assert (set_aside.verdict, set_aside.columns, set_aside.promise) == (
        left_out.verdict,
        left_out.columns,
        left_out.promise,
    )
    assert set_aside.suites[0].examples == 60


def test_what_is_over_changes_nothing():
    of = broken()
    over = decide(build(aside(of, range(8), active=False)))
    assert over.suites[0].checks == decide(build(of)).suites[0].checks
    assert [entry.active for entry in over.suites[0].quarantined] == [False] * 8


def test_of_one_check_alone_the_others_keep_it():
    n = 40
    sides = [0.0] * 10 + [1.0] * 30, [1.0] * n
    of = suite(check(*sides, name="route"), check(*sides, name="tone"))
    found = decide(build(aside(of, range(10), name="tone")))
    decided = {each.name: (each.verdict, each.examples) for each in found.suites[0].checks}
    assert decided == {"route": (Verdict.FAIL, 40), "tone": (Verdict.PASS, 30)}


def test_nothing_left_is_no_pass_whatever_the_rule():
    rules = {"no_regression": {}, "at_least": 0.1, "zero_tolerance": {}}
    of = suite(check([1.0] * 30, [1.0] * 30, name="route", rules=rules), check([1.0] * 30, [1.0] * 30, name="tone"))
    found = decide(build(aside(of, range(30), name="route")))
    route = found.suites[0].checks[0]
    assert (found.verdict, route.verdict) == (Verdict.UNMEASURABLE, Verdict.UNMEASURABLE)
    assert {rule.rule for rule in route.rules} == {"no_regression", "at_least", "zero_tolerance"}
    assert {rule.unmeasurable for rule in route.rules} == {Unmeasurable.NOTHING}
    assert exit_code(found, build(of).policy) == 4
    every = decide(build(aside(of, range(30))))
    assert (every.verdict, every.suites[0].unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.NOTHING)


def test_its_missing_answers_are_not_missed():
    of = suite(check([None] * 10 + [1.0] * 90, [1.0] * 100))
    assert decide(build(of)).verdict is Verdict.UNMEASURABLE
    assert decide(build(aside(of, range(10)))).verdict is Verdict.PASS


def test_zero_tolerance_draws_none_of_it_again():
    of = suite(check([0.0] * 2 + [1.0] * 30, [1.0] * 32, rules={"zero_tolerance": {}}))
    assert len(redraws(build(of))) == 2
    assert [example for _, example in redraws(build(aside(of, [0])))] == [of.example_ids[1]]


def test_what_it_scored_is_shown():
    of = aside(broken(), [0, 30])
    first, second = decide(build(of)).suites[0].quarantined
    assert [(name, flip.baseline, flip.candidate) for name, flip in first.flips] == [("route", 1.0, 0.0)]
    assert [(name, flip.baseline, flip.candidate) for name, flip in second.flips] == [("route", 1.0, 1.0)]
