"""A judge beside people's labels: known answers, limits, and simulated judges whose faults are known."""

import math

import numpy as np
import pytest

from evalgate.stats.judging import caught_by, examine

YES_NO = np.array([1.0, 0.0])


def found(people, judged, *, shares=YES_NO, reversed_=None, lengths=None, ordered=False):
    people, judged = np.array(people, dtype=np.int64), np.array(judged, dtype=np.int64)
    judged = judged[:, None] if judged.ndim == 1 else judged
    return examine(
        people=people,
        judged=judged,
        orders=None if reversed_ is None else np.stack([judged[:, 0], np.array(reversed_, dtype=np.int64)], axis=1),
        shares=shares,
        lengths=np.arange(len(people), dtype=float) if lengths is None else np.array(lengths, dtype=float),
        ordered=ordered,
    )


def test_a_textbook_table():
    """Cohen's kappa of (20, 5; 10, 15) is 0.4, with raw agreement 0.7; a miss is no item of the table."""
    people = [0] * 25 + [1] * 25 + [0]
    judged = [0] * 20 + [1] * 5 + [0] * 10 + [1] * 15 + [-1]
    one = found(people, judged)
    assert one.table.tolist() == [[20, 5], [10, 15]]
    assert (one.items, one.missing) == (51, 1)
    assert one.agreement.share == pytest.approx(0.7)
    assert one.kappa == pytest.approx(0.4)
    assert (one.kappa_low, one.kappa_high) == pytest.approx((0.15, 0.65), abs=0.01)
    assert one.sensitivity.share == pytest.approx(0.8)
    assert one.specificity.share == pytest.approx(0.6)
    assert one.slope == pytest.approx(0.8 + 0.6 - 1)
    assert one.lean.mean == pytest.approx(5 / 50)
    assert (one.steady, one.flip, one.position, one.moved) == (None, None, None, None)


def test_steps_of_a_scale_disagree_by_their_distance():
    """One step off is little: quadratic weights."""
    shares = np.linspace(0, 1, 5)
    people = [0, 1, 2, 3, 4] * 10
    near = found(people, [min(4, p + 1) for p in people], shares=shares, ordered=True)
    far = found(people, [4 - p for p in people], shares=shares, ordered=True)
    assert near.weighted
    assert near.kappa == pytest.approx(0.8, abs=0.03)
    assert far.kappa == pytest.approx(-1)
    assert far.slope == pytest.approx(-1)
    assert near.lean.mean == pytest.approx(0.2)


def test_changes_of_mind_are_counted_by_item_and_by_pair():
    """Of three draws two alike: the item is not steady, and 2 of 3 pairs differ. One draw alone says nothing."""
    one = found([0, 0, 0, 1], [[0, 0, 0], [0, 0, 1], [0, -1, -1], [1, -1, 1]])
    assert (one.steady.share, one.steady.subjects) == (pytest.approx(2 / 3), 3)
    assert one.flip == pytest.approx((0 + 2 / 3 + 0) / 3)


def test_a_leaning_to_the_label_that_is_named_first_is_seen():
    """Half of the verdicts turn good when good is named last."""
    n = 60
    one = found([1] * n, [1] * n, reversed_=[0] * (n // 2) + [1] * (n // 2))
    assert one.moved.share == 0.5
    assert one.position.mean == pytest.approx(0.5)
    assert one.position.certain
    assert not found([1] * n, [1] * n, reversed_=[1] * n).position.certain


def test_a_leaning_to_long_answers_is_seen_and_none_is_not_made_up():
    """Errors that follow length; then errors that do not."""
    n = 80
    leaning = found([1] * n, [0 if place >= 60 else 1 for place in range(n)])
    assert leaning.longer_than == 39.5
    assert leaning.length.mean == pytest.approx(0.5)
    assert leaning.length.certain
    even = found([1] * n, [place % 2 for place in range(n)])
    assert even.length.mean == pytest.approx(0)
    assert not even.length.certain
    assert found([1] * 8, [0] * 8).length is None


def test_a_leaning_by_length_is_claimed_about_as_rarely_as_its_level_says():
    """1,000 judges that err at random: 5 in 100, within what luck allows."""
    rng = np.random.default_rng(5)
    people = (rng.random((1_000, 60)) < 0.5).astype(np.int64)
    judged = np.where(rng.random((1_000, 60)) < 0.2, 1 - people, people)
    certain = [found(p, j, lengths=rng.random(60)).length.certain for p, j in zip(people, judged, strict=True)]
    assert 0.03 <= np.mean(certain) <= 0.08


@pytest.mark.parametrize(
    ("people", "judged"), [([], np.empty((0, 1))), ([0], [-1]), ([0, 0], [0, 0]), ([1, 1], [1, 1]), ([0, 1], [0, 0])]
)
def test_what_cannot_be_said_is_none_and_nothing_warns(people, judged):
    """No nan gets out, and no numpy warning."""
    one = found(people, judged)
    for value in (one.kappa, one.ac1, one.slope, one.flip):
        assert value is None or math.isfinite(value)
    assert -1 <= one.kappa_low <= one.kappa_high <= 1
    assert one.agreement.low <= one.agreement.high


def test_a_useless_judge_has_an_interval_that_says_so():
    """All answers one label: kappa cannot be told, so its lower end is the least."""
    one = found([0] * 30, [0] * 30)
    assert (one.kappa, one.kappa_low) == (None, -1)


def test_sizes_must_meet():
    with pytest.raises(ValueError, match="over the same items"):
        found([0, 1], [[0]])


def test_a_judges_errors_cost_the_gate():
    """sensitivity 0.9 and specificity 0.8 show 0.7 of a true drop; changes of mind are noise on top."""
    people = [0] * 100 + [1] * 100
    first = [0] * 90 + [1] * 10 + [1] * 80 + [0] * 20
    steady = found(people, first)
    assert steady.slope == pytest.approx(0.7)
    cost = caught_by(steady, 100, alpha=0.05, binary=True)
    assert cost.judge == pytest.approx(cost.people / 0.7)
    second = [label if place % 10 else 1 - label for place, label in enumerate(first)]
    shaky = found(people, np.stack([first, second], axis=1))
    assert shaky.flip == pytest.approx(0.1)
    assert caught_by(shaky, 100, alpha=0.05, binary=True).judge > cost.judge
    assert caught_by(found(people, [0] * 200), 100, alpha=0.05, binary=True).judge is None
    assert caught_by(found(people, [1] * 100 + [0] * 100), 100, alpha=0.05, binary=True).judge is None


def test_the_drop_that_a_judge_is_said_to_catch_is_caught_8_times_in_10():
    """Simulated: people's truth drops by what is said, the judge errs and changes its mind as it was found to."""
    from scipy.stats import binomtest

    rng = np.random.default_rng(11)
    n, sens, spec = 200, 0.9, 0.85
    truth = (rng.random(20_000) < 0.7).astype(np.int64)

    def verdicts(good):
        return np.where(good == 1, rng.random(good.shape) < sens, rng.random(good.shape) >= spec).astype(np.int64)

    draws = np.stack([1 - verdicts(truth), 1 - verdicts(truth)], axis=1)
    drop = caught_by(found(1 - truth, draws), n, alpha=0.05, binary=True).judge
    caught = 0
    for _ in range(400):
        base = (rng.random(n) < 0.7).astype(np.int64)
        worse = base * (rng.random(n) >= drop / 0.7)
        one, other = verdicts(base), verdicts(worse)
        lost, won = int((one > other).sum()), int((one < other).sum())
        caught += binomtest(lost, lost + won, 0.5, alternative="greater").pvalue <= 0.05
    assert 0.7 <= caught / 400 <= 0.93
