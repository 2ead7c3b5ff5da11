"""An example that got worse in a build as a trace to be labelled: what was asked, answered and expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalgate.curate.candidates import Candidate, State
from evalgate.records import Evaluation, Example, Failure, Json


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
    marks: dict[str, Json] = {"annotations": remarks} if remarks else {}
    if example.output is not None:
        marks["expected"] = example.output
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
