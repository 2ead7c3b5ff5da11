"""How often a build will draw each side of a suite, as far as that is known before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evalgate.gate.baselines.found import Scoring, contents_of, find_stored, scored_again
from evalgate.gate.prepared import PreparedSuite
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Policy
from evalgate.suite.config import Suite
from evalgate.suite.resources import Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """How often a build will draw each side of a suite, and once more to confirm; None where nothing is confirmed.

    `lacking` is how many runs more of the baseline are drawn, of examples that it has no stored runs of; `again` how
    many stored answers are scored again, by evaluator.
    """

    times: Mapping[Side, int]
    stored: int = 0
    """How many stored runs of each example the baseline has, where those are used."""
    confirm: int | None = None
    lacking: int = 0
    again: Mapping[str, int] = field(default_factory=dict)


def draws_ahead(
    suite: PreparedSuite, policy: Policy, journal: Journal | None, specs: Sequence[EvaluatorSpec] = ()
) -> Ahead:
    """Return what a build would draw of a suite, given what the journal has of its baseline. `specs`: what scores."""
    repetitions = suite.suite.repetitions
    if suite.problem is not None or suite.unchanged is not None:
        return Ahead(times=dict.fromkeys(Side, 0))
    baseline = next((side for side in suite.sides if side.side is Side.BASELINE), None)
    if suite.base is None or baseline is None or policy.baseline_runs == "fresh":
        return Ahead(times=dict.fromkeys(Side, repetitions))
    confirm = policy.confirm_repetitions
    if policy.baseline_runs == "confirm" and (draws_anew(suite.suite) or policy.on_inconclusive == "fail"):
        return Ahead(times=dict.fromkeys(Side, confirm))
    task = baseline.fingerprint.digest
    stored = None if journal is None else find_stored(journal, suite, task, contents_of(suite), policy)
    if journal is None or stored is None:
        if policy.baseline_runs == "stored":
            return Ahead(times={Side.CANDIDATE: repetitions, Side.BASELINE: max(confirm, repetitions)})
        return Ahead(times=dict.fromkeys(Side, confirm))
    confirms = policy.baseline_runs == "confirm"
    now = Scoring(specs=specs, evaluators=suite.evaluators.digest, scorers=suite.scorers)
    return Ahead(
        times={Side.CANDIDATE: 1 if confirms else repetitions, Side.BASELINE: 0},
        confirm=confirm if confirms else None,
        lacking=len(stored.lacking) * stored.repetitions,
        stored=stored.repetitions,
        again=scored_again(journal, stored, task, now),
    )


def draws_anew(suite: Suite) -> bool:
    """Return whether a check needs both sides of this build: a latency that another measured is none of this one."""
    timed = any(
        resource is Resource.LATENCY and check.gating and check.compares
        for resource, check in suite.resource_checks.values()
    )
    return timed or any(check.needs_fresh for check in suite.checks.values())
