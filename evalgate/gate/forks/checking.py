"""Each reported run held to what the base defines: its examples, its evaluators, its draws. Nothing is assumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evalgate.decision.number_words import count
from evalgate.encoding import printable
from evalgate.gate.forks.reading import AGAIN, RowsError
from evalgate.gate.forks.rows import EvaluationPart, Row, SuitePart
from evalgate.gate.samples import deciding_samples, redraw_sample
from evalgate.journal.builds import DrawRow, ExperimentRow
from evalgate.journal.imported import ImportedRun
from evalgate.records import Evaluation, EvaluatorSpec, Failure, Side, TaskOutcome, Usage
from evalgate.suite.checks import Policy
from evalgate.suite.config import Suite

_SHOWN = 80
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Reported:
    """An evaluator whose scores are taken as they were reported. `labels`: what each scores; None: any label."""

    spec: EvaluatorSpec
    labels: Mapping[str, float] | None = None


@dataclass(kw_only=True)
class Held:
    """One side of a suite that is taken from the rows: what may come, and what came."""

    suite: str
    side: Side
    experiment: int
    contents: Mapping[str, str]
    """The hash of what each example says, as the base has it, by its id."""
    samples: frozenset[str]
    """Those that decide."""
    redraw: str
    reported: Mapping[str, Reported]
    came: set[tuple[str, str]] = field(default_factory=set)
    unsaid: int = 0
    """Answers of which a reported evaluator says nothing."""

    def taken(self, row: Row) -> ImportedRun:
        """Return a run as it is written. Raises RowsError for one that cannot be of this suite."""
        if row.example not in self.contents:
            raise refused(f"{_of(row)} is no example of the suite {self.suite} as the base has it")
        if self.contents[row.example] != row.content:
            raise refused(f"{_of(row)} of the suite {self.suite} is not what the base's dataset says it is")
        if row.sample not in self.samples and row.sample != self.redraw:
            raise refused(f"the sample {row.sample} of {_of(row)} is none that the suite {self.suite} was to draw")
        place = (row.example, row.sample)
        if place in self.came:
            raise refused(f"the sample {row.sample} of {_of(row)} of the {self.side} is there twice")
        self.came.add(place)
        if row.failure is not None and row.evaluations:
            raise refused(f"{_of(row)} failed, and evaluators are said to have scored it")
        evaluations = tuple(self._evaluation(row, each) for each in row.evaluations if each.name in self.reported)
        if row.failure is None:
            self.unsaid += len(self.reported) - len(evaluations)
        return ImportedRun(
            example_id=row.example,
            sample=row.sample,
            started_at=row.started_at,
            outcome=_outcome(row),
            evaluations=evaluations,
            copied=False,
            drawn_as=None,
        )

    def lacking(self) -> int:
        """Return how many runs that decide did not come."""
        deciding = sum(sample in self.samples for _, sample in self.came)
        return len(self.contents) * len(self.samples) - deciding

    def _evaluation(self, row: Row, said: EvaluationPart) -> Evaluation:
        known = self.reported[said.name]
        if problem := _impossible(said, known):
            raise refused(f"{said.name} of {_of(row)} {problem}")
        return Evaluation(
            name=said.name,
            score=said.score,
            label=said.label,
            explanation=said.explanation,
            failure=None if said.failure is None else Failure(**said.failure.model_dump()),
            usage=_usage(said.usage),
        )


def require_draws(part: SuitePart, suite: Suite, policy: Policy) -> None:
    """Raise RowsError for draws that no run under this policy makes."""
    times = {1, suite.repetitions, policy.confirm_repetitions}
    allowed = all(
        draw.candidate in times and draw.baseline in {0, *times} and (draw.key is not None or position == 0)
        for position, draw in enumerate(part.draws)
    )
    if not allowed or len(part.draws) > 2:
        raise refused("its draws are none that the base's policy makes")


def samples_of(row: ExperimentRow, draws: Sequence[DrawRow]) -> tuple[frozenset[str], str]:
    """Return the samples of one side that decide, and the one in which a failing example is drawn once more."""
    return frozenset(deciding_samples(row, draws)), redraw_sample(draws)


def lacking_words(held: Iterable[Held]) -> str | None:
    """Return what the rows lack of what decides, as a sentence; None where they lack nothing."""
    parts = []
    for each in held:
        if runs := each.lacking():
            whole = len(each.contents) * len(each.samples)
            parts.append(f"{runs:,} of {count(whole, 'run')} of the {each.side}")
        if each.unsaid:
            parts.append(f"{count(each.unsaid, 'score')} of the {each.side}")
    return f"What the fork's run reported lacks {' and '.join(parts)}." if parts else None


def refused(why: str) -> RowsError:
    """Return the error for rows that cannot be what a run under the base's definitions reports."""
    return RowsError(f"what the fork's run reported was refused: {why}", next_step=AGAIN)


def _impossible(said: EvaluationPart, known: Reported) -> str | None:
    spec, score = known.spec, said.score
    if score is not None:
        low, high = spec.low, spec.high
        if (low is not None and score < low - _ROUNDING) or (high is not None and score > high + _ROUNDING):
            return f"scores {score:g}, outside of its range"
    if known.labels is not None and said.label is not None and said.label not in known.labels:
        return f"says {printable(said.label)[:_SHOWN]!r}, which is none of its labels"
    return None


def _of(row: Row) -> str:
    return f"example {printable(row.example)[:_SHOWN]!r}"


def _outcome(row: Row) -> TaskOutcome:
    return TaskOutcome(
        output=row.output,
        failure=None if row.failure is None else Failure(**row.failure.model_dump()),
        context=row.context,
        messages=row.messages,
        tool_calls=row.tool_calls,
        steps=row.steps,
        usage=_usage(row.usage),
        latency=row.latency,
    )


def _usage(parts: Iterable[object] | None) -> tuple[Usage, ...] | None:
    return None if parts is None else tuple(Usage(**part.model_dump()) for part in parts)  # type: ignore[attr-defined]
