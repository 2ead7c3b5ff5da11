"""The file in which a fork's run reports what it measured: one JSON value a line, bounded in every direction.

The first line is the head, each other one a run with what was said of it. Whoever reads it trusts none of it: a line is
parsed by itself, strictly (no key twice, no NaN, no half characters, no deep nesting), and then held to these models.
`docs/fork-rows.schema.json` is made from them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evalgate.records import MOST_DOLLARS, MOST_TOKENS, ErrorKind, Side

VERSION: Final = 1
MOST_BYTES: Final = 64 * 2**20
"""Of the whole file."""
MOST_BYTES_OF_A_LINE: Final = 2 * 2**20
MOST_ROWS: Final = 200_000
_SUITES: Final = 200
_SECONDS: Final = 10**6
_MOST_RUNS: Final = 10_000_000

_Name = Annotated[str, Field(min_length=1, max_length=500)]
_Words = Annotated[str, Field(max_length=20_000)]
_Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Key = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_Sample = Annotated[str, Field(pattern=r"^([0-9a-f]{16}-(again)?|r|again)[1-9][0-9]{0,3}$")]
_Times = Annotated[int, Field(ge=0, le=1_000)]
_Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}( to [0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
_Moment = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?$")
]
_Tokens = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


class _Part(BaseModel):
    """A part of the file. Nothing is converted, nothing unknown is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, protected_namespaces=())


class DrawPart(_Part):
    """What was drawn of a suite: every example so many times on each side."""

    key: _Key | None
    candidate: _Times
    baseline: _Times


class SuitePart(_Part):
    """What the run says of one suite. `problems` are the kinds of what kept it from being measured."""

    draws: Annotated[tuple[DrawPart, ...], Field(max_length=8, strict=False)] = ()
    repetitions: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Stored samples of the baseline, where `stored`; else of both sides."""
    baseline: bool = False
    """Whether there is a second side."""
    stored: bool = False
    """The baseline's runs are those of an earlier build."""
    drawn_on: _Day | None = None
    unchanged: bool = False
    """The suite was skipped: nothing that it runs has changed."""
    problems: Annotated[tuple[_Name, ...], Field(max_length=20, strict=False)] = ()


class Head(_Part):
    """The first line. `head` is the pull request's own commit, `commit` the one that was checked out."""

    evalgate_rows: Literal[1]
    evalgate: _Name
    """The version that wrote it."""
    created_at: _Moment
    commit: _Commit | None
    head: _Commit | None
    complete: bool
    rows: Annotated[int, Field(ge=0, le=_MOST_RUNS)]
    """How many lines follow."""
    suites: Annotated[dict[_Name, SuitePart], Field(max_length=_SUITES)]


class UsagePart(_Part):
    """Tokens of one model, as the provider counted them."""

    model: _Name
    input_tokens: _Tokens
    output_tokens: _Tokens
    cached_tokens: _Tokens = 0
    reasoning_tokens: _Tokens = 0
    cost: Annotated[float, Field(ge=0, le=MOST_DOLLARS)] | None = None
    calls: Annotated[int, Field(ge=0, le=MOST_TOKENS)] = 1
    from_cache: bool = False
    shared: bool = False


_Usage = Annotated[tuple[UsagePart, ...], Field(max_length=50, strict=False)]


class FailurePart(_Part):
    """An error in the place of an output or a score."""

    kind: Annotated[ErrorKind, Field(strict=False)]
    type: _Name
    message: _Words
    where: _Words | None = None


class EvaluationPart(_Part):
    """What one evaluator said."""

    name: _Name
    score: float | None = None
    label: Annotated[str, Field(max_length=2_000)] | None = None
    explanation: _Words | None = None
    failure: FailurePart | None = None
    usage: _Usage | None = ()

    @model_validator(mode="after")
    def _one_or_the_other(self) -> EvaluationPart:
        if (self.failure is None) == (self.score is None and self.label is None):
            raise ValueError("an evaluation has a score or a label, or else a failure")
        return self


class Row(_Part):
    """One run: an output or a failure, never both, and what evaluators said of it. `content` is the example's hash."""

    suite: _Name
    side: Annotated[Side, Field(strict=False)]
    example: _Name
    content: _Hash
    sample: _Sample
    output: Any = None
    failure: FailurePart | None = None
    context: Any = None
    messages: Any = None
    tool_calls: Any = None
    steps: Any = None
    usage: _Usage | None = None
    latency: Annotated[float, Field(ge=0, le=_SECONDS)] = 0.0
    started_at: _Moment
    evaluations: Annotated[tuple[EvaluationPart, ...], Field(max_length=200, strict=False)] = ()

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Row:
        if self.failure is not None and self.output is not None:
            raise ValueError("a run has an output or a failure, not both")
        names = [each.name for each in self.evaluations]
        if len({*names}) < len(names):
            raise ValueError("an evaluator spoke twice of one run")
        return self


def rows_schema() -> dict[str, Any]:
    """Return the JSON Schema of one line of the file."""
    from pydantic.json_schema import models_json_schema

    references, shared = models_json_schema([(Head, "validation"), (Row, "validation")])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of what a fork's run reports: the head first, then a line for each run",
        "anyOf": [references[Head, "validation"], references[Row, "validation"]],
        **shared,
    }
