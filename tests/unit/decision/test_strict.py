"""`on_inconclusive: fail`: refused where it could not be passed, warned of where it hardly is, with what would do."""

import pytest

from evalgate.decision.known_noise import Noise
from evalgate.decision.strict import Strict, refuse_undecidable_change, strict_outlook
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec
from evalgate.stats.passing import pass_chance
from evalgate.suite.checks import Equivalent, NoRegression

SPEC = EvaluatorSpec(name="accuracy")


def of(examples, *, noise=None, sizes=None, repetitions=1, required=(), spec=SPEC, **rule):
    return Strict(
        spec=spec,
        rule=NoRegression.model_validate(rule),
        sizes=sizes or [1] * examples,
        repetitions=repetitions,
        noise=noise,
        required=required,
    )


def noise(flip, *, source="the repetitions of main", **more):
    return Noise(**{"flip": flip, "icc": 0.0, "binary": True, "source": source, "build": 7, **more})


def refusal(strict):
    with pytest.raises(ConfigurationError) as refused:
        strict_outlook(strict)
    return f"{refused.value.message} | {refused.value.next_step}"


def test_equal_scores_must_be_able_to_pass():
    """24 examples cannot rule out ten points, 25 can; scores take one more, clusters more yet."""
    assert refusal(of(24)) == (
        "the check accuracy cannot PASS: 24 examples cannot rule out a drop of 10 points even where every score is"
        " equal, and `on_inconclusive: fail` blocks | use 25 examples or more, a larger `rule_out_drop`, or"
        " `on_inconclusive: warn`"
    )
    assert strict_outlook(of(25, noise=noise(0.0))) is None
    clusters = refusal(of(0, sizes=[5] * 20))
    assert "20 clusters cannot rule out a drop of 10 points" in clusters
    needed = int(clusters.partition("use ")[2].split()[0])
    assert strict_outlook(of(0, sizes=[5] * needed, noise=noise(0.0))) is None
    assert f"use {needed:,} clusters" in refusal(of(0, sizes=[5] * (needed - 1), noise=noise(0.0)))


def test_an_unbounded_score_without_a_scale_never_passes():
    """Its drop has no size, so the answer is to give it one."""
    unbounded = EvaluatorSpec(name="seconds", low=None, high=None)
    assert refusal(of(500, spec=unbounded)) == (
        "the check seconds cannot PASS: it is unbounded and declares no scale, and `on_inconclusive: fail` blocks |"
        " declare `scale` on the evaluator seconds: the difference that counts as a whole range"
    )
    scaled = EvaluatorSpec(name="seconds", low=None, high=None, scale=10.0)
    assert strict_outlook(of(500, spec=scaled)) is None


def test_a_required_slice_must_be_able_to_pass_too():
    """Its INCONCLUSIVE blocks: 12 examples cannot rule ten points out, and nine are not even tested."""
    assert refusal(of(200, noise=noise(0.0), required=[("metadata.lang = de", 120), ("metadata.lang = fr", 12)])) == (
        "the check accuracy cannot PASS: its slice metadata.lang = fr is `required` and too small (12 examples cannot"
        " rule out a drop of 10 points even where every score is equal), and `on_inconclusive: fail` blocks | add"
        " examples to that slice, take its `required` away, or set `on_inconclusive: warn`"
    )
    assert "(a slice is tested from 10 examples, and it has 9)" in refusal(
        of(200, noise=noise(0.0), required=[("metadata.lang = fr", 9)])
    )


def test_noise_that_hardly_lets_anything_pass_is_refused():
    """Read from repetitions, it is what two equal runs differ by: PASS 1 time in 10 gates nothing."""
    strict = of(30, noise=noise(0.5))
    assert strict.chance(0.5) == pass_chance(strict.plan(0.5), 0.10, binary=True) < 0.2
    assert refusal(strict) == (
        "the check accuracy would PASS about 18 times in 100 where nothing changed (50 % of answers differ between two"
        " equal runs, by the repetitions of main in build 7), and `on_inconclusive: fail` blocks all else | use about"
        " 308 examples, a larger `rule_out_drop`, `evalgate noise` if the task is another one by now, or"
        " `on_inconclusive: warn`"
    )


def test_less_than_8_in_10_is_warned_of_with_what_would_do():
    """Examples, or repetitions where up to five of them do it."""
    assert strict_outlook(of(100, noise=noise(0.2))) == (
        "passes about 71 times in 100 where nothing changed (20 % of answers differ between two equal runs, by the"
        " repetitions of main in build 7), and `on_inconclusive: fail` blocks the rest; to pass 8 times in 10, use"
        " about 130 examples, or `repetitions: 2`"
    )
    assert strict_outlook(of(130, noise=noise(0.2))) is None
    assert strict_outlook(of(100, repetitions=2, noise=noise(0.2))) is None


def test_changes_of_one_build_may_be_real_and_refuse_nothing():
    """The last change broke a third of the answers: this one is warned of that, and may start."""
    worse = noise(0.5, source="this run's own changes")
    assert "passes about 18 times in 100" in strict_outlook(of(30, noise=worse))
    told = strict_outlook(of(30, noise=noise(0.3, source="this run's own changes")))
    assert told.startswith(
        "passes about 25 times in 100 where nothing changed (30 % of answers differ between the sides of build 7, its"
        " real changes among them), and"
    )


def test_without_a_build_the_middle_of_the_table_warns_and_its_least_refuses():
    """10 % of answers for the warning; what even 2 % do not let pass is refused."""
    told = strict_outlook(of(40))
    assert told.startswith("passes about ")
    assert "(if 10 % of answers differ between two equal runs, which no build has told yet)" in told
    assert strict_outlook(of(200)) is None
    assert "would PASS" in refusal(of(965, rule_out_drop=0.0028))


def test_scores_and_clusters_go_by_their_own_interval():
    """What scores vary by, and what the examples of a cluster have in common, both take chance away."""
    alone = of(200, noise=noise(0.3, binary=False))
    together = of(0, sizes=[5] * 40, noise=noise(0.3, binary=False, icc=0.6))
    assert alone.chance(0.3) > together.chance(0.3)
    assert "scores vary as if 30 % of answers differ" in strict_outlook(together)


def test_a_larger_drop_to_rule_out_is_easier():
    assert strict_outlook(of(40, noise=noise(0.1), rule_out_drop=0.25)) is None


def test_equal_scores_must_be_able_to_pass_equivalent_too():
    with pytest.raises(ConfigurationError) as refused:
        refuse_undecidable_change(of(0, sizes=[3] * 20), Equivalent(margin=0.1))
    assert f"{refused.value.message} | {refused.value.next_step}" == (
        "the check accuracy cannot PASS: 20 clusters cannot rule out a change of 10 points even where every score is"
        " equal, and `on_inconclusive: fail` blocks | use 23 clusters or more, a larger `equivalent`, or"
        " `on_inconclusive: warn`"
    )
    refuse_undecidable_change(of(0, sizes=[3] * 23), Equivalent(margin=0.1))
