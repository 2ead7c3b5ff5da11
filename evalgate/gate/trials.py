"""Evaluators tried on what they must know: reference answers, which pass, and broken twins of them, which do not."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalgate.engine.ports import EvaluatorRunner, PairRunner
from evalgate.errors import ConfigurationError
from evalgate.gate.prepared import PreparedSuite
from evalgate.golden.twins import KINDS, twins
from evalgate.records import Direction, Evaluation, EvaluatorSpec, Example, Json, Subject, TaskOutcome

SAMPLE = "try1"
_EVEN = 0.5
"""What a tie between two answers scores."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """A reference answer that did not pass."""

    example_id: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Noticed:
    """How many twins of one kind did not pass, of how many."""

    kind: str
    noticed: int
    tried: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One evaluator tried. `untried` says why it was not: a score without a better end has nothing to pass."""

    suite: str
    name: str
    references: int
    failed: tuple[Failed, ...]
    twins: tuple[Noticed, ...]
    untried: str | None = None

    @property
    def blind(self) -> bool:
        """Whether it passes whatever it is given."""
        return self.untried is None and self.references > 0 and not any(each.noticed for each in self.twins)

    @property
    def sound(self) -> bool:
        """Whether it passes what it must and notices something of what is broken."""
        return self.untried is not None or not (self.failed or self.blind)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    kind: str | None
    """None: the reference answer itself."""
    example: Example
    output: Json


def refuse_unknown(suites: Sequence[PreparedSuite], names: Sequence[str]) -> None:
    """Raise ConfigurationError for a name that no evaluator has."""
    known = sorted({evaluator.label for suite in suites for evaluator in suite.suite.evaluators})
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"there is no evaluator {name}" + (f"; did you mean {near[0]}?" if near else ""),
                next_step=f"name one of {', '.join(known)}",
            )


def chosen_examples(suite: PreparedSuite, wanted: int) -> tuple[list[Example], list[Example]]:
    """Return some examples with a reference answer, from all over the dataset, and others to take answers from.

    Raises ConfigurationError where no example has one.
    """
    able = [example for example in suite.examples() if example.output is not None]
    if not able:
        raise ConfigurationError(
            f"suite {suite.name}: no example of {suite.suite.dataset.shown} has an expected answer, so there is nothing"
            " to try evaluators on",
            next_step="give examples an `output`",
        )
    step = max(1, len(able) // wanted)
    return able[::step][:wanted], able[1::step] + able


async def try_evaluators(
    suite: PreparedSuite, runners: Sequence[EvaluatorRunner | PairRunner], wanted: int
) -> list[Trial]:
    """Try every evaluator, started by the caller, on `wanted` examples."""
    examples, others = chosen_examples(suite, wanted)
    asked = [each for example in examples for each in _asked(example, others)]
    return list(
        await asyncio.gather(
            *(
                _preferring(suite.name, runner, asked)
                if isinstance(runner, PairRunner)
                else _tried(suite.name, runner, asked)
                for runner in runners
            )
        )
    )


def _asked(example: Example, others: Sequence[Example]) -> Iterator[_Asked]:
    yield _Asked(kind=None, example=example, output=example.output)
    for twin in twins(example, others):
        yield _Asked(kind=twin.kind, example=example, output=twin.output)


async def _tried(suite: str, runner: EvaluatorRunner, asked: Sequence[_Asked]) -> Trial:
    spec = runner.spec
    if spec.direction is Direction.NEUTRAL or spec.low is None or spec.high is None:
        why = "its score has no better end" if spec.direction is Direction.NEUTRAL else "its score has no bounds"
        return Trial(suite=suite, name=spec.name, references=0, failed=(), twins=(), untried=why)
    scored = [await _scored(runner, each) for each in asked]
    pairs = list(zip(asked, scored, strict=True))
    failed = [
        Failed(example_id=each.example.id, reason=_reason(evaluation))
        for each, evaluation in pairs
        if each.kind is None and not _passes(evaluation, spec)
    ]
    noticed = []
    for kind in KINDS:
        of_kind = [evaluation for each, evaluation in pairs if each.kind == kind and evaluation.failure is None]
        missed = sum(_passes(evaluation, spec) for evaluation in of_kind)
        if of_kind:
            noticed.append(Noticed(kind=kind, noticed=len(of_kind) - missed, tried=len(of_kind)))
    references = sum(each.kind is None for each in asked)
    return Trial(suite=suite, name=spec.name, references=references, failed=tuple(failed), twins=tuple(noticed))


async def _preferring(suite: str, runner: PairRunner, asked: Sequence[_Asked]) -> Trial:
    """Try a judge of pairs: it must prefer a reference answer to its broken twins, and never one of these to it."""
    references = {each.example.id: each for each in asked if each.kind is None}
    twins_ = [each for each in asked if each.kind is not None]
    won = [await runner.prefer(_subject(references[each.example.id]), [_subject(each)]) for each in twins_]
    pairs = list(zip(twins_, won, strict=True))
    lost = {
        each.example.id: Failed(example_id=each.example.id, reason=f"beside {each.kind}, {_reason(evaluation)}")
        for each, evaluation in reversed(pairs)
        if evaluation.score is None or evaluation.score < _EVEN
    }
    noticed = []
    for kind in KINDS:
        of_kind = [evaluation.score for each, evaluation in pairs if each.kind == kind and evaluation.score is not None]
        if of_kind:
            noticed.append(Noticed(kind=kind, noticed=sum(score > _EVEN for score in of_kind), tried=len(of_kind)))
    return Trial(
        suite=suite,
        name=runner.spec.name,
        references=len(references),
        failed=tuple(lost[name] for name in references if name in lost),
        twins=tuple(noticed),
    )


async def _scored(runner: EvaluatorRunner, each: _Asked) -> Evaluation:
    return await runner.evaluate(_subject(each))


def _subject(each: _Asked) -> Subject:
    outcome = TaskOutcome(output=each.output, context=[], messages=[], tool_calls=_calls(each.output), steps=[])
    return Subject(example=each.example, sample=SAMPLE, outcome=outcome)


def _calls(output: Json) -> Json:
    return output.get("tool_calls") if isinstance(output, dict) else None


def _passes(evaluation: Evaluation, spec: EvaluatorSpec) -> bool:
    """Return whether a score is in the better half of its range; an error is no pass."""
    if evaluation.score is None or spec.low is None or spec.high is None:
        return False
    share = (evaluation.score - spec.low) / (spec.high - spec.low)
    return (1 - share if spec.direction is Direction.MINIMIZE else share) > 0.5


def _reason(evaluation: Evaluation) -> str:
    if evaluation.failure is not None:
        return evaluation.failure.message
    label = evaluation.label or f"score {evaluation.score:g}"
    return f"{label}: {evaluation.explanation}" if evaluation.explanation else label
