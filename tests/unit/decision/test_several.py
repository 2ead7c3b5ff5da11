"""Several on one dataset: claims against the chosen one, levels, what they took, winners."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evalgate.decision import canonical
from evalgate.decision.contest_results import Claim, Place
from evalgate.decision.several import compare_several
from evalgate.errors import ConfigurationError
from tests.unit.decision.builds import ERROR
from tests.unit.decision.contests import contender, contest, passing, spent, suite

GOOD, FAIR, POOR = passing(95, 100), passing(70, 100), passing(40, 100)


def claims(result, number=0):
    """(contender, check) → claim of one suite."""
    return {(pair.name, check.name): check.claim for pair in result.suites[number].pairs for check in pair.checks}


def pair_check(result, name, check="correctness"):
    (pair,) = (pair for pair in result.suites[0].pairs if pair.name == name)
    return next(each for each in pair.checks if each.name == check)


def of(result, name):
    return next(each for each in result.suites[0].contenders if each.name == name)


def three(**more):
    return suite(
        contender("fair", correctness=FAIR),
        contender("good", correctness=GOOD),
        contender("poor", correctness=POOR),
        **more,
    )


def test_each_is_compared_with_the_chosen_one():
    """30 lost and none won is worse, 25 won and none lost is better, and what is equal is as good."""
    twin = contender("twin", correctness=FAIR)
    result = compare_several(contest(suite(*three().contenders, twin)))
    assert claims(result) == {
        ("good", "correctness"): Claim.BETTER,
        ("poor", "correctness"): Claim.WORSE,
        ("twin", "correctness"): Claim.AS_GOOD,
    }
    poor = pair_check(result, "poor")
    assert (poor.comparison.worse, poor.comparison.better) == (30, 0)
    assert poor.comparison.delta == pytest.approx(-0.30)
    assert poor.reason == (
        "30 examples that passed on fair now fail; none went the other way. That is 30 points worse (−38 to −23)."
        " If all were equally good, a split this lopsided in any of the 3 comparisons would happen less than once in"
        " 100."
    )
    assert pair_check(result, "good").reason.startswith(
        "25 examples that failed on fair now pass; none went the other way. That is 25 points better (19 to 33)."
    )
    assert result.comparisons == 3


def test_better_is_held_to_holm_over_those_that_could_be_better():
    """Seven won and one lost: p 0.02, three times that where three could be better; a twin costs nothing."""
    seven = [1.0] * 69 + [0.0] + [1.0] * 7 + [0.0] * 23
    alone = compare_several(contest(suite(contender("fair", correctness=FAIR), contender("seven", correctness=seven))))
    (p,) = {round(pair_check(alone, "seven").p_better, 6)}
    exact = (1 + 8) / 2**8 - 8 / 2**9
    assert p == pytest.approx(exact, abs=1e-6)
    assert pair_check(alone, "seven").p_better_adjusted == pytest.approx(exact, abs=1e-6)
    assert claims(alone)["seven", "correctness"] is Claim.BETTER
    others = [contender(name, correctness=seven) for name in ("b", "c")]
    both = compare_several(
        contest(
            suite(
                contender("fair", correctness=FAIR),
                contender("seven", correctness=seven),
                *others,
                contender("twin", correctness=FAIR),
            )
        )
    )
    assert pair_check(both, "seven").p_better_adjusted == pytest.approx(3 * exact, abs=1e-6)
    assert claims(both)["seven", "correctness"] is Claim.AS_GOOD


def test_the_winner_is_better_than_every_other_one():
    """good leads fair by 25 wins to none; the words say by how much at least and at most."""
    winner = compare_several(contest(three())).suites[0].winner
    assert (winner.name, winner.leader, winner.next_step) == ("good", "good", None)
    assert winner.reason == (
        "good is better than both others in correctness; the closest, fair, by 19 to 33 points. If none were best,"
        " one would be so far ahead of all others less than once in 100."
    )


def test_the_closest_of_rivals_that_luck_explains_alike_is_the_one_least_behind():
    ahead = [0.9, 0.8] * 30
    rivals = {"far": 0.6, "near": 0.4, "farther": 0.7}
    others = [contender(name, correctness=[each - lead for each in ahead]) for name, lead in rivals.items()]
    winner = compare_several(contest(suite(contender("ahead", correctness=ahead), *others))).suites[0].winner
    assert winner.name == "ahead"
    assert "the closest, near, by " in winner.reason


def test_a_winner_is_held_to_its_closest_rival_times_the_contenders():
    """Six wins to none have p 1/128 (mid-p); times four contenders that is 0.031, times seven 0.055."""
    six = [1.0] * 76 + [0.0] * 24

    def against(number):
        others = [contender(f"poor {index}", correctness=POOR) for index in range(number - 2)]
        both = (contender("fair", correctness=FAIR), contender("six", correctness=six))
        return compare_several(contest(suite(*both, *others))).suites[0].winner

    assert against(4).p_adjusted == pytest.approx(4 / 128)
    assert against(4).name == "six"
    seven = against(7)
    assert seven.p_adjusted == pytest.approx(7 / 128)
    assert (seven.name, seven.leader) == (None, "six")
    assert seven.reason == (
        "six leads fair in correctness by 6 points (it could be 3.1 to 11), and a lead this large comes by luck about 5"
        " times in 100 among 7."
    )


def test_winners_of_two_suites_share_the_promise():
    """The same six wins in two suites of four: times eight, then times seven, and neither is named."""
    six = [1.0] * 76 + [0.0] * 24
    one = [contender("fair", correctness=FAIR), contender("six", correctness=six)]
    one += [contender(name, correctness=POOR) for name in ("p", "q")]
    result = compare_several(contest(suite(*one), suite(*one, name="sales", dataset="other")))
    assert [each.winner.p_adjusted for each in result.suites] == pytest.approx([8 / 128, 8 / 128])
    assert [each.winner.name for each in result.suites] == [None, None]


def test_who_leads_by_luck_is_told_what_would_tell():
    """Three wins to one: examples, or repetitions where those would do; next to nothing is not worth telling."""
    slight = [1.0] * 69 + [0.0] + [1.0] * 4 + [0.0] * 26
    winner = compare_several(
        contest(suite(contender("fair", correctness=FAIR), contender("slight", correctness=slight)))
    ).suites[0]
    assert winner.winner.next_step == "about 340 more examples would tell"
    more = [1.0] * 67 + [0.0] * 3 + [1.0] * 10 + [0.0] * 20
    nearly = compare_several(contest(suite(contender("fair", correctness=FAIR), contender("more", correctness=more))))
    assert nearly.suites[0].winner.next_step == "`repetitions: 3`, or about 110 more examples, would tell"
    least = [1.0] * 67 + [0.0] * 3 + [1.0] * 4 + [0.0] * 26
    hardly = compare_several(contest(suite(contender("fair", correctness=FAIR), contender("least", correctness=least))))
    assert hardly.suites[0].winner.next_step.startswith("take the cheaper or the faster one: to tell a lead this small")


def test_a_lead_that_one_example_makes_is_no_lead():
    """Seven rose and none fell, which luck hardly does; without the one that rose far there is next to nothing."""
    old = [0.1] * 40
    new = [0.105] * 6 + [0.9] + [0.1] * 33
    winner = compare_several(contest(suite(contender("old", correctness=old), contender("new", correctness=new))))
    found = winner.suites[0].winner
    assert found.p_adjusted < 0.05
    assert (found.name, found.leader) == (None, "new")
    assert found.reason.startswith("new leads old in correctness by 2.1 points (it could be −4.6 to 5.4)")


def test_equal_leaders_are_both_named():
    """Nobody is the winner of a tie."""
    tied = suite(
        contender("poor", correctness=POOR), contender("b", correctness=GOOD), contender("a", correctness=GOOD)
    )
    winner = compare_several(contest(tied)).suites[0].winner
    assert (winner.name, winner.leader) == (None, None)
    assert winner.reason == "a and b did equally well in correctness."


def test_a_winner_is_not_worse_elsewhere():
    """Better answers that are no JSON win nothing; nor do those that may be, until a drop is ruled out."""

    def winner(**others):
        those = [
            contender(name, correctness=quality, **{check: scores[at] for check, scores in others.items()})
            for at, (name, quality) in enumerate({"fair": FAIR, "good": GOOD, "poor": POOR}.items())
        ]
        return compare_several(contest(suite(*those))).suites[0].winner

    def with_json(*valid):
        return winner(json=valid)

    every, most, few = passing(100, 100), passing(95, 100), passing(60, 100)
    assert with_json(every, most, every).name == "good"
    broken = with_json(every, few, every)
    assert (broken.name, broken.leader) == (None, "good")
    assert broken.reason == (
        "good is better in correctness, but in json it is behind fair (−48 to −32 points). Which of the two counts is"
        " yours to say."
    )
    assert broken.next_step == "look at what each costs and how fast it is, and choose"
    perhaps = [1.0, 0.0] * 20 + [1.0] * 60
    turned = [0.0, 1.0] * 20 + [1.0] * 60
    doubt = with_json(turned, perhaps, perhaps)
    assert (doubt.name, doubt.leader) == (None, "good")
    assert doubt.reason == (
        "good is better in correctness, but in json it could be up to 10 points behind fair, and a drop of 10 points"
        " has to be ruled out."
    )
    assert doubt.next_step == "`repetitions: 3`, or about 25 more examples, would tell"
    worst_first = winner(brief=(turned, perhaps, perhaps), json=(every, few, every))
    assert worst_first.reason == broken.reason


def test_how_far_behind_elsewhere_is_too_far_says_the_other_check():
    perhaps, turned = [1.0, 0.0] * 20 + [1.0] * 60, [0.0, 1.0] * 20 + [1.0] * 60
    both = (contender("fair", correctness=FAIR, json=turned), contender("good", correctness=GOOD, json=perhaps))
    asked = {"json": {"no_regression": {"rule_out_drop": 0.2}}}
    assert compare_several(contest(suite(*both))).suites[0].winner.name is None
    assert compare_several(contest(suite(*both, rules=asked))).suites[0].winner.name == "good"


def test_few_examples_that_are_all_alike_take_as_many_as_rule_the_drop_out():
    """Nothing varies among ten, and yet ten rule out no drop of ten points."""
    ones, noughts = [1.0] * 10, [0.0] * 10
    both = (contender("bad", correctness=noughts, json=ones), contender("good", correctness=ones, json=ones))
    winner = compare_several(contest(suite(*both))).suites[0].winner
    assert winner.next_step == "`repetitions: 3`, or about 15 more examples, would tell"


def test_a_report_only_check_is_shown_and_claims_nothing():
    """It has its level, no pair, and no say in who wins."""
    rules = {"tone": {"report_only": True}}
    quality = {"fair": FAIR, "good": GOOD}
    tones = {"fair": passing(100, 100), "good": passing(0, 100)}
    result = compare_several(
        contest(suite(*(contender(n, correctness=q, tone=tones[n]) for n, q in quality.items()), rules=rules))
    )
    assert claims(result) == {("good", "correctness"): Claim.BETTER}
    assert [level.name for level in of(result, "good").levels] == ["correctness", "tone"]
    assert result.suites[0].winner.name == "good"


def test_levels_have_where_the_true_mean_could_be():
    """Wilson's interval of 70 of 100 at 90 %; examples that belong together are worth fewer."""
    level = of(compare_several(contest(three())), "fair").levels[0]
    assert (level.mean, level.low, level.high) == pytest.approx((0.70, 0.6202, 0.7693), abs=1e-4)
    groups = [f"g{index // 10}" for index in range(100)]
    clustered = of(compare_several(contest(three(clusters=groups))), "fair").levels[0]
    assert clustered.mean == pytest.approx(0.70)
    assert clustered.low < 0.45


def test_nobody_wins_who_may_be_behind_by_a_score_that_no_range_gives_a_size():
    length = [5.0] * 100
    both = (contender("fair", correctness=FAIR, length=length), contender("good", correctness=GOOD, length=length))
    sized = {"length": {"low": 0.0, "high": 100.0}}
    assert compare_several(contest(suite(*both, specs=sized))).suites[0].winner.name == "good"
    unsized = {"length": {"low": None, "high": None}}
    winner = compare_several(contest(suite(*both, specs=unsized))).suites[0].winner
    assert (winner.name, winner.leader) == (None, "good")
    assert winner.reason == (
        "good is better in correctness, but length is unbounded and declares no scale,"
        " so no drop of it can be ruled out."
    )
    assert winner.next_step.startswith("declare `scale` on the evaluator length")


def test_nobody_wins_who_is_behind_by_a_score_without_a_range():
    """How far cannot be told, and that it is behind can: by a little here, of a span that one example has wide."""
    rng = np.random.default_rng(7)
    long = np.concatenate([[5000.0], rng.uniform(60, 90, 99)])
    short = np.concatenate([[5000.0], long[1:] - 50])
    both = (
        contender("fair", correctness=FAIR, length=long.tolist()),
        contender("good", correctness=GOOD, length=short.tolist()),
    )
    specs = {"length": {"low": None, "high": None}}
    winner = compare_several(contest(suite(*both, specs=specs))).suites[0].winner
    assert winner.name is None
    assert winner.reason.startswith("good is better in correctness, but in length it is behind fair")


def test_scores_without_a_range_have_one_scale_for_all():
    """Seconds are compared in shares of the span of everybody's, shown in seconds, and rule no drop out."""
    specs = {"latency": {"low": None, "high": None, "direction": "minimize"}}
    rng = np.random.default_rng(4)
    slow, fast = rng.uniform(2, 3, 60), rng.uniform(1, 2, 60)
    result = compare_several(
        contest(
            suite(
                contender("slow", latency=slow.tolist()),
                contender("fast", latency=fast.tolist()),
                contender("also slow", latency=(slow + 0.001).tolist()),
                specs=specs,
            )
        )
    )
    assert claims(result)["fast", "latency"] is Claim.BETTER
    level = of(result, "fast").levels[0]
    assert level.mean == pytest.approx(fast.mean())
    assert 1 < level.low < level.mean < level.high < 2
    assert of(result, "fast").by_cost.place is Place.FRONT


def test_missing_answers():
    """Too many make a pair unmeasurable and end the race; a few of the leader's are counted against it."""
    lacking = [None] * 20 + GOOD[20:]
    result = compare_several(
        contest(suite(contender("fair", correctness=FAIR), contender("good", correctness=lacking)))
    )
    assert claims(result) == {("good", "correctness"): Claim.UNMEASURABLE}
    assert result.comparisons == 0
    assert result.promise == "No two of them could be compared, so nothing is claimed."
    assert "Too many answers are missing" in result.suites[0].winner.reason
    six = [1.0] * 76 + [0.0] * 24
    few = [None, None, *GOOD[2:]]
    judged = compare_several(contest(suite(contender("fair", correctness=FAIR), contender("good", correctness=few))))
    assert judged.suites[0].winner.name == "good"
    closer = [None] * 4 + six[4:]
    judged = (
        compare_several(
            contest(suite(contender("fair", correctness=FAIR), contender("six", correctness=closer)), max_missing=0.05)
        )
        .suites[0]
        .winner
    )
    assert judged.name is None
    assert judged.reason == "six leads in correctness, but 4 missing answers of it could undo that if wrong."


def test_errors_of_the_task_are_the_worst_score():
    """Who crashes is worse, not unmeasured."""
    crashing = [ERROR] * 30 + FAIR[30:]
    result = compare_several(
        contest(
            suite(
                contender("fair", correctness=FAIR),
                contender("crashing", spent(100, errors=30), correctness=crashing),
            )
        )
    )
    assert claims(result) == {("crashing", "correctness"): Claim.WORSE}
    assert of(result, "crashing").taken.errors == 30


def test_what_nobody_counted_is_unknown_and_on_no_front():
    """One run without a price makes the sum unknown: it is not taken for free."""
    took = spent(100)
    cost = took.cost.copy()
    cost[7] = np.nan
    result = compare_several(
        contest(
            suite(
                contender("fair", correctness=FAIR),
                contender("good", replace(took, cost=cost), correctness=GOOD),
                contender("free", spent(100, cost=0.0, tokens=0, seconds=0.2), correctness=POOR),
            )
        )
    )
    good, free, fair = (of(result, name) for name in ("good", "free", "fair"))
    assert (good.taken.cost, good.taken.unpriced, good.taken.cost_per_run) == (None, 1, None)
    assert good.by_cost.place is Place.UNKNOWN
    assert (free.taken.cost, free.by_cost.place) == (0.0, Place.FRONT)
    assert (fair.by_cost.place, fair.taken.cost_per_run) == (Place.FRONT, pytest.approx(0.001))
    assert (fair.by_latency.place, fair.by_latency.behind) == (Place.BEHIND, "good")


def test_nobody_is_behind_without_a_claim():
    """poor is behind good only where the comparison says that good is better: by its winner, or by the chosen one."""
    assert of(compare_several(contest(three())), "poor").by_cost.behind == "good"
    assert of(compare_several(contest(three())), "poor").by_cost.place is Place.BEHIND
    rival = contender("rival", correctness=[*GOOD[:-1], 1.0])
    no_winner = compare_several(
        contest(suite(contender("nil", correctness=passing(5, 100)), *three().contenders, rival))
    )
    assert no_winner.suites[0].winner.name is None
    assert of(no_winner, "poor").by_cost.place is Place.PERHAPS


def test_the_same_contest_gives_the_same_bytes_in_any_order():
    """Contenders, checks, suites and examples may come in any order; only the chosen one has its place."""
    rng = np.random.default_rng(9)
    scores = {name: {c: rng.random(40).round(2).tolist() for c in ("a", "b")} for name in ("x", "y", "z", "w")}
    chosen, *others = [contender(name, **checks) for name, checks in scores.items()]
    first = suite(chosen, *others, metric="a", name="one")
    second = suite(chosen, *others, metric="b", name="two")
    order = rng.permutation(40)

    def shuffled(each):
        return replace(
            each,
            scores={
                check: replace(values, values=values.values[order], cells=values.cells[order])
                for check, values in reversed(each.scores.items())
            },
        )

    turned = replace(
        first,
        contenders=(shuffled(chosen), *(shuffled(each) for each in reversed(others))),
        checks=first.checks[::-1],
        example_ids=tuple(first.example_ids[index] for index in order),
    )
    assert canonical(compare_several(contest(first, second))) == canonical(compare_several(contest(second, turned)))


def test_too_many_comparisons_are_refused():
    """2,000 at most share one promise."""
    checks = {f"c{number}": [1.0, 0.0] for number in range(70)}
    many = [contender(str(number), **checks) for number in range(30)]
    with pytest.raises(ConfigurationError, match="2,030 comparisons"):
        compare_several(contest(suite(*many)))


def test_the_promise_in_words():
    """Both ways are said, and exact is at most."""
    assert compare_several(contest(three())).promise == (
        "If all were equally good, something would be called worse about 5 times in 100 and something better about 5"
        " times in 100, over all 2 comparisons together, and a winner would be named no more often."
    )
    assert "worse at most 1 times in 100" in compare_several(contest(three(), alpha=0.01, exact=True)).promise


def test_four_equals_are_told_apart_about_5_times_in_100():
    """A fixed seed: worse or a winner, over 300 comparisons of four equal contenders in two checks."""
    rng, wrong = np.random.default_rng(11), 0
    for _ in range(300):
        chance = rng.beta(1.6, 0.4, size=40)
        drawn = (rng.random((4, 2, 40)) < chance).astype(float)
        result = compare_several(
            contest(suite(*(contender(str(n), a=one.tolist(), b=two.tolist()) for n, (one, two) in enumerate(drawn))))
        )
        wrong += Claim.WORSE in claims(result).values() or result.suites[0].winner.name is not None
    assert wrong / 300 <= 0.065
