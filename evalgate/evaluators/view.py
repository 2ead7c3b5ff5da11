"""What an evaluator looks at in one run: its parameters by `input_mapping`, and `path` read on both sides.

What the task lacks is the output's fault and scores worst; what the dataset lacks is the evaluator's error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, TypeGuard, cast

from evalgate.evaluators.score import EvaluatorFaultError, OutputFaultError
from evalgate.evaluators.wording import shown
from evalgate.paths import MISSING, parse, resolve
from evalgate.records import Json, Subject

_DATASET: Final = frozenset({"input", "expected", "reference", "metadata", "example"})


class View:
    """One run, as one evaluator sees it."""

    __slots__ = ("_mapping", "subject")

    def __init__(self, subject: Subject, mapping: Mapping[str, str]) -> None:
        self.subject = subject
        self._mapping = mapping

    def output(self, path: str | None = None) -> Json:
        """Return the output, or what stands at `path` in it. Raises OutputFaultError where nothing does."""
        value = self.mapped("output") if "output" in self._mapping else self.subject.outcome.output
        found = at_path(path, value)
        if found is MISSING:
            raise OutputFaultError(f"the output has no {path}: {shown(value)}")
        return cast("Json", found)

    def expected(self, path: str | None = None) -> Json:
        """Return the expected answer, or what stands at `path` in it. Raises EvaluatorFaultError without one."""
        value = self.mapped("expected") if "expected" in self._mapping else self.subject.expected
        if value is None and "expected" not in self._mapping:
            self.dataset_fault("has no expected answer; give it an `output`")
        found = at_path(path, value)
        if found is MISSING:
            self.dataset_fault(f"has no {path} in its expected answer")
        return cast("Json", found)

    def mapped(self, name: str) -> Json:
        """Return the parameter `name` of `input_mapping`. Raises the fault of whoever should have provided it."""
        path = self._mapping[name]
        fields = self.subject.fields()
        first, *rest = parse(path)
        if rest and (inside := text_object(fields["output"])) is not None:
            fields["output"] = inside
        found = resolve(path, fields)
        if found is not MISSING:
            return cast("Json", found)
        if first in _DATASET:
            self.dataset_fault(f"has no {path}, which input_mapping names for {name}")
        raise OutputFaultError(f"the task gave no {path}")

    def path_of(self, name: str) -> str:
        """Return the path that `input_mapping` gives the parameter `name`."""
        return self._mapping[name]

    def every_mapped(self) -> dict[str, Json]:
        """Return all parameters of `input_mapping`. Raises as `mapped` does."""
        return {name: self.mapped(name) for name in self._mapping}

    def has(self, name: str) -> bool:
        """Return whether `input_mapping` provides the parameter `name`."""
        return name in self._mapping

    def dataset_fault(self, what: str) -> NoReturn:
        """Raise EvaluatorFaultError that names the example."""
        raise EvaluatorFaultError(f"example {self.subject.example.id!r} {what}", type="DatasetFault")


def at_path(path: str | None, value: Json) -> Json | object:
    """Return what stands at `path`, or MISSING. Only objects and lists, or text that is one, are looked into."""
    if path is None:
        return value
    if isinstance(value, str):
        value = text_object(value) or value
    return resolve(path, value) if _looked_into(value) else value


def text_object(value: object) -> Json:
    """Return the JSON object or list that a text is; None for every other text and value."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return None
    found = parsed(value)
    return found if _looked_into(found) else None


def parsed(text: str) -> Json | object:
    """Return the JSON value that `text` is, or MISSING. NaN, infinities and nesting beyond reading are not JSON."""
    try:
        return cast("Json", json.loads(text, parse_constant=_not_json))
    except (ValueError, RecursionError):
        return MISSING


def text_of(value: Json) -> str:
    """Return `value` as text: text as it stands, else its JSON. Raises OutputFaultError for null: there is nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        raise OutputFaultError("the output is null")
    return json.dumps(value, ensure_ascii=False)


def _looked_into(value: object) -> TypeGuard[Mapping[str, Json] | Sequence[Json]]:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
