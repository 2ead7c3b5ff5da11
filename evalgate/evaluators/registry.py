"""From what the config declares to what runs: one implementation for every parameter model, found by its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.evaluators.documents import JsonPathMeasure, JsonValidMeasure
from evalgate.evaluators.exact import ContainsMeasure, ExactMatchMeasure, NumericCloseMeasure
from evalgate.evaluators.functions import FunctionMeasure
from evalgate.evaluators.measure import Measure, MeasureRunner
from evalgate.evaluators.models import Models
from evalgate.evaluators.phoenix_evals import MatchesRegexMeasure, PrecisionRecallFScoreMeasure
from evalgate.evaluators.resources import LatencyMeasure, TokensMeasure
from evalgate.evaluators.schema import JsonSchemaMeasure
from evalgate.evaluators.spec import spec_of
from evalgate.evaluators.sql.measure import SqlMeasure
from evalgate.evaluators.texts import LengthMeasure, RegexMeasure, SimilarityMeasure
from evalgate.evaluators.tool_calls import ToolCallsMeasure
from evalgate.suite import evaluator_kinds as declared
from evalgate.suite.evaluators import Evaluator

if TYPE_CHECKING:
    from evalgate.evaluators.judge.measure import JudgeMeasure
    from evalgate.evaluators.judge.preference import PreferenceRunner

ALONE: Final[dict[type[declared.Parameters], Callable[..., Measure]]] = {
    declared.ExactMatch: ExactMatchMeasure,
    declared.Contains: ContainsMeasure,
    declared.Regex: RegexMeasure,
    declared.JsonValid: JsonValidMeasure,
    declared.JsonPath: JsonPathMeasure,
    declared.NumericClose: NumericCloseMeasure,
    declared.Similarity: SimilarityMeasure,
    declared.ToolCalls: ToolCallsMeasure,
    declared.Length: LengthMeasure,
    declared.Latency: LatencyMeasure,
    declared.Tokens: TokensMeasure,
    declared.MatchesRegex: MatchesRegexMeasure,
    declared.PrecisionRecallFScore: PrecisionRecallFScoreMeasure,
}
"""Kinds that need nothing but their parameters."""

WITH_ROOT: Final[dict[type[declared.Parameters], Callable[..., Measure]]] = {
    declared.JsonSchema: lambda parameters, root, environ: JsonSchemaMeasure(parameters, root=root),  # noqa: ARG005 - one call for all
    declared.Sql: lambda parameters, root, environ: SqlMeasure(parameters, root=root, environ=environ),
}
"""Kinds that read files of the suite."""


def build(
    evaluator: Evaluator,
    *,
    root: Path,
    environ: Mapping[str, str],
    models: Models | None = None,
    interpreters: Path | None = None,
) -> MeasureRunner | PreferenceRunner:
    """Return what scores by `evaluator`, not yet started: an EvaluatorRunner, or a PairRunner for a judge of pairs.

    `root` is the suite's directory, `environ` the environment of which workers see what is safe and what is named;
    `models` is where judges find theirs, and may be left out where nothing is started; `interpreters` where a Python
    is looked for that `root` does not have.
    Raises ConfigurationError where the config contradicts its kind.
    """
    if evaluator.judge is not None:
        return (
            preference(evaluator, root=root, environ=environ, models=models or Models())
            or judge(evaluator, root=root, environ=environ, models=models or Models())[1]
        )
    measure = _measure(evaluator, root, environ, interpreters)
    spec = spec_of(evaluator, measure)
    return MeasureRunner(measure, spec=spec, mapping=evaluator.input_mapping, labels=evaluator.scores)


def preference(
    evaluator: Evaluator, *, root: Path, environ: Mapping[str, str], models: Models
) -> PreferenceRunner | None:
    """Return a judge that is shown two answers; None for every other one."""
    from evalgate.evaluators.judge.pair_prompts import is_pairwise
    from evalgate.evaluators.judge.preference import PreferenceRunner

    if evaluator.judge is None or not is_pairwise(evaluator.judge, root):
        return None
    return PreferenceRunner(evaluator, root=root, environ=environ, models=models)


def judge(
    evaluator: Evaluator, *, root: Path, environ: Mapping[str, str], models: Models, reverse: bool = False
) -> tuple[JudgeMeasure, MeasureRunner]:
    """Return a judge by itself, and as what scores; `reverse` tells it of its labels in the opposite order.

    Its labels are scored by itself, as votes may be averaged.
    """
    from evalgate.evaluators.judge.measure import JudgeMeasure

    measure = JudgeMeasure(evaluator, root=root, environ=environ, models=models, reverse=reverse)
    spec = spec_of(evaluator, measure)
    return measure, MeasureRunner(measure, spec=spec, mapping=measure.mapping, labels=None)


def _measure(evaluator: Evaluator, root: Path, environ: Mapping[str, str], interpreters: Path | None) -> Measure:
    parameters = evaluator.parameters
    if parameters is None:
        return FunctionMeasure(evaluator, root=root, environ=environ, interpreters=interpreters)
    kind = type(parameters)
    return ALONE[kind](parameters) if kind in ALONE else WITH_ROOT[kind](parameters, root, environ)
