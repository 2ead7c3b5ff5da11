"""Splits: they have their shares, never move, and turns of one conversation are in one, in any order of the steps."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalgate.curate.candidates import State, Step, as_line, read_candidates, rewrite, write_candidates
from evalgate.curate.cleaning.duplicates import Inputs
from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.looking import Look
from evalgate.curate.cleaning.quality import Quality
from evalgate.curate.cleaning.redaction import Redactor
from evalgate.curate.cleaning.step import Cleaning
from evalgate.curate.conversations import Conversations
from evalgate.curate.exporting.dividing import divided
from evalgate.curate.pushing.pushing import golden_example, marked_golden, planned
from evalgate.curate.sampling.sampling import sample
from evalgate.curate.sampling.splits import Splits
from evalgate.records import Example
from evalgate.suite.curate_sample import Sample
from tests.unit.curate.sampling.questions import candidate, user

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEY, OTHER = Pseudonyms(b"k" * 32), Pseudonyms(b"o" * 32)
TURNS = 3


def split_of(*candidates, golden=(), holdout=0.5, pseudonyms=KEY):
    """The split of the last of these, beside the others."""
    splits = Splits(holdout=holdout, pseudonyms=pseudonyms)
    list(chain(splits.golden(golden), splits.candidates(candidates)))
    return splits.of(candidates[-1])


@pytest.mark.parametrize("holdout", [0.2, 0.5])
def test_they_have_their_shares_and_a_larger_one_moves_nothing_out(holdout):
    everything = [candidate(n, "q") for n in range(5_000)]
    found = [split_of(each, holdout=holdout) for each in everything]
    assert abs(found.count("holdout") / 5_000 - holdout) < 4 * (holdout * (1 - holdout) / 5_000) ** 0.5
    larger = [split_of(each, holdout=holdout + 0.1) for each in everything]
    assert all(after == "holdout" for before, after in zip(found, larger, strict=True) if before == "holdout")


@pytest.mark.parametrize("said", [{"session": "s"}, {"trace": "t"}])
def test_a_conversation_is_in_one_split(said):
    turns = [candidate(n, "q", source=said) for n in range(20)]
    assert len({split_of(*turns[n:], *turns[:n]) for n in range(20)}) == 1


def test_what_has_one_keeps_it_and_the_rest_of_its_conversation_follows():
    assert split_of(candidate(1, "q", split="train")) == "train"
    assert split_of(candidate(1, "q"), holdout=0) is None
    for split in ("regression", "holdout", "train"):
        there = candidate(1, "q", split=split, source={"session": "s"})
        assert split_of(there, candidate(2, "q", source={"session": "s"}), holdout=0) == split


def test_what_is_golden_says_it_first_whatever_was_chosen_since():
    golden = [Example(id="g", input=user("q"), split="holdout", metadata={"curated": {"session": "s"}})]
    chosen = candidate(1, "q", split="regression", source={"session": "s"})
    assert split_of(chosen, candidate(2, "q", source={"session": "s"}), golden=golden) == "holdout"


def test_by_any_chain_of_traces_and_sessions():
    linked = [{"session": "s", "trace": "1"}, {"trace": "2"}, {"session": "s", "trace": "2"}]
    for order in itertools.permutations(linked):
        for split in ("regression", "holdout"):
            first, *turns = [candidate(n, "q", source=said) for n, said in enumerate(order)]
            assert split_of(candidate(0, "q", source=first.source, split=split), *turns) == split


@pytest.mark.parametrize("said", [{"session": ""}, {"trace": None}, {"session": 7}, {}])
def test_what_names_no_conversation_is_one_of_its_own(said):
    known = Conversations(KEY)
    for each in ("a", "b"):
        known.add(each, said)
    assert (known.of("a"), known.of("b")) == ("a", "b")


def test_a_session_that_was_replaced_is_the_one_that_it_was_under_its_key_alone():
    raw, clean = {"session": "anna@example.com", "trace": "1"}, {"trace": "2"}
    for key, is_one in ((KEY, True), (OTHER, False)):
        conversations = Conversations(KEY)
        conversations.add("a", raw)
        conversations.add("b", {**clean, "session": key.of_session(raw["session"])})
        assert (conversations.of("a") == conversations.of("b")) is is_one


def person(number):
    """A session's id: an e-mail address, a telephone number, or what is nobody's."""
    return (f"anna.meyer{number}@example.com", f"+49 30 9018{1000 + number}", f"s{number:05d}")[number % 3]


def turn(number, place):
    start = (NOW - timedelta(days=9 - place, seconds=number)).isoformat()
    said = {"session": person(number), "start": start, "trace": f"{number * TURNS + place:032x}"}
    word = "".join(random.Random(number * TURNS + place).choices("abcdefghijklmnop", k=12))
    return candidate(number * TURNS + place, f"{word} {place}?", source=said, output={"answer": word})


class Shop:
    """A candidates file, its golden examples, and the steps as commands do them."""

    def __init__(self, folder, conversations):
        self.file, self.golden = folder / "shop.candidates.jsonl", []
        self.file.unlink(missing_ok=True)
        self.file.touch()
        self.turns = [[turn(n, place) for n in range(conversations)] for place in range(TURNS)]
        self.said: dict[str, str] = {}

    def pull(self):
        if self.turns:
            write_candidates(self.file, [*read_candidates(self.file), *self.turns.pop(0)])

    def clean(self):
        redactor = Redactor(pseudonyms=KEY, names=known_names())
        look = Look(redactor=redactor, quality=Quality(), near=False, at=NOW.isoformat())
        cleaning = Cleaning(looked=partial(map, look), inputs=Inputs(at_least=None), at=NOW.isoformat())
        cleaning.know(self.golden, read_candidates(self.file))
        rewrite(self.file, cleaning.cleaned)

    def sample(self, *, share=2 / 3):
        waiting = sum(each.state == "chosen" for each in read_candidates(self.file))
        new = sum(each.state == "new" for each in read_candidates(self.file))
        asked = Sample.model_validate({"by": ["random"], "size": max(1, waiting + round(new * share)), "holdout": 0.3})
        asyncio.run(sample(self.file, self.golden, asked, vectors=nobody, now=NOW, pseudonyms=KEY))

    def rest(self):
        self.sample(share=1)

    def push(self):
        step = Step(at=NOW.isoformat(), what="accepted", by="person", why="Bob")
        rewrite(self.file, lambda those: (e.moved(State.ACCEPTED, step) if e.state == "chosen" else e for e in those))
        plan = planned(self.golden, [e for e in read_candidates(self.file) if e.state == "accepted"])
        self.golden = list(plan.own)
        rewrite(self.file, lambda those: marked_golden(those, plan, {}, words="", at=NOW.isoformat()))

    def look(self):
        """Nothing has moved since the last time, and no conversation is on both sides."""
        sides = defaultdict(set)
        for each in [*read_candidates(self.file), *self.golden]:
            if each.split is not None:
                assert self.said.setdefault(each.id, each.split) == each.split
                sides[int(each.id.removeprefix("span:"), 16) // TURNS].add(each.split)
        assert [number for number, found in sides.items() if len(found) > 1] == []
        return {number: found.pop() for number, found in sides.items()}


async def nobody(texts):
    raise AssertionError("only clusters need vectors")


STEPS = ("pull", "clean", "sample", "push")


def after(folder, steps, conversations):
    shop = Shop(folder, conversations)
    for step in ("pull", *steps, "pull", "pull", "rest"):
        getattr(shop, step)()
        shop.look()
    return shop


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=8))
def test_in_any_order_of_steps_nothing_moves_and_no_conversation_is_on_both_sides(tmp_path, steps):
    found = after(tmp_path, steps, 20).look()
    assert found == {number: split for number, split in drawn(tmp_path).items() if number in found}


def drawn(folder):
    """The split of each conversation where all that is pulled is sampled, and nothing cleaned."""
    shop = Shop(folder, 20)
    for _ in range(TURNS):
        shop.pull()
        shop.rest()
    return shop.look()


def test_of_500_conversations_none_is_on_both_sides_or_moved_wherever_cleaning_comes(tmp_path):
    orders = (
        "sample clean pull sample clean push pull clean sample",
        "sample push clean pull clean sample push pull sample clean",
    )
    found = [after(tmp_path, order.split(), 500) for order in orders]
    splits = [each.look() for each in found]
    assert [len(each) for each in splits] == [500] * 2
    assert splits[0] == splits[1]
    assert 100 < sum(split == "holdout" for split in splits[0].values()) < 200


def test_no_session_is_kept_in_a_file_and_none_can_be_tried_without_the_key(tmp_path):
    shop = after(tmp_path, ["sample", "clean", "pull", "sample", "clean", "pull", "clean"], 20)
    text = b"".join(map(as_line, read_candidates(shop.file))).decode()
    assert "anna" not in text
    assert "9018" not in text
    sessions = {each.source["session"] for each in read_candidates(shop.file)}
    assert len(sessions) == 20
    assert {each for each in sessions if re.fullmatch(r"s\d{5}", each)} == {person(n) for n in range(2, 20, 3)}
    assert not sessions & {Pseudonyms(b"").of_session(person(n)) for n in range(20)}


def test_what_was_pushed_before_it_was_cleaned_is_on_the_side_of_what_came_after():
    raw, clean = ({"session": said} for said in ("anna@x.io", KEY.of_session("anna@x.io")))
    words = ("how do I cook leek soup", "which wine goes with it", "where is my parcel", "is there a discount today")
    said = zip(words, (raw, clean, {}, {}), strict=True)
    own = [golden_example(candidate(n, word, source=source)) for n, (word, source) in enumerate(said)]
    for seed in range(20):
        found = divided(own, [], share=0.5, seed=seed, pseudonyms=KEY)
        assert len({own[0].id, own[1].id} & {*found.train}) in (0, 2)


async def test_it_is_said_where_another_key_replaced_sessions(tmp_path):
    file = tmp_path / "shop.candidates.jsonl"
    said, mark = {"session": OTHER.of_session("anna@x.io")}, {"redacted": {"key": OTHER.check}}
    replaced = candidate(1, "a?", state="rejected", source=said, marks=mark)
    for new, unsure in (({"session": "anna@x.io"}, 1), ({}, 0)):
        write_candidates(file, [replaced, candidate(2, "b?", source=new)])
        asked = Sample.model_validate({"by": ["random"]})
        found = await sample(file, [], asked, vectors=nobody, now=NOW, pseudonyms=KEY)
        assert (found.chosen, found.unsure) == (1, unsure)
