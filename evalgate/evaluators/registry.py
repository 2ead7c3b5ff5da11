"""From what the config declares to what runs: one implementation for every parameter model, found by its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from evalgate.evaluators.documents import JsonPathMeasure, JsonValidMeasure
from evalgate.evaluators.exact import ContainsMeasure, ExactMatchMeasure, NumericCloseMeasure
from evalgate.evaluators.measure import Measure, MeasureRunner
from evalgate.evaluators.phoenix_evals import MatchesRegexMeasure, PrecisionRecallFScoreMeasure
from evalgate.evaluators.resources import LatencyMeasure, TokensMeasure
from evalgate.evaluators.schema import JsonSchemaMeasure
from evalgate.evaluators.spec import spec_of
from evalgate.evaluators.texts import LengthMeasure, RegexMeasure, SimilarityMeasure
from evalgate.evaluators.tool_calls import ToolCallsMeasure
from evalgate.suite import evaluators as declared

IMPLEMENTATIONS: Final[dict[type[declared.Parameters], Callable[..., Measure]]] = {
    declared.ExactMatch: ExactMatchMeasure,
    declared.Contains: ContainsMeasure,
    declared.Regex: RegexMeasure,
    declared.JsonValid: JsonValidMeasure,
    declared.JsonSchema: JsonSchemaMeasure,
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
