"""Train and hold-out: near duplicates and a trace's examples are on one side, and files are what was asked for."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.exporting.dividing import divided
from evalgate.curate.exporting.export import Asked, exported
from evalgate.errors import ConfigurationError
from evalgate.records import Example

TOPICS = [
    "Where is my order, it should have arrived on Monday already?",
    "How do I cook rice without it sticking to the pot?",
    "Please cancel my subscription before the next payment.",
    "What can I replace eggs with in a chocolate cake?",
    "The app crashes whenever I open the settings page.",
    "Is the blue jacket available in a larger size?",
    "Can you recommend a dinner for six people without gluten?",
    "My invoice shows a wrong address, how can it be corrected?",
    "Which wine goes with grilled salmon and lemon sauce?",
    "I forgot my password and the reset mail does not arrive.",
    "How long may cooked chicken stay in the fridge?",
    "Do you ship to Iceland, and what does it cost?",
]


def example(identity, question, *, trace=None, session=None, split=None, answer="Yes."):
    return Example(
        id=identity,
        input={"messages": [{"role": "user", "content": question}]},
        output=None if answer is None else {"messages": [{"role": "assistant", "content": answer}]},
        metadata={"curated": {"trace": trace, "session": session}} if trace else {},
        split=split,
    )


def many(copies=3):
    """Each topic several times, with other ends."""
    return [example(f"{t}-{n}", f"{topic}{' Thanks!' * n}") for n in range(copies) for t, topic in enumerate(TOPICS)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.9), st.randoms(use_true_random=False))
def test_near_duplicates_are_never_on_both_sides(seed, share, chance):
    own = many()
    found = divided(own, [], share=share, seed=seed)
    sides = [{each.split("-")[0] for each in ids} for ids in (found.train, found.holdout)]
    assert not sides[0] & sides[1]
    assert (len(found.train) + len(found.holdout), found.groups, found.near) == (len(own), len(TOPICS), ())
    assert abs(len(found.holdout) - share * len(own)) <= 1.5
    assert divided(own, [], share=share, seed=seed) == found


def test_what_is_of_one_trace_is_on_one_side_by_any_chain():
    own = [example(str(n), topic, trace="a" if n < 4 else "b") for n, topic in enumerate(TOPICS[:8])]
    own.append(example("chain", f"{TOPICS[0]} Thanks!", trace="c"))
    own.append(example("end", TOPICS[9], trace="c"))
    for seed in range(20):
        found = divided(own, [], share=0.5, seed=seed)
        held = {*found.holdout}
        assert found.groups == 2
        assert held & {"0", "1", "2", "3", "chain", "end"} in (set(), {"0", "1", "2", "3", "chain", "end"})


def test_turns_of_one_session_are_on_one_side():
    own = [example(str(n), topic, trace=f"t{n}", session=f"s{n % 2}") for n, topic in enumerate(TOPICS[:6])]
    for seed in range(20):
        assert {int(each) % 2 for each in divided(own, [], share=0.5, seed=seed).holdout} in ({0}, {1})


def test_the_split_holdout_is_held_out_with_all_that_is_near_it():
    own = [example("held", TOPICS[0], split="holdout"), example("near", f"{TOPICS[0]} Thanks!"), *many(1)[1:]]
    found = divided(own, [], share=0.0, seed=1)
    assert found.holdout == ("held", "near")


def test_what_is_near_an_example_that_is_kept_back_is_not_exported():
    golden = [example("g", f"{TOPICS[0]} Thanks!", split="regression")]
    found = exported(many(1), golden, Asked(share=0.0))
    assert found.left == {"nearly the same as an example that is kept back": 1}
    assert len(found.train.lines) == len(TOPICS) - 1


def test_a_share_is_one_of_what_is_exported():
    kept = [example(f"g{number}", f"{topic} Thank you!") for number, topic in enumerate(TOPICS[:6])]
    for seed in range(10):
        found = divided(many(), kept, share=0.5, seed=seed)
        assert (len(found.near), len(found.holdout)) == (18, 9)


def test_an_example_without_an_answer_takes_no_other_with_it():
    own = [*many(1), example("unanswered", f"{TOPICS[0]} Thanks!", answer=None)]
    found = exported(own, own, Asked(share=0.0))
    assert (len(found.train.lines), found.left) == (len(TOPICS), {"no expected answer": 1})


def test_the_same_is_the_same_file_and_its_lines_are_read_again():
    one, two = (exported(many(), [], Asked(seed=5)) for _ in range(2))
    assert one.train.content() == two.train.content()
    assert [json.loads(line) for line in one.holdout.content().splitlines()] == list(one.holdout.lines)
    assert all(count > 0 for count in one.train.tokens)
    assert exported(many(), [], Asked(seed=6)).train.content() != one.train.content()


def test_too_few_to_train_on_is_said_with_why():
    with pytest.raises(ConfigurationError, match=r"9 of 13 .* at least 10 \(3 are held out; 1: no expected answer\)"):
        exported([*many(1), example("x", "?", answer=None)], [], Asked(share=0.25))
