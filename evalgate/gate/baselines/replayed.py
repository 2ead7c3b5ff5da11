"""Samples that earlier builds drew of exactly this change: they are taken over, and drawn once for ever."""

from __future__ import annotations

from collections.abc import Iterable

from evalgate.canonical import content_hash
from evalgate.decision import screen_words
from evalgate.gate.loading import Loaded
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.gate.samples import deciding_samples
from evalgate.journal.builds import ExperimentRow, NoteRow
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_samples
from evalgate.records import Side


def replay(journal: Journal, experiment: ExperimentRow, side: PreparedSide, suite: PreparedSuite, *names: str) -> None:
    """Copy what earlier builds drew of these samples: running the same change again is no second throw."""
    certain = _certain(side, suite)
    of_commit = None if certain else _committed(journal, experiment)
    if not certain and of_commit is None:
        return
    for name in names:
        for source in journal.earlier(experiment, name, of_commit=of_commit):
            if suite.since is not None and (journal.oldest_run(source, [name]) or "") < suite.since:
                continue
            copy_samples(journal.path, source, experiment.id, {name: name})


def tell_measured_before(build_id: int, able: Iterable[Loaded], journal: Journal) -> None:
    """Say so of each suite of which nothing was drawn now, after all that was said when it was."""
    rows = journal.experiments(build_id)
    for name in {each.suite.name for each in able}:
        draws = [draw for draw in journal.draws(build_id) if draw.suite == name]
        sides = [row for row in rows if row.suite == name]
        if any(journal.made(row) for row in sides):
            continue
        for row in sides:
            if row.side is Side.CANDIDATE and (drawer := journal.drawn_by(row.id, deciding_samples(row, draws))):
                _tell(build_id, name, drawer, journal)


def _tell(build_id: int, suite: str, drawer: int, journal: Journal) -> None:
    now, then = journal.build(build_id), journal.build(drawer)
    for note in journal.notes(drawer) if now.change == then.change else ():
        # How far baselines have drifted was looked at anew; the rest holds of what is taken over.
        if note.suite == suite and not note.unchanged and not note.message.startswith(screen_words.DRIFTED):
            journal.add_note(build_id, note)
    message = screen_words.measured_before(drawer, then.created_at[:10])
    journal.add_note(build_id, NoteRow(suite=suite, message=message))


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
