"""Answers that people have labelled, as a file: what a judge is held to.

A line is like a golden example's, but `output` is an answer (any JSON value), `expected` the reference answer, and
`label` what a person said of the answer; `labels` is a list where several people did. `example` is the id of the golden
example that was answered, where `id` is not: one example may have several answers. For a judge of pairs a line has two
answers, `output` that of the candidate and `baseline` the other one, and the label says which a person preferred.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from evalgate.errors import DatasetError
from evalgate.golden.raw import Path, Problem, Raw
from evalgate.golden.reading import ProblemList, group, read_raw
from evalgate.records import Example, Subject, TaskOutcome

_OUTCOME: Final = ("context", "messages", "tool_calls", "steps")
OTHER: Final = "baseline"
KEYS: Final = ("id", "example", "input", "output", "expected", "metadata", "split", "label", "labels", OTHER, *_OUTCOME)
JSON_COLUMNS: Final = ("input", "expected", "metadata", "labels", *_OUTCOME)
"""Columns of a CSV file whose cells are JSON; an answer there is text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """One answer and what people said of it. `id` is its own, that of `example` the golden example's."""

    id: str
    example: Example
    outcome: TaskOutcome
    labels: tuple[str, ...]
    baseline: TaskOutcome | None = None
    """The other answer, where two were compared."""

    @property
    def label(self) -> str | None:
        """What most people said; None where they are split."""
        (first, most), *rest = Counter(self.labels).most_common(2)
        return None if rest and rest[0][1] == most else first

    def subject(self, sample: str) -> Subject:
        """Return it as an evaluator sees a run."""
        return Subject(example=self.example, sample=sample, outcome=self.outcome)

    def other(self, sample: str) -> Subject:
        """Return the baseline's answer as a run. Raises ValueError where there is one answer alone."""
        if self.baseline is None:
            raise ValueError(f"{self.id} is no pair of answers")
        return Subject(example=self.example, sample=sample, outcome=self.baseline)


def read_labelled(path: FilePath, known: Sequence[str], *, following: str, pairwise: bool = False) -> list[Labelled]:
    """Return the labelled answers of a file, in its order; `known` are the labels that the judge gives.

    `pairwise`: each line has two answers.

    Raises DatasetError for a file that cannot be read or is empty, and ErrorGroup with all that is wrong in it, which
    ends with `following`, the command that was run.
    """
    found, wrong = [], ProblemList()
    lines: dict[str, int] = {}
    for raw in read_raw(path, json_columns=JSON_COLUMNS):
        problems = [raw] if isinstance(raw, Problem) else list(_problems(raw, known, lines, pairwise=pairwise))
        for problem in problems:
            wrong.add(problem)
        if not problems and isinstance(raw, Raw):
            found.append(_labelled(raw.value))
    if wrong.count:
        raise group(path, wrong.problems(), {}, following=following)
    if not found:
        raise DatasetError(f"{path} holds no labelled answer", next_step=f"label some, then run `{following}`")
    return found


def _problems(raw: Raw, known: Sequence[str], lines: dict[str, int], *, pairwise: bool) -> Iterator[Problem]:
    value = raw.value
    if not isinstance(value, dict):
        yield Problem("a labelled answer should be an object", *raw.place)
        return
    for path, message in (*_wrong(value, known), *_wrong_answers(value, pairwise=pairwise)):
        yield Problem(message, *raw.find(path))
    identity = _id(value)
    if identity in lines:
        yield Problem(
            f"the id {identity[:60]!r} is taken: it first stands on line {lines[identity]}", *raw.find(("id",))
        )
    lines.setdefault(identity, raw.place[0])


def _wrong(value: Mapping[str, Any], known: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for key in value:
        if key not in KEYS:
            yield (key,), f"unknown key {key[:60]!r}: {_nearest(key)}"
    if not _id(value).strip():
        yield ("id",), "a labelled answer needs an id, text or a whole number, that no other one has"
    if "example" in value and not _id(value, "example").strip():
        yield ("example",), "example should be the id of a golden example, text or a whole number"
    for key in ("input", "expected", "metadata"):
        if value.get(key) is not None and not isinstance(value[key], dict):
            yield (key,), f'{key} should be an object like {{"question": "…"}}'
    yield from _wrong_labels(value, known)


def _wrong_answers(value: Mapping[str, Any], *, pairwise: bool) -> Iterator[tuple[Path, str]]:
    if "output" not in value:
        whose = "the candidate's answer" if pairwise else "the answer that was labelled"
        yield ("output",), f"there is no `output`: {whose}"
    if pairwise and OTHER not in value:
        yield (OTHER,), f"there is no `{OTHER}`: the answer that `output` was compared with"
    if not pairwise and OTHER in value:
        yield (OTHER,), f"`{OTHER}` is for judges that are shown two answers, and this one is shown `output` alone"


def _wrong_labels(value: Mapping[str, Any], known: Sequence[str]) -> Iterator[tuple[Path, str]]:
    if ("label" in value) == ("labels" in value):
        yield ("label",), "give `label`, what a person said of the answer, or `labels`, a list of what several said"
        return
    key = "labels" if "labels" in value else "label"
    given = value[key] if key == "labels" else [value[key]]
    if not isinstance(given, list) or not given:
        yield (key,), "labels should be a list of what people said of the answer"
        return
    for label in given:
        if _text(label) not in known:
            yield (key,), f"the judge gives no label {repr(label)[:60]}: it gives {', '.join(known)}"


def _labelled(value: Mapping[str, Any]) -> Labelled:
    example = Example(
        id=_id(value, "example") or _id(value),
        input=value.get("input") or {},
        output=value.get("expected"),
        metadata=value.get("metadata") or {},
        split=value.get("split"),
    )
    outcome = TaskOutcome(
        output=value["output"],
        context=value.get("context"),
        messages=value.get("messages"),
        tool_calls=value.get("tool_calls"),
        steps=value.get("steps"),
    )
    labels = tuple(_text(label) for label in value.get("labels", [value.get("label")]))
    baseline = TaskOutcome(output=value[OTHER]) if OTHER in value else None
    return Labelled(id=_id(value), example=example, outcome=outcome, labels=labels, baseline=baseline)


def _id(value: Mapping[str, Any], key: str = "id") -> str:
    identity = value.get(key)
    if isinstance(identity, str) or (isinstance(identity, int) and not isinstance(identity, bool)):
        return str(identity)
    return ""


def _text(label: Any) -> str:
    """Return a label as text: the steps of a scale may be written as numbers."""
    whole = isinstance(label, int) and not isinstance(label, bool)
    return str(label) if whole or isinstance(label, str) else "\0"


def _nearest(key: str) -> str:
    close = difflib.get_close_matches(key.lower(), KEYS, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(KEYS)}; put it under metadata"
