"""The plan of a run as JSON."""

from __future__ import annotations

import json
from typing import Any, Final

from evalgate.decision.drops import CheckPlan
from evalgate.decision.improvement_plan import ChangePlan
from evalgate.decision.plans import BuildPlan, ModelsPlan, SidePlan, SuitePlan
from evalgate.decision.ratios.planning import RatioPlan
from evalgate.report.rounding import rounded

PLAN_VERSION: Final = 1


def render_plan_json(plan: BuildPlan) -> str:
    """Return the plan as indented ASCII JSON, in the shape of docs/plan.schema.json; null: not known, or none."""
    return json.dumps(plan_json(plan), indent=2, allow_nan=False) + "\n"


def plan_json(plan: BuildPlan) -> dict[str, Any]:
    """Return the plan as JSON values."""
    return {
        "evalgate": {"plan": PLAN_VERSION},
        "runs": plan.runs,
        "evaluations": plan.evaluations,
        "seconds": rounded(plan.seconds),
        "comparisons": plan.comparisons,
        "promise": plan.promise,
        "catch": rounded(plan.catch),
        "budget": list(plan.budget),
        "suites": [_suite_json(suite, asked=plan.catch is not None) for suite in plan.suites],
    }


def _suite_json(suite: SuitePlan, *, asked: bool) -> dict[str, Any]:
    return {
        "name": suite.name,
        "dataset": suite.dataset,
        "examples": suite.examples,
        "set_aside": suite.set_aside,
        "clusters": suite.clusters,
        "repetitions": suite.repetitions,
        "evaluators": suite.evaluators,
        "runs": suite.runs,
        "redraws": suite.redraws,
        "models": _models_json(suite.models),
        "confirmation_models": _models_json(suite.confirming),
        "sides": [_side_json(side) for side in suite.sides],
        "scored_again": dict(suite.again),
        "scored_by_own": dict(suite.own),
        "confirmation": [_side_json(side) for side in suite.confirmation],
        "thresholds": list(suite.thresholds),
        "checks": [_check_json(check, asked=asked) for check in suite.checks],
        "ratios": [_ratio_json(ratio) for ratio in suite.ratios],
        "changes": [_change_json(change) for change in suite.changes],
    }


def _models_json(models: ModelsPlan | None) -> dict[str, Any] | None:
    if models is None:
        return None
    return {
        "calls": round(models.calls),
        "tokens": round(models.tokens),
        "usd": rounded(models.usd),
        "known_from_build": models.build,
    }


def _ratio_json(of: RatioPlan) -> dict[str, Any]:
    return {
        "name": of.name,
        "slices": of.slices,
        "source": None if of.spread is None else of.spread.source or None,
        "build": None if of.spread is None else of.spread.build or None,
        "outlooks": [{"spread": rounded(each.spread), "rise": rounded(each.rise)} for each in of.outlooks],
    }


def _change_json(of: ChangePlan) -> dict[str, Any]:
    noise = of.noise
    return {
        "name": of.name,
        "rule": of.rule,
        "asked": rounded(of.asked),
        "of": "what the baseline takes" if of.of_resource else "the score's range",
        "obstacle": of.obstacle,
        "source": None if noise is None else noise.source or None,
        "build": None if noise is None else noise.build or None,
        "outlooks": [
            {
                "differ": rounded(each.noise),
                "shown": rounded(each.shown),
                "unchanged_passes": rounded(each.chance),
                "examples": each.examples,
            }
            for each in of.outlooks
        ],
    }


def _side_json(side: SidePlan) -> dict[str, Any]:
    return {
        "side": side.side.value,
        "label": side.label,
        "runs": side.runs,
        "seconds_per_run": rounded(side.seconds_per_run),
        "seconds": rounded(side.seconds),
        "timed_in_build": side.build,
    }


def _check_json(check: CheckPlan, *, asked: bool) -> dict[str, Any]:
    noise = check.noise
    return {
        "name": check.name,
        "slices": check.slices,
        "obstacle": check.obstacle,
        "noise": None
        if noise is None
        else {
            "flip": rounded(noise.flip),
            "binary": noise.binary,
            "cluster_correlation": rounded(noise.icc),
            "comparisons": noise.columns,
            "able_to_fail": noise.live,
            "source": noise.source,
            "build": noise.build or None,
        },
        "outlooks": [
            {"flip": rounded(of.flip), "drop": rounded(of.drop)}
            | ({"caught": of.caught, "examples": of.examples, "repetitions": of.repetitions} if asked else {})
            for of in check.outlooks
        ],
    }
