"""User functions as evaluators: run in workers under their own interpreter, read by what they return."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.evaluators.measure import Measure, Traits
from evalgate.evaluators.score import EvaluatorFaultError, Given
from evalgate.evaluators.view import View
from evalgate.evaluators.wording import shown
from evalgate.records import Example, Json, JsonObject, Subject, TaskOutcome
from evalgate.suite.evaluators import Evaluator
from evalgate.workers.environment import environment
from evalgate.workers.pool import WorkerPool
from evalgate.workers.programs import host_argv
from evalgate.workers.spec import WorkerSpec

SCORE_KEY: Final = "evalgate.score"
"""What the worker wraps a phoenix-evals Score in."""
_SCORE_FIELDS: Final = frozenset({"score", "label", "explanation", "metadata"})
_PARAMETERS: Final = tuple(
    Subject(example=Example(id="", input={}), sample="", outcome=TaskOutcome()).fields(),
)
_LONGEST_LABEL: Final = 3
"""Words; phoenix-evals' create_evaluator reads a longer text as an explanation."""


class FunctionMeasure(Measure):
    """One function of the user's, asked by the names of its parameters."""

    inputs = None
    traits = Traits(labels=None)

    def __init__(
        self, evaluator: Evaluator, *, root: Path, environ: Mapping[str, str], interpreters: Path | None = None
    ) -> None:
        """An interpreter that `root` does not have is looked for in `interpreters`: a clean tree has no environment."""
        assert evaluator.python is not None  # noqa: S101 - the registry builds this for python evaluators alone
        self._evaluator = evaluator
        self._target = evaluator.python
        self._root = root
        self._interpreters = interpreters
        self._environ = environ
        self._pool: WorkerPool | None = None
        self._runs = itertools.count()

    async def start(self) -> None:
        """Load the function in a worker. Raises ConfigurationError where it does not load."""
        evaluator = self._evaluator
        allowed = environment(evaluator.env, self._environ)
        spec = WorkerSpec(
            argv=host_argv(evaluator.interpreter, root=self._home_of_interpreter(), environ=allowed),
            target=self._target,
            cwd=self._root,
            environment=allowed,
            workers=evaluator.workers,
            per_worker=evaluator.per_worker,
            memory_mb=evaluator.memory_mb,
            parameters=tuple(dict.fromkeys((*_PARAMETERS, *evaluator.input_mapping))),
        )
        self._pool = WorkerPool(spec)
        try:
            await self._pool.start()
        except CandidateError as error:
            await self._pool.close()
            raise ConfigurationError(
                f"the evaluator {evaluator.label!r}: {error.message}", next_step=error.next_step
            ) from error

    def _home_of_interpreter(self) -> Path:
        other, name = self._interpreters, self._evaluator.interpreter
        return other if other is not None and "/" in name and not (self._root / name).exists() else self._root

    async def measure(self, view: View) -> Given:
        """Give what the function returned; what it raised is the evaluator's error with the user's last frame."""
        if self._pool is None:
            raise EvaluatorFaultError("it was not started", type="NotStarted")
        subject = view.subject
        arguments = {**subject.fields(), **{name: view.mapped(name) for name in self._evaluator.input_mapping}}
        outcome = await self._pool.call(
            arguments,
            run_id=f"{subject.example.id}#{next(self._runs)}",
            sample=subject.sample,
            timeout=self._evaluator.timeout,
        )
        if outcome.failure is not None:
            failure = outcome.failure
            raise EvaluatorFaultError(failure.message, type=failure.type, where=failure.where)
        return given(outcome.output, name=self._evaluator.label)

    async def close(self) -> None:
        """Stop the workers."""
        if self._pool is not None:
            await self._pool.close()


def given(returned: Json, *, name: str) -> Given:
    """Read what a function returned. Raises EvaluatorFaultError naming the type of anything that is no score."""
    if isinstance(returned, Mapping):
        return _from_object(returned)
    if isinstance(returned, Sequence) and not isinstance(returned, str):
        return _from_list(returned, name)
    return _from_parts([returned])


def _from_object(returned: JsonObject) -> Given:
    inner = returned.get(SCORE_KEY)
    fields = inner if isinstance(inner, Mapping) else returned
    unknown = sorted(set(fields) - _SCORE_FIELDS) if fields is returned else []
    if unknown or not fields:
        named = f"the keys {', '.join(unknown)[:200]}" if unknown else "no keys"
        raise _wrong(f"an object with {named}; it may have {', '.join(sorted(_SCORE_FIELDS))}")
    score, metadata = fields.get("score"), fields.get("metadata")
    if score is not None and not isinstance(score, int | float):
        raise _wrong(f"an object whose score is {_kind(score)}")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise _wrong(f"an object whose metadata is {_kind(metadata)}")
    return Given(
        score=_finite(score),
        label=_text(fields, "label"),
        explanation=_text(fields, "explanation"),
        metadata=metadata or {},
    )


def _from_list(returned: Sequence[Json], name: str) -> Given:
    scores = [item[SCORE_KEY] for item in returned if isinstance(item, Mapping) and SCORE_KEY in item]
    if not scores:
        return _from_parts(returned)
    own = [score for score in scores if isinstance(score, Mapping) and score.get("name") == name] or scores
    if len(own) > 1 or len(scores) != len(returned):
        raise _wrong(f"a list of {len(returned)} scores, none of them named {name}")
    return _from_object({SCORE_KEY: own[0]})


def _from_parts(parts: Sequence[Json]) -> Given:
    """Read a value or a tuple of values, each by its type."""
    score: bool | float | None = None
    label = explanation = None
    for part in parts:
        if isinstance(part, bool | int | float):
            score = _finite(part)
        elif isinstance(part, str) and len(part.split()) <= _LONGEST_LABEL and label is None:
            label = part
        elif isinstance(part, str):
            explanation = part
        elif part is not None or len(parts) == 1:
            raise _wrong(_kind(part))
    if not parts:
        raise _wrong("an empty list")
    return Given(score=score, label=label, explanation=explanation)


def _finite(score: float | None) -> bool | float | None:
    if score is None or isinstance(score, bool):
        return score
    try:
        number = float(score)
    except OverflowError:
        number = math.inf
    return number


def _text(fields: JsonObject, name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise _wrong(f"an object whose {name} is {_kind(value)}")


def _kind(value: Json) -> str:
    names = {type(None): "None", dict: "an object", list: "a list", str: "a text", bool: "a bool"}
    return f"{names.get(type(value), type(value).__name__)} ({shown(value)})" if value is not None else "None"


def _wrong(what: str) -> EvaluatorFaultError:
    return EvaluatorFaultError(
        f"it returned {what}; return a bool, a number, a text, (score, label, explanation), "
        "an object of those, or a phoenix-evals Score",
        type="WrongReturn",
    )
