"""How often a build will draw each side of a suite, as far as that is known before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalgate.gate.found import has_stored
from evalgate.gate.prepare import PreparedSuite
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.checks import Policy
from evalgate.suite.config import Suite
from evalgate.suite.resources import Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """How often a build will draw each side of a suite, and once more to confirm; None where nothing is confirmed."""

    times: Mapping[Side, int]
    confirm: int | None = None


def draws_ahead(suite: PreparedSuite, policy: Policy, journal: Journal | None) -> Ahead:
    """Return what a build would draw of a suite, given what the journal has of its baseline."""
    repetitions = suite.suite.repetitions
    if suite.problem is not None or suite.unchanged is not None:
        return Ahead(times=dict.fromkeys(Side, 0))
    baseline = next((side for side in suite.sides if side.side is Side.BASELINE), None)
    if suite.base is None or baseline is None or policy.baseline_runs == "fresh":
        return Ahead(times=dict.fromkeys(Side, repetitions))
    stored = journal is not None and has_stored(journal, suite, baseline)
    confirm = policy.confirm_repetitions
    if policy.baseline_runs == "stored":
        return Ahead(times={Side.CANDIDATE: repetitions, Side.BASELINE: 0 if stored else max(confirm, repetitions)})
    if not stored or draws_anew(suite.suite) or policy.on_inconclusive == "fail":
        return Ahead(times=dict.fromkeys(Side, confirm))
    return Ahead(times={Side.CANDIDATE: 1, Side.BASELINE: 0}, confirm=confirm)


def draws_anew(suite: Suite) -> bool:
    """Return whether a check needs both sides of this build: a latency that another measured is none of this one."""
    timed = any(
        resource is Resource.LATENCY and check.gating and check.compares
        for resource, check in suite.resource_checks.values()
    )
    return timed or any(check.needs_fresh for check in suite.checks.values())
