"""`curate drift`: a planted topic is found, named and filled; the same questions are no drift; periods and copies."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from evalgate.curate.candidates import Step
from evalgate.curate.sampling.drift import Period, drift, questions_of
from evalgate.curate.sampling.vectors import vectors_of_words
from evalgate.records import Example
from evalgate.stats.two_samples import apartness
from evalgate.suite.curate_sample import Sample
from tests.unit.curate.sampling.questions import candidate, question, questions, user

NOW = datetime(2026, 11, 21, tzinfo=UTC)
WEEK = Period(start=NOW - timedelta(days=7), end=NOW)
USUAL = {"refund": 0.4, "delivery": 0.3, "login": 0.2, "recipe": 0.1}
NEW = {"refund": 0.3, "delivery": 0.25, "login": 0.15, "recipe": 0.1, "allergy": 0.2}


async def of_words(texts):
    return vectors_of_words(texts)


def asked_at(number, text, *, days, **more):
    start = (NOW - timedelta(days=days, seconds=number)).isoformat()
    return candidate(number, text, source={"start": start, **more.pop("source", {})}, **more)


def made(shares, count, *, seed=1, days=1.0, first=0):
    texts = questions(random.Random(seed), shares, count)
    return [asked_at(first + n, text, days=days) for n, text in enumerate(texts)]


def golden_of(shares, count, seed=99):
    texts = questions(random.Random(seed), shares, count)
    return [Example(id=f"g{n}", input=user(text)) for n, text in enumerate(texts)]


async def drifted(candidates, golden, *, period=WEEK, **options):
    asked = questions_of(candidates, golden, period)
    return await drift(asked, period, Sample.model_validate(options), vectors=of_words)


async def test_a_planted_topic_is_found_named_and_filled():
    found = await drifted(made(NEW, 400), golden_of(USUAL, 100))
    assert found.drifted is True
    assert found.test.reached < found.test.usual
    assert found.covered < 0.9
    lacking = [topic for topic in found.topics if topic.lacking]
    words = " ".join(topic.name for topic in lacking)
    assert any(word in words for word in ("allergy", "nuts", "gluten", "allergens"))
    assert sum(topic.production for topic in lacking) == pytest.approx(80, abs=25)
    assert all(topic.golden < 2 <= topic.golden + topic.add for topic in lacking)
    assert all(len(topic.candidates) == min(topic.add, topic.production) for topic in lacking)
    assert min(topic.p for topic in lacking) <= 0.01
    assert sum(topic.production for topic in found.topics) == found.production == 400


async def test_what_asks_the_same_is_no_drift():
    found = await drifted(made(USUAL, 400), golden_of(USUAL, 100))
    assert (found.drifted, found.covered) == (False, pytest.approx(1.0, abs=0.03))
    assert found.test.p > 0.01


async def test_a_dataset_that_has_more_of_what_is_rare_has_not_drifted():
    """It was sampled for coverage: other shares than production's are no fault of it."""
    even = dict.fromkeys(USUAL, 0.25)
    assert (await drifted(made(USUAL, 400), golden_of(even, 100))).drifted is False


async def test_a_period_is_compared_with_what_was_before_it():
    before = made(USUAL, 200, seed=5, days=20, first=1000)
    changed = await drifted([*made(NEW, 200), *before], golden_of(NEW, 60))
    assert (changed.drifted, changed.since_before.p <= 0.01) == (False, True)
    same = await drifted([*made(USUAL, 200), *before], golden_of(USUAL, 60))
    assert same.since_before.p > 0.01
    assert (same.since_before.of, same.production) == (same.test.of, 200)


async def test_the_week_before_is_another_period():
    earlier = Period(start=NOW - timedelta(days=14), end=NOW - timedelta(days=7))
    candidates = [*made(USUAL, 50, days=1), *made(USUAL, 30, seed=2, days=10, first=100)]
    assert (await drifted(candidates, golden_of(USUAL, 30), period=earlier)).production == 30


async def test_turns_of_a_conversation_are_one_in_the_test_and_copies_count_as_asked():
    rng = random.Random(1)
    talk = [asked_at(n, question(rng, "login"), days=1, source={"session": "one"}) for n in range(50)]
    out = Step(at="", what="out", by="evalgate", why="duplicate: of span:1")
    short = Step(at="", what="out", by="evalgate", why="too short")
    copies = [asked_at(100 + n, "refund me", days=1, state="out", history=(out,)) for n in range(10)]
    left = [asked_at(200 + n, "x", days=1, state="out", history=(short,)) for n in range(10)]
    rest = made(USUAL, 100, first=300)
    found = await drifted([*talk, *copies, *left, *rest], golden_of(USUAL, 30))
    assert found.production == 160
    assert found.test.of <= 102


async def test_too_little_is_not_tested_and_nothing_is_claimed():
    found = await drifted(made(NEW, 15), golden_of(USUAL, 100))
    assert (found.drifted, found.test, found.since_before) == (None, None, None)
    assert all(topic.p is None for topic in found.topics)


async def test_topics_of_the_dataset_that_nobody_asks_about_are_said():
    found = await drifted(made({"refund": 0.5, "delivery": 0.5}, 200), golden_of({"refund": 0.5, "invoice": 0.5}, 60))
    assert any("invoice" in name for name in found.unasked)


async def test_what_is_golden_is_no_candidate_and_not_on_both_sides():
    candidates = made(USUAL, 100)
    golden = [
        Example(id=f"renamed{n}", input=each.input, metadata={"curated": {"span": each.id.removeprefix("span:")}})
        for n, each in enumerate(candidates[:40])
    ]
    found = await drifted(candidates, golden)
    assert found.production == 100
    assert found.test.of <= 60


def test_what_says_no_time_is_of_no_period():
    odd = [candidate(1, "a"), candidate(2, "b", source={"start": "soon"}), candidate(3, "c", source={"start": 5})]
    assert questions_of(odd, [], WEEK).latest is None
    plain = candidate(4, "d", source={"start": "2026-11-20T00:00:00"})
    assert questions_of([plain], [], WEEK).now[0].id == plain.id


def test_p_values_are_exact_on_what_can_be_counted():
    """One of four is far from all: known are two of them, so there are six labelings."""
    likeness = np.array([[1, 0.9, 0.8, 0], [0.9, 1, 0.7, 0], [0.8, 0.7, 1, 0], [0, 0, 0, 1]])
    found = apartness(likeness, np.array([True, True, False, False]), np.array([0, 0, 1, 1]), seed=1, draws=5_999)
    # The second nearest of each: 0.8, 0.7, 0.7, 0; nine in ten have 0.21. All but 3 have as much, whoever is known.
    assert found.reached == pytest.approx(0.5)
    assert found.usual == pytest.approx((0.5 + 1) / 2, abs=0.02)
    assert found.p_reached == pytest.approx(1 / 2, abs=0.02)
    # Group 1 is all of the new; luck makes one of the two groups so in two labelings.
    assert found.p_groups == pytest.approx([1, 1 / 3], abs=0.02)


def test_neighbours_beyond_the_nearest_are_found_too():
    rng = np.random.default_rng(2)
    likeness = rng.uniform(-1, 0.9, (200, 200))
    known = np.arange(200) < 2
    found = apartness(likeness, known, np.zeros(200, dtype=np.intp), seed=1, draws=9)
    np.fill_diagonal(likeness, -np.inf)
    enough = np.quantile(np.sort(likeness, axis=1)[:, -100], 0.1)
    assert found.reached == pytest.approx((likeness[2:, :2].max(axis=1) >= enough).mean())
    assert 0.4 < found.reached < 0.9


def test_the_same_seed_gives_the_same_and_p_is_never_nothing():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(60, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    known, groups = np.arange(60) < 20, np.arange(60) % 3
    one, other = (apartness(vectors @ vectors.T, known, groups, seed=4, draws=99) for _ in range(2))
    assert (one.p_reached, one.p_energy, one.p_groups.tolist()) == (
        other.p_reached,
        other.p_energy,
        other.p_groups.tolist(),
    )
    assert min(one.p_reached, one.p_energy, *one.p_groups) >= 0.01
