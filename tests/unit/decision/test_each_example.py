"""What every example scored, one by one: the same numbers that the decision is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalgate.decision import decide
from evalgate.decision.each_example import each_example
from evalgate.decision.evidence import Quarantined
from tests.unit.decision.builds import ERROR, build, check, suite, taken

EVIDENCE = build(
    suite(
        check([1.0, 0.0, ERROR, 1.0], [1.0, 1.0, 1.0, 0.0], name="rows"),
        check([3.0, 5.0, ERROR, 1.0], [4.0, 4.0, 5.0, 1.0], name="tone", low=1.0, high=5.0),
        slices={"metadata.lang": ["de", "en", None, "de"]},
    )
)


def test_scores_are_in_their_own_units_and_differences_are_shares():
    (each,) = each_example(EVIDENCE)
    rows, tone = each.scores
    assert [rows.name, tone.name] == ["rows", "tone"]
    np.testing.assert_array_equal(rows.candidate, [1, 0, np.nan, 1])
    np.testing.assert_array_equal(rows.delta, [0, -1, -1, 1])
    np.testing.assert_array_equal(tone.candidate, [3, 5, np.nan, 1])
    np.testing.assert_array_equal(tone.baseline, [4, 4, 5, 1])
    np.testing.assert_array_equal(tone.delta, [-0.25, 0.25, -1, 0])
    assert rows.failed.tolist() == [False, False, True, False]
    assert each.slices == (("metadata.lang", ("de", "en", None, "de")),)


def test_they_are_those_that_the_decision_says_got_worse_or_better():
    (decided,) = decide(EVIDENCE).suites
    (each,) = each_example(EVIDENCE)
    for found, scores in zip(decided.checks, each.scores, strict=True):
        places = {name: place for place, name in enumerate(each.example_ids)}
        assert {places[flip.example_id] for flip in found.regressed} == set(np.flatnonzero(scores.delta < 0).tolist())
        assert {places[flip.example_id] for flip in found.improved} == set(np.flatnonzero(scores.delta > 0).tolist())


def test_without_a_baseline_nothing_differs():
    (each,) = each_example(build(suite(check([1.0, 0.0], None))))
    (scores,) = each.scores
    assert scores.baseline is None
    assert np.isnan(scores.delta).all()
    assert scores.candidate.tolist() == [1, 0]


def test_what_is_in_quarantine_keeps_its_scores_and_has_no_difference():
    (of,) = EVIDENCE.suites
    aside = Quarantined(
        example_id=of.example_ids[1], check="rows", owner="@a", reason="flaky", expires="2999-12-31", active=True
    )
    (each,) = each_example(replace(EVIDENCE, suites=(replace(of, quarantined=(aside,)),)))
    rows, tone = each.scores
    np.testing.assert_array_equal(rows.delta, [0, np.nan, -1, 1])
    assert rows.candidate[1] == 0
    assert tone.delta[1] == 0.25


def test_of_what_runs_take_the_share_that_is_saved():
    cost = taken([0.2, 0.1, 0.3], [0.1, 0.1, 0.4], name="cost")
    (each,) = each_example(build(suite(check([1.0] * 3, [1.0] * 3), cost)))
    scores = each.scores[1]
    assert scores.candidate.tolist() == [0.2, 0.1, 0.3]
    np.testing.assert_allclose(scores.delta, [-1, 0, 0.25], atol=1e-9)
