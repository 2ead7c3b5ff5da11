"""What people annotated in Phoenix, as decisions: whose, on what, and what decides nothing."""

from __future__ import annotations

from evalgate.curate.candidates import State
from evalgate.curate.reviewing.annotated import by_annotations
from evalgate.curate.reviewing.standing import seen_of
from evalgate.phoenix.annotations.spans import AnnotatedSpan, Said
from tests.unit.curate.reviewing.making import candidate

EGGS, RICE, OLD = candidate("span:1"), candidate("span:2", "an hour"), candidate("span:3", state=State.GOLDEN)


def said(label, *, kind="HUMAN", by="ann", at="2026-01-02T00:00:00+00:00", why=None):
    return Said(kind=kind, by=by, at=at, label=label, score=None, why=why)


async def taken(*spans, reviews=None):
    async def annotated():
        for identity, *each in spans:
            yield AnnotatedSpan(trace_id="t", span_id=identity, parent=None, said=tuple(each))

    return await by_annotations(annotated(), [EGGS, RICE, OLD], reviews or {}, name="golden")


async def test_a_decision_is_its_annotator_s_and_made_when_the_annotation_was():
    found = await taken(("1", said(" Accept ", by=" ann\n lee ", why=" right\n so ")), ("2", said("REJECTED", by="")))
    one, two = found.reviews
    assert (one.id, one.who, one.decision, one.at) == ("span:1", "ann lee", "accepted", "2026-01-02T00:00:00+00:00")
    assert (one.reason, one.via, one.seen) == ("right so", "annotation golden", seen_of(EGGS))
    assert (two.id, two.who, two.decision, two.reason) == ("span:2", "somebody in Phoenix", "rejected", "")
    assert two.seen == seen_of(RICE) != one.seen
    assert (found.known, found.machines, found.elsewhere, found.other) == (0, 0, 0, {})


async def test_all_four_words_decide_and_no_other():
    labels = ("accept", "accepted", "reject", "rejected", "good", None, "")
    found = await taken(("1", *(said(each, at=f"2026-01-0{n + 1}") for n, each in enumerate(labels))))
    assert [each.decision for each in found.reviews] == ["accepted", "accepted", "rejected", "rejected"]
    assert found.other == {"good": 1, "no label": 2}


async def test_machines_and_spans_that_are_no_candidates_decide_nothing():
    found = await taken(
        ("1", said("accept", kind="LLM"), said("accept", kind="CODE")),
        ("3", said("reject")),  # golden: it is decided
        ("9", said("accept")),
    )
    assert (found.reviews, found.machines, found.elsewhere) == ((), 2, 2)


async def test_of_two_the_later_comes_last_however_the_server_lists_them():
    late, early = said("reject", at="2026-01-03T00:00:00Z"), said("accept", at="2026-01-02T00:00:00Z")
    found = await taken(("1", late, early))
    assert [each.decision for each in found.reviews] == ["accepted", "rejected"]


async def test_what_was_taken_before_is_known_and_anything_else_about_it_is_news():
    (before,) = (await taken(("1", said("accept")))).reviews
    reviews = {"span:1": [before]}
    found = await taken(("1", said("accept", why="in other words")), reviews=reviews)
    assert (found.reviews, found.known) == ((), 1)
    for other in (said("reject"), said("accept", by="bo"), said("accept", at="2026-01-05")):
        found = await taken(("1", other), reviews=reviews)
        assert (len(found.reviews), found.known) == (1, 0)
    assert len((await taken(("2", said("accept")), reviews=reviews)).reviews) == 1
