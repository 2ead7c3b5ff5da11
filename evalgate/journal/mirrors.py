"""What of the journal is in Phoenix: which experiment mirrors which, and which runs are there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from evalgate.journal import rows
from evalgate.journal.file import JournalFile
from evalgate.records import Evaluation, TaskOutcome

_PAGE: Final = 32
"""Runs read at once: a build goes on beside this."""
_FIELDS: Final = (
    "experiment", "uid", "server", "dataset", "dataset_version", "remote", "remote_created_at", "project",
    "withheld", "ended", "lacking", "obstacle",
)  # fmt: skip
_RECORDED: Final = (
    "SELECT r.rowid AS number, r.*, e.position, e.hash FROM run r JOIN experiment x ON x.id = r.experiment"
    " JOIN example e ON e.build = x.build AND e.suite = x.suite AND e.example_id = r.example_id WHERE r.experiment = ?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorRow:
    """The experiment in Phoenix that mirrors an experiment of the journal; its ids are None until they are known.

    `uid` is in its metadata, traces go to the project of the name `project`. `ended`: all
    is there. `lacking` runs are of examples that its dataset does not have.
    `obstacle` is why not all is there, as it was last tried.
    """

    experiment: int
    uid: str
    server: str
    withheld: bool
    dataset: str | None = None
    dataset_version: str | None = None
    remote: str | None = None
    remote_created_at: str | None = None
    project: str | None = None
    ended: bool = False
    lacking: int = 0
    obstacle: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRun:
    """One run as it is to be mirrored, with what was said of it. `rowid` orders them as they were written.

    `position` is the place of its example in the suite, `content` the example's hash. `drawn_as` names the sample of
    which it is a copy, `copied` says that it is one.
    """

    rowid: int
    example_id: str
    sample: str
    started_at: str
    outcome: TaskOutcome
    evaluations: tuple[Evaluation, ...]
    position: int
    content: str
    copied: bool
    drawn_as: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SentRun:
    """A run that is in Phoenix with all its evaluations: its id there, and a digest of what was sent."""

    example_id: str
    sample: str
    remote: str
    digest: str


class MirrorTables(JournalFile):
    """What is mirrored."""

    def mirror(self, experiment: int) -> MirrorRow | None:
        """Return the mirror of an experiment, or None."""
        row = self._one("SELECT * FROM mirror WHERE experiment = ?", (experiment,))
        return None if row is None else _mirror_from(row)

    def mirrors(self, build_id: int) -> list[MirrorRow]:
        """Return the mirrors of a build's experiments."""
        found = self._all(
            "SELECT m.* FROM mirror m JOIN experiment x ON x.id = m.experiment WHERE x.build = ? ORDER BY x.id",
            (build_id,),
        )
        return [_mirror_from(row) for row in found]

    def unmirrored(self) -> list[int]:
        """Return the complete builds that have begun to be mirrored and are not all there, in their order."""
        found = self._all(
            "SELECT DISTINCT x.build FROM mirror m JOIN experiment x ON x.id = m.experiment"
            " JOIN build b ON b.id = x.build WHERE NOT m.ended AND b.status = 'complete' ORDER BY x.build",
            (),
        )
        return [int(row["build"]) for row in found]

    def set_mirror(self, row: MirrorRow) -> None:
        """Write a mirror, in the place of what was; of another experiment there, what was sent is forgotten."""
        values = {name: getattr(row, name) for name in _FIELDS} | {"obstacle": rows.text(row.obstacle)}
        with self._write() as db:
            db.execute(
                "DELETE FROM mirror_run WHERE experiment = :experiment AND NOT EXISTS"
                " (SELECT 1 FROM mirror WHERE experiment = :experiment AND uid = :uid)",
                values,
            )
            db.execute(f"INSERT OR REPLACE INTO mirror ({rows.placeholders(_FIELDS)})", values)

    def settle_problem(self, build_id: int, suite: str, next_step: str, message: str | None = None) -> None:
        """Write that `message` stands against a suite until `next_step` is done, or with None take it back."""
        at = (build_id, suite, next_step)
        with self._write() as db:
            db.execute("DELETE FROM problem WHERE build = ? AND suite = ? AND kind = 'service' AND next_step = ?", at)
            if message is not None:
                written = (build_id, suite, rows.text(message), next_step)
                db.execute(
                    "INSERT INTO problem (build, suite, kind, message, next_step) VALUES (?, ?, 'service', ?, ?)",
                    written,
                )

    def numbered_samples(self, experiment: int, names: Iterable[str]) -> dict[str, int]:
        """Return the number of each sample in Phoenix, from 1; new `names` get the next ones, for ever."""
        with self._write() as db:
            for name in names:
                db.execute(
                    "INSERT OR IGNORE INTO mirror_sample SELECT :experiment, :sample,"
                    " (SELECT count(*) + 1 FROM mirror_sample WHERE experiment = :experiment)",
                    {"experiment": experiment, "sample": name},
                )
        found = self._all(
            "SELECT sample, repetition FROM mirror_sample WHERE experiment = ? ORDER BY repetition", (experiment,)
        )
        return {row["sample"]: row["repetition"] for row in found}

    def add_sent(self, experiment: int, sent: Iterable[SentRun]) -> None:
        """Write which runs are there now."""
        with self._write() as db:
            db.executemany(
                "INSERT INTO mirror_run (experiment, example_id, sample, remote, digest) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET remote = excluded.remote, digest = excluded.digest,"
                " change = NULL",  # a run that is written anew loses what was said of it
                [(experiment, each.example_id, each.sample, each.remote, each.digest) for each in sent],
            )

    def sent(self, experiment: int, example_id: str, sample: str) -> SentRun | None:
        """Return what is there of one run, or None."""
        row = self._one(
            "SELECT * FROM mirror_run WHERE experiment = ? AND example_id = ? AND sample = ?",
            (experiment, example_id, sample),
        )
        names = ("example_id", "sample", "remote", "digest")
        return None if row is None else SentRun(**{name: row[name] for name in names})

    def sent_count(self, experiment: int) -> tuple[int, int]:
        """Return how many runs of an experiment there are, and how many of them are in Phoenix."""
        query = (
            "SELECT (SELECT count(*) FROM run WHERE experiment = :experiment),"
            " (SELECT count(*) FROM mirror_run WHERE experiment = :experiment)"
        )
        runs, sent = next(self._tuples(query, {"experiment": experiment}))
        return runs, sent

    def set_change(self, experiment: int, example_id: str, sample: str, change: str | None) -> None:
        """Write what is said of a run there: `regressed` or `fixed`."""
        with self._write() as db:
            db.execute(
                "UPDATE mirror_run SET change = ? WHERE experiment = ? AND example_id = ? AND sample = ?",
                (change, experiment, example_id, sample),
            )

    def changes_said(self, experiment: int) -> dict[tuple[str, str], str]:
        """Return what is said of runs there, by (example id, sample)."""
        query = "SELECT example_id, sample, change FROM mirror_run WHERE experiment = ? AND change IS NOT NULL"
        return {(example, sample): change for example, sample, change in self._tuples(query, (experiment,))}

    def recorded_runs(self, experiment: int, after: int = 0) -> Iterator[RecordedRun]:
        """Yield the runs of an experiment that were written after the row `after`, in that order, in flat memory.

        A later write of a run that infrastructure failed may take an earlier row's number: who goes on from a number
        looks at all of them once more in the end.
        """
        bounds = "SELECT min(rowid) - 1, max(rowid) FROM run WHERE experiment = ?"
        first, last = next(self._tuples(bounds, (experiment,)))
        after = max(after, first or 0)
        while True:
            found = self._all(
                f"{_RECORDED} AND r.rowid > ? AND r.rowid <= ? ORDER BY r.rowid LIMIT ?",
                (experiment, after, last or 0, _PAGE),
            )
            for row in found:
                yield self._recorded(experiment, row)
            if len(found) < _PAGE:
                return
            after = found[-1]["number"]

    def recorded_run(self, experiment: int, example_id: str, sample: str) -> RecordedRun | None:
        """Return one run as it stands now, or None."""
        row = self._one(f"{_RECORDED} AND r.example_id = ? AND r.sample = ?", (experiment, example_id, sample))
        return None if row is None else self._recorded(experiment, row)

    def _recorded(self, experiment: int, row: sqlite3.Row) -> RecordedRun:
        said = self._all(
            "SELECT * FROM evaluation WHERE experiment = ? AND example_id = ? AND sample = ? ORDER BY name",
            (experiment, row["example_id"], row["sample"]),
        )
        return RecordedRun(
            rowid=row["number"],
            example_id=row["example_id"],
            sample=row["sample"],
            started_at=row["started_at"],
            outcome=rows.outcome_from(row),
            evaluations=tuple(rows.evaluation_from(each) for each in said),
            position=row["position"],
            content=row["hash"],
            copied=row["origin"] is not None,
            drawn_as=row["drawn_as"],
        )


def _mirror_from(row: sqlite3.Row) -> MirrorRow:
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    return MirrorRow(**values | {"withheld": bool(row["withheld"]), "ended": bool(row["ended"])})
