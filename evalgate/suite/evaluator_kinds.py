"""What each built-in evaluator takes, as the config declares it; `evalgate.evaluators` implements each by its type."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, field_validator, model_validator

from evalgate.suite.model import ConfigModel, DottedPath


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
