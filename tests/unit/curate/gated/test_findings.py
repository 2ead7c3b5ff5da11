"""What a gate found of golden examples, as candidates."""

import pytest

from evalgate.curate.candidates import Candidate, State, Step, as_line
from evalgate.curate.gated.findings import REPAIR, Finding, up_for_review
from evalgate.records import Example

AT = "2026-01-05T12:00:00+00:00"
ACCEPTED = {"at": "2025-12-01T00:00:00+00:00", "what": "accepted", "by": "person", "why": "ann"}


def example(identity="e1", question="How do I get my money back?", **more):
    return Example(id=identity, input={"messages": [{"role": "user", "content": question}]}, output={"a": 1}, **more)


def finding(of=None, why="correctness: pass → fail", build=12):
    return Finding(example=of or example(), build=build, suite="support", why=why)


def asks(question, identity="span:1", **more):
    return Candidate(id=identity, input={"messages": [{"role": "user", "content": question}]}, **more)


def test_what_was_found_is_up_for_review_under_its_own_id_with_its_life():
    curated = {"span": "a" * 16, "trace": "t", "history": [ACCEPTED, {"edited": "by hand"}]}
    of = example(metadata={"lang": "en", "curated": curated}, split="regression")
    other = asks("Anything else?")
    kept, up = up_for_review([other], [finding(of)], at=AT)
    assert kept is other
    assert (up.id, up.input, up.output, up.metadata, up.split) == (
        "e1",
        of.input,
        of.output,
        {"lang": "en"},
        "regression",
    )
    assert (up.state, up.source) == (State.CHOSEN, {"span": "a" * 16, "trace": "t"})
    assert up.marks == {REPAIR: {"build": 12, "suite": "support", "why": "correctness: pass → fail"}}
    assert [step.what for step in up.history] == ["accepted", "chosen"]
    assert up.history[-1] == Step(
        at=AT, what="chosen", by="evalgate", why="correctness: pass → fail (build 12, support)"
    )
    as_line(up)


def test_a_golden_candidate_is_opened_again_as_the_dataset_has_it():
    there = asks(
        "as it was pulled", "e1", state=State.GOLDEN, marks={"pushed": {"tag": "golden"}}, source={"project": "p"}
    )
    (up,) = up_for_review([there], [finding()], at=AT)
    assert (up.state, up.input, up.source) == (State.CHOSEN, example().input, {"project": "p"})
    assert up.marks["pushed"] == {"tag": "golden"}


@pytest.mark.parametrize("state", [State.CHOSEN, State.ACCEPTED])
def test_what_waits_for_a_person_already_stays_as_it_is(state):
    there = asks("as it was pulled", "e1", state=state)
    assert list(up_for_review([there], [finding()], at=AT)) == [there]


def test_a_second_time_changes_nothing_and_a_later_build_opens_it_again():
    (up,) = once = list(up_for_review([], [finding()], at=AT))
    assert list(up_for_review(once, [finding()], at="later")) == once
    decided = up.moved(State.GOLDEN, Step(at=AT, what="pushed", by="evalgate"))
    assert list(up_for_review([decided], [finding()], at="later")) == [decided]
    (again,) = up_for_review([decided], [finding(build=13)], at="later")
    assert again.state is State.CHOSEN
