"""The words of evalgate as frozen records: what every floor above speaks in.

Nothing here computes, reads or prints. Names follow Phoenix (dataset, example, experiment, run, evaluation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Any JSON value; NaN and infinities are not JSON."""

JsonObject: TypeAlias = Mapping[str, Json]

MOST_TOKENS: Final = 10**12
MOST_DOLLARS: Final = 1e9
"""More than one answer can take: what is stated beyond them is no amount, and sums of what is not stay numbers."""


class Verdict(StrEnum):
    """What a decision says. `rank` orders them: a build is its worst suite, a suite its worst check."""

    PASS = "PASS"
    INCONCLUSIVE = "INCONCLUSIVE"
    UNMEASURABLE = "UNMEASURABLE"
    FAIL = "FAIL"

    @property
    def rank(self) -> int:
        """Position in PASS < INCONCLUSIVE < UNMEASURABLE < FAIL."""
        return list(Verdict).index(self)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst of `verdicts`; of none at all, UNMEASURABLE: green is earned."""
    return max(verdicts, key=lambda verdict: verdict.rank, default=Verdict.UNMEASURABLE)


class Side(StrEnum):
    """candidate: the task as this change has it. baseline: as the base has it."""

    CANDIDATE = "candidate"
    BASELINE = "baseline"


class Direction(StrEnum):
    """Which way an evaluator's score is better. A neutral one is shown and cannot gate."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"
    NEUTRAL = "neutral"


class EvaluatorKind(StrEnum):
    """Who scores, by Phoenix's names."""

    CODE = "CODE"
    LLM = "LLM"
    HUMAN = "HUMAN"


class ErrorKind(StrEnum):
    """Whose fault an error is, which settles how it counts (docs/decisions/0007).

    task: the task's own doing, the worst score. infrastructure: evalgate's transport gave up, a missing answer.
    evaluator: the evaluator raised or a judge did not answer, a missing evaluation.
    """

    TASK = "task"
    INFRASTRUCTURE = "infrastructure"
    EVALUATOR = "evaluator"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An error as a value. `type` is the exception's or condition's name, `where` the user's last frame."""

    kind: ErrorKind
    type: str
    message: str
    where: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One example of a golden dataset; `output` is the reference answer. `id` is unique in its dataset."""

    id: str
    input: JsonObject
    output: JsonObject | None = None
    metadata: JsonObject = field(default_factory=dict)
    split: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one model, as the provider counted them, and what they cost, over one call or several.

    `cached_tokens` are part of the input, `reasoning_tokens` of the output. `cost` is in US dollars; None where nobody
    knows the price, which is not free. `from_cache` says that an earlier build paid for it: the answers came from the
    response cache. `shared` says that it was taken by this run and others together, nobody can say by which.
    """

    model: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = None
    calls: int = 1
    from_cache: bool = False
    shared: bool = False

    def plus(self, other: Usage) -> Usage:
        """Return both as one of this model; what they cost is unknown where either cost is."""
        known = self.cost is not None and other.cost is not None
        return replace(
            self,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost=(self.cost or 0.0) + (other.cost or 0.0) if known else None,
            calls=self.calls + other.calls,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCall:
    """One answered call of a model: what was sent and what came back, byte by byte.

    `started` is in seconds since 1970, `seconds` is what it took now: nothing where the answer came from the cache.
    `usage` is None where the answer did not say what it took.
    """

    endpoint: str
    model: str
    asked: bytes
    answered: bytes
    content_type: str
    started: float
    seconds: float
    usage: Usage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was done for a run, its task or an evaluation, in seconds since 1970, and what it asked models."""

    started: float
    ended: float
    calls: tuple[ModelCall, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskOutcome:
    """What one run of a task gave: an output or a `failure`, never both.

    `latency` is in seconds, of the task alone. `usage` is None where nobody saw it, () where no model was called.
    `logs` is the tail of what the user's code printed meanwhile.
    """

    output: Json = None
    failure: Failure | None = None
    context: Json = None
    messages: Json = None
    tool_calls: Json = None
    steps: Json = None
    usage: tuple[Usage, ...] | None = None
    trace_id: str | None = None
    latency: float = 0.0
    logs: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One example × one sample of one experiment. `sample` is r1, r2 … for stored runs, again1 for a redraw."""

    example_id: str
    sample: str
    outcome: TaskOutcome
    started_at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What one evaluator said of one run: a `score` (or a label alone), or a `failure`, never both.

    `usage` is what it used of models: () where it called none, None where nobody saw it.
    """

    name: str
    score: float | None = None
    label: str | None = None
    explanation: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    failure: Failure | None = None
    usage: tuple[Usage, ...] | None = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluatorSpec:
    """What is known of an evaluator before it runs.

    `low` and `high` bound its score (both None: unbounded). `scale` is the difference that counts as a whole range
    where the score is unbounded. `version` invalidates older scores when the evaluator's meaning changes. The score of
    a `pairwise` one is of two answers to one example: 1 where the candidate's is the better, 0 where the baseline's is.
    """

    name: str
    kind: EvaluatorKind = EvaluatorKind.CODE
    direction: Direction = Direction.MAXIMIZE
    low: float | None = 0.0
    high: float | None = 1.0
    scale: float | None = None
    version: str = "1"
    pairwise: bool = False

    @property
    def best(self) -> float | None:
        """The score that cannot be bettered; None where there is no such end."""
        return self.low if self.direction is Direction.MINIMIZE else self.high

    @property
    def worst(self) -> float | None:
        """The score that an error counts as; None where there is no such end."""
        return self.high if self.direction is Direction.MINIMIZE else self.low


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What an evaluator sees: an example and what the task made of it. `expected` is the reference answer."""

    example: Example
    sample: str
    outcome: TaskOutcome

    @property
    def expected(self) -> JsonObject | None:
        """The reference answer, as an evaluator sees it."""
        return self.example.output

    def fields(self) -> dict[str, Json]:
        """Return everything that a path or a user function may name, by Phoenix's parameter names."""
        example, outcome = self.example, self.outcome
        return {
            "input": example.input,
            "output": outcome.output,
            "expected": example.output,
            "reference": example.output,
            "metadata": example.metadata,
            "example": {
                "id": example.id,
                "input": example.input,
                "output": example.output,
                "metadata": example.metadata,
                "split": example.split,
            },
            "trace_id": outcome.trace_id,
            "context": outcome.context,
            "messages": outcome.messages,
            "tool_calls": outcome.tool_calls,
            "steps": outcome.steps,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Fingerprint:
    """A content hash of something that answers depend on, and what it covers.

    An incomplete fingerprint may miss a dependency, so equality proves nothing: `unwatched` says what it misses.
    """

    digest: str
    watched: tuple[str, ...]
    unwatched: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether equality of two such fingerprints proves that nothing changed."""
        return not self.unwatched
