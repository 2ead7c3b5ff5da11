"""An interrupted build goes on only where what answers and what scores are still what they were."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.errors import ConfigurationError
from evalgate.gate.prepare import PreparedSuite
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal

_NAMED = 5  # files named in one message


def require_unchanged(journal: Journal, build_id: int, suites: Sequence[PreparedSuite]) -> None:
    """Raise ConfigurationError, naming what changed, unless every recorded experiment is still the same."""
    recorded = {(row.suite, row.side): row for row in journal.experiments(build_id)}
    names = {suite.name for suite in suites}
    if missing := sorted({suite for suite, _ in recorded} - names):
        raise _refusal(build_id, [f"suite {name} is gone from the config" for name in missing])
    for suite in suites:
        for side in suite.sides:
            row = recorded.get((suite.name, side.side))
            if row is None:
                continue
            now = (suite.dataset_version, suite.evaluators.digest, side.fingerprint.digest)
            if (row.dataset_version, row.evaluators, row.task) != now:
                raise _refusal(build_id, _differences(row, suite.watched(side), suite.dataset_version))


def _differences(row: ExperimentRow, now: dict[str, str], dataset_version: str) -> list[str]:
    changed = [name for name in sorted({*row.watched, *now}) if row.watched.get(name) != now.get(name)]
    named = changed[:_NAMED] + ([f"{len(changed) - _NAMED} more"] if len(changed) > _NAMED else [])
    if row.dataset_version != dataset_version:
        named.insert(0, "the dataset")
    return [f"{row.suite}, {row.side.value}: {', '.join(named)} changed"]


def _refusal(build_id: int, reasons: list[str]) -> ConfigurationError:
    return ConfigurationError(
        f"build {build_id} cannot go on, its first answers would be compared with others' ({'; '.join(reasons)})",
        next_step="put that back, or start anew: evalgate run (without `inputs`, all files under `root` count)",
    )


def resumable(journal: Journal) -> int:
    """Return the latest build that was not completed, or the latest of all where infrastructure failed runs of it.

    Raises ConfigurationError when there is none.
    """
    builds = journal.builds()
    for build in builds:
        if not build.complete or (build.id == builds[0].id and journal.lacks_answers(build.id)):
            return build.id
    raise ConfigurationError("no build is unfinished: there is nothing to resume", next_step="evalgate run")
