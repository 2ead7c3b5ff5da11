"""An interrupted build goes on only where what answers and what scores are still what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalgate.errors import ConfigurationError
from evalgate.gate.guard.guard import Decides
from evalgate.gate.prepared import PreparedSuite
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.suite.config import Config

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


def require_same_gate(journal: Journal, build_id: int, config: Config, gate: Mapping[str, Any] | None) -> None:
    """Raise ConfigurationError where a pull request would go on with a build that another gate decides.

    Without it a change could begin by its own definitions and end as a pull request.
    """
    if gate is None or gate["decides"] != Decides.BASE:
        return
    begun, now = journal.build(build_id), config.snapshot()
    by_base = begun.gate is not None and begun.gate["decides"] == Decides.BASE
    if not by_base or _deciding(begun.config) != _deciding(now):
        raise ConfigurationError(
            f"build {build_id} cannot go on: it was begun by another gate than that of {gate['base']}",
            next_step="start anew: evalgate run",
        )


def _deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a recorded config what decides: an interrupted build may go on with a larger budget."""
    suites = {
        name: {key: value for key, value in suite.items() if key not in ("task", "root")}
        for name, suite in config["suites"].items()
    }
    return {"suites": suites, "policy": config["policy"]}


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
