"""`curate sample` on a candidates file: who is chosen, what is said of it, and that a second time changes nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from evalgate.curate.candidates import State, Step, read_candidates, rewrite, write_candidates
from evalgate.curate.sampling.sampling import sample
from evalgate.curate.sampling.vectors import vectors_of_words
from evalgate.records import Example
from evalgate.suite.curate_sample import Sample
from tests.unit.curate.sampling.questions import candidate, question, user

NOW = datetime(2026, 11, 21, tzinfo=UTC)


async def of_words(texts):
    return vectors_of_words(texts)


async def nobody(texts):
    raise AssertionError("only clusters need vectors")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "support.candidates.jsonl"


async def sampled(file, golden=(), *, vectors=nobody, now=NOW, **options):
    return await sample(file, golden, Sample.model_validate(options), vectors=vectors, now=now)


def chosen_in(file):
    return [each for each in read_candidates(file) if each.state == "chosen"]


def production(topics, seed=1):
    rng = random.Random(seed)
    texts = [(topic, question(rng, topic)) for topic, count in topics.items() for _ in range(count)]
    rng.shuffle(texts)
    return [candidate(n, text, metadata={"topic": topic}) for n, (topic, text) in enumerate(texts)]


async def test_topics_that_the_dataset_lacks_are_chosen_first_without_being_told_of_them(file):
    write_candidates(file, production({"refund": 120, "delivery": 100, "login": 40, "invoice": 30}))
    rng = random.Random(2)
    golden = [Example(id=str(n), input=user(question(rng, "refund"))) for n in range(30)]
    found = await sampled(file, golden, vectors=of_words, size=20)
    topics = Counter(each.metadata["topic"] for each in chosen_in(file))
    assert found.chosen == topics.total() == 20
    assert topics["refund"] <= 2
    assert min(topics["login"], topics["invoice"]) >= 3
    assert sum(group.chosen for group in found.groups) == 20
    assert sum(group.golden for group in found.groups) == 30
    assert sum(group.production for group in found.groups) == 290
    one = chosen_in(file)[0]
    assert one.marks["cluster"] in {group.name for group in found.groups if group.chosen}
    assert (one.history[-1].what, one.history[-1].by, one.history[-1].at) == ("chosen", "evalgate", NOW.isoformat())
    assert one.history[-1].why == f"by cluster, seed 0: {one.marks['cluster']}"
    assert Counter(each.split for each in chosen_in(file)) == found.splits


async def test_a_second_time_changes_nothing_and_a_larger_size_adds_to_it(file):
    write_candidates(file, production({"refund": 30, "login": 30}))
    first = await sampled(file, vectors=of_words, size=10)
    before = file.read_bytes()
    again = await sampled(file, vectors=of_words, size=10, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert (first.chosen, again.chosen, again.waiting) == (10, 0, 10)
    assert file.read_bytes() == before
    ids = {each.id for each in chosen_in(file)}
    more = await sampled(file, vectors=of_words, size=14)
    assert more.chosen == 4
    assert ids < {each.id for each in chosen_in(file)}
    assert [each.id for each in read_candidates(file)] == [f"span:{n:016x}" for n in range(60)]


async def test_a_step_that_is_ended_before_it_wrote_is_as_if_it_had_not_been(file):
    write_candidates(file, production({"refund": 30}))
    before = file.read_bytes()

    async def ended(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await sampled(file, vectors=ended, size=5)
    assert file.read_bytes() == before
    await sampled(file, vectors=of_words, size=5)
    other = file.with_name("other.candidates.jsonl")
    other.write_bytes(before)
    await sampled(other, vectors=of_words, size=5)
    assert other.read_bytes() == file.read_bytes()


async def test_a_field_makes_groups_and_what_lacks_it_is_one(file):
    langs = ["de"] * 5 + ["en"] * 50 + [None] * 5
    write_candidates(
        file, (candidate(n, f"q{n}", metadata={"user": {"lang": lang}} if lang else {}) for n, lang in enumerate(langs))
    )
    golden = [Example(id="g", input=user("x"), metadata={"user": {"lang": "de"}})]
    found = await sampled(file, golden, by="metadata.user.lang", size=10)
    assert {each.name: (each.production, each.golden, each.chosen) for each in found.groups} == {
        "en": (50, 0, 7),
        "de": (5, 1, 1),
        "(none)": (5, 0, 2),
    }


async def test_several_fields_and_labels_make_groups_together(file):
    def made(n, lang, label):
        marks = {"proposed": {"labels": [label], "output": None, "explanation": "", "model": "m"}}
        return candidate(n, f"q{n}", source={"model": lang}, marks=marks)

    write_candidates(file, [made(0, "a", "x"), made(1, "a", "y"), made(2, "b", "x")])
    found = await sampled(file, by=["source.model", "label"], size=3)
    assert {each.name for each in found.groups} == {"a · x", "a · y", "b · x"}


async def test_failures_alone_are_chosen_and_the_rest_is_counted(file):
    write_candidates(
        file, (candidate(n, f"q{n}", source={"status": "ERROR" if n % 10 == 0 else "OK"}) for n in range(50))
    )
    found = await sampled(file, by=["failure"], size=10)
    assert (found.chosen, found.available, found.silent) == (5, 5, 45)
    assert {each.history[-1].why for each in chosen_in(file)} == {"by failure, seed 0; its span failed"}
    nothing = await sampled(file, by=["uncertainty"], size=10)
    assert (nothing.chosen, nothing.silent) == (0, 45)


async def test_what_asks_the_same_as_another_is_chosen_once_and_never_where_it_is_golden_or_rejected(file):
    rows = ["Same?", "same", "golden", "no", "own"]
    states = ["new", "new", "new", "rejected", "new"]
    write_candidates(
        file,
        [
            *(candidate(n, text, state=state) for n, (text, state) in enumerate(zip(rows, states, strict=True))),
            candidate(9, "No!"),
        ],
    )
    found = await sampled(file, [Example(id="g", input=user("Golden."))], by="random", size=10)
    assert (found.chosen, found.same) == (2, 3)
    assert [each.input["messages"][1]["content"] for each in chosen_in(file)] == ["Same?", "own"]


async def test_what_is_out_is_not_chosen_and_what_is_golden_is_one_example(file):
    copy = Step(at="", what="out", by="rule", why="near duplicate: 0.9 of span:1")
    broken = Step(at="", what="out", by="rule", why="error: its span failed")
    write_candidates(
        file,
        [
            candidate(0, "a", state="out", history=(broken,)),
            candidate(1, "b", state="golden"),
            candidate(2, "c", state="golden"),
            candidate(3, "b", state="out", history=(copy,)),
        ],
    )
    golden = [Example(id=candidate(1, "").id, input=user("b")), Example(id="own", input=user("z"))]
    found = await sampled(file, golden, by="random", size=10)
    assert (found.chosen, found.available) == (0, 0)
    assert [(each.production, each.golden) for each in found.groups] == [(3, 3)]


async def test_a_copy_that_is_out_does_not_keep_its_original_from_being_chosen(file):
    copy = Step(at="", what="out", by="rule", why="duplicate: of span:0")
    write_candidates(file, [candidate(0, "a"), candidate(1, "a", state="out", history=(copy,))])
    assert (await sampled(file, by="random")).chosen == 1


async def test_what_was_reviewed_makes_room(file):
    write_candidates(file, (candidate(n, f"q{n}") for n in range(10)))
    await sampled(file, by="random", size=3)
    done = Step(at="2026-11-22", what="accepted", by="person")
    rewrite(file, lambda all_of_it: (e.moved(State.ACCEPTED, done) if e.state == "chosen" else e for e in all_of_it))
    assert (await sampled(file, by="random", size=3)).chosen == 3


async def test_splits_are_kept_and_none_are_made_without_a_holdout(file):
    write_candidates(file, [candidate(0, "a", split="train"), candidate(1, "b")])
    found = await sampled(file, by="random", size=2, holdout=0)
    assert found.splits == {"train": 1}
    assert [each.split for each in chosen_in(file)] == ["train", None]


async def test_an_empty_file_has_nothing_to_choose_from(file):
    write_candidates(file, [])
    assert (await sampled(file, vectors=of_words)).available == 0
