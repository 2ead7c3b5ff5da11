"""Experiments that were measured elsewhere, written into a journal as if they had been measured here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evalgate.journal import rows
from evalgate.journal.builds import BuildRow
from evalgate.journal.file import JournalFile
from evalgate.records import Evaluation, TaskOutcome

_WRITE_RUN = f"INSERT INTO run ({rows.placeholders((*rows.RUN, 'origin', 'drawn_as'))})"
_WRITE_EVALUATION = f"INSERT INTO evaluation ({rows.placeholders(rows.EVALUATION)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedRun:
    """One run that was made elsewhere, with what was said of it. `copied`: an earlier build drew it, as `drawn_as`."""

    example_id: str
    sample: str
    started_at: str
    outcome: TaskOutcome
    evaluations: tuple[Evaluation, ...]
    copied: bool
    drawn_as: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedExample:
    """An example of which `content` is the hash; its `body` is None where nobody knows what it says."""

    id: str
    content: str
    body: Mapping[str, Any] | None


class ImportTables(JournalFile):
    """What is written of experiments that were measured elsewhere."""

    def knows_mirrored(self, uid: str) -> bool:
        """Return whether the experiment that is mirrored under this uid is here, whole."""
        found = self._one(
            "SELECT 1 FROM mirror m JOIN experiment x ON x.id = m.experiment JOIN build b ON b.id = x.build"
            " WHERE m.uid = ? AND b.status = 'complete'",
            (uid,),
        )
        return found is not None

    def create_imported(self, build: BuildRow) -> int:
        """Write a build, which is incomplete so far, under its own id (0: the next one), and return the id."""
        with self._write() as db:
            cursor = db.execute(
                "INSERT INTO build (id, created_at, status, partial, commit_id, branch, dirty, config_file, config,"
                " evalgate_version, stores) VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)",
                (build.id or None, build.created_at, build.partial, build.commit, build.branch, build.dirty,
                 build.config_file, rows.to_json(build.config), build.evalgate_version, build.stores),
            )  # fmt: skip
            return int(cursor.lastrowid or 0)

    def forget_imported(self, build_id: int) -> None:
        """Take back a build that was not imported to its end."""
        with self._write() as db:
            db.execute("DELETE FROM build WHERE id = ? AND status = 'running'", (build_id,))

    def add_imported_runs(self, experiment: int, runs: Iterable[ImportedRun]) -> None:
        """Write runs with all that was said of them."""
        with self._write() as db:
            for run in runs:
                at = {"experiment": experiment, "example_id": run.example_id, "sample": run.sample}
                columns = {
                    **at,
                    **rows.run_columns(run.outcome),
                    "started_at": run.started_at,
                    "origin": 0 if run.copied else None,
                    "drawn_as": run.drawn_as,
                }
                db.execute(_WRITE_RUN, columns)
                db.executemany(_WRITE_EVALUATION, [{**at, **rows.evaluation_columns(each)} for each in run.evaluations])

    def add_imported_examples(self, build_id: int, suite: str, examples: Iterable[ImportedExample]) -> None:
        """Write the examples of a suite in their order.

        A body must be what its hash says: it is every build's that has the hash. Of an unknown one there is nothing to
        read, only to compare: that is for a journal of its own.
        """
        with self._write() as db:
            for position, example in enumerate(examples):
                db.execute(
                    "INSERT OR IGNORE INTO content (hash, body) VALUES (?, ?)",
                    (example.content, rows.to_json(example.body)),
                )
                db.execute(
                    "INSERT INTO example VALUES (?, ?, ?, ?, ?)",
                    (build_id, suite, position, example.id, example.content),
                )
