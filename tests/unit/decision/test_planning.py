"""What a build could catch, said before it has any answers."""

import numpy as np
import pytest

from evalgate.decision.evidence import BuildEvidence, Cell, CheckEvidence, Scores, SuiteEvidence
from evalgate.decision.planning import FLIPS, Noise, noises, plan_comparisons
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec
from evalgate.stats.planning import table
from evalgate.suite.checks import Check, Policy


def scores(columns):
    values = np.array(columns, dtype=np.float64).T
    return Scores(values=values, cells=np.full(values.shape, Cell.SCORED, dtype=np.uint8))


def suite(n=100, *, rule=None, candidate=None, baseline=None, spec=None, langs=None, clusters=None):
    absent = [np.zeros(n)]
    check = CheckEvidence(
        name="right",
        check=Check.model_validate({"no_regression": {**(rule or {})}}),
        evaluator=spec or EvaluatorSpec(name="right"),
        candidate=scores(candidate or absent),
        baseline=scores(baseline or absent),
        redraws={},
    )
    return SuiteEvidence(
        name="s",
        dataset="d",
        example_ids=tuple(f"e{i:04}" for i in range(n)),
        checks=(check,),
        clusters=clusters,
        slices={"metadata.lang": tuple(langs)} if langs else {},
        identical=np.zeros(n, dtype=np.bool_),
        baseline_label="main",
    )


def planned(of, *, repetitions=1, noise=None, catch=None):
    known = {("s", "right"): noise} if noise else {}
    evidence = BuildEvidence(suites=(of,), policy=Policy())
    return plan_comparisons(evidence, repetitions={"s": repetitions}, known=known, catch=catch)


def only(plan):
    (check,) = plan.checks["s"]
    return check


def noise(flip=0.2, **more):
    return Noise(**{"flip": flip, "icc": 0.0, "binary": True, "source": "the repetitions of main", **more})


def test_without_a_build_each_flip_rate_is_the_table_of_the_documents():
    """n = 100 alone: 7, 9, 11, 14 and 17 points at flip rates of 2 to 30 %, to the point."""
    check = only(planned(suite(100)))
    assert tuple(of.flip for of in check.outlooks) == FLIPS
    assert [of.drop for of in check.outlooks] == list(table(sizes=[100], flips=FLIPS)[0])
    assert [100 * of.drop for of in check.outlooks] == pytest.approx([7, 9, 11, 14, 17], abs=0.75)


def test_slices_share_the_promise_and_small_ones_do_not_count():
    """Two slices of ten or more are columns of the family, the one of five is not; each makes the drop larger."""
    langs = ["de"] * 45 + ["fr"] * 50 + ["it"] * 5
    sliced = planned(suite(100, rule={"slices": ["metadata.lang"]}, langs=langs), noise=noise())
    alone = planned(suite(100), noise=noise())
    assert (sliced.columns, only(sliced).slices) == (3, 2)
    assert (
        sliced.promise
        == "A candidate that changed nothing fails about 5 times in 100, over all 3 comparisons together."
    )
    assert only(sliced).outlooks[0].drop > only(alone).outlooks[0].drop


def test_what_a_drop_takes_is_what_catches_it():
    """The examples named catch the drop and one fewer does not; so do the repetitions."""
    (of,) = only(planned(suite(100), noise=noise(), catch=0.10)).outlooks
    assert not of.caught
    assert of.examples > 100
    assert of.repetitions == 3

    def caught(n, repetitions):
        return only(planned(suite(n), repetitions=repetitions, noise=noise(), catch=0.10)).outlooks[0].caught

    assert caught(of.examples, 1)
    assert not caught(of.examples - 1, 1)
    assert caught(100, of.repetitions)
    assert not caught(100, of.repetitions - 1)


def test_no_number_of_repetitions_mends_too_few_examples():
    """What is left after any number of repetitions lies between the examples."""
    (of,) = only(planned(suite(30), noise=noise(), catch=0.05)).outlooks
    assert of.repetitions is None
    assert of.examples > 500


def test_examples_that_could_never_fail_catch_nothing_however_often_they_repeat():
    """One example that changed is no evidence, whatever the formula for many says."""
    (of,) = only(planned(suite(1), noise=noise(), catch=1.0)).outlooks
    assert (of.drop, of.repetitions) == (None, None)
    assert only(planned(suite(1), repetitions=9, noise=noise())).outlooks[0].drop is None


def test_a_drop_that_is_let_go_is_caught_by_no_number():
    """Under `ignore_drop_under` nothing fails; just above it takes more examples than without it."""
    ignoring = {"ignore_drop_under": 0.05}
    (under,) = only(planned(suite(100, rule=ignoring), noise=noise(), catch=0.05)).outlooks
    assert (under.examples, under.repetitions) == (None, None)
    (above,) = only(planned(suite(100, rule=ignoring), noise=noise(), catch=0.06)).outlooks
    (without,) = only(planned(suite(100), noise=noise(), catch=0.06)).outlooks
    assert above.examples > without.examples
    (there,) = only(planned(suite(above.examples, rule=ignoring), noise=noise(), catch=0.06)).outlooks
    assert there.caught


def test_clusters_are_worth_fewer_examples():
    """Examples that go together tell less: the correlation of a stored build counts at this build's cluster size."""
    clusters = tuple(f"c{i // 5}" for i in range(100))
    plan = planned(suite(100, clusters=clusters), noise=noise(icc=0.5))
    assert plan.clusters == {"s": 20}
    assert only(plan).outlooks[0].drop > 1.5 * only(planned(suite(100), noise=noise())).outlooks[0].drop


def test_an_unbounded_score_without_a_scale_says_so():
    """A drop of it has no size before any is seen."""
    check = only(planned(suite(spec=EvaluatorSpec(name="right", low=None, high=None))))
    assert check.outlooks == ()
    assert check.obstacle == "its score is unbounded and declares no `scale`, so that no drop of it has a size"


def test_too_many_slices_are_refused_before_anything_is_paid():
    """3,000 values: the same error as after a run."""
    langs = [f"l{i}" for i in range(3000)]
    with pytest.raises(ConfigurationError, match=r"metadata\.lang of suite s alone has 3,000 values"):
        planned(suite(3000, rule={"slices": ["metadata.lang"]}, langs=langs))


def test_noise_is_read_from_repetitions_where_there_are_any():
    """Four of ten examples answer differently the second time: the pairs of one side say it, not its changes."""
    first, second = [1.0] * 10, [0.0] * 4 + [1.0] * 6
    of = suite(10, candidate=[[0.0] * 10] * 2, baseline=[first, second])
    found = noises(BuildEvidence(suites=(of,), policy=Policy()))
    assert found == {
        ("s", "right"): Noise(flip=pytest.approx(0.4), icc=0.0, binary=True, source="the repetitions of main")
    }


def test_noise_is_read_from_changes_where_nothing_repeats():
    """Three of ten changed; a suite of which nothing was answered says nothing."""
    of = suite(10, candidate=[[0.0] * 3 + [1.0] * 7], baseline=[[1.0] * 10])
    found = noises(BuildEvidence(suites=(of,), policy=Policy()))
    assert found["s", "right"].flip == pytest.approx(0.3)
    assert found["s", "right"].source == "this run's own changes"
    missing = Scores(values=np.full((10, 1), np.nan), cells=np.full((10, 1), Cell.MISSING, dtype=np.uint8))
    (check,) = of.checks
    unanswered = SuiteEvidence(
        name="s",
        dataset="d",
        example_ids=of.example_ids,
        checks=(
            CheckEvidence(
                name="right",
                check=check.check,
                evaluator=check.evaluator,
                candidate=missing,
                baseline=missing,
                redraws={},
            ),
        ),
        clusters=None,
        slices={},
        identical=of.identical,
    )
    assert noises(BuildEvidence(suites=(unanswered,), policy=Policy())) == {}
