"""What is known of an evaluator before it runs: its kind's traits under what the config says."""

from __future__ import annotations

from evalgate.errors import ConfigurationError
from evalgate.evaluators.measure import Measure, Traits
from evalgate.records import EvaluatorSpec
from evalgate.suite.evaluators import Evaluator


def spec_of(evaluator: Evaluator, measure: Measure) -> EvaluatorSpec:
    """Return the spec of `evaluator`. Raises ConfigurationError where the config contradicts its kind."""
    _check_mapping(evaluator, measure)
    low, high = _range(evaluator, measure.traits)
    return EvaluatorSpec(
        name=evaluator.label,
        kind=measure.traits.kind,
        direction=evaluator.direction or measure.traits.direction,
        low=low,
        high=high,
        scale=evaluator.scale,
        version=evaluator.version,
    )


def _range(evaluator: Evaluator, traits: Traits) -> tuple[float | None, float | None]:
    own = (traits.low, traits.high)
    if evaluator.scores is not None:
        own = _label_range(evaluator, evaluator.scores, traits)
    low, high = evaluator.range or own
    if low is None or high is None:
        return None, None
    if evaluator.range and traits.labels is not None and own[0] is not None and own[1] is not None:
        _refuse_unless(
            low <= own[0] and own[1] <= high,
            f"evaluator {evaluator.label!r} scores from {own[0]:g} to {own[1]:g}, beyond its range [{low:g}, {high:g}]",
            "Remove `range`, or widen it.",
        )
    return low, high


def _label_range(evaluator: Evaluator, scores: dict[str, float], traits: Traits) -> tuple[float | None, float | None]:
    name = f"evaluator {evaluator.label!r}"
    _refuse_unless(bool(scores), f"{name} has an empty `scores`", "Write what each label scores, or remove `scores`.")
    _refuse_unless(traits.labels != (), f"{name} gives no labels, so `scores` means nothing to it", "Remove `scores`.")
    if traits.labels is not None:
        _refuse_unless(
            set(scores) == set(traits.labels),
            f"{name} gives the labels {' and '.join(traits.labels)}; `scores` has {', '.join(scores)}",
            f"Give {' and '.join(traits.labels)} a score each.",
        )
    low, high = evaluator.range or (0.0, 1.0)
    lowest, highest = min(scores.values()), max(scores.values())
    if low <= lowest and highest <= high:
        return low, high
    _refuse_unless(
        evaluator.range is None and lowest < highest,
        f"{name} has `scores` from {lowest:g} to {highest:g}, outside its range {low:g} to {high:g}",
        "Write `range: [lowest, highest]` so that it holds every score.",
    )
    return lowest, highest


def _check_mapping(evaluator: Evaluator, measure: Measure) -> None:
    unknown = sorted(set(evaluator.input_mapping) - measure.inputs) if measure.inputs is not None else []
    _refuse_unless(
        not unknown,
        f"evaluator {evaluator.label!r} has no parameter {', '.join(unknown)} for `input_mapping`",
        f"Map {' or '.join(sorted(measure.inputs or ()))}." if measure.inputs else "Remove `input_mapping`.",
    )


def _refuse_unless(condition: bool, message: str, next_step: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise ConfigurationError(message, next_step=next_step)
