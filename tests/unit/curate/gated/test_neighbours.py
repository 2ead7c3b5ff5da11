"""What production has that is like the examples which a gate found."""

import pytest

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.gated.findings import Finding
from evalgate.curate.gated.neighbours import NEIGHBOUR, Neighbours
from evalgate.records import Example

MONEY = "How do I get my money back?"
GOLDEN = [
    MONEY,
    "My order 12345 has not arrived yet, where is it?",
    "How do I get my receipt?",
    "How do I change my address?",
    "Can I cancel my order?",
    "Wie bekomme ich mein Geld zurück?",
    "Can you give me a recipe for a vegan lasagne for six people?",
    "What can I make of eggs and rice tonight?",
    "Is there a quick pasta without cheese?",
    "返品の送料は誰が払いますか",
]


def near(*questions, build=12):
    findings = [
        Finding(example=Example(id=question, input={"question": question}), build=build, suite="support", why="worse")
        for question in questions
    ]
    return Neighbours(findings, GOLDEN)


def asks(question, identity="span:1", **more):
    return Candidate(id=identity, input={"messages": [{"role": "user", "content": question}]}, **more)


@pytest.mark.parametrize(
    ("question", "of"),
    [
        ("how can I get my money back for order 12?", MONEY),
        ("I want my money back", MONEY),
        ("where is my order 99? it has not arrived", GOLDEN[1]),
        ("I'd like a vegan lasagne recipe", GOLDEN[6]),
        ("返品の場合、送料は誰が払いますか", GOLDEN[9]),
        ("Where do I get off the bus?", None),
        ("How do I get to the station?", None),
        ("The weather in Berlin tomorrow, is it going to rain?", None),
        ("", None),
    ],
)
def test_a_neighbour_is_about_the_same_and_not_only_begun_alike(question, of):
    marked = near(MONEY, GOLDEN[1], GOLDEN[6], GOLDEN[9]).marked(asks(question))
    assert (marked and marked.marks[NEIGHBOUR]["example"]) == of
    if marked:
        assert (marked.marks[NEIGHBOUR]["build"], marked.marks[NEIGHBOUR]["suite"]) == (12, "support")
        assert 0.4 <= marked.marks[NEIGHBOUR]["likeness"] < 1


def test_the_same_text_is_likest_and_an_empty_one_is_like_nothing():
    assert near("", MONEY).marked(asks(MONEY)).marks[NEIGHBOUR]["likeness"] == 1
    assert near("").marked(asks("")) is None
    assert near().marked(asks(MONEY)) is None


def test_a_dataset_of_one_example_is_enough():
    only = Neighbours([Finding(example=Example(id="e", input={"q": MONEY}), build=1, suite="s", why="")], [MONEY])
    assert only.marked(asks("I want my money back!")) is not None
    assert only.marked(asks("Which trains run on Sunday?")) is None


def test_candidates_that_are_there_are_marked_unless_somebody_saw_them():
    there = [asks(MONEY, "span:1"), asks(MONEY, "span:2", state=State.REJECTED), asks("other words", "span:3")]
    marked = list(near(MONEY).mark_new(there))
    assert [NEIGHBOUR in each.marks for each in marked] == [True, False, False]
    assert list(near(MONEY, build=13).mark_new(marked)) == marked


def test_a_longer_question_that_holds_all_of_it_is_a_neighbour_until_it_is_much_longer():
    """What is too long to be like anything is left before it is compared, and not before that."""
    longer = f"{MONEY} I bought a lamp on Monday"
    marked = near(MONEY).marked(asks(longer))
    assert marked is not None
    assert 0.4 <= marked.marks[NEIGHBOUR]["likeness"] < 0.8
    assert near(MONEY).marked(asks(f"{MONEY} {' '.join(GOLDEN[1:])}")) is None


def test_of_two_that_are_as_like_the_first_is_named():
    twice = [
        Finding(example=Example(id=name, input={"question": MONEY}), build=1, suite="s", why="worse") for name in "ab"
    ]
    assert Neighbours(twice, GOLDEN).marked(asks(MONEY)).marks[NEIGHBOUR]["example"] == "a"
