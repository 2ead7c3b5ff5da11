"""no_regression of cost, tokens and latency: the verdict, its whole words, and what is never counted as free."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from evalgate.decision import canonical, decide
from evalgate.decision.evidence import StoredRuns
from evalgate.errors import ConfigurationError
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import ABSENT, ERROR, UNKNOWN, Earlier, build, check, flips, suite, taken

SHOW = "look at the examples: `evalgate show`"
TELL_COST = 'let the task return what it used with its "cost" in dollars: `evalgate.Result(…, usage=[…])`; or take the '
LANG = "metadata.lang"


def amounts(n, scale=0.001):
    """Amounts of n examples that differ by up to a factor of two, in a fixed pattern."""
    return [scale * (1 + (7 * index) % 10 / 10) for index in range(n)]


def varied(values, factor=1.0, size=0.1):
    """The same amounts a little up and down, and all of them times a factor."""
    return [value * factor * math.exp(size * math.sin(2.3 * at + at * at)) for at, value in enumerate(values)]


def decided(*checks, **more):
    """The first suite's checks, decided."""
    policy = more.pop("policy", {})
    return decide(build(suite(*checks, **more), **policy)).suites[0].checks


def rule(*checks, **more):
    """The only rule of the only check."""
    ((only,),) = [one.rules for one in decided(*checks, **more)]
    return only


BASE = amounts(50)


def test_a_rise_beyond_what_is_allowed_fails():
    (one,) = decided(taken(varied(BASE, 1.24), BASE))
    assert one.verdict is Verdict.FAIL
    assert one.rules[0].reason == (
        "Cost per answer rose 26 % against main (24 to 32 %); 10 % is allowed. 50 of 50 examples cost more, "
        "none less; in all, $0.0725 became $0.0916 (+26 %). If this change did nothing, a rise this lopsided "
        "in this check would happen less than once in 100."
    )
    assert one.rules[0].next_step == "look at the examples that rose most: `evalgate show`"
    assert one.comparison is not None
    assert one.comparison.interval is not None
    assert one.comparison.delta == pytest.approx(-0.2585, abs=1e-3)
    assert one.comparison.interval.method == "paired t with two imaginary examples, of log ratios"


def test_a_failing_check_names_the_examples_that_rose_by_more_than_is_allowed_the_largest_first():
    risen = [value * (3 if at in {7, 31} else 1.2) for at, value in enumerate(BASE)]
    (one,) = decided(taken(risen, BASE))
    assert one.verdict is Verdict.FAIL
    assert len(one.regressed) == 50
    assert [flip.example_id for flip in one.regressed][:2] == ["e00007", "e00031"]
    assert one.regressed[0].candidate == pytest.approx(3 * BASE[7])
    assert list(one.improved) == []


def test_tokens_and_latency_say_it_in_their_own_words():
    tokens = rule(taken(varied(amounts(50, 800), 1.3), amounts(50, 800), name="tokens"))
    assert tokens.reason.startswith(
        "Tokens per answer rose 32 % against main (30 to 38 %); 10 % is allowed. 50 of 50 examples take more, "
        "none less; in all, 58,000 tokens became 76,"
    )
    latency = rule(taken(varied(amounts(50, 1), 1.3), amounts(50, 1), name="latency"))
    assert latency.reason == (
        "Time per answer rose 32 % against main (30 to 38 %); 10 % is allowed. 50 of 50 examples take longer, none "
        "shorter. If this change did nothing, a rise this lopsided in this check would happen less than once in 100."
    )


def test_a_rise_that_is_ruled_out_passes():
    only = rule(taken(varied(BASE), BASE))
    assert (only.verdict, only.reason, only.next_step) == (
        Verdict.PASS,
        (
            "No rise shown: cost per answer +1.5 % against main (−0.1 to +7 %); rises of 10 % or more are ruled out. "
            "Smaller ones could hide."
        ),
        None,
    )


def test_a_fall_passes_and_says_so():
    assert rule(taken(varied(BASE, 0.8), BASE)).reason == (
        "Cost per answer fell 19 % against main (14 to 20 %); rises of 10 % or more are ruled out."
    )


def test_a_rise_that_is_certain_and_allowed_passes_and_says_so():
    base = amounts(200)
    assert rule(taken(varied(base, 1.04, 0.02), base)).reason == (
        "Cost per answer rose 4 % against main (3.9 to 5.3 %); rises of 10 % or more are ruled out."
    )


def test_what_cannot_be_told_says_what_would_tell():
    only = rule(taken(varied(BASE, 1.09), BASE))
    assert (only.verdict, only.reason, only.next_step) == (
        Verdict.INCONCLUSIVE,
        (
            "Cost per answer rose 11 % against main (8.9 to 16 %); 10 % is allowed, and whether it is more than "
            "that cannot be told."
        ),
        "To decide: `repetitions: 3`, or about 50 more examples.",
    )
    few = rule(taken(varied(BASE[:12]), BASE[:12]))
    assert (few.verdict, few.reason, few.next_step) == (
        Verdict.INCONCLUSIVE,
        (
            "Fits both no change and a rise of up to 25 %. 12 examples cannot rule out a rise of 10 % even where "
            "every cost is equal."
        ),
        "To decide: about 15 more examples.",
    )


def test_one_pair_says_nothing():
    assert rule(taken([0.2], [0.1])).reason == (
        "Fits both no change and a rise of any size. 1 example cannot rule out a rise of 10 % even where every "
        "cost is equal."
    )


def test_a_few_huge_answers_hide_in_the_usual_one_and_not_in_the_total():
    """2 of 200 at fifty times the price."""
    base = amounts(200)
    risen = varied(base, size=0.05)
    risen[30] *= 50
    risen[71] *= 50
    only = rule(taken(risen, base))
    assert only.verdict is Verdict.INCONCLUSIVE
    assert only.reason == (
        "The usual answer takes no more than is allowed, but in all $0.29 became $0.429 (+48 %), "
        "and 20 % is the most that passes. 2 examples of 200 carry the rise: e00071, e00030."
    )
    assert only.next_step == SHOW
    assert sorted(only.example_ids) == ["e00030", "e00071"]
    assert rule(taken(risen, base, name="latency")).verdict is Verdict.PASS


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "PASS"), (1.04, "PASS"), (1.24, "FAIL"), (0.5, "PASS")])
def test_constant_ratios_have_an_answer(factor, verdict):
    """No spread at all is no error, and never a p of 0."""
    (one,) = decided(taken([value * factor for value in BASE], BASE))
    assert one.verdict == verdict
    assert one.comparison is not None
    assert one.comparison.p is not None
    assert one.comparison.p > 0
    assert one.ratio is not None
    assert one.ratio.caught is None


def test_nothing_on_either_side_is_no_change():
    """No model was called: nine examples are enough to know that."""
    only = rule(taken([0.0] * 9, [0.0] * 9))
    assert (only.verdict, only.reason) == (Verdict.PASS, "No answer of either side cost anything.")
    tokens = rule(taken([0] * 9, [0] * 9, name="tokens"))
    assert tokens.reason == "No answer of either side took any tokens."


def test_something_after_nothing_is_the_largest_rise_there_is():
    only = rule(taken([0.01] * 30, [0.0] * 30))
    assert (only.verdict, only.reason) == (
        Verdict.FAIL,
        (
            "Cost per answer rose to 3 times that of main or more; 10 % is allowed. 30 of 30 examples cost more, "
            "none less; in all, $0 became $0.30. If this change did nothing, a rise this lopsided in this check "
            "would happen less than once in 100."
        ),
    )
    assert rule(taken([0.0] * 30, [0.01] * 30)).reason == (
        "Cost per answer fell 67 % or more against main; rises of 10 % or more are ruled out."
    )


def test_zero_and_something_among_others_count_as_a_factor_of_three():
    candidate, baseline = [0.0, 0.5, *BASE[2:]], [0.5, 0.0, *BASE[2:]]
    (one,) = decided(taken(candidate, baseline))
    assert one.ratio is not None
    assert one.ratio.clipped == 2
    assert one.comparison is not None
    assert one.comparison.delta == pytest.approx(0)


@pytest.mark.parametrize(
    ("candidate", "baseline", "of"),
    [
        ([UNKNOWN] * 50, BASE, "50 of 50 answers of the candidate"),
        (BASE, [UNKNOWN] * 20 + BASE[20:], "20 of 50 answers of main"),
        ([UNKNOWN] * 2 + BASE[2:], [UNKNOWN] * 50, "2 of 50 answers of the candidate and 50 of 50 answers of main"),
        ([math.nan, -1.0, math.inf, *BASE[3:]], BASE, "3 of 50 answers of the candidate"),
    ],
)
def test_unknown_is_not_free(candidate, baseline, of):
    only = rule(taken(candidate, baseline))
    assert (only.verdict, only.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.ERRORS)
    assert only.reason == (
        f"Nobody knows the cost of {of} (no usage was seen, or no price is known), and unknown is not free."
    )
    assert only.next_step == f"{TELL_COST}check out"


def test_unknown_tokens_are_not_none():
    assert rule(taken([UNKNOWN] * 20, amounts(20), name="tokens")).reason == (
        "Nobody counted the tokens of 20 of 20 answers of the candidate, and unknown is not none."
    )


def test_a_mean_of_what_is_known_is_not_shown_where_most_is_not():
    (one,) = decided(taken([UNKNOWN] * 20 + BASE[20:], BASE))
    assert one.candidate_mean is None
    assert one.baseline_mean == pytest.approx(0.00145)
    assert one.missing.candidate == 20


def test_one_unknown_cost_may_have_been_three_times_as_much():
    only = rule(taken([UNKNOWN, *varied(BASE)[1:]], BASE))
    assert (only.verdict, only.reason) == (
        Verdict.INCONCLUSIVE,
        (
            "The amounts there are rule out a rise of 10 %, but not if the 1 missing amount of the candidate was "
            "three times as much. Compared on 49 of 50 examples: the others lack an answer on a side, or what it took."
        ),
    )
    base = amounts(200)
    assert rule(taken([UNKNOWN, *varied(base)[1:]], base)).verdict is Verdict.PASS


def test_failed_runs_take_part_in_no_pair():
    (one,) = decided(taken([ERROR, ERROR, *varied(BASE)[2:]], [*BASE[:-1], ERROR]))
    assert one.verdict is Verdict.PASS
    assert one.rules[0].reason.endswith(
        "Compared on 47 of 50 examples: the others lack an answer on a side, or what it took."
    )
    assert (one.missing.candidate_errors, one.missing.baseline_errors) == (2, 1)
    assert one.comparison is not None
    assert one.comparison.pairs == 47


def test_a_candidate_that_mostly_fails_is_not_cheap():
    only = rule(taken([ERROR] * 30 + BASE[30:], BASE))
    assert (only.verdict, only.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.ERRORS)
    assert only.reason == (
        "Only 20 of 50 examples were answered on both sides without an error, and what the others would have "
        "taken is not known."
    )
    assert rule(taken(BASE, [ERROR] * 50)).reason == (
        "Every answer of main is an error of its task, so there is nothing to compare with."
    )
    lost = rule(taken([None] * 5 + BASE[5:], BASE))
    assert lost.reason == (
        "Of 50 examples, some lack an answer or its evaluation (candidate 5, main 0); the policy allows one "
        "example or 2 %."
    )


def test_without_a_baseline_there_is_nothing_to_compare_with():
    only = rule(taken(BASE))
    assert (only.verdict, only.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.BASELINE)
    assert only.next_step == "set the suite's `baseline`, or use at_most alone"


@pytest.mark.parametrize("cached", [50, 20])
def test_a_latency_of_an_earlier_build_is_shown_and_not_compared(cached):
    old = [Earlier(value) for value in BASE[:cached]] + BASE[cached:]
    (one,) = decided(taken(BASE, old, name="latency"))
    assert (one.verdict, one.rules[0].unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.CACHED)
    assert one.rules[0].reason == (
        f"The times of {cached} of 50 answers of main were measured in an earlier build, on whatever machine "
        f"and day that was, so they are shown and not compared."
    )
    assert one.baseline_mean is not None
    assert one.ratio is not None
    assert one.ratio.baseline is not None
    assert one.ratio.baseline.count == 50


STORED = StoredRuns(repetitions=3, of="main@1a2b3c4", date="2026-11-20")


def test_a_screen_passes_cost_and_fails_nothing():
    tripled = [[value] * 3 for value in BASE]
    only = rule(taken(varied(BASE), tripled), screen=STORED)
    assert (only.verdict, only.reason) == (
        Verdict.PASS,
        (
            "No rise shown, compared with the stored 3 runs of main@1a2b3c4 (2026-11-20): cost per answer +1.5 % "
            "against main (−0.5 to +8.1 %); rises of 10 % or more are ruled out. Smaller ones could hide."
        ),
    )
    assert rule(taken(varied(BASE, 1.5), tripled), screen=STORED).verdict is Verdict.INCONCLUSIVE
    few = rule(taken(varied(BASE), BASE), screen=replace(STORED, repetitions=1))
    assert few.verdict is Verdict.INCONCLUSIVE
    assert "a PASS takes 3" in few.reason
    times = rule(taken(varied(BASE), tripled, name="latency"), screen=STORED)
    assert (times.verdict, times.unmeasurable) == (Verdict.UNMEASURABLE, Unmeasurable.CACHED)


def test_one_run_is_never_compared_with_the_mean_of_three():
    """The mean of three skewed amounts lies above most single ones: one run would look like a saving."""
    baseline = [[value, value, 100 * value] for value in BASE]
    for more in ({}, {"screen": STORED}):
        (one,) = decided(taken(BASE, baseline), **more)
        assert one.comparison is not None
        assert one.comparison.delta == 0


def test_repetitions_are_averaged_within_the_example():
    """Half and one and a half times as much, for the same example, is as much."""
    baseline = [[value, value] for value in BASE]
    candidate = [[0.5 * value, 1.5 * value] for value in BASE]
    (one,) = decided(taken(candidate, baseline))
    assert one.comparison is not None
    assert (one.comparison.pairs, one.comparison.changed, one.comparison.delta) == (50, 0, 0.0)
    ragged = [[value, ABSENT] for value in BASE]
    (one,) = decided(taken(ragged, baseline))
    assert one.comparison is not None
    assert one.comparison.changed == 0


def test_the_same_answers_for_the_same_price_are_no_change_at_any_size():
    only = rule(taken(BASE[:5], BASE[:5], name="tokens"), identical=True)
    assert (only.verdict, only.reason) == (
        Verdict.PASS,
        "Nothing changed: each of 5 answers took as many tokens as before.",
    )
    assert rule(taken(BASE[:5], BASE[:5], name="latency"), identical=True).verdict is Verdict.INCONCLUSIVE
    assert rule(taken(BASE[:5], BASE[:5]), identical=False).verdict is Verdict.INCONCLUSIVE


def test_a_cluster_counts_once():
    """Fifteen examples that rose are three clusters that rose."""
    risen = [value * (3 if at < 15 else 1) for at, value in enumerate(BASE)]
    clusters = [f"c{at // 5}" for at in range(50)]
    assert rule(taken(risen, BASE)).verdict is Verdict.FAIL
    together = rule(taken(risen, BASE), clusters=clusters)
    assert together.verdict is Verdict.INCONCLUSIVE
    assert "10 clusters cannot rule out a rise of 10 %" in together.reason
    assert together.next_step == "To decide: about 190 more clusters."


def test_a_slice_can_fail_alone():
    values = [f"l{at % 5}" for at in range(50)]
    risen = varied([value * (1.5 if at % 5 == 0 else 1.0) for at, value in enumerate(BASE)])
    (one,) = decided(
        taken(risen, BASE, rules={"no_regression": {"slices": [LANG], "allow_increase": 0.2}}), slices={LANG: values}
    )
    assert one.verdict is Verdict.FAIL
    assert [part.verdict for part in one.slices] == [Verdict.FAIL, *[Verdict.INCONCLUSIVE] * 4]
    assert one.rules[0].reason == (
        "Where metadata.lang is l0 (10 examples): Cost per answer rose 48 % against main (41 to 80 %); 20 % is "
        "allowed. 10 of 10 examples cost more, none less; in all, $0.0125 became $0.0184 (+47 %). If this "
        "change did nothing, a rise this lopsided in any of the 6 comparisons would happen less than once in 100."
    )


def test_a_slice_that_is_too_small_or_has_no_pair_is_shown_and_says_so():
    values = [*["de"] * 9, "it", *["en"] * 40]
    candidate = [value * 3 if at < 9 else value for at, value in enumerate(varied(BASE, 1.0, 0.01))]
    candidate[9] = UNKNOWN
    (one,) = decided(
        taken(candidate, BASE, rules={"no_regression": {"slices": [LANG]}}),
        slices={LANG: values},
        policy={"max_missing": 0.05},
    )
    parts = {part.value: part for part in one.slices}
    assert {name: part.verdict for name, part in parts.items()} == {
        "de": Verdict.INCONCLUSIVE,
        "it": Verdict.INCONCLUSIVE,
        "en": Verdict.PASS,
    }
    assert parts["de"].reason == "Shown, not tested: 9 examples, and a slice is tested from 10."
    assert parts["it"].reason == "No example has both answers."


def test_a_check_that_is_shown_only_decides_nothing_and_shows_its_numbers():
    scored, shown = decided(
        check(*flips(50, 0, 0)), taken(varied(BASE, 2), BASE, name="latency", rules={"report_only": True})
    )
    assert scored.gating
    assert not shown.gating
    assert list(shown.regressed) == []
    assert shown.comparison is not None
    assert shown.comparison.p_adjusted is None
    assert shown.comparison.q == shown.comparison.p
    assert shown.comparison.delta == pytest.approx(-1.03, abs=0.01)
    assert shown.ratio is not None
    assert shown.ratio.candidate is not None
    assert shown.ratio.candidate.median == pytest.approx(0.0029, rel=0.1)


def test_scores_and_amounts_share_one_promise():
    one = decide(build(suite(check(*flips(50, 8, 1)), taken(varied(BASE), BASE), taken(BASE, BASE, name="tokens"))))
    assert one.columns == 3
    assert one.promise == "A candidate that changed nothing fails about 5 times in 100, over all 3 checks together."
    score, cost, _ = one.suites[0].checks
    assert score.comparison is not None
    assert cost.comparison is not None
    assert score.comparison.p_adjusted is not None
    assert score.comparison.p is not None
    assert score.comparison.p_adjusted >= score.comparison.p


def test_slices_of_amounts_count_towards_the_most_comparisons():
    with pytest.raises(ConfigurationError, match=r"2,101 comparisons .* path metadata\.lang"):
        decide(
            build(
                suite(
                    taken([1.0] * 2100, [1.0] * 2100, rules={"no_regression": {"slices": [LANG]}}),
                    slices={LANG: [f"v{at}" for at in range(2100)]},
                )
            )
        )


def test_the_order_of_examples_checks_and_suites_changes_no_byte():
    def evidence(shuffle):
        order = list(range(50))
        suites = []
        for name, dataset in (("a", "one"), ("b", "one"), ("c", "two")):
            ids = [f"e{at:05d}" for at in order]
            made = [
                taken([varied(BASE, 1.11)[at] for at in order], [BASE[at] for at in order]),
                taken([varied(BASE, 0.9)[at] for at in order], [BASE[at] for at in order], name="tokens"),
            ]
            if shuffle:
                made.reverse()
            suites.append(suite(*made, name=name, dataset=dataset, example_ids=ids))
            if shuffle:
                random.Random(name).shuffle(order)
        return build(*(reversed(suites) if shuffle else suites))

    assert canonical(decide(evidence(shuffle=True))) == canonical(decide(evidence(shuffle=False)))
