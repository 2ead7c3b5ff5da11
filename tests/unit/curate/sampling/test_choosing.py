"""What is chosen: what is lacking first, then shares; the same for a seed, whoever else is there."""

from __future__ import annotations

from collections import Counter

from evalgate.curate.sampling.choosing import Available, choose


def available(**groups):
    return [Available(id=f"{group}{n}", group=group) for group, count in groups.items() for n in range(count)]


def chosen(there, *, size, had=None, least=2, seed=0, share=None):
    counts = Counter(each.group for each in there)
    shares = share or {group: count / counts.total() for group, count in counts.items()}
    return choose(there, size=size, had=had or {}, share=shares, least=least, seed=seed)


def test_every_group_gets_its_least_and_the_rest_goes_by_shares():
    found = Counter(each.group for each in chosen(available(a=80, b=15, c=5), size=20))
    assert found == {"a": 16, "b": 2, "c": 2}


def test_what_the_dataset_lacks_comes_first():
    there = available(a=80, b=15, c=5)
    assert [each.group for each in chosen(there, size=3, had={"a": 30, "b": 1})] == ["c", "b", "c"]
    # With the least of each there, what is below its share comes: 30 of 32 are `a`, 80 of 100 would be right.
    assert {each.group for each in chosen(there, size=4, had={"a": 30, "b": 2, "c": 2})} == {"b"}


def test_with_more_groups_than_places_the_most_common_have_one():
    assert [each.group for each in chosen(available(a=1, b=9, c=5), size=2)] == ["b", "c"]


def test_a_group_that_is_used_up_leaves_its_places_to_others():
    assert Counter(each.group for each in chosen(available(a=1, b=9), size=6, least=3)) == {"a": 1, "b": 5}
    assert len(chosen(available(a=2), size=6)) == 2
    assert chosen([], size=6) == []


def test_a_seed_settles_it_whatever_the_order_and_whoever_else_is_there():
    there = available(a=50)
    first = [each.id for each in chosen(there, size=10)]
    assert [each.id for each in chosen(there[::-1], size=10)] == first
    assert [each.id for each in chosen(there, size=10, seed=1)] != first
    fewer = [each for each in there if each.id not in first[5:]]
    assert [each.id for each in chosen(fewer, size=5)] == first[:5]


def test_every_one_is_as_likely():
    there = available(a=10)
    times = Counter(each.id for seed in range(3_000) for each in chosen(there, size=3, seed=seed))
    assert all(abs(count - 900) < 4 * (3_000 * 0.3 * 0.7) ** 0.5 for count in times.values())


def test_what_more_speaks_for_comes_first_within_its_group():
    there = [Available(id=str(n), group="a", first=n / 10) for n in range(10)]
    assert [each.id for each in chosen(there, size=3)] == ["9", "8", "7"]
