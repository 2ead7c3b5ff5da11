"""What each evaluator takes, as the config declares it; `evalgate.evaluators` implements each by its type."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    field_validator,
    model_validator,
)

from evalgate.records import Direction
from evalgate.suite.judges import JUDGES
from evalgate.suite.judging import JUDGE_OPTIONS, JudgeOptions
from evalgate.suite.model import ConfigModel, Count, DottedPath, Parallel, exactly_one


class Parameters(ConfigModel):
    """What one kind of evaluator takes."""


class AtPath(Parameters):
    """An evaluator that looks at one place of the output, and of the expected answer where it uses one."""

    path: DottedPath | None = None
    """Where to look, in the output and in the expected answer alike, where that side is an object or a list (or text
    that parses as one); other text is taken whole. Default: all of it."""


class ExactMatch(AtPath):
    """The output equals the expected answer."""

    ignore_case: bool = False
    ignore_whitespace: bool = False
    """Compare with runs of white space folded and the ends stripped."""


class Contains(AtPath):
    """The output, as text, contains what it must."""

    text: str | tuple[str, ...] | None = None
    """What it must contain; default: the expected answer, a text or a list of texts."""
    match: Literal["all", "any", "none"] = "all"
    ignore_case: bool = False

    @field_validator("text")
    @classmethod
    def _says_something(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if value is not None and (not value or (isinstance(value, tuple) and not all(value))):
            raise ValueError("an empty text is in every output: nothing would be checked")
        return value


class Regex(AtPath):
    """The output, as text, matches a pattern."""

    pattern: str = Field(min_length=1)
    """In the syntax of the `regex` library, which reads everything that Python's `re` does."""
    full: bool = False
    """Match from end to end rather than anywhere."""
    ignore_case: bool = False
    timeout: PositiveFloat = 1.0
    """Seconds after which a pattern that runs away is the evaluator's error."""


class JsonValid(AtPath):
    """The output is JSON: a value, or text that parses."""


class JsonSchema(AtPath):
    """The output validates against a JSON Schema."""

    schema_: str | dict[str, Any] = Field(alias="schema")
    """A JSON or YAML file relative to `root`, or the schema itself; Draft 2020-12 unless `$schema` says otherwise."""


class JsonPath(Parameters):
    """What a JSONPath expression finds in the output equals what it must."""

    expression: str
    """A JSONPath expression over the output."""
    equals: Any = None
    """The value that the first match must equal; null is a value too."""
    expected: DottedPath | None = None
    """Where in the expected answer that value stands, instead of `equals`. With neither, a match is enough."""

    @model_validator(mode="after")
    def _one_source(self) -> JsonPath:
        if "equals" in self.model_fields_set and self.expected is not None:
            raise ValueError("give equals or expected, not both")
        return self


class NumericClose(AtPath):
    """The output is a number close to the expected one, within the larger of the two tolerances.

    A number in a text is read as JSON writes it, with white space around it and a leading + allowed; separators of
    thousands, units and percent signs are not.
    """

    absolute: NonNegativeFloat = 0.0
    """In the number's own units."""
    relative: NonNegativeFloat = 1e-9
    """As a share of the expected number."""


class Similarity(AtPath):
    """How alike the output and the expected answer are as texts, from 0 to 1."""

    method: Literal["ratio", "token_sort", "token_set", "jaro_winkler"] = "ratio"
    at_least: float | None = Field(default=None, ge=0, le=1)
    """With it the score is 1 from this likeness on and 0 below."""


class ToolCalls(Parameters):
    """The calls that the task made are those that it should have made."""

    expected: DottedPath = "tool_calls"
    """Where in the expected answer the list of calls (`name`, `arguments`) stands."""
    arguments: bool = True
    """Compare arguments too, not names alone."""
    order: Literal["strict", "any"] = "strict"
    extra: bool = False
    """Allow calls beyond the expected ones."""


class Sql(AtPath):
    """SQL that parses, keeps to the schema, filters as it must, and returns the rows that it should."""

    dialect: Literal["sqlite", "duckdb"] = "sqlite"
    database: str
    """An SQL script (`.sql`) or a database file, relative to `root`; opened read-only, never changed."""
    expected: DottedPath | None = None
    """Where in the expected answer the reference SQL (text) or rows (a list) stand; default: `path`, else all of it."""
    required_filters: tuple[str, ...] = ()
    """Columns (`tenant_id`, `devices.tenant_id`) that every query over a table having them must filter by."""
    row_order: bool = False
    """Rows must come in the expected order; else they are compared as a multiset."""
    column_names: bool = False
    """Columns must be named as in the reference; else only values count."""
    timeout: PositiveFloat = 5.0
    """Seconds that one query may take."""
    max_rows: NonNegativeInt = 10_000
    """Rows beyond which a query is wrong rather than large."""


class Length(AtPath):
    """How long the output is as text; with `min` or `max`, 1 within and 0 outside."""

    unit: Literal["characters", "words"] = "characters"
    min: NonNegativeInt | None = None
    max: NonNegativeInt | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Length:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}: no output could pass")
        return self


class Latency(Parameters):
    """Seconds that the task took; with `max`, 1 within and 0 over. The check `latency` needs no evaluator."""

    max: PositiveFloat | None = None


class Tokens(Parameters):
    """Tokens that the task used; with `max`, 1 within and 0 over. Unknown usage is the evaluator's error."""

    max: NonNegativeInt | None = None


class MatchesRegex(AtPath):
    """phoenix-evals' MatchesRegex: a part of the output, which must be text, matches a pattern."""

    pattern: str = Field(min_length=1)
    include_explanation: bool = True
    """Say how many parts matched."""
    timeout: PositiveFloat = 1.0
    """Seconds after which a pattern that runs away is the evaluator's error."""


class PrecisionRecallFScore(AtPath):
    """phoenix-evals' PrecisionRecallFScore over two lists of labels of one length, the expected and the output's."""

    score: Literal["precision", "recall", "f_score"] = "f_score"
    """Which of the three counts; the others are in the evaluation's metadata."""
    beta: PositiveFloat = 1.0
    """The weight of recall in `f_score`."""
    average: Literal["macro", "micro", "weighted"] = "macro"
    positive_label: str | int | None = None
    """Only this label counts; an example without it, on either side, is the evaluator's error."""
    zero_division: float = Field(default=0.0, ge=0, le=1)
    """What 0/0 is."""


EVALUATOR_KINDS: dict[str, type[Parameters]] = {
    "exact_match": ExactMatch,
    "contains": Contains,
    "regex": Regex,
    "json_valid": JsonValid,
    "json_schema": JsonSchema,
    "json_path": JsonPath,
    "numeric_close": NumericClose,
    "similarity": Similarity,
    "tool_calls": ToolCalls,
    "sql": Sql,
    "length": Length,
    "latency": Latency,
    "tokens": Tokens,
    "MatchesRegex": MatchesRegex,
    "PrecisionRecallFScore": PrecisionRecallFScore,
}


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
