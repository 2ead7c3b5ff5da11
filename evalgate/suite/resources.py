"""What every run takes, whatever scores it: cost, tokens and latency, which checks may name without an evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class Resource(StrEnum):
    """What a run takes. A check of this name needs no evaluator; less is better."""

    COST = "cost"
    """US dollars, over all models that the run called."""
    TOKENS = "tokens"
    """In and out, over all models that the run called."""
    LATENCY = "latency"
    """Seconds of the task alone."""


OF_SCORES: Final = frozenset({"rule_out_drop", "ignore_drop_under"})
"""The keys of no_regression that are shares of a score's range."""
OF_RESOURCES: Final = frozenset({"allow_increase"})
"""The key of no_regression that is a share of what the baseline takes."""


def resource_named(name: str) -> Resource | None:
    """Return the resource of this name; None where it is no resource's."""
    return next((resource for resource in Resource if resource == name), None)


def applicable(check: Mapping[str, Any], resource: Resource | None) -> dict[str, Any]:
    """Return a check's values without the keys of no_regression that mean nothing for what it is about."""
    rule = check.get("no_regression")
    if not isinstance(rule, Mapping):
        return dict(check)
    idle = OF_RESOURCES if resource is None else OF_SCORES
    return {**check, "no_regression": {key: value for key, value in rule.items() if key not in idle}}
