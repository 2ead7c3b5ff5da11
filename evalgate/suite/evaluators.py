"""One evaluator of a suite, as the config declares it: a built-in kind, a user function or a judge."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

from pydantic import Field, PositiveFloat, field_validator, model_validator

from evalgate.records import Direction
from evalgate.suite.evaluator_kinds import (
    EVALUATOR_KINDS,
    Contains,
    ExactMatch,
    JsonPath,
    JsonSchema,
    JsonValid,
    Latency,
    Length,
    MatchesRegex,
    NumericClose,
    Parameters,
    PrecisionRecallFScore,
    Regex,
    Similarity,
    Sql,
    Tokens,
    ToolCalls,
)
from evalgate.suite.judges import JUDGES
from evalgate.suite.judging import JUDGE_OPTIONS, JudgeOptions
from evalgate.suite.model import Count, DottedPath, Parallel, exactly_one

FUNCTION_OPTIONS: Final = ("interpreter", "env", "workers", "per_worker", "memory_mb")
"""The keys that mean something to user functions alone."""
KINDS: Final = (*EVALUATOR_KINDS, "python", "judge")
_WHICH: Final = {
    "python": "name the function, as `path/to/file.py:function`",
    "judge": "name the judge, `correctness` for example, or its file",
}


class Evaluator(JudgeOptions):
    """One evaluator of a suite: exactly one kind, and what every kind may say."""

    exact_match: ExactMatch | None = None
    contains: Contains | None = None
    regex: Regex | None = None
    json_valid: JsonValid | None = None
    json_schema_: JsonSchema | None = Field(default=None, alias="json_schema")
    json_path: JsonPath | None = None
    numeric_close: NumericClose | None = None
    similarity: Similarity | None = None
    tool_calls: ToolCalls | None = None
    sql: Sql | None = None
    length: Length | None = None
    latency: Latency | None = None
    tokens: Tokens | None = None
    matches_regex: MatchesRegex | None = Field(default=None, alias="MatchesRegex")
    precision_recall_f_score: PrecisionRecallFScore | None = Field(default=None, alias="PrecisionRecallFScore")
    python: str | None = Field(default=None, pattern=r"^[^:]+(:\\[^:]+)?:[A-Za-z_][\w.]*$")
    """A function of the user's: `path/to/file.py:function` or `package.module:function`, run in a worker."""

    name: str | None = Field(default=None, pattern=r"^[\w.-]+$")
    """What checks call it; default: its kind, or the name of the function or the judge."""
    direction: Direction | None = None
    """Which way is better; default: the kind's own, maximize for user functions."""
    range: tuple[float, float] | None = None
    """The lowest and highest score; default: the kind's own, 0 to 1 for user functions."""
    scale: PositiveFloat | None = None
    """The difference that counts as a whole range, for scores without one."""
    scores: dict[str, float] | None = None
    """What each label scores; a label outside the map is the evaluator's error."""
    version: str = "1"
    """Raise it when the evaluator's meaning changes: older scores are then not compared with."""
    input_mapping: dict[str, DottedPath] = Field(default_factory=dict)
    """What each of the evaluator's parameters is, as a path over everything that a task returns."""
    interpreter: str = "python"
    """The Python that runs a user function, relative to `root` when it has a slash."""
    timeout: PositiveFloat = 60.0
    """Seconds that one evaluation by a user function, or one call of a judge, may take."""
    env: tuple[str, ...] = ()
    """Names or globs (`AWS_*`) of the environment variables that a user function may see."""
    workers: Parallel = 2
    """Processes that run a user function at once."""
    per_worker: Parallel = 1
    """Evaluations that one process holds at once: more than one for async functions."""
    memory_mb: Count | None = None
    """Address space that one such process may have, in MiB (POSIX only)."""

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, data: Any) -> Any:
        """Read `- json_valid` and `- json_valid:` as `- json_valid: {}`."""
        if isinstance(data, str):
            data = {data: {}}
        if isinstance(data, dict):
            exactly_one(data, KINDS, "an evaluator")
            data = {key: {} if value is None and key in EVALUATOR_KINDS else value for key, value in data.items()}
            empty = next((key for key in ("python", "judge") if key in data and data[key] is None), None)
            if empty is not None:
                raise ValueError(f"`{empty}` says nothing: {_WHICH[empty]}")
        return data

    @field_validator("range")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError(f"range {list(value)} is empty: write [lowest, highest]")
        return value

    @model_validator(mode="after")
    def _for_others_only(self) -> Evaluator:
        others = {
            "python evaluators": () if self.python is not None else FUNCTION_OPTIONS,
            "judges": () if self.judge is not None else JUDGE_OPTIONS,
            "python evaluators and judges": () if self.python is not None or self.judge is not None else ("timeout",),
        }
        for whose, options in others.items():
            given = [type(self).model_fields[o].alias or o for o in options if o in self.model_fields_set]
            if given:
                raise ValueError(
                    f"{' and '.join(given)} {'is' if len(given) == 1 else 'are'} for {whose}; {self.kind} has none"
                )
        return self

    @model_validator(mode="after")
    def _asks_a_model(self) -> Evaluator:
        if self.judge is not None and self.model is None:
            raise ValueError(f"the judge {self.judge} needs a `model`: endpoint/model")
        named = JUDGES.get(self.judge or "")
        if named is None:
            return self
        unknown = sorted(set(self.input_mapping) - set(named.inputs))
        if unknown:
            raise ValueError(
                f"the judge {self.judge} has no parameter {', '.join(unknown)} for `input_mapping`: it has"
                f" {', '.join(named.inputs)}"
            )
        lacking = [name for name in named.unmapped if name not in self.input_mapping]
        if lacking:
            shown = ", ".join(f"{name}: metadata.{name}" for name in lacking)
            raise ValueError(
                f"the judge {self.judge} needs to be told what {' and '.join(lacking)} is: input_mapping: {{{shown}}}"
            )
        return self

    @property
    def kind(self) -> str:
        """Return the config key that says what it is, `exact_match` for example."""
        if self.judge is not None:
            return "judge"
        return "python" if self.python is not None else next(k for k, t in EVALUATOR_KINDS.items() if self._given(t))

    @property
    def parameters(self) -> Parameters | None:
        """Return the kind's own parameters; None for a user function and a judge."""
        return next((found for t in EVALUATOR_KINDS.values() if (found := self._given(t))), None)

    @property
    def label(self) -> str:
        """Return what checks and reports call it."""
        return self.name or (self.python.rpartition(":")[2] if self.python else self._judges_name or self.kind)

    @property
    def _judges_name(self) -> str | None:
        return PurePath(self.judge).stem if self.judge is not None else None

    def _given(self, kind: type[Parameters]) -> Parameters | None:
        return next((v for v in (getattr(self, n) for n in type(self).model_fields) if isinstance(v, kind)), None)
