"""What of a comparison a fork has no hand in: the repository's own stored runs of the commit that is checked out."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.gate.baselines.ahead import draws_anew
from evalgate.gate.baselines.found import Scoring, contents_of, find_stored, scored_again
from evalgate.gate.baselines.storing import as_committed
from evalgate.gate.forks.scoring import scored_here
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.git.history import Base
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec
from evalgate.suite.baselines import BaselineKind
from evalgate.suite.checks import Policy


def stored_side(
    suite: PreparedSuite, specs: Sequence[EvaluatorSpec], base: Base, journal: Journal, policy: Policy
) -> PreparedSide | None:
    """Return the side of the base commit where the journal has all its runs, and all scores that cannot be made here.

    None where it lacks some, where the suite is compared with something else, and where stored runs cannot decide.
    """
    ref = suite.suite.baseline_ref
    if ref is None or ref.kind is not BaselineKind.MERGE_BASE or ref.name not in (None, base.name):
        return None
    if draws_anew(suite.suite):
        return None
    (committed,) = as_committed([suite], base)
    (side,) = committed.sides
    task = side.fingerprint.digest
    found = find_stored(journal, committed, task, contents_of(suite), policy)
    if found is None or found.lacking:
        return None
    now = Scoring(specs=specs, evaluators=suite.evaluators.digest, scorers=suite.scorers)
    again = scored_again(journal, found, task, now)
    return side if again.keys() <= scored_here(suite) else None
