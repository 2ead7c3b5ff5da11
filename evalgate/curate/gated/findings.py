"""What a gate found of golden examples: they are up for review, each under its own id with its life so far. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.curate.candidates import Candidate, State, Step, is_step
from evalgate.curate.reviewing.reviews import DECIDED
from evalgate.golden.curated import CURATED, ORIGIN, uncurated
from evalgate.records import Example, Json

REPAIR: Final = "repair"
"""The mark of a golden example that is up for review: {"build", "suite", "why"}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One golden example of a build or a noise study, and in words what was found of it."""

    example: Example
    build: int
    suite: str
    why: str


def up_for_review(candidates: Iterable[Candidate], findings: Sequence[Finding], *, at: str) -> Iterator[Candidate]:
    """Yield every candidate, and what was found as one that a person is to look at, under the example's own id.

    One that waits for a person already waits; one that is up for the same finding, or was decided after it, stays as
    it is.
    """
    wanted = {each.example.id: each for each in findings}
    for each in candidates:
        finding = wanted.pop(each.id, None)
        yield each if finding is None or _is_up(each, finding) else _reopened(each, finding, at)
    for finding in wanted.values():
        yield _reopened(_candidate(finding.example), finding, at)


def _is_up(candidate: Candidate, finding: Finding) -> bool:
    waits = candidate.state in (State.CHOSEN, State.ACCEPTED)
    return waits or candidate.marks.get(REPAIR) == _mark(finding)


def _mark(finding: Finding) -> dict[str, Json]:
    return {"build": finding.build, "suite": finding.suite, "why": finding.why}


def _reopened(candidate: Candidate, finding: Finding, at: str) -> Candidate:
    """Return it as the golden dataset has it now, for a person to look at."""
    own = _candidate(finding.example)
    step = Step(at=at, what="chosen", by="evalgate", why=f"{finding.why} (build {finding.build}, {finding.suite})")
    return (
        Candidate(
            id=own.id,
            input=own.input,
            output=own.output,
            metadata=own.metadata,
            split=own.split,
            source=candidate.source,
            marks={key: each for key, each in candidate.marks.items() if key != DECIDED},
            history=candidate.history,
        )
        .moved(State.CHOSEN, step)
        .marked(REPAIR, _mark(finding))
    )


def _candidate(example: Example) -> Candidate:
    """Return a golden example as a candidate again, with the span and the history that it carries."""
    said = example.metadata.get(CURATED)
    curated: Mapping[str, Any] = said if isinstance(said, dict) else {}
    return Candidate(
        id=example.id,
        input=example.input,
        output=example.output,
        metadata=uncurated(example.metadata),
        split=example.split,
        source={key: curated[key] for key in ORIGIN if isinstance(curated.get(key), str)},
        history=tuple(_steps(curated.get("history"))),
    )


def _steps(history: Any) -> Iterator[Step]:
    """Yield the steps that an example says of itself; what is none, edited by hand say, is left out."""
    for each in history if isinstance(history, list) else ():
        if is_step(each):
            yield Step(**{"why": "", **each})
