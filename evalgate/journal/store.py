"""The journal: what a build needs written, and what anyone may read, in the words of records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evalgate.errors import ConfigurationError
from evalgate.journal import rows
from evalgate.journal.baselines import JUDGE_AWAY, BaselineTables
from evalgate.journal.builds import (
    NOISE,
    BuildRow,
    NoiseRow,
    NoteRow,
    ProblemRow,
    build_from,
    config_json,
    noise_from,
)
from evalgate.journal.changes import ChangeTables
from evalgate.journal.digest import BuildDigest
from evalgate.journal.experiments import ExperimentTables
from evalgate.journal.imported import ImportTables
from evalgate.journal.judges import JudgeTables
from evalgate.journal.mirrors import MirrorTables
from evalgate.journal.own import OwnTables
from evalgate.journal.releases import ReleaseTables
from evalgate.journal.runs import RunTables
from evalgate.records import Example

_LARGEST_ID = 2**63 - 1
"""That SQLite can hold, or be asked for."""
_PAGE = 500  # rows read at once: memory stays flat in the number of examples


class Journal(
    ExperimentTables,
    RunTables,
    JudgeTables,
    ChangeTables,
    BaselineTables,
    OwnTables,
    MirrorTables,
    ImportTables,
    ReleaseTables,
    BuildDigest,
):
    """One journal file. Any number of processes may hold one open; each row is whole or absent."""

    # builds

    def create_build(self, build: BuildRow) -> int:
        """Write a new build and return its id."""
        with self._write() as db:
            cursor = db.execute(
                "INSERT INTO build (created_at, status, partial, commit_id, branch, dirty, config_file, config,"
                " evalgate_version, study_runs, trial, stores, change, gate, purpose)"
                " VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (build.created_at, build.partial, build.commit, build.branch, build.dirty, build.config_file,
                 config_json(build), build.evalgate_version, build.study_runs, build.trial,
                 build.stores, rows.text(build.change), *(None if each is None else rows.to_json(each)
                                                          for each in (build.gate, build.purpose))),
            )  # fmt: skip
            return int(cursor.lastrowid or 0)

    def build(self, build_id: int) -> BuildRow:
        """Return one build. Raises ConfigurationError when there is none of that id."""
        row = self._one("SELECT * FROM build WHERE id = ?", (build_id,)) if build_id <= _LARGEST_ID else None
        if row is None:
            raise ConfigurationError(f"there is no build {build_id} in {self.path}", next_step="evalgate journal list")
        return build_from(row)

    def builds(self, *, trials: bool = False) -> list[BuildRow]:
        """Return every build, the latest first; with `trials`, what was tried is among them.

        Noise studies are none, nor is what holds a baseline's runs alone.
        """
        tried = "" if trials else " AND trial IS NULL"
        query = f"SELECT * FROM build WHERE study_runs IS NULL AND NOT stores{tried} ORDER BY id DESC"
        return [build_from(row) for row in self._all(query, ())]

    def studies(self) -> list[BuildRow]:
        """Return every noise study, the latest first."""
        query = "SELECT * FROM build WHERE study_runs IS NOT NULL ORDER BY id DESC"
        return [build_from(row) for row in self._all(query, ())]

    def held_baselines(self) -> list[BuildRow]:
        """Return what holds a baseline's runs alone, the latest first."""
        return [build_from(row) for row in self._all("SELECT * FROM build WHERE stores ORDER BY id DESC", ())]

    def mark_resumed(self, build_id: int) -> None:
        """Count one more continuation of a build, which is not complete until that has ended.

        What stopped it before stands against it no more.
        """
        with self._write() as db:
            db.execute("UPDATE build SET resumed = resumed + 1, status = 'running' WHERE id = ?", (build_id,))
            db.execute("DELETE FROM problem WHERE build = ? AND kind IN ('budget', 'service', 'replay')", (build_id,))

    def add_seconds(self, build_id: int, seconds: float, *, complete: bool) -> None:
        """Add wall time to a build and say whether everything that it needs is in."""
        with self._write() as db:
            db.execute("UPDATE build SET seconds = seconds + ? WHERE id = ?", (seconds, build_id))
            if complete:
                db.execute("UPDATE build SET status = 'complete' WHERE id = ?", (build_id,))

    def lacks_answers(self, build_id: int) -> bool:
        """Return whether infrastructure failed some run or judge of a build: those can be asked for again."""
        found = self._one(
            "SELECT 1 FROM run JOIN experiment ON experiment.id = run.experiment"
            " WHERE build = :build AND failure_kind = 'infrastructure' AND origin IS NULL"
            " UNION ALL SELECT 1 FROM evaluation JOIN experiment ON experiment.id = evaluation.experiment"
            f" WHERE build = :build AND {JUDGE_AWAY} AND origin IS NULL LIMIT 1",
            {"build": build_id},
        )
        return found is not None

    def add_problem(self, build_id: int, problem: ProblemRow) -> None:
        """Write why a suite cannot be measured; the same one twice is one."""
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO problem (build, suite, kind, message, next_step) VALUES (?, ?, ?, ?, ?)",
                (build_id, problem.suite, problem.kind, rows.text(problem.message), rows.text(problem.next_step)),
            )

    def problems(self, build_id: int) -> list[ProblemRow]:
        """Return why suites of a build cannot be measured."""
        found = self._all("SELECT * FROM problem WHERE build = ? ORDER BY suite, kind, message", (build_id,))
        return [ProblemRow(**{name: row[name] for name in ("suite", "kind", "message", "next_step")}) for row in found]

    def add_noise(self, build_id: int, noise: Sequence[NoiseRow]) -> None:
        """Write what is known of the noise of a build's checks, in the place of what was."""
        names = ("build", *NOISE)
        written = [{"build": build_id} | {name: getattr(row, name) for name in NOISE} for row in noise]
        with self._write() as db:
            db.executemany(f"INSERT OR REPLACE INTO noise ({rows.placeholders(names)})", written)

    def noise(self, build_id: int) -> list[NoiseRow]:
        """Return what is known of the noise of a build's checks."""
        query = "SELECT * FROM noise WHERE build = ? ORDER BY suite, name"
        return [noise_from(row) for row in self._all(query, (build_id,))]

    def study_of(self, *, suite: str, task: str, evaluators: str, dataset_version: str) -> int | None:
        """Return the latest finished noise study of exactly this: what answers, what scores, and the examples."""
        row = self._one(
            "SELECT b.id FROM build b JOIN experiment x ON x.build = b.id WHERE b.study_runs IS NOT NULL"
            " AND b.status = 'complete' AND x.suite = ? AND x.task = ? AND x.evaluators = ? AND x.dataset_version = ?"
            " ORDER BY b.id DESC LIMIT 1",
            (suite, task, evaluators, dataset_version),
        )
        return None if row is None else int(row["id"])

    # examples

    def add_examples(self, build_id: int, suite: str, examples: Iterable[Example]) -> int:
        """Write the examples of one suite in their order, all or none, and return how many there are."""
        count = 0
        with self._write() as db:
            for example in examples:
                body = rows.example_body(example)
                digest = rows.body_hash(body)
                db.execute("INSERT OR IGNORE INTO content (hash, body) VALUES (?, ?)", (digest, rows.to_json(body)))
                db.execute("INSERT INTO example VALUES (?, ?, ?, ?, ?)", (build_id, suite, count, example.id, digest))
                count += 1
        return count

    def examples(self, build_id: int, suite: str) -> Iterator[Example]:
        """Yield the examples of one suite in their order, in flat memory."""
        position = -1
        while True:
            found = self._all(
                "SELECT position, example_id, body FROM example JOIN content USING (hash)"
                " WHERE build = ? AND suite = ? AND position > ? ORDER BY position LIMIT ?",
                (build_id, suite, position, _PAGE),
            )
            for row in found:
                yield rows.example_from(row["example_id"], row["body"])
            if len(found) < _PAGE:
                return
            position = found[-1]["position"]

    def example(self, build_id: int, suite: str, example_id: str) -> Example | None:
        """Return one example, or None."""
        row = self._one(
            "SELECT example_id, body FROM example JOIN content USING (hash)"
            " WHERE build = ? AND suite = ? AND example_id = ?",
            (build_id, suite, example_id),
        )
        return None if row is None else rows.example_from(row["example_id"], row["body"])

    def example_hashes(self, build_id: int, suite: str) -> Iterator[tuple[str, str]]:
        """Yield (example id, hash of what it says) of one suite, in their order."""
        query = "SELECT example_id, hash FROM example WHERE build = ? AND suite = ? ORDER BY position"
        return self._tuples(query, (build_id, suite))

    # notes

    def add_note(self, build_id: int, note: NoteRow) -> None:
        """Write a sentence about a suite; the same one twice is one."""
        with self._write() as db:
            db.execute(
                "INSERT INTO note SELECT :build, :suite, (SELECT count(*) FROM note WHERE build = :build AND"
                " suite = :suite), :kind, :message WHERE NOT EXISTS (SELECT 1 FROM note WHERE build = :build AND"
                " suite = :suite AND message = :message)",
                {
                    "build": build_id,
                    "suite": note.suite,
                    "kind": "unchanged" if note.unchanged else "told",
                    "message": rows.text(note.message),
                },
            )

    def notes(self, build_id: int) -> list[NoteRow]:
        """Return what is said of the suites of a build, in its order."""
        found = self._all("SELECT * FROM note WHERE build = ? ORDER BY suite, position", (build_id,))
        return [
            NoteRow(suite=row["suite"], message=row["message"], unchanged=row["kind"] == "unchanged") for row in found
        ]
