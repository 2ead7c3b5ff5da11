"""Candidates and decisions of tests, each with no more said than it needs."""

from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.reviewing.reviews import Review
from evalgate.curate.reviewing.standing import seen_of

PULLED = Step(at="2026-01-01T00:00:00+00:00", what="pulled", by="evalgate")


def said(words):
    return {"messages": [{"role": "assistant", "content": words}]}


def candidate(identity="span:1", answer="seven minutes", *, question="how long?", state=State.CHOSEN, **more):
    return Candidate(
        id=identity,
        input={"messages": [{"role": "user", "content": question}]},
        output=None if answer is None else said(answer),
        state=state,
        history=(PULLED,),
        **more,
    )


def review(of, decision="accepted", *, who="ann", answer=None, **more):
    given = {} if answer is None else {"answer": "edited", "output": said(answer)}
    at = "2026-01-02T00:00:00+00:00"
    return Review(id=of.id, who=who, at=at, decision=decision, seen=seen_of(of), **given, **more)
