"""The result for machines: one JSON object whose shape is published in docs/report.schema.json and versioned.

Numbers are rounded to six decimals, what runs took to nine digits. Fields are only ever added within one version of
the report.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from evalgate.decision.distribution import Distribution, Tally
from evalgate.decision.results import (
    CheckDecision,
    Comparison,
    Correction,
    Flip,
    Interval,
    Ratio,
    RuleDecision,
    SetAside,
    SliceDecision,
    SuiteDecision,
)
from evalgate.records import Evaluation, Failure, Json, Side
from evalgate.report.model import (
    BuildInfo,
    BuildReport,
    CheckMeans,
    ErrorTally,
    ExampleView,
    GateReport,
    PhoenixView,
    SideView,
    SuiteReport,
)
from evalgate.report.spending import spending_json
from evalgate.stats.summary import Summary

REPORT_VERSION: Final = 1
_DECIMALS: Final = 6
_DIGITS: Final = 9


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
            "alpha": _number(decision.alpha),
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
        "seconds": _number(build.seconds),
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
        "checks": [_check(check, sample=sample) for check in suite.checks],
        "examples": [_example(view) for view in shown.examples.values()],
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
        "scores": {name: _flip(flip, checks[name]) for name, flip in entry.flips if name in checks},
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


def _check(check: CheckDecision, *, sample: bool) -> dict[str, Any]:
    return {
        "name": check.name,
        "gating": check.gating,
        "verdict": None if sample else check.verdict.value,
        "rules": [] if sample else [_rule(rule) for rule in check.rules],
        "range": None if check.low is None or check.high is None else [_number(check.low), _number(check.high)],
        "binary": check.binary,
        "examples": check.examples,
        "baseline": _score(check.baseline_mean, check),
        "candidate": _score(check.candidate_mean, check),
        "comparison": _comparison(check.comparison),
        "corrected": _corrected(check.corrected),
        "preferences": None if check.preferences is None else asdict(check.preferences),
        "detectable": _number(check.detectable),
        "acceptance": None if check.accepted is None or sample else asdict(check.accepted),
        "missing": asdict(check.missing) | {"could_change": None if sample else check.missing_could_change},
        "slices": [] if sample else [_slice(part) for part in check.slices],
        "distribution": _distribution(check.distribution),
        "notes": [] if sample else list(check.notes),
        "regressed": [_flip(flip, check) for flip in check.regressed],
        "improved": [_flip(flip, check) for flip in check.improved],
        "ratio": _ratio(check.ratio),
    }


def _corrected(found: Correction | None) -> dict[str, Any] | None:
    """Return a judge's difference as people's labels correct it."""
    if found is None:
        return None
    return {
        "delta": _number(found.estimate),
        "interval": {"low": _number(found.low), "high": _number(found.high), "level": found.level, "method": "PPI++"},
        "labelled": found.labelled,
    }


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    """Return what runs took."""
    if ratio is None:
        return None
    return {
        "resource": ratio.resource.value,
        "allow_increase": _number(ratio.allowed),
        "candidate": _summary(ratio.candidate),
        "baseline": _summary(ratio.baseline),
        "pairs": {
            "candidate": _amount(ratio.paired_candidate),
            "baseline": _amount(ratio.paired_baseline),
            "clipped": ratio.clipped,
        },
        "caught": _number(ratio.caught),
    }


def _summary(summary: Summary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    amounts = {name: _amount(getattr(summary, name)) for name in ("total", "mean", "median", "p95")}
    return {"answers": summary.count, **amounts}


def _rule(rule: RuleDecision) -> dict[str, Any]:
    return {
        "rule": rule.rule,
        "verdict": rule.verdict.value,
        "reason": rule.reason,
        "next_step": rule.next_step,
        "unmeasurable": rule.unmeasurable,
        "examples": list(rule.example_ids),
    }


def _slice(part: SliceDecision) -> dict[str, Any]:
    return {
        "path": part.path,
        "value": part.value,
        "examples": part.examples,
        "tested": part.tested,
        "required": part.required,
        "verdict": part.verdict.value,
        "reason": part.reason,
        "comparison": _comparison(part.comparison),
    }


def _comparison(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {
        "pairs": comparison.pairs,
        "clusters": comparison.clusters,
        "changed": comparison.changed,
        "worse": comparison.worse,
        "better": comparison.better,
        "delta": _number(comparison.delta),
        "interval": _interval(comparison.interval),
        "p": _number(comparison.p),
        "p_adjusted": _number(comparison.p_adjusted),
        "could_fail": comparison.could_fail,
        "q": _number(comparison.q),
    }


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {
        "low": _number(interval.low),
        "high": _number(interval.high),
        "level": _number(interval.level),
        "method": interval.method,
    }


def _distribution(spread: Distribution | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    quartiles = {"candidate": spread.candidate_quartiles, "baseline": spread.baseline_quartiles}
    return {
        "of": spread.of.value,
        "counts": [_counted(tally) for tally in spread.tallies],
        "others": None if spread.others is None else _counted(spread.others),
        "quartiles": {
            side: None if ends is None else [_number(end) for end in ends] for side, ends in quartiles.items()
        },
    }


def _counted(tally: Tally) -> dict[str, Any]:
    return {
        "name": tally.name,
        "low": _number(tally.low),
        "high": _number(tally.high),
        "candidate": tally.candidate,
        "baseline": tally.baseline,
    }


def _flip(flip: Flip, check: CheckDecision) -> dict[str, Any]:
    baseline, candidate = (_score(value, check) for value in (flip.baseline, flip.candidate))
    return {"example": flip.example_id, "baseline": baseline, "candidate": candidate}


def _score(value: float | None, check: CheckDecision) -> float | None:
    """Round a score; what runs took keeps its digits, as dollars are small."""
    return _number(value) if check.ratio is None else _amount(value)


def _amount(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")


def _example(view: ExampleView) -> dict[str, Any]:
    return {
        "id": view.example.id,
        "input": _json(view.example.input),
        "expected": _json(view.example.output),
        "metadata": _json(view.example.metadata),
        "link": view.link,
        "candidate": _side(view.candidate),
        "baseline": _side(view.baseline) if view.baseline else None,
    }


def _side(side: SideView) -> dict[str, Any]:
    return {
        "sample": side.sample,
        "output": _json(side.output),
        "failure": _failure(side.failure),
        "latency": _number(side.latency),
        "trace": side.trace,
        "evaluations": [_evaluation(evaluation) for evaluation in side.evaluations],
    }


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "name": evaluation.name,
        "score": _number(evaluation.score),
        "label": evaluation.label,
        "explanation": evaluation.explanation,
        "failure": _failure(evaluation.failure),
    }


def _failure(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "type": failure.type,
        "message": failure.message,
        "where": failure.where,
    }


def _number(value: float | None) -> float | None:
    """Round; a number that is none (NaN, infinite) is null, as JSON has no other word for it."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else round(value, _DECIMALS)


def _json(value: Json) -> Any:
    """Return plain dicts and lists of what may be any mapping or sequence."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str) or value is None or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {key: _json(each) for key, each in value.items()}
    return [_json(each) for each in value]
