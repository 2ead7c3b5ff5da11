"""What earlier builds drew of exactly this: a stored baseline to screen with, and samples that are not drawn twice."""

from __future__ import annotations

from dataclasses import replace

from evalgate.canonical import content_hash
from evalgate.gate.prepare import PreparedSide, PreparedSuite
from evalgate.gate.samples import samples
from evalgate.journal.builds import DrawRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_samples
from evalgate.records import ErrorKind, Side


def add_found(journal: Journal, build_id: int, suite: PreparedSuite, row: ExperimentRow) -> int:
    """Write an experiment and return its id; the baseline of a commit as stored where there are whole runs of it."""
    source = _source(journal, suite, row)
    if source is None:
        return journal.add_experiment(build_id, row)
    draw, found = source
    drawn_on = journal.build(found.build).created_at[:10]
    stored = replace(row, stored=True, repetitions=draw.baseline, drawn_on=drawn_on)
    return journal.add_experiment(build_id, stored)


def has_stored(journal: Journal, suite: PreparedSuite, side: PreparedSide) -> bool:
    """Return whether a build of this suite would find stored runs of its baseline."""
    return _latest(journal, suite, side.fingerprint.digest, suite.dataset_version, suite.evaluators.digest) is not None


def fill_found(journal: Journal, suite: PreparedSuite, experiment: ExperimentRow) -> None:
    """Copy the stored runs of a commit's baseline in, unless they are: a build may have been killed before."""
    if experiment.stored and experiment.commit and next(journal.run_facts(experiment.id), None) is None:
        source = _source(journal, suite, experiment)
        if source is not None:
            draw, found = source
            names = dict(zip(samples(draw.baseline, draw.key), samples(draw.baseline), strict=True))
            copy_samples(journal.path, found.id, experiment.id, names)


def _source(journal: Journal, suite: PreparedSuite, row: ExperimentRow) -> tuple[DrawRow, ExperimentRow] | None:
    """Return the latest whole draw of the baseline of a commit, and where it is.

    It is looked up by what answers, what scores and the examples, never by date. Runs of a candidate never become a
    baseline by themselves, nor do those of a sample.
    """
    if row.commit is None or suite.selection.words is not None:
        return None
    return _latest(journal, suite, row.task, row.dataset_version, row.evaluators)


def _latest(
    journal: Journal, suite: PreparedSuite, task: str, dataset_version: str, evaluators: str
) -> tuple[DrawRow, ExperimentRow] | None:
    drawn = journal.drawn_baselines(task=task, dataset_version=dataset_version, evaluators=evaluators)
    for draw, found in drawn:
        if _whole(journal, found, samples(draw.baseline, draw.key), suite.count):
            return draw, found
    return None


def replay(journal: Journal, experiment: ExperimentRow, side: PreparedSide, suite: PreparedSuite, *names: str) -> None:
    """Copy what earlier builds drew of these samples: running the same change again is no second throw."""
    certain = _certain(side, suite)
    of_commit = None if certain else _committed(journal, experiment)
    if not certain and of_commit is None:
        return
    for name in names:
        for source in journal.earlier(experiment, name, of_commit=of_commit):
            copy_samples(journal.path, source, experiment.id, {name: name})


def known_as(journal: Journal, experiment: ExperimentRow, side: PreparedSide, suite: PreparedSuite) -> str:
    """Return what a side is in the key of a draw, so that one key in two builds means that both sides are replayed.

    Its fingerprint where that proves that nothing differs; else with its commit; else with its build.
    Were the key of fingerprints alone, one side could be replayed, known to be lucky, and the other drawn anew.
    """
    digest = side.fingerprint.digest
    if _certain(side, suite):
        return digest
    commit = _committed(journal, experiment)
    build = journal.build(experiment.build)
    return content_hash([digest, commit] if commit is not None else [digest, build.id, build.created_at])


def _certain(side: PreparedSide, suite: PreparedSuite) -> bool:
    return side.fingerprint.complete and suite.evaluators.complete


def _committed(journal: Journal, experiment: ExperimentRow) -> str | None:
    """Return the commit whose files a side is, as they were committed."""
    if experiment.side is Side.BASELINE:
        return experiment.commit
    build = journal.build(experiment.build)
    return None if build.dirty else build.commit


def _whole(journal: Journal, row: ExperimentRow, names: tuple[str, ...], examples: int) -> bool:
    """Return whether every example has every sample, by the task's own doing or right: an outage is no baseline."""
    wanted = set(names)
    answered = sum(
        sample in wanted and kind is not ErrorKind.INFRASTRUCTURE for _, sample, _, kind in journal.run_facts(row.id)
    )
    return answered == examples * len(names)
