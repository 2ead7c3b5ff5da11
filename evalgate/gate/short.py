"""Which examples fall short where a check failed and nothing got worse: a rule about the candidate alone is missed."""

from __future__ import annotations

import numpy as np

from evalgate.decision.evidence import Cell, CheckEvidence, SuiteEvidence
from evalgate.decision.results import SuiteDecision
from evalgate.records import Direction, Verdict

_MOST = 20
"""As many as people read one after the other."""


def falling_short(decided: SuiteDecision, evidence: SuiteEvidence) -> list[str]:
    """Return the examples that failed checks fell short on, the worst first: those that a rule names, then those whose
    task failed or that score less than the best there is.
    """
    failed = [check for check in decided.checks if check.verdict is Verdict.FAIL]
    named = [name for check in failed for rule in check.rules for name in rule.example_ids]
    of = {check.name: check for check in evidence.checks}
    scored = [evidence.example_ids[at] for check in failed if check.name in of for at in _worst(of[check.name])]
    return list(dict.fromkeys([*named, *scored]))[:_MOST]


def _worst(check: CheckEvidence) -> list[int]:
    spec = check.evaluator
    if spec.direction is Direction.NEUTRAL:
        return []
    worst = np.inf if spec.direction is Direction.MINIMIZE else -np.inf
    cells, values = check.candidate.cells, check.candidate.values
    known = np.isin(cells, (Cell.SCORED, Cell.TASK_ERROR))
    taken = np.where(cells == Cell.TASK_ERROR, worst, values)
    means = [float(np.mean(row[seen])) if seen.any() else None for row, seen in zip(taken, known, strict=True)]
    short = [(mean, at) for at, mean in enumerate(means) if mean is not None and mean != spec.best]
    return [at for _, at in sorted(short, key=lambda each: each[0], reverse=spec.direction is Direction.MINIMIZE)]
