"""Which decisions hold: a candidate's state is a function of it and of what was decided, and of nothing else."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.candidates import State, Step
from evalgate.curate.gated.findings import Finding, up_for_review
from evalgate.curate.reviewing.standing import decided, opinions, seen_of, standing, undecided
from tests.unit.curate.reviewing.making import candidate, review, said

ONE = candidate()


def test_an_accepted_candidate_says_who_accepted_it():
    after = decided(ONE, [review(ONE)])
    assert after.state is State.ACCEPTED
    assert after.output == ONE.output
    assert after.history[-1] == Step(at="2026-01-02T00:00:00+00:00", what="accepted", by="person", why="ann")
    assert undecided(after) == ONE


def test_an_edited_answer_takes_the_place_of_its_own_and_can_be_taken_back():
    edited = review(ONE, answer="eight minutes")
    after = decided(ONE, [edited])
    assert after.output == said("eight minutes")
    assert [each.what for each in after.history] == ["pulled", "edited", "accepted"]
    assert seen_of(after) == seen_of(ONE)
    assert decided(after, [edited, review(ONE, "undone")]) == ONE


def test_a_rejection_keeps_its_reason():
    after = decided(ONE, [review(ONE, "rejected", reason="no question")])
    assert (after.state, after.history[-1].why) == (State.REJECTED, "ann: no question")


def test_reviewers_who_differ_leave_it_undecided_until_somebody_settles_it():
    differ = [review(ONE), review(ONE, "rejected", who="bob", reason="wrong")]
    after = decided(ONE, differ)
    assert (after.state, after.history) == (State.CHOSEN, ONE.history)
    assert [each["who"] for each in after.marks["review"]["disputed"]] == ["ann", "bob"]
    settled = [*differ, review(ONE, "rejected", who="cem", reason="bob is right", settles=True)]
    assert decided(after, settled).state is State.REJECTED
    assert decided(after, [*settled, review(ONE, "undone", who="cem")]).state is State.CHOSEN
    assert [each.who for each in opinions(settled, seen_of(ONE))] == ["ann", "bob"]


def test_what_is_sampled_while_reviewers_differ_stays_sampled():
    new = candidate(state=State.NEW)
    differ = [review(new), review(new, "rejected", who="bob", reason="wrong")]
    sampled = replace(decided(new, differ), state=State.CHOSEN)
    assert decided(sampled, differ).state is State.CHOSEN
    assert undecided(sampled) == replace(new, state=State.CHOSEN)


def test_accepting_with_different_answers_is_a_disagreement():
    assert standing([review(ONE, answer="a"), review(ONE, who="bob", answer="b")], seen_of(ONE)).disputed
    assert not standing([review(ONE, answer="a"), review(ONE, who="bob", answer="a")], seen_of(ONE)).disputed


def test_the_latest_decision_of_one_person_holds_and_undoing_gives_the_one_before():
    changed = [review(ONE), review(ONE, "rejected", reason="wrong")]
    assert decided(ONE, changed).state is State.REJECTED
    assert decided(ONE, [*changed, review(ONE, "undone")]).state is State.ACCEPTED
    assert decided(ONE, [review(ONE, "undone", who="bob"), review(ONE)]).state is State.ACCEPTED


def test_people_go_before_rules():
    rule = review(ONE, who="--accept-where 'split=a'", by="rule")
    assert decided(ONE, [rule]).history[-1].by == "rule"
    assert decided(ONE, [review(ONE, "rejected", reason="no"), rule]).state is State.REJECTED


def test_a_decision_is_about_what_was_seen():
    other = candidate(answer="another answer")
    assert decided(other, [review(ONE)]) == other


def test_what_a_gate_found_since_asks_again():
    """An example that was accepted once is up for review, and what was said before knew nothing of it."""
    before = candidate("a")
    said_of = review(before)
    assert decided(before, [said_of]).state is State.ACCEPTED
    up = before.marked("repair", {"build": 12, "suite": "s", "why": "worse"})
    assert decided(up, [said_of]).state is before.state
    again = decided(up, [said_of, review(up)])
    assert again.state is State.ACCEPTED
    assert decided(again.marked("repair", {"build": 13, "suite": "s", "why": "worse"}), [said_of]).state is before.state


def test_a_state_that_nobody_decided_does_not_stay():
    assert decided(replace(ONE, state=State.ACCEPTED), []).state is State.CHOSEN
    forged = replace(ONE, state=State.ACCEPTED, marks={"review": "no object"})
    assert decided(forged, []) == ONE


def test_what_is_golden_stays_as_it_is():
    golden = replace(decided(ONE, [review(ONE)]), state=State.GOLDEN)
    assert decided(golden, [review(ONE), review(ONE, "rejected", reason="late")]) == golden


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([State.NEW, State.OUT, State.CHOSEN]),
    st.lists(
        st.tuples(
            st.sampled_from(["accepted", "rejected", "undone"]),
            st.sampled_from(["ann", "bob"]),
            st.sampled_from([None, "a", "b"]),
            st.booleans(),
        ),
        max_size=6,
    ),
)
def test_deciding_twice_is_deciding_once_and_nothing_of_before_is_lost(state, made):
    one = candidate(state=state)
    reviews = [
        review(one, decision, who=who, answer=answer if decision == "accepted" else None, settles=settles)
        for decision, who, answer, settles in made
    ]
    after = decided(one, reviews)
    assert decided(after, reviews) == after
    assert decided(decided(one, reviews[:2]), reviews) == after
    assert undecided(after) == one


def test_what_is_up_again_is_as_the_dataset_has_it_and_keeps_its_life():
    accepted = decided(ONE, [edited := review(ONE, answer="eight minutes")])
    golden = accepted.moved(State.GOLDEN, Step(at="3", what="pushed", by="evalgate"))
    (up,) = up_for_review([golden], [Finding(example=golden.example, build=7, suite="s", why="flaky")], at="4")
    assert (up.output, undecided(up).output) == (said("eight minutes"), said("eight minutes"))
    assert decided(up, [edited]) == up
    told = [edited, review(up, who="bob")]
    again = decided(decided(up, told), told)
    steps = ["pulled", "edited", "accepted", "pushed", "chosen", "accepted"]
    assert ([each.what for each in again.history], again.output) == (steps, said("eight minutes"))
