"""A comparison of several for machines: one JSON object whose shape is published in docs/compare.schema.json.

Numbers are rounded to nine significant digits. Fields are only ever added within one version.
"""

from __future__ import annotations

import json
from typing import Any, Final

from evalgate import __version__
from evalgate.decision.contest_results import ContenderResult, ContestResult, PairCheck, Standing, SuiteResult
from evalgate.decision.results import Comparison

COMPARE_VERSION: Final = 1
_DIGITS: Final = 9


def render_contest_json(result: ContestResult) -> str:
    """Return the comparison as indented ASCII JSON. Costs are dollars, times seconds; null: not known, or none."""
    return json.dumps(contest_json(result), indent=2, allow_nan=False) + "\n"


def contest_json(result: ContestResult) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    return {
        "evalgate": {"compare": COMPARE_VERSION, "version": __version__},
        "against": result.chosen,
        "comparisons": result.comparisons,
        "alpha": _number(result.alpha),
        "exact": result.exact,
        "promise": result.promise,
        "suites": [_suite(suite) for suite in result.suites],
        "left_out": [
            {"name": each.name, "suite": each.suite or None, "reason": each.reason} for each in result.left_out
        ],
    }


def _suite(suite: SuiteResult) -> dict[str, Any]:
    winner = suite.winner
    return {
        "name": suite.name,
        "dataset": suite.file,
        "examples": suite.examples,
        "clusters": suite.clusters,
        "repetitions": suite.repetitions,
        "metric": suite.metric,
        "winner": {
            "name": winner.name,
            "leader": winner.leader,
            "reason": winner.reason,
            "next_step": winner.next_step,
            "p_adjusted": _number(winner.p_adjusted),
        },
        "contenders": [_contender(each, suite) for each in suite.contenders],
        "pairs": [{"name": pair.name, "checks": [_pair_check(check) for check in pair.checks]} for pair in suite.pairs],
        "notes": list(suite.notes),
        "warnings": list(suite.warnings),
    }


def _contender(of: ContenderResult, suite: SuiteResult) -> dict[str, Any]:
    taken = of.taken
    ranges = {check.name: check for check in suite.checks}
    return {
        "name": of.name,
        "label": of.label,
        "chosen": of.chosen,
        "checks": [
            {
                "name": level.name,
                "gating": ranges[level.name].gating,
                "mean": _number(level.mean),
                "low": _number(level.low),
                "high": _number(level.high),
                "range": [_number(ranges[level.name].low), _number(ranges[level.name].high)],
                "missing": level.missing,
            }
            for level in of.levels
        ],
        "runs": taken.runs,
        "errors": taken.errors,
        "cost": {"total": _number(taken.cost), "run": _number(taken.cost_per_run), "unknown_runs": taken.unpriced},
        "tokens": {
            "total": _number(taken.tokens),
            "run": _number(taken.tokens_per_run),
            "unknown_runs": taken.uncounted,
        },
        "latency": {"median": _number(taken.latency_median), "p95": _number(taken.latency_p95)},
        "front": {"cost": _standing(of.by_cost), "latency": _standing(of.by_latency)},
    }


def _standing(of: Standing) -> dict[str, Any]:
    return {"place": of.place.value, "behind": of.behind}


def _pair_check(check: PairCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "claim": check.claim.value,
        "reason": check.reason,
        "margin": _number(check.margin),
        "comparison": None if check.comparison is None else _comparison(check.comparison),
        "p_better": _number(check.p_better),
        "p_better_adjusted": _number(check.p_better_adjusted),
    }


def _comparison(of: Comparison) -> dict[str, Any]:
    where = of.interval
    return {
        "pairs": of.pairs,
        "changed": of.changed,
        "worse": of.worse,
        "better": of.better,
        "delta": _number(of.delta),
        "interval": None
        if where is None
        else {"low": _number(where.low), "high": _number(where.high), "level": where.level, "method": where.method},
        "p_worse": _number(of.p),
        "p_worse_adjusted": _number(of.p_adjusted),
    }


def _number(value: float | None) -> float | None:
    """Return a number to nine digits: a cost of a run may be millionths of a dollar."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
