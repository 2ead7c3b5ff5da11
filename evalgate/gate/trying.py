"""Builds of several tasks on one dataset, for a comparison: those that are recorded already are not run again."""

from __future__ import annotations

from dataclasses import dataclass

from evalgate.gate.request import Request
from evalgate.journal.builds import BuildRow
from evalgate.journal.store import Journal
from evalgate.records import Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What the journal has of a request: a build, and whether there is nothing left to do in it."""

    build: int
    complete: bool


def made_already(request: Request, journal: Journal) -> Made | None:
    """Return the latest build that answered exactly this, or that began to; None where it has to be run anew.

    Only where everything that answers depend on is known: else an equal fingerprint proves nothing.
    """
    if not all(side.fingerprint.complete for suite in request.suites for side in suite.sides):
        return None
    for build in journal.builds(trials=True):
        if build.partial is None and request.partial is None and _is_of(request, build, journal):
            return Made(build=build.id, complete=build.complete and not journal.lacks_answers(build.id))
    return None


def _is_of(request: Request, build: BuildRow, journal: Journal) -> bool:
    """Return whether a build has the suites, the checks and the fingerprints of the request."""
    snapshot = request.config.snapshot()
    theirs = build.config
    if theirs.get("policy") != snapshot["policy"] or set(theirs.get("suites", {})) != set(snapshot["suites"]):
        return False
    if any(theirs["suites"][name].get("checks") != suite["checks"] for name, suite in snapshot["suites"].items()):
        return False
    rows = {row.suite: row for row in journal.experiments(build.id) if row.side is Side.CANDIDATE}
    sides = {row.side for row in journal.experiments(build.id)}
    for suite in request.suites:
        row = rows.get(suite.name)
        (side,) = (side for side in suite.sides if side.side is Side.CANDIDATE)
        wanted = (suite.dataset_version, suite.evaluators.digest, side.fingerprint.digest, suite.suite.repetitions)
        if row is None or (row.dataset_version, row.evaluators, row.task, row.repetitions) != wanted:
            return False
    # One with a baseline too cannot be gone on with from here: its other side is not of this request.
    return build.complete or sides == {Side.CANDIDATE}
