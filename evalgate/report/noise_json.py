"""A noise study for machines: one JSON object whose shape is published in docs/noise.schema.json."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, Final

from evalgate.decision.study import REPETITIONS, CheckNoise, FalseAlarms, ResourceNoise, Study, SuiteNoise
from evalgate.report.noise_words import StudyInfo
from evalgate.report.rounding import rounded

NOISE_VERSION: Final = 1


def render_noise_json(study: Study, info: StudyInfo) -> str:
    """Return the study as indented ASCII JSON. Rates, drops and spreads are shares of the score's range."""
    return json.dumps(noise_json(study, info), indent=2, allow_nan=False) + "\n"


def noise_json(study: Study, info: StudyInfo) -> dict[str, Any]:
    """Return the study as JSON values."""
    return {
        "evalgate": {"noise": NOISE_VERSION, "version": info.evalgate_version},
        "study": {
            "id": info.id,
            "created_at": info.created_at,
            "commit": info.commit,
            "branch": info.branch,
            "dirty": info.dirty,
            "config": info.config_file,
            "seconds": rounded(info.seconds),
            "resumed": info.resumed,
        },
        "runs": study.runs,
        "measured": not study.obstacles,
        "comparisons": study.comparisons,
        "alpha": rounded(study.alpha),
        "false_alarms": None if study.alarms is None else _alarms(study.alarms),
        "suites": [_suite(suite) for suite in study.suites],
    }


def _alarms(alarms: FalseAlarms) -> dict[str, Any]:
    return {
        "pairs": alarms.pairs,
        "failed": alarms.failed,
        "independent_pairs": alarms.independent,
        "independent_failed": alarms.independent_failed,
        "interval": _interval(alarms.low, alarms.high, alarms.level),
        "failing": [{"suite": suite, "check": check, "pairs": times} for suite, check, times in alarms.failing],
    }


def _suite(suite: SuiteNoise) -> dict[str, Any]:
    return {
        "name": suite.name,
        "label": suite.label,
        "task": "baseline" if suite.of_baseline else "candidate",
        "examples": suite.examples,
        "clusters": suite.clusters,
        "steady": suite.steady,
        "errors": suite.errors,
        "missing": suite.missing,
        "checks": [_check(check) for check in suite.checks],
        "resources": [_resource(each) for each in suite.resources],
    }


def _resource(each: ResourceNoise) -> dict[str, Any]:
    parts = each.components
    return {
        "name": each.name,
        "obstacle": each.obstacle,
        "spread": None if parts is None else rounded(math.expm1(each.log)),
        "variance": None
        if parts is None
        else {"examples": rounded(parts.examples), "answers": rounded(parts.answers), "runs": rounded(parts.runs)},
        "cluster_correlation": rounded(each.icc),
        "rises": [
            {
                "examples": row.examples,
                "caught": [
                    {"repetitions": times, "rise": rounded(rise)}
                    for times, rise in zip(REPETITIONS, row.caught, strict=True)
                ],
            }
            for row in each.rises
        ],
    }


def _check(check: CheckNoise) -> dict[str, Any]:
    flip, parts, whole = check.flip, check.components, check.whole_runs
    return {
        "name": check.name,
        "obstacle": check.obstacle,
        "binary": check.binary,
        "has_range": check.declared,
        "flip": None
        if flip is None
        else {"rate": rounded(flip.rate), "interval": _interval(flip.low, flip.high, 0.95), "flaky": flip.flaky},
        "variance": None if parts is None else {name: rounded(value) for name, value in asdict(parts).items()},
        "cluster_correlation": rounded(check.icc),
        "whole_runs": None
        if whole is None
        else {
            "shift": check.shifts,
            "p": rounded(check.shift_p),
            "spread": rounded(whole.spread),
            "caught": rounded(whole.caught),
            "false_alarms": rounded(check.false_alarms),
        },
        "evaluator": {"scored_again": check.scored_again, "differently": check.scored_differently},
        "drops": [
            {
                "examples": row.examples,
                "caught": [
                    {"repetitions": times, "drop": rounded(drop)}
                    for times, drop in zip(REPETITIONS, row.caught, strict=True)
                ],
            }
            for row in check.drops
        ],
        "flaky": [
            {
                "example": each.example_id,
                "scores": [{"score": rounded(score), "runs": times} for score, times in each.scores],
                "answers": each.answers,
            }
            for each in check.flaky
        ],
    }


def _interval(low: float, high: float, level: float) -> dict[str, Any]:
    return {"low": rounded(low), "high": rounded(high), "level": level}
