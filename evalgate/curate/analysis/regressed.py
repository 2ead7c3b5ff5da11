"""An example that got worse in a build as a trace to be labelled: what was asked, answered and expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.pulling.remarks import REMARKS
from evalgate.records import Evaluation, Example, Failure, Json

EXPECTED: Final = "expected"
"""The mark of a trace of a build: the answer that its example has."""


def trace_of(
    example: Example, *, suite: str, build: int, output: Json, failure: Failure | None, said: Sequence[Evaluation]
) -> Candidate:
    """Return an example with what one side made of it. What evaluators said is among its remarks."""
    remarks: list[Json] = [
        {"name": each.name, "label": each.label, "score": each.score, "explanation": each.explanation}
        for each in said
        if each.failure is None
    ]
    if failure is not None:
        remarks.append({"name": "error", "explanation": f"{failure.type}: {failure.message}"})
    marks: dict[str, Json] = {REMARKS: remarks} if remarks else {}
    if example.output is not None:
        marks[EXPECTED] = example.output
    return Candidate(
        id=f"{suite}/{example.id}",
        input=example.input,
        output=None if failure is not None else _object(output),
        metadata=example.metadata,
        state=State.CHOSEN,
        source={"build": build, "suite": suite, "status": "ERROR" if failure is not None else "OK"},
        marks=marks,
    )


def _object(output: Json) -> Mapping[str, Json]:
    return output if isinstance(output, Mapping) else {"output": output}
