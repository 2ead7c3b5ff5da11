"""What texts are about by their words: alike texts are near, whatever the script, and groups are named by it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from evalgate.curate.sampling.vectors import for_groups, telling_words, vectors_of_model, vectors_of_words, words
from evalgate.stats.partition import partition
from tests.unit.curate.sampling.questions import TOPICS, question


def test_texts_of_one_topic_are_nearer_than_others_and_a_text_of_its_own_words_is_near_nothing():
    rng = random.Random(3)
    topics = [topic for topic in TOPICS for _ in range(40)]
    vectors = vectors_of_words([*(question(rng, topic) for topic in topics), "xyzzy plugh frobnicate"])
    products = vectors @ vectors.T
    same = np.equal.outer(topics, topics)
    np.fill_diagonal(same, val=False)
    inner = products[:-1, :-1]
    assert inner[same].mean() > 3 * inner[~same & ~np.eye(len(topics), dtype=bool)].mean()
    assert np.abs(products[-1]).max() < 0.05
    assert products.max() < 1.001


def test_order_changes_nothing_and_the_same_texts_have_the_same_vectors():
    rng = random.Random(4)
    texts = [question(rng, topic) for topic in TOPICS for _ in range(20)]
    one, other = vectors_of_words(texts), vectors_of_words(texts[::-1])[::-1]
    assert np.allclose(one @ one.T, other @ other.T, atol=1e-6)
    assert np.array_equal(one, vectors_of_words(texts))


@pytest.mark.parametrize("texts", [[], ["a"], ["", ""], ["same", "same"], ["one two", "three four"]])
def test_few_texts_and_empty_ones_have_vectors_too(texts):
    vectors = vectors_of_words(texts)
    assert len(vectors) == len(texts)
    assert np.isfinite(vectors).all()


def test_scripts_without_spaces_are_read_by_pairs_of_letters():
    assert list(words("退款什么 Refund, REFUND! a")) == ["退款", "款什", "什么", "refund", "refund"]
    vectors = vectors_of_words(["我想退款", "请退款给我", "包裹在哪里", "我的包裹呢"])
    products = vectors @ vectors.T
    assert products[0, 1] > products[0, 2]
    assert products[2, 3] > products[2, 0]


def test_vectors_of_a_model_are_centred():
    found = vectors_of_model([[1.0, 0.9], [1.0, 1.1], [1.0, 0.9]])
    assert found @ found.T == pytest.approx(np.array([[1, -1, 1], [-1, 1, -1], [1, -1, 1]]), abs=1e-6)
    assert not vectors_of_model([[1.0, 2.0], [1.0, 2.0]]).any()


def test_groups_are_named_by_their_words_and_no_two_alike():
    texts = ["refund please", "a refund now", "parcel please", "parcel late", "12345 678", "refund parcel"]
    assert telling_words(texts, [0, 0, 1, 1, 2, 3], most=1) == ["refund", "parcel", "group 3", "parcel, refund"]


def planted(seed, count=300):
    rng = random.Random(seed)
    topics = rng.choices(list(TOPICS), k=count)
    return topics, for_groups(vectors_of_words([question(rng, topic) for topic in topics]))


def purity(topics, labels):
    of_each = [[topic for topic, label in zip(topics, labels, strict=True) if label == group] for group in set(labels)]
    return sum(max(map(group.count, set(group))) for group in of_each) / len(topics)


def test_groups_are_of_one_topic_each():
    topics, vectors = planted(5)
    assert purity(topics, partition(vectors, most=20, seed=0).tolist()) > 0.9


def test_groups_are_numbered_by_size_and_the_same_for_a_seed():
    _, vectors = planted(6)
    labels = partition(vectors, most=12, seed=3)
    sizes = np.bincount(labels)
    assert (np.diff(sizes) <= 0).all()
    assert sizes.min() > 0
    assert np.array_equal(labels, partition(vectors, most=12, seed=3))
    assert len(set(partition(vectors, most=12, seed=3, count=4).tolist())) == 4


def test_as_many_groups_as_there_are():
    rng = np.random.default_rng(0)
    centres = np.eye(7) * 5
    vectors = np.repeat(centres, 30, axis=0) + rng.normal(0, 0.2, (210, 7))
    labels = partition(vectors, most=20, seed=0)
    assert len(set(labels.tolist())) == 7
    assert all(len(set(labels[start : start + 30].tolist())) == 1 for start in range(0, 210, 30))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_vectors_are_one_group(count):
    assert partition(np.eye(5)[:count], most=9, seed=0).tolist() == [0] * count
    assert partition(np.ones((50, 3)), most=9, seed=0).tolist() == [0] * 50


def test_thousands_of_vectors_are_grouped_on_a_part_of_them():
    topics, vectors = planted(7, 3_000)
    assert purity(topics, partition(vectors, most=20, seed=0).tolist()) > 0.85
