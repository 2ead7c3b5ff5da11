"""The sides of suites and what was drawn of them: which runs belong together, and where they came from."""

from __future__ import annotations

import json
from collections.abc import Iterable

from evalgate.journal import rows
from evalgate.journal.builds import DrawRow, ExperimentRow, experiment_from
from evalgate.journal.file import JournalFile


class ExperimentTables(JournalFile):
    """The tables of experiments and draws."""

    def add_experiment(self, build_id: int, experiment: ExperimentRow) -> int:
        """Write one side of one suite and return its id."""
        columns = {
            "build": build_id,
            "suite": experiment.suite,
            "side": experiment.side.value,
            "label": experiment.label,
            "dataset": experiment.dataset,
            "dataset_version": experiment.dataset_version,
            "repetitions": experiment.repetitions,
            "task": experiment.task,
            "evaluators": experiment.evaluators,
            "specs": rows.specs_json(experiment.specs),
            "watched": rows.to_json(experiment.watched),
            "stored": experiment.stored,
            "commit_id": experiment.commit,
            "drawn_on": experiment.drawn_on,
            "scorers": rows.to_json(experiment.scorers),
        }
        with self._write() as db:
            cursor = db.execute(f"INSERT INTO experiment ({rows.placeholders(list(columns))})", columns)
            return int(cursor.lastrowid or 0)

    def experiments(self, build_id: int) -> list[ExperimentRow]:
        """Return the experiments of a build, in the order in which they were written."""
        return [
            experiment_from(r) for r in self._all("SELECT * FROM experiment WHERE build = ? ORDER BY id", (build_id,))
        ]

    def add_draws(self, build_id: int, draws: Iterable[DrawRow]) -> None:
        """Write what is drawn next of suites, all of it or nothing."""
        with self._write() as db:
            for draw in draws:
                db.execute(
                    "INSERT INTO draw SELECT ?, ?, count(*), ?, ?, ? FROM draw WHERE build = ? AND suite = ?",
                    (build_id, draw.suite, draw.key, draw.candidate, draw.baseline, build_id, draw.suite),
                )

    def draws(self, build_id: int) -> list[DrawRow]:
        """Return what was drawn in a build, in its order."""
        found = self._all("SELECT * FROM draw WHERE build = ? ORDER BY position, suite", (build_id,))
        return [DrawRow(**{name: row[name] for name in ("suite", "key", "candidate", "baseline")}) for row in found]

    def drawn_by(self, experiment: int, samples: Iterable[str]) -> int | None:
        """Return the build that drew these samples of an experiment, the latest of several; None: its own did, or none.

        Runs that were stored as a baseline, or that another journal has, are drawn by none.
        """
        names = json.dumps([*samples])
        found = self._one(
            "SELECT max(b.id) AS build, sum(r.origin IS NULL) AS own, sum(b.id IS NULL OR b.stores) AS apart FROM run r"
            " LEFT JOIN experiment x ON x.id = r.origin LEFT JOIN build b ON b.id = x.build"
            " WHERE r.experiment = :experiment AND r.sample IN (SELECT value FROM json_each(:names))",
            {"experiment": experiment, "names": names},
        )
        return None if found is None or found["own"] or found["apart"] else found["build"]

    def decided_with(self, key: str) -> DrawRow | None:
        """Return the draw of both sides by this key that a complete build decided on; None where there is none."""
        found = self._one(
            "SELECT d.* FROM draw d JOIN build b ON b.id = d.build WHERE d.key = ? AND d.candidate > 0"
            " AND d.baseline > 0 AND b.status = 'complete' AND b.partial IS NULL ORDER BY d.build DESC LIMIT 1",
            (key,),
        )
        names = ("suite", "key", "candidate", "baseline")
        return None if found is None else DrawRow(**{name: found[name] for name in names})

    def made(self, experiment: ExperimentRow) -> list[bool]:
        """Return of each run whether it failed; those of an experiment's own build alone, no copies of earlier ones."""
        query = "SELECT failure_kind IS NOT NULL FROM run WHERE experiment = ? AND origin IS NULL"
        return [bool(failed) for (failed,) in self._tuples(query, (experiment.id,))]

    def earlier(self, experiment: ExperimentRow, sample: str, *, of_commit: str | None) -> list[int]:
        """Return the experiments of other builds that drew this sample of exactly this, the latest first.

        `of_commit` leaves only those whose tree was that commit, as it stands.
        """
        found = self._all(
            "SELECT x.id FROM experiment x JOIN build b ON b.id = x.build WHERE x.build != :build"
            " AND x.side = :side AND x.task = :task AND x.dataset_version = :dataset_version"
            " AND x.evaluators = :evaluators AND NOT (x.stored AND :sample GLOB 'r[0-9]*')"
            " AND (:of_commit IS NULL OR x.commit_id = :of_commit OR"
            " (x.commit_id IS NULL AND b.commit_id = :of_commit AND NOT b.dirty))"
            " AND EXISTS (SELECT 1 FROM run r WHERE r.experiment = x.id AND r.sample = :sample) ORDER BY x.id DESC",
            {
                "build": experiment.build,
                "side": experiment.side.value,
                "task": experiment.task,
                "dataset_version": experiment.dataset_version,
                "evaluators": experiment.evaluators,
                "sample": sample,
                "of_commit": of_commit,
            },
        )
        return [int(row["id"]) for row in found]
