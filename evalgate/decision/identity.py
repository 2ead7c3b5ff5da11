"""The bytes of a decision: equal for equal evidence, so that `evalgate decide` can be held to its word."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum

from evalgate.canonical import canonical_json
from evalgate.decision.contest_results import ContestResult
from evalgate.decision.flips import Flips
from evalgate.decision.results import BuildDecision
from evalgate.records import Json

_DIGITS = 9


def canonical(decision: BuildDecision | ContestResult) -> bytes:
    """Return the decision as canonical JSON: suites, checks, rules, contenders by name, floats to nine digits."""
    return canonical_json(_plain(decision))


def _plain(value: object) -> Json:
    if isinstance(value, tuple | Flips):
        return [_plain(item) for item in sorted(value, key=_name)]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") + 0.0
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"a decision holds no {type(value).__name__}")


def _name(value: object) -> tuple[str, ...]:
    """Return what a part of a decision is sorted by; flips and example ids are by id."""
    if isinstance(value, str):
        return (value,)
    return tuple(
        str(getattr(value, name)) for name in ("name", "rule", "path", "value", "example_id") if hasattr(value, name)
    )
