"""One check of the result for machines: its rules, its comparison, its slices, and the examples that changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evalgate.decision.distribution import Distribution, Tally
from evalgate.decision.results import (
    CheckDecision,
    Comparison,
    Correction,
    Flip,
    Interval,
    Ratio,
    RuleDecision,
    SliceDecision,
)
from evalgate.report.rounding import rounded, significant
from evalgate.stats.summary import Summary


def check_json(check: CheckDecision, *, sample: bool) -> dict[str, Any]:
    """Return a check as JSON values; of a sample, which has no verdicts, without its rules and slices."""
    return {
        "name": check.name,
        "gating": check.gating,
        "verdict": None if sample else check.verdict.value,
        "rules": [] if sample else [_rule(rule) for rule in check.rules],
        "range": None if check.low is None or check.high is None else [rounded(check.low), rounded(check.high)],
        "binary": check.binary,
        "examples": check.examples,
        "baseline": _score(check.baseline_mean, check),
        "candidate": _score(check.candidate_mean, check),
        "comparison": _comparison(check.comparison),
        "corrected": _corrected(check.corrected),
        "preferences": None if check.preferences is None else asdict(check.preferences),
        "detectable": rounded(check.detectable),
        "acceptance": None if check.accepted is None or sample else asdict(check.accepted),
        "missing": asdict(check.missing) | {"could_change": None if sample else check.missing_could_change},
        "slices": [] if sample else [_slice(part) for part in check.slices],
        "distribution": _distribution(check.distribution),
        "notes": [] if sample else list(check.notes),
        "regressed": [flip_json(flip, check) for flip in check.regressed],
        "improved": [flip_json(flip, check) for flip in check.improved],
        "ratio": _ratio(check.ratio),
    }


def _corrected(found: Correction | None) -> dict[str, Any] | None:
    """Return a judge's difference as people's labels correct it."""
    if found is None:
        return None
    return {
        "delta": rounded(found.estimate),
        "interval": {"low": rounded(found.low), "high": rounded(found.high), "level": found.level, "method": "PPI++"},
        "labelled": found.labelled,
    }


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    """Return what runs took."""
    if ratio is None:
        return None
    return {
        "resource": ratio.resource.value,
        "allow_increase": rounded(ratio.allowed),
        "candidate": _summary(ratio.candidate),
        "baseline": _summary(ratio.baseline),
        "pairs": {
            "candidate": significant(ratio.paired_candidate),
            "baseline": significant(ratio.paired_baseline),
            "clipped": ratio.clipped,
        },
        "caught": rounded(ratio.caught),
    }


def _summary(summary: Summary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    amounts = {name: significant(getattr(summary, name)) for name in ("total", "mean", "median", "p95")}
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
        "delta": rounded(comparison.delta),
        "interval": _interval(comparison.interval),
        "p": rounded(comparison.p),
        "p_adjusted": rounded(comparison.p_adjusted),
        "could_fail": comparison.could_fail,
        "q": rounded(comparison.q),
    }


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {
        "low": rounded(interval.low),
        "high": rounded(interval.high),
        "level": rounded(interval.level),
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
            side: None if ends is None else [rounded(end) for end in ends] for side, ends in quartiles.items()
        },
    }


def _counted(tally: Tally) -> dict[str, Any]:
    return {
        "name": tally.name,
        "low": rounded(tally.low),
        "high": rounded(tally.high),
        "candidate": tally.candidate,
        "baseline": tally.baseline,
    }


def flip_json(flip: Flip, check: CheckDecision) -> dict[str, Any]:
    """Return one example that changed: its id and its score on either side."""
    baseline, candidate = (_score(value, check) for value in (flip.baseline, flip.candidate))
    return {"example": flip.example_id, "baseline": baseline, "candidate": candidate}


def _score(value: float | None, check: CheckDecision) -> float | None:
    """Round a score; what runs took keeps its digits, as dollars are small."""
    return rounded(value) if check.ratio is None else significant(value)
