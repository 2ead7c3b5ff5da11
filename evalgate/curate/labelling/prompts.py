"""What a model is asked about one candidate, the form of its reply, and what a reply proposes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalgate.curate.analysis.regressed import EXPECTED
from evalgate.curate.asking.material import cut, fenced, written
from evalgate.curate.candidates import Candidate
from evalgate.curate.pulling.remarks import remarks_of
from evalgate.jsontext import strict_json
from evalgate.llm.failures import Unparseable
from evalgate.llm.wording import one_line
from evalgate.records import Json, JsonObject
from evalgate.suite.taxonomy import Taxonomy

_LONGEST: Final = 60_000
"""Characters of an input or an output that a model is shown."""
_EXPLANATION: Final = 2_000
"""Characters of an explanation that are kept."""
_ERROR: Final = "The program reported an error in this trace."


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What a model proposes. `output` is the expected answer in the candidate's own shape, None for none.

    No `labels`: `unlabelled` says why, and `final` whether that is the model's last word.
    """

    output: JsonObject | None = None
    labels: tuple[str, ...] = ()
    explanation: str = ""
    unlabelled: str = ""
    final: bool = True

    def mark(self, *, model: str, taxonomy: Taxonomy, asked: str) -> JsonObject:
        """Return it as it stands under `proposed` of a candidate's marks; `asked` is the hash of what was asked.

        Of what may be asked again it is empty.
        """
        found: dict[str, Json] = {
            "output": self.output,
            "labels": list(self.labels),
            "explanation": self.explanation,
            "model": model,
            "taxonomy": taxonomy.name,
            "asked": asked if self.final else "",
        }
        return {**found, "unlabelled": self.unlabelled} if self.unlabelled else found


def messages_of(candidate: Candidate, taxonomy: Taxonomy, *, answers: bool, steps: Json = None) -> list[JsonObject]:
    """Return the messages that ask for a proposal; with `answers` also for the expected answer.

    `steps` are what was done between the input and the output, where that is known.
    """
    material = {"input": cut(written(candidate.input), _LONGEST)}
    if steps:
        material["steps in between"] = cut(written(steps), _LONGEST)
    if candidate.output is not None:
        material["output"] = cut(written(candidate.output), _LONGEST)
    expected = candidate.marks.get(EXPECTED)
    if expected is not None:
        material["expected output"] = cut(written(expected), _LONGEST)
    remarks = remarks_of(candidate)
    if remarks:
        material["what was said of it"] = cut(written(remarks), 4_000)
    heading = "One trace." if candidate.output is not None else "One trace, which ended without an output."
    if candidate.source.get("status") == "ERROR":
        heading = f"{heading} {_ERROR}"
    return fenced([(heading, material)], _asked(candidate, taxonomy, answers=answers))


def _asked(candidate: Candidate, taxonomy: Taxonomy, *, answers: bool) -> str:
    meanings = "\n".join(f"- {label}: {one_line(meaning, 1_000)}" for label, meaning in taxonomy.labels.items())
    lines = [
        taxonomy.question,
        f"The labels are:\n{meanings}",
        "In `explanation`, say in one to three sentences what in the trace settles it.",
        "In `labels`, name every label that fits, the most important one first."
        if taxonomy.several
        else "In `label`, name the one label that fits best.",
    ]
    if answers:
        lines.append(_asked_answer(candidate))
    return "\n\n".join(lines)


def _asked_answer(candidate: Candidate) -> str:
    wanted = "In `answer`, write the answer that should have been given, as the user would get it."
    keys = _keys(candidate)
    if keys:
        named = ", ".join(map(json.dumps, keys))
        wanted = f"{wanted} It is a JSON object with the keys {named}, written as a text."
    if candidate.output is not None:
        wanted = f"{wanted} Where the output is right as it is, write an empty text."
    return wanted


def schema_of(taxonomy: Taxonomy, *, answers: bool) -> dict[str, Json]:
    """Return the JSON Schema of a reply, the reasons before all else."""
    label: dict[str, Json] = {"type": "string", "enum": list(taxonomy.labels)}
    properties: dict[str, Json] = {"explanation": {"type": "string"}}
    if taxonomy.several:
        properties["labels"] = {"type": "array", "items": label}
    else:
        properties["label"] = label
    if answers:
        properties["answer"] = {"type": "string"}
    return {"type": "object", "properties": properties, "required": list(properties)}


def read_proposal(answer: Json, candidate: Candidate, taxonomy: Taxonomy, *, answers: bool) -> Proposal:
    """Return what a reply proposes. Raises Unparseable for what is no proposal, as a label that there is not."""
    if not isinstance(answer, Mapping):
        raise Unparseable(f"the reply is no JSON object: {one_line(json.dumps(answer), 80)}")
    given = answer.get("labels") if taxonomy.several else [answer.get("label")]
    labels = _labels(given if isinstance(given, list) else [given], taxonomy)
    explanation = answer.get("explanation")
    return Proposal(
        output=_output(answer.get("answer"), candidate) if answers else None,
        labels=labels,
        explanation=explanation.strip()[:_EXPLANATION] if isinstance(explanation, str) else "",
    )


def _labels(given: list[Json], taxonomy: Taxonomy) -> tuple[str, ...]:
    if not any(given):
        raise Unparseable("the reply names no label")
    labels: dict[str, None] = {}
    for each in given:
        if not isinstance(each, str) or each not in taxonomy.labels:
            shown = one_line(json.dumps(each, ensure_ascii=False), 80)
            raise Unparseable(f"the label {shown} is none of {', '.join(taxonomy.labels)}")
        labels[each] = None
    return tuple(labels)


def _output(answer: Json, candidate: Candidate) -> JsonObject | None:
    """Return the answer that is proposed in the shape of the candidate's own; None where that is right as it is."""
    if not isinstance(answer, str) or not answer.strip():
        if candidate.output is None:
            raise Unparseable("the trace has no output, and the reply proposes none: write one in `answer`")
        return None
    keys = _keys(candidate)
    if keys:
        return _object(answer, keys)
    proposed = _in_shape(answer.strip(), candidate)
    return None if proposed == candidate.output else proposed


def _in_shape(answer: str, candidate: Candidate) -> dict[str, Any]:
    output = candidate.output
    if "messages" in (candidate.input if output is None else output):
        return {"messages": [{"role": "assistant", "content": answer}]}
    return {next(iter(output or ()), "answer"): answer}


def _keys(candidate: Candidate) -> list[str]:
    """Return the keys of an output that is an object of the user's own; none of messages, or of a single text."""
    output = candidate.output or {}
    if "messages" in output or (len(output) == 1 and isinstance(next(iter(output.values())), str)):
        return []
    return list(output)


def _object(answer: str, keys: list[str]) -> dict[str, Json]:
    named = ", ".join(map(json.dumps, keys))
    try:
        value = strict_json(answer)
    except ValueError as error:
        raise Unparseable(f"the answer is no JSON object with the keys {named} ({error})") from None
    if not isinstance(value, Mapping) or set(value) != set(keys):
        raise Unparseable(f"the answer is no JSON object with just the keys {named}")
    return {key: value[key] for key in keys}
