"""Which accepted candidates become golden, and what a golden dataset has of them already."""

import pytest

from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.pushing.pushing import (
    accepted_of,
    free_tag,
    golden_example,
    in_short,
    marked_golden,
    planned,
    reasons,
    voucher,
)
from evalgate.records import Example

PULLED = Step(at="2026-01-05T12:00:00+00:00", what="pulled", by="evalgate")
ANN = Step(at="2026-01-06T09:00:00+00:00", what="accepted", by="person", why="ann")
RULE = Step(at="2026-01-06T09:00:00+00:00", what="accepted", by="rule", why="helpful>=0.9")


def candidate(span="0" * 16, *history, state=State.ACCEPTED, **more):
    content = {"input": {"q": 1}, "source": {"span": span, "trace": "t", "project": "shop", "model": "m"}, **more}
    return Candidate(id=f"span:{span}", state=state, history=(PULLED, *(history or (ANN,))), **content)


@pytest.mark.parametrize(
    ("steps", "by"),
    [
        ((ANN,), ANN),
        ((RULE,), RULE),
        ((), None),
        ((Step(at="x", what="accepted", by="rule", why=" "),), None),
        ((Step(at="x", what="accepted", by="model", why="sure"),), None),
        ((Step(at="x", what="accepted", by="evalgate"),), None),
        ((ANN, Step(at="x", what="rejected", by="person")), None),
        ((Step(at="x", what="rejected", by="person"), RULE), RULE),
    ],
)
def test_a_person_accepts_or_a_rule_that_names_itself(steps, by):
    own = Candidate(id="span:1", input={}, state=State.ACCEPTED, history=(PULLED, *steps))
    assert voucher(own) == by
    found = accepted_of([own])
    assert (found.candidates, found.unvouched) == (((own,), ()) if by else ((), ("span:1",)))


def test_all_of_a_file_is_counted_and_earlier_tags_are_known():
    golden = candidate(state=State.GOLDEN, marks={"pushed": {"tag": "first"}})
    found = accepted_of([golden, candidate("1" * 16), candidate("2" * 16, state=State.NEW)])
    assert dict(found.states) == {"golden": 1, "accepted": 1, "new": 1}
    assert found.tags == {"first"}
    assert free_tag("first", found.tags) == "first.2"
    assert free_tag("first", ["first", "first.2"]) == "first.3"
    assert free_tag("second", found.tags) == "second"


def test_what_a_program_noted_of_itself_as_curated_is_not_believed():
    own = candidate(metadata={"lang": "de", "curated": {"span": "f" * 16, "history": ["all fine"]}})
    found = golden_example(own)
    assert found.metadata == {
        "lang": "de",
        "curated": {
            "span": "0" * 16,
            "trace": "t",
            "project": "shop",
            "history": [
                {"at": PULLED.at, "what": "pulled", "by": "evalgate"},
                {"at": ANN.at, "what": "accepted", "by": "person", "why": "ann"},
            ],
        },
    }


def test_each_candidate_is_added_known_or_differs():
    new, same, edited, renamed = (candidate(str(n) * 16) for n in range(4))
    bare = Example(id=same.id, input=same.input, output=None, metadata={}, split=None)
    other = Example(id=edited.id, input={"q": 1.0}, output=None, metadata={"curated": {}}, split=None)
    alias = Example(id="q-7", input={}, output=None, metadata={"curated": {"span": "3" * 16}}, split=None)
    plan = planned([bare, other, alias], [new, same, edited, renamed])
    assert (plan.added, plan.same, plan.differing, dict(plan.elsewhere)) == (
        (new.id,),
        (same.id,),
        (edited.id,),
        {renamed.id: "q-7"},
    )
    assert plan.changed == {new.id, same.id}  # where it came from is said of what is there without it
    assert [each.id for each in plan.own] == [same.id, edited.id, "q-7", new.id]
    assert plan.own[1] == other
    assert planned(plan.own, [new, same, edited, renamed]).changed == frozenset()
    assert planned(plan.own, [edited], replaces=True).replaced == (edited.id,)
    linked = planned([], [new], made_of={"0" * 16: "q-9"})
    assert (linked.added, dict(linked.elsewhere)) == ((), {new.id: "q-9"})


def test_only_what_was_planned_is_golden():
    one, two, waiting = candidate("1" * 16), candidate("2" * 16), candidate("3" * 16, state=State.CHOSEN)
    plan = planned([], [one])
    after = list(marked_golden([one, two, waiting], plan, {"tag": "t"}, words="t: some.jsonl", at="now"))
    assert [each.state for each in after] == [State.GOLDEN, State.ACCEPTED, State.CHOSEN]
    assert after[0].marks == {"pushed": {"tag": "t"}}
    assert after[0].history[-1] == Step(at="now", what="pushed", by="evalgate", why="t: some.jsonl")
    assert list(marked_golden(after, plan, {"tag": "u"}, words="u", at="later")) == after


def test_a_candidate_is_told_on_one_line():
    own = candidate("1" * 16, RULE, input={"q": "one\ntwo " * 20}, output={"a": "yes"})
    said = in_short(own)
    assert said.startswith("one two one two")
    assert said.endswith("… → yes  (the rule helpful>=0.9)")
    assert in_short(candidate()) == "1 → no expected answer  (ann)"


def test_a_version_says_who_accepted_what_of_which_projects():
    found = [candidate("1" * 16), candidate("2" * 16, RULE), candidate("3" * 16, RULE, source={"project": "b"})]
    said = reasons(found, [each.id for each in found])
    assert said == "3 examples made of spans of b, shop; accepted: 1 by a person, 2 by the rule helpful>=0.9"
    assert reasons(found, []) == "what was accepted before"


def test_a_secret_in_the_reason_of_who_accepted_is_none_of_an_example():
    told = Step(
        at="2026-01-06T09:00:00+00:00", what="accepted", by="person", why="ann: sk-proj-Q7wZx9Kd83mTpLq20VbRt6Y"
    )
    found = accepted_of([candidate("1" * 16, told), candidate("2" * 16)])
    assert ([each.id for each in found.candidates], found.secret) == ([f"span:{'2' * 16}"], (f"span:{'1' * 16}",))


def test_what_the_server_says_of_a_span_goes_before_what_examples_say():
    new = candidate("1" * 16)
    alias = Example(id="q-7", input={}, output=None, metadata={"curated": {"span": "1" * 16}}, split=None)
    assert dict(planned([alias], [new], made_of={"1" * 16: "q-9"}).elsewhere) == {new.id: "q-9"}
    assert dict(planned([alias], [new]).elsewhere) == {new.id: "q-7"}
    second = Example(id="q-8", input={}, output=None, metadata={"curated": {"span": "1" * 16}}, split=None)
    assert dict(planned([alias, second], [new]).elsewhere) == {new.id: "q-7"}  # the first of two


def test_where_an_example_went_is_none_of_its_history():
    own = candidate("1" * 16, ANN, Step(at="y", what="pushed", by="evalgate", why="v1"))
    history = golden_example(own).metadata["curated"]["history"]
    assert [each["what"] for each in history] == ["pulled", "accepted"]


def test_no_expected_answer_and_an_empty_one_are_the_same():
    own = candidate("1" * 16, output={})
    there = Example(id=own.id, input=own.input, output=None, metadata={}, split=None)
    assert planned([there], [own]).same == (own.id,)


def test_sixty_letters_are_shown_and_five_projects():
    assert in_short(candidate("1" * 16, input={"q": "x" * 60})).startswith(f"{'x' * 60} → ")
    assert in_short(candidate("1" * 16, input={"q": "x" * 61})).startswith(f"{'x' * 59}… → ")
    found = [candidate(str(n) * 16, source={"project": f"p{n}"}) for n in range(6)]
    assert "of p0, p1, p2, p3, p4; accepted" in reasons(found[:5], [each.id for each in found])
    assert "of p0, p1, p2, p3, p4 …; accepted" in reasons(found, [each.id for each in found])
