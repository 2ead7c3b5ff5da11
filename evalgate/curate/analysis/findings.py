"""What a model finds that traces of one label have in common: what it is asked, and what its reply says. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.curate.analysis.rules import KINDS, MEANINGS, Rule, checked_rule
from evalgate.curate.asking.material import cut, fenced, written
from evalgate.curate.candidates import Candidate
from evalgate.curate.labelling.proposals import proposal_of
from evalgate.llm.failures import Unparseable
from evalgate.llm.wording import one_line
from evalgate.records import Json, JsonObject
from evalgate.suite.taxonomy import Taxonomy

MOST: Final = 25
"""Traces of one label that a model is shown."""
_ROOM: Final = 120_000
"""Characters of all of them together."""
_WORDS: Final = 1_000
"""Characters of one text of a reply that are kept."""
_ENTRIES: Final = 20
"""Entries of one kind of a reply that are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """What several traces have in common; `traces` are their ids."""

    title: str
    description: str
    traces: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """What might be changed in the program."""

    title: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lesson:
    """A guideline that traces teach; `traces` are their ids."""

    text: str
    traces: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was found of one label. All of it is a model's words."""

    patterns: tuple[Pattern, ...] = ()
    fixes: tuple[Fix, ...] = ()
    rules: tuple[Rule, ...] = ()
    lessons: tuple[Lesson, ...] = ()


def question(
    label: str, traces: Sequence[Candidate], taxonomy: Taxonomy, steps: Sequence[Json] = ()
) -> list[JsonObject]:
    """Return the messages that ask what traces of a label have in common; they are numbered from 1.

    `steps` has what was done in each of them, None where that is not known.
    """
    room = _ROOM // max(1, len(traces)) // 3
    done = steps or [None] * len(traces)
    parts = [
        (f"Trace {number}.", _material(each, between, room))
        for number, (each, between) in enumerate(zip(traces, done, strict=True), start=1)
    ]
    kinds = "\n".join(f"- {kind}: {MEANINGS[kind]}" for kind in KINDS)
    asked = f"""\
Each of these traces was labelled {json.dumps(label, ensure_ascii=False)} as the answer to: {taxonomy.question}
The label means: {one_line(taxonomy.labels[label], _WORDS)}

Find out what went wrong in them, and what would prevent it. Reply with:
- `patterns`: what recurs, the most frequent first, each with a title, a description and the numbers of its traces.
- `fixes`: changes to the program, its prompts or its tools that would prevent it, each with a title and a description.
- `rules`: rules that a program can check on an answer, and that these answers break. Each has a name, why it holds, a \
kind, a value, and the numbers of the traces whose answers it is for, or none where it holds for every answer. Prefer \
rules that no good answer breaks. The kinds are:
{kinds}
- `guidelines`: what whoever writes answers should do, each one sentence in the imperative that holds beyond these \
traces, with the numbers of the traces that teach it."""
    return fenced(parts, asked)


def _material(candidate: Candidate, steps: Json, room: int) -> dict[str, str]:
    proposed = proposal_of(candidate)
    found = {"input": cut(written(candidate.input), room)}
    if steps:
        found["steps in between"] = cut(written(steps), room)
    if candidate.output is not None:
        found["output"] = cut(written(candidate.output), room)
    if proposed:
        found["why it has its label"] = cut(str(proposed.get("explanation", "")), room)
        if proposed.get("output") is not None:
            found["what should have been answered"] = cut(written(proposed["output"]), room)
    return found


def schema() -> dict[str, Json]:
    """Return the JSON Schema of a reply."""
    text: dict[str, Json] = {"type": "string"}
    traces: dict[str, Json] = {"type": "array", "items": {"type": "integer"}}
    kind: dict[str, Json] = {"type": "string", "enum": list(KINDS)}
    entries: dict[str, dict[str, Json]] = {
        "patterns": {"title": text, "description": text, "traces": traces},
        "fixes": {"title": text, "description": text},
        "rules": {"name": text, "why": text, "kind": kind, "value": text, "traces": traces},
        "guidelines": {"text": text, "traces": traces},
    }
    properties: dict[str, Json] = {name: {"type": "array", "items": _object(each)} for name, each in entries.items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def read_findings(answer: Json, traces: Sequence[Candidate]) -> Findings:
    """Return what a reply says about `traces`. Raises Unparseable for one that names others, or is of another form.

    A rule that cannot be checked is left out: the rest of the reply is worth having.
    """
    if not isinstance(answer, Mapping):
        raise Unparseable(f"the reply is no JSON object: {one_line(json.dumps(answer), 80)}")
    ids = [each.id for each in traces]
    patterns = [
        Pattern(title=_text(each, "title"), description=_text(each, "description"), traces=_traces(each, ids))
        for each in _entries(answer, "patterns")
    ]
    if not patterns:
        raise Unparseable("`patterns` is empty: say at least what one trace shows")
    rules: list[Rule] = []
    for each in _entries(answer, "rules"):
        try:
            rules.append(_rule(each, ids))
        except Unparseable:
            continue
    return Findings(
        patterns=tuple(patterns),
        fixes=tuple(
            Fix(title=_text(each, "title"), description=_text(each, "description"))
            for each in _entries(answer, "fixes")
        ),
        rules=tuple(rules),
        lessons=tuple(
            Lesson(text=_text(each, "text"), traces=_traces(each, ids)) for each in _entries(answer, "guidelines")
        ),
    )


def _rule(entry: Mapping[str, Any], ids: Sequence[str]) -> Rule:
    kind, value = entry.get("kind"), entry.get("value")
    if kind not in KINDS or not isinstance(value, str):
        raise Unparseable("a rule has a kind and a value")
    return checked_rule(
        Rule(name=_text(entry, "name"), why=_text(entry, "why"), kind=kind, value=value, traces=_traces(entry, ids))
    )


def _entries(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    given = answer.get(key)
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise Unparseable(f"`{key}` is no list of objects")
    return given[:_ENTRIES]


def _text(entry: Mapping[str, Any], key: str) -> str:
    given = entry.get(key)
    if not isinstance(given, str) or not given.strip():
        raise Unparseable(f"`{key}` is missing or empty")
    return " ".join(given.split())[:_WORDS]


def _traces(entry: Mapping[str, Any], ids: Sequence[str]) -> tuple[str, ...]:
    given = entry.get("traces")
    numbers = given if isinstance(given, list) else []
    if any(not isinstance(each, int) or isinstance(each, bool) or not 1 <= each <= len(ids) for each in numbers):
        raise Unparseable(f"`traces` are numbers from 1 to {len(ids)}")
    return tuple(dict.fromkeys(ids[each - 1] for each in numbers))
