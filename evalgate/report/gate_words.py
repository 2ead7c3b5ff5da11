"""Whose definitions decided and what a change edits of them, as sentences that every report says alike."""

from __future__ import annotations

from typing import Final

from evalgate.report import formatting
from evalgate.report.model import AddedExamples, BuildReport, CheckMeans, EditedDefinition, GateReport

_OPENINGS: Final = {
    "base": "This change edits the gate; what {base} defines decides about it:",
    "allowed": "This change edits the gate, which policy.pr_may_change_gate of {base} lets it do:",
    "first": "{base} has no gate: this change brings the first one, and is decided by it.",
    "local": "This change edits the gate. Here it decides by its own; in a pull request what {base} defines would:",
}


def opening(report: BuildReport) -> str | None:
    """Say whose definitions decided; None where they are the same."""
    gate = report.gate
    if gate is None or (gate.decides != "first" and not gate.differences):
        return None
    return _OPENINGS[gate.decides].format(base=gate.base)


def lines(gate: GateReport, most: int) -> list[str]:
    """Say what differs, at most so much of it."""
    told = [_line(each) for each in gate.differences[:most]]
    rest = len(gate.differences) - most
    return [*told, f"and {formatting.count(rest, 'more edit')}"] if rest > 0 else told


def _line(each: EditedDefinition) -> str:
    return f"{each.suite}: {each.message}" if each.suite is not None else each.message


def added(gate: GateReport) -> list[str]:
    """Say how both sides did on examples that decide nothing yet."""
    return [_added(each) for each in gate.added]


def _added(each: AddedExamples) -> str:
    are = "is" if each.examples == 1 else "are"
    they = "it decides" if each.examples == 1 else "they decide"
    scored = "; ".join(f"{of.check} {_means(of)}" for of in each.checks)
    number = formatting.count(each.examples, "example")
    opening = f"{number} {are} added to {each.suite}; {they} from the next change on"
    return f"{opening}: {scored}." if scored else f"{opening}."


def _means(of: CheckMeans) -> str:
    candidate, baseline = (
        formatting.score(value, low=of.low, high=of.high, unit=of.unit) for value in (of.candidate, of.baseline)
    )
    if of.baseline is None:
        return f"{candidate} on the candidate"
    return f"{baseline} on the baseline, {candidate} on the candidate"


def own_verdict(report: BuildReport) -> str | None:
    """Say what the change's own definitions come to; None where nothing differs, and of a sample."""
    gate = report.gate
    if gate is None or gate.own is None or not gate.differences or report.sample:
        return None
    own = gate.own
    without = f" Not evaluated for that: {'; '.join(own.not_evaluated)}." if own.not_evaluated else ""
    if own.scores:
        scored = "; ".join(f"{each.suite}/{each.check} {_means(each)}" for each in own.scores)
        without = f" Scored by its own evaluators for that: {scored}.{without}"
    if own.covers:
        without = f" That is of {'; '.join(own.covers)}.{without}"
    if own.verdict is None:
        return f"What its own definitions come to is not known.{without}"
    alike = not report.build.gated or own.exit_code == report.build.exit_code
    if own.verdict is report.decision.verdict and alike:
        return f"By its own definitions the verdict is the same.{without}"
    return f"By its own definitions: {own.verdict.value} (exit {own.exit_code}).{without}"
