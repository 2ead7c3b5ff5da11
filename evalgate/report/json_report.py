"""The result for machines: one JSON object whose shape is published in docs/report.schema.json and versioned.

Numbers are rounded to six decimals, what runs took to nine digits. Fields are only ever added within one version of
the report.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from evalgate.decision.results import SetAside, SuiteDecision
from evalgate.records import Side
from evalgate.report.check_json import check_json, flip_json
from evalgate.report.example_json import example_json
from evalgate.report.model import BuildInfo, BuildReport, CheckMeans, ErrorTally, GateReport, PhoenixView, SuiteReport
from evalgate.report.rounding import rounded
from evalgate.report.spending import spending_json

REPORT_VERSION: Final = 1


def render_json(report: BuildReport) -> str:
    """Return the report as indented ASCII JSON: any consumer can read it, whatever the answers hold."""
    return json.dumps(json_report(report), indent=2, allow_nan=False) + "\n"


def json_report(report: BuildReport) -> dict[str, Any]:
    """Return the report as JSON values. A sample has no verdicts, so its are null and it has no rules and no slices."""
    decision = report.decision
    return {
        "evalgate": {"report": REPORT_VERSION, "version": report.build.evalgate_version},
        "verdict": None if report.sample else decision.verdict.value,
        "reason": decision.reason,
        "accepted": decision.accepted and not report.sample,
        "unverified": report.unverified,
        "exit_code": report.build.exit_code,
        "build": _build(report.build),
        "decision": {
            "alpha": rounded(decision.alpha),
            "exact": decision.exact,
            "columns": decision.columns,
            "sign_patterns": decision.flips,
            "promise": decision.promise,
            "measurement": decision.measurement,
        },
        "gate": _gate(report.gate, sample=report.sample),
        "suites": [_suite(suite, shown, sample=report.sample) for suite, shown in report.each_suite()],
    }


def _gate(gate: GateReport | None, *, sample: bool) -> dict[str, Any] | None:
    """Return whose definitions decided, what the change has otherwise, and what that would come to."""
    if gate is None:
        return None
    own = None if sample else gate.own
    return {
        "base": gate.base,
        "decides": gate.decides,
        "differences": [asdict(each) for each in gate.differences],
        "added": [
            {"suite": each.suite, "examples": each.examples, "checks": [_means(of) for of in each.checks]}
            for each in gate.added
        ],
        "own": None
        if own is None
        else {
            "verdict": None if own.verdict is None else own.verdict.value,
            "exit_code": own.exit_code,
            "reason": own.reason,
            "covers": list(own.covers),
            "not_evaluated": list(own.not_evaluated),
            "scores": [_means(each) for each in own.scores],
        },
    }


def _means(of: CheckMeans) -> dict[str, Any]:
    return {"suite": of.suite, "check": of.check, "candidate": of.candidate, "baseline": of.baseline}


def _build(build: BuildInfo) -> dict[str, Any]:
    return {
        "id": build.id,
        "created_at": build.created_at,
        "commit": build.commit,
        "branch": build.branch,
        "dirty": build.dirty,
        "config": build.config_file,
        "change": build.change,
        "measurement": build.measurement,
        "failed_before": build.failed_before,
        "mode": build.mode,
        "gated": build.gated,
        "sample": build.partial,
        "resumed": build.resumed,
        "seconds": rounded(build.seconds),
    }


def _suite(suite: SuiteDecision, shown: SuiteReport, *, sample: bool) -> dict[str, Any]:
    return {
        "name": suite.name,
        "verdict": None if sample else suite.verdict.value,
        "reason": suite.reason,
        "next_step": suite.next_step,
        "unmeasurable": suite.unmeasurable,
        "dataset": {
            "file": shown.dataset,
            "version": shown.dataset_version,
            "examples": suite.examples,
            "clusters": suite.clusters,
        },
        "identical": suite.identical,
        "repetitions": shown.repetitions,
        "sides": {side.value: _side_of_suite(side, shown) for side in Side if _has(side, shown)},
        "errors": [_tally(tally) for tally in shown.errors],
        "spending": spending_json(shown),
        "warnings": list(suite.warnings),
        "notes": list(shown.notes),
        "phoenix": _phoenix(shown.phoenix),
        "quarantined": [_set_aside(entry, suite) for entry in suite.quarantined],
        "checks": [check_json(check, sample=sample) for check in suite.checks],
        "examples": [example_json(view) for view in shown.examples.values()],
    }


def _phoenix(view: PhoenixView | None) -> dict[str, Any] | None:
    """Return where a suite is in Phoenix."""
    if view is None:
        return None
    return {
        "compare": view.compare,
        "experiments": {side.value: view.experiments.get(side) for side in Side},
        "lacking": view.lacking,
        "next_step": view.next_step,
    }


def _set_aside(entry: SetAside, suite: SuiteDecision) -> dict[str, Any]:
    checks = {check.name: check for check in suite.checks}
    return {
        "example": entry.example_id,
        "check": entry.check,
        "owner": entry.owner,
        "reason": entry.reason,
        "expires": entry.expires,
        "active": entry.active,
        "scores": {name: flip_json(flip, checks[name]) for name, flip in entry.flips if name in checks},
    }


def _has(side: Side, shown: SuiteReport) -> bool:
    return side is Side.CANDIDATE or shown.baseline_label is not None


def _side_of_suite(side: Side, shown: SuiteReport) -> dict[str, Any]:
    counts = shown.counts.get(side)
    return {
        "label": shown.candidate_label if side is Side.CANDIDATE else shown.baseline_label,
        "runs": counts.runs if counts else 0,
        "cached": counts.cached if counts else 0,
        "errors": counts.errors if counts else 0,
    }


def _tally(tally: ErrorTally) -> dict[str, Any]:
    return {
        "side": tally.side.value,
        "kind": tally.kind.value,
        "evaluator": tally.evaluator,
        "message": tally.message,
        "where": tally.where,
        "count": tally.count,
    }
