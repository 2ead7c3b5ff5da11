"""What a build could catch, said before it has any answers."""

import dataclasses

import numpy as np
import pytest

from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence, Cell, CheckEvidence, Scores, StoredRuns, SuiteEvidence
from evalgate.decision.known_noise import FLIPS, Noise, noises
from evalgate.decision.planning import plan_comparisons
from evalgate.decision.ratios.planning import spreads
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec
from evalgate.stats.planning import Planned, caught_by_flow, table
from evalgate.stats.power import Plan
from evalgate.suite.checks import Check, Policy
from tests.unit.decision import builds


def scores(columns):
    values = np.array(columns, dtype=np.float64).T
    return Scores(values=values, cells=np.full(values.shape, Cell.SCORED, dtype=np.uint8))


def suite(n=100, *, rule=None, rules=None, candidate=None, baseline=None, spec=None, langs=None, clusters=None):
    absent = [np.zeros(n)]
    check = CheckEvidence(
        name="right",
        check=Check.model_validate(rules or {"no_regression": {**(rule or {})}}),
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


def drawn(rng, chance, repetitions):
    return [[float(value) for value in row] for row in rng.random((len(chance), repetitions)) < chance[:, None]]


@pytest.mark.parametrize("repetitions", [1, 3])
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("n", [24, 48, 120])
def test_a_plan_of_the_same_again_says_what_the_report_said(n, exact, repetitions):
    """One function for both: slices, clusters, what is let go, a check that cannot fail, and scores, to the digit."""
    rng = np.random.default_rng(n)
    chance = np.where(rng.random(n) < 0.4, 0.5, 0.97)
    langs = [("de", "fr", "it")[i % 3] for i in range(n)]
    rules = {"no_regression": {"ignore_drop_under": 0.05, "slices": ["metadata.lang"]}}
    checks = [
        builds.check(drawn(rng, chance, repetitions), drawn(rng, chance, repetitions), name="right", rules=rules),
        builds.check([[1.0] * repetitions] * n, [[1.0] * repetitions] * n, name="calm"),
        builds.check(
            rng.random((n, repetitions)).round(3).tolist(), rng.random((n, repetitions)).tolist(), name="near"
        ),
    ]
    alone = builds.suite(*checks, slices={"metadata.lang": langs})
    together = builds.suite(*checks[:1], name="clustered", dataset="other", slices={"metadata.lang": langs})
    together = dataclasses.replace(together, clusters=tuple(f"c{i // 4}" for i in range(n)))
    evidence = builds.build(alone, together, exact=exact)
    reported = {
        (of.name, each.name): each.detectable for of in decide(evidence).suites for each in of.checks if each.gating
    }
    plan = plan_comparisons(
        evidence,
        repetitions={"support": repetitions, "clustered": repetitions},
        known=noises(evidence),
        catch=None,
    )
    assert reported == {
        (name, each.name): pytest.approx(each.outlooks[0].drop) for name, of in plan.checks.items() for each in of
    }
    assert sum(found.live < found.columns for found in noises(evidence).values()) >= 1


def test_improvement_rules_are_in_the_promise_of_a_plan():
    """A build of which no rule looks for a drop is still compared with a baseline."""
    of = builds.suite(builds.check([1.0] * 20, [0.0] * 20, rules={"improves": 0.05}))
    plan = plan_comparisons(builds.build(of), repetitions={"support": 1}, known={}, catch=None)
    assert plan.promise.startswith("No rule of this build looks for a drop.")
    absolute = builds.suite(builds.check([1.0] * 20, rules={"at_least": 0.5}))
    assert plan_comparisons(builds.build(absolute), repetitions={"support": 1}, known={}, catch=None).promise is None


def test_at_a_screen_it_is_what_the_screen_and_its_confirmation_catch():
    """Three stored runs against one, then three against three: not what one run catches by itself."""
    rng = np.random.default_rng(5)
    chance = np.where(rng.random(80) < 0.4, 0.5, 0.97)
    of = builds.suite(builds.check(drawn(rng, chance, 1), drawn(rng, chance, 3)))
    stored = StoredRuns(repetitions=3, of="main@1a2b3c4", date="2026-11-20")
    screened = decide(builds.build(dataclasses.replace(of, screen=stored))).suites[0].checks[0]
    found = noises(builds.build(of))["support", "correctness"]
    flow = Planned(plan=Plan(examples=80, flip=found.flip, alpha=0.05))
    assert screened.detectable == caught_by_flow(flow, screen_p=0.30, stored=3, confirm=3)
    assert screened.detectable < decide(builds.build(of)).suites[0].checks[0].detectable


@pytest.mark.parametrize("rules", [{"improves": 0}, {"equivalent": 0.1}, {"at_least": 0.5}, {"report_only": True}])
def test_what_fails_no_drop_catches_none(rules):
    """An improvement rule, a threshold and what is shown only promise nothing about drops."""
    checked = decide(builds.build(builds.suite(builds.check(*builds.flips(60, 4, 4), rules=rules)))).suites[0].checks[0]
    assert (checked.detectable, checked.detectable_from) == (None, None)


def test_what_runs_take_counts_in_the_plan_as_it_did_in_the_report():
    """Tokens that never change cost the others nothing, in the plan of the same again as in the report."""
    rng = np.random.default_rng(11)
    costs = [(rng.lognormal(0, 0.3, 80)).tolist() for _ in range(2)]
    rules = {"no_regression": {"allow_increase": 0.1}}
    evidence = builds.build(
        builds.suite(
            builds.check(*builds.flips(80, 5, 5)),
            builds.taken(*costs, name="cost", rules=rules),
            builds.taken([900.0] * 80, [900.0] * 80, name="tokens", rules=rules),
        )
    )
    reported = {each.name: each for each in decide(evidence).suites[0].checks}
    plan = plan_comparisons(
        evidence, repetitions={"support": 1}, known=noises(evidence), catch=None, spread=spreads(evidence)
    )
    assert plan.checks["support"][0].outlooks[0].drop == pytest.approx(reported["correctness"].detectable)
    rises = {each.name: each for each in plan.ratios["support"]}
    assert rises["cost"].outlooks[0].rise == pytest.approx(reported["cost"].ratio.caught)
    assert rises["tokens"].spread is None


@pytest.mark.parametrize("rules", [{"at_least": 0.5}, {"at_most": 0.9}, {"zero_tolerance": {}}])
def test_a_rule_about_the_candidate_alone_stands_outside_of_the_promise(rules):
    alone = planned(suite(rules={"no_regression": {}}), noise=noise()).promise
    beside = planned(suite(rules={"no_regression": {}, **rules}), noise=noise()).promise
    assert beside != alone
    assert beside.startswith(alone.removesuffix("."))


def changes(of, **more):
    return {each.rule: each for each in planned(of, **more).changes["s"]}


def test_improves_and_equivalent_are_planned_and_are_no_columns():
    """What they show at each usual noise: less of it, and more examples, show more."""
    both = {"improves": 0.05, "equivalent": 0.10}
    plan = planned(suite(100, rules=both))
    assert (plan.columns, plan.checks["s"]) == (0, ())
    found = changes(suite(100, rules=both))
    assert [of.noise for of in found["improves"].outlooks] == list(FLIPS)
    gains = [of.shown for of in found["improves"].outlooks]
    chances = [of.chance for of in found["equivalent"].outlooks]
    assert gains == sorted(gains)
    assert chances == sorted(chances, reverse=True)
    more = changes(suite(400, rules=both))
    assert more["improves"].outlooks[0].shown < gains[0]
    assert more["equivalent"].outlooks[-1].chance > chances[-1]


def test_repetitions_and_clusters_count_for_what_they_show():
    rules = {"equivalent": 0.10}

    def chance(**more):
        clusters = tuple(f"c{i // 5}" for i in range(100)) if more.pop("clustered", False) else None
        return changes(suite(100, rules=rules, clusters=clusters), **more)["equivalent"].outlooks[0].chance

    assert chance(noise=noise(0.2), repetitions=3) > chance(noise=noise(0.2)) + 0.2
    assert chance(noise=noise(0.05, icc=0.5), clustered=True) < chance(noise=noise(0.05)) - 0.2


def test_what_the_examples_of_a_cluster_have_in_common_makes_an_improvement_harder_to_show():
    both = {"improves": 0.05, "equivalent": 0.10}
    clusters = [f"c{at // 5}" for at in range(100)]
    alone, alike = (changes(suite(100, rules=both, clusters=clusters), noise=noise(icc=icc)) for icc in (0.0, 0.5))
    assert alike["improves"].outlooks[0].shown > 1.3 * alone["improves"].outlooks[0].shown
    assert alike["equivalent"].outlooks[0].examples > 1.5 * alone["equivalent"].outlooks[0].examples


def test_what_is_asked_of_improves_is_planned_for():
    """`--catch` as a gain: the examples named are about enough; one that is no more than the rule asks is refused."""
    (of,) = changes(suite(100, rules={"improves": 0.05}), noise=noise(), catch=0.15)["improves"].outlooks
    assert of.shown > 0.15
    (enough,) = changes(suite(of.examples, rules={"improves": 0.05}), noise=noise())["improves"].outlooks
    assert enough.shown == pytest.approx(0.15, abs=0.01)
    (none,) = changes(suite(100, rules={"improves": 0.05}), noise=noise(), catch=0.05)["improves"].outlooks
    assert none.examples is None


def test_a_score_without_a_size_plans_no_change():
    of = suite(rules={"improves": 0.05}, spec=EvaluatorSpec(name="right", low=None, high=None))
    found = changes(of)["improves"]
    assert found.outlooks == ()
    assert "declares no `scale`" in found.obstacle


def test_a_check_that_only_improves_has_its_noise_read():
    """It is no column of the family, so it costs the others nothing."""
    values = [np.arange(100) % 4 > 0, np.arange(100) % 5 > 0]
    of = suite(rules={"improves": 0.05}, candidate=values[:1], baseline=values[1:])
    (found,) = noises(BuildEvidence(suites=(of,), policy=Policy())).values()
    assert found.flip == pytest.approx(np.mean(values[0] != values[1]))
    assert (found.columns, found.live) == (0, 0)
