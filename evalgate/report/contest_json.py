"""A comparison of several for machines: one JSON object whose shape is published in docs/compare.schema.json.

Numbers are rounded to nine significant digits. Fields are only ever added within one version.
"""

from __future__ import annotations

import json
from typing import Any, Final

from evalgate import __version__
from evalgate.decision.contest_results import ContenderResult, ContestResult, PairCheck, Standing, SuiteResult
from evalgate.decision.results import Comparison
from evalgate.report.rounding import significant

COMPARE_VERSION: Final = 1


def render_contest_json(result: ContestResult) -> str:
    """Return the comparison as indented ASCII JSON. Costs are dollars, times seconds; null: not known, or none."""
    return json.dumps(contest_json(result), indent=2, allow_nan=False) + "\n"


def contest_json(result: ContestResult) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    return {
        "evalgate": {"compare": COMPARE_VERSION, "version": __version__},
        "against": result.chosen,
        "comparisons": result.comparisons,
        "alpha": significant(result.alpha),
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
            "p_adjusted": significant(winner.p_adjusted),
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
                "mean": significant(level.mean),
                "low": significant(level.low),
                "high": significant(level.high),
                "range": [significant(ranges[level.name].low), significant(ranges[level.name].high)],
                "missing": level.missing,
            }
            for level in of.levels
        ],
        "runs": taken.runs,
        "errors": taken.errors,
        "cost": {
            "total": significant(taken.cost),
            "run": significant(taken.cost_per_run),
            "unknown_runs": taken.unpriced,
        },
        "tokens": {
            "total": significant(taken.tokens),
            "run": significant(taken.tokens_per_run),
            "unknown_runs": taken.uncounted,
        },
        "latency": {"median": significant(taken.latency_median), "p95": significant(taken.latency_p95)},
        "front": {"cost": _standing(of.by_cost), "latency": _standing(of.by_latency)},
    }


def _standing(of: Standing) -> dict[str, Any]:
    return {"place": of.place.value, "behind": of.behind}


def _pair_check(check: PairCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "claim": check.claim.value,
        "reason": check.reason,
        "margin": significant(check.margin),
        "comparison": None if check.comparison is None else _comparison(check.comparison),
        "p_better": significant(check.p_better),
        "p_better_adjusted": significant(check.p_better_adjusted),
    }


def _comparison(of: Comparison) -> dict[str, Any]:
    where = of.interval
    return {
        "pairs": of.pairs,
        "changed": of.changed,
        "worse": of.worse,
        "better": of.better,
        "delta": significant(of.delta),
        "interval": None
        if where is None
        else {
            "low": significant(where.low),
            "high": significant(where.high),
            "level": where.level,
            "method": where.method,
        },
        "p_worse": significant(of.p),
        "p_worse_adjusted": significant(of.p_adjusted),
    }
