"""What earlier builds drew of exactly this: a stored baseline to screen with, and samples that are not drawn twice."""

from __future__ import annotations

from dataclasses import replace

from evalgate.gate.prepare import PreparedSide, PreparedSuite
from evalgate.gate.samples import samples
from evalgate.journal.builds import DrawRow, ExperimentRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_samples
from evalgate.records import ErrorKind, Side


def add_found(journal: Journal, build_id: int, suite: PreparedSuite, row: ExperimentRow) -> int:
    """Write an experiment and return its id; the baseline of a commit with the stored runs that there are of it.

    They are looked up by what answers, what scores and the examples, never by date: the latest that is whole. Runs of a
    candidate never become a baseline by themselves, nor do those of a sample.
    """
    wanted = row.commit is not None and suite.selection.words is None
    for draw, found in _drawn(journal, row) if wanted else ():
        names = samples(draw.baseline, draw.key)
        if _whole(journal, found, names, suite.count):
            drawn_on = journal.build(found.build).created_at[:10]
            stored = replace(row, stored=True, repetitions=draw.baseline, drawn_on=drawn_on)
            experiment = journal.add_experiment(build_id, stored)
            stored_as = dict(zip(names, samples(draw.baseline), strict=True))
            copy_samples(journal.path, found.id, experiment, stored_as)
            return experiment
    return journal.add_experiment(build_id, row)


def replay(journal: Journal, experiment: ExperimentRow, side: PreparedSide, suite: PreparedSuite, *names: str) -> None:
    """Copy what earlier builds drew of these samples: running the same change again is no second throw.

    Only where equal fingerprints prove that nothing differs, or where it is the same commit, as it was committed.
    """
    build = journal.build(experiment.build)
    of_commit = None
    if not (side.fingerprint.complete and suite.evaluators.complete):
        of_commit = experiment.commit if side.side is Side.BASELINE else None if build.dirty else build.commit
        if of_commit is None:
            return
    for name in names:
        for source in journal.earlier(experiment, name, of_commit=of_commit):
            copy_samples(journal.path, source, experiment.id, {name: name})


def _drawn(journal: Journal, row: ExperimentRow) -> list[tuple[DrawRow, ExperimentRow]]:
    return journal.drawn_baselines(task=row.task, dataset_version=row.dataset_version, evaluators=row.evaluators)


def _whole(journal: Journal, row: ExperimentRow, names: tuple[str, ...], examples: int) -> bool:
    """Return whether every example has every sample, by the task's own doing or right: an outage is no baseline."""
    wanted = set(names)
    answered = sum(
        sample in wanted and kind is not ErrorKind.INFRASTRUCTURE for _, sample, _, kind in journal.run_facts(row.id)
    )
    return answered == examples * len(names)
