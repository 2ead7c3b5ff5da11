"""What was answered and what was said of it: every run and its evaluations, written one by one, read as streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from evalgate.journal import rows
from evalgate.journal.baselines import JUDGE_AWAY
from evalgate.journal.connection import explained
from evalgate.journal.file import JournalFile
from evalgate.records import ErrorKind, Evaluation, Example, JsonObject, TaskOutcome, Usage

_LABEL = 200
"""Characters of a label that tell it apart."""
_PAGE = 500  # rows read at once: memory stays flat in the number of examples
_WRITE_RUN = f"INSERT OR REPLACE INTO run ({rows.placeholders(rows.RUN)})"
_WRITE_EVALUATION = f"INSERT OR REPLACE INTO evaluation ({rows.placeholders(rows.EVALUATION)})"


class RunTables(JournalFile):
    """The tables of runs and evaluations."""

    def record(self, *, experiment: int, example_id: str, sample: str, outcome: TaskOutcome, started_at: str) -> None:
        """Write one run, in the file when this returns. A run that only infrastructure failed is replaced."""
        columns = {"experiment": experiment, "example_id": example_id, "sample": sample, "started_at": started_at}
        columns.update(rows.run_columns(outcome))
        with explained(self.path):  # one statement is a transaction by itself
            self._db.execute(_WRITE_RUN, columns)

    def record_evaluations(
        self, *, experiment: int, example_id: str, sample: str, evaluations: Sequence[Evaluation]
    ) -> None:
        """Write what the evaluators said of one run, all of it or nothing."""
        run = {"experiment": experiment, "example_id": example_id, "sample": sample}
        written = [{**run, **rows.evaluation_columns(evaluation)} for evaluation in evaluations]
        if len(written) == 1:
            with explained(self.path):
                self._db.execute(_WRITE_EVALUATION, written[0])
            return
        with self._write() as db:
            db.executemany(_WRITE_EVALUATION, written)

    def undone(self, experiment: int, sample: str) -> Iterator[Example]:
        """Yield the examples that have no run of this sample, or one that only infrastructure failed."""
        return self._missing(
            "NOT EXISTS (SELECT 1 FROM run r WHERE r.experiment = x.id AND r.example_id = e.example_id"
            " AND r.sample = :sample AND r.failure_kind IS NOT 'infrastructure')",
            experiment,
            sample,
        )

    def unevaluated(
        self, experiment: int, sample: str, *, again: str | None = None, evaluator: str | None = None, own: bool = False
    ) -> Iterator[tuple[Example, TaskOutcome]]:
        """Yield the runs of this sample that answered and were not evaluated, or whose judge was away.

        A process was killed between, or a provider failed. `again` names an evaluation of theirs beside the first,
        `evaluator` whose it is; `own` ones are the change's.
        """
        table = "own_evaluation" if own else "evaluation"
        waiting = self._missing(
            "EXISTS (SELECT 1 FROM run r WHERE r.experiment = x.id AND r.example_id = e.example_id"
            f" AND r.sample = :sample AND r.failure IS NULL) AND (NOT EXISTS (SELECT 1 FROM {table} v"
            " WHERE v.experiment = x.id AND v.example_id = e.example_id AND v.sample = coalesce(:again, :sample)"
            f" AND v.name = coalesce(:evaluator, v.name)) OR EXISTS (SELECT 1 FROM {table} v"
            " WHERE v.experiment = x.id AND v.example_id = e.example_id AND v.sample = coalesce(:again, :sample)"
            f" AND v.name = coalesce(:evaluator, v.name) AND {JUDGE_AWAY}))",
            experiment,
            sample,
            again=again,
            evaluator=evaluator,
        )
        for example in waiting:
            run = self.run(experiment, example.id, sample)
            if run is not None:
                yield example, run

    def run(self, experiment: int, example_id: str, sample: str) -> TaskOutcome | None:
        """Return one run's outcome, or None."""
        row = self._one(
            "SELECT * FROM run WHERE experiment = ? AND example_id = ? AND sample = ?", (experiment, example_id, sample)
        )
        return None if row is None else rows.outcome_from(row)

    def evaluations(self, experiment: int, example_id: str, sample: str) -> list[Evaluation]:
        """Return what evaluators said of one run."""
        found = self._all(
            "SELECT * FROM evaluation WHERE experiment = ? AND example_id = ? AND sample = ? ORDER BY name",
            (experiment, example_id, sample),
        )
        return [rows.evaluation_from(row) for row in found]

    def run_facts(self, experiment: int) -> Iterator[tuple[str, str, str | None, ErrorKind | None]]:
        """Yield (example id, sample, output hash, failure kind) of every run."""
        query = "SELECT example_id, sample, output_hash, failure_kind FROM run WHERE experiment = ?"
        for example_id, sample, output_hash, kind in self._tuples(query, (experiment,)):
            yield example_id, sample, output_hash, None if kind is None else rows.error_kind(kind)

    def pace(self, experiment: int) -> tuple[int, float | None]:
        """Return (runs, seconds from the first one's start to the last one's end); None where unknown.

        A redraw is left out: it waits for every other run of its build. So is what an earlier build drew.
        """
        query = (
            "SELECT count(*), 86400 * (max(julianday(started_at) + latency / 86400) - min(julianday(started_at)))"
            " FROM run WHERE experiment = ? AND sample NOT GLOB '*again[0-9]*' AND origin IS NULL"
        )
        runs, seconds = next(self._tuples(query, (experiment,)))
        return runs, seconds

    def usages(
        self, experiment: int, *, stored: bool = True, own: bool = True
    ) -> Iterator[tuple[str, str, str, tuple[Usage, ...] | None, bool]]:
        """Yield (example id, sample, evaluator, usage, whether an earlier build paid) of every run and evaluation.

        The evaluator of a run is "". A usage is None where nobody saw it. Evaluations that called no model are left
        out; so is, without `stored`, what was copied of stored runs: another build paid for it. What is paid for `own`
        evaluators of a change, which decide nothing, is named after them.
        """
        paid = "(:stored OR origin IS NULL OR sample GLOB '*-*')"
        query = (
            "SELECT example_id, sample, '', coalesce(usage, 'null'), origin IS NOT NULL FROM run"
            f" WHERE experiment = :experiment AND {paid}"
            " UNION ALL SELECT example_id, sample, name, usage, origin IS NOT NULL FROM evaluation"
            f" WHERE experiment = :experiment AND usage IS NOT NULL AND {paid}"
        )
        if own:
            query += (
                " UNION ALL SELECT example_id, sample, name || ' (the change''s own)', usage, 0 FROM own_evaluation"
                " WHERE experiment = :experiment AND usage IS NOT NULL"
            )
        asked = {"experiment": experiment, "stored": stored}
        for example_id, sample, evaluator, usage, earlier in self._tuples(query, asked):
            yield example_id, sample, evaluator, rows.usage_from(usage), bool(earlier)

    def scores(self, experiment: int) -> Iterator[tuple[str, str, str, float | None, bool]]:
        """Yield (example id, sample, evaluator, score, whether it failed) of every evaluation."""
        query = "SELECT example_id, sample, name, score, failure IS NOT NULL FROM evaluation WHERE experiment = ?"
        return self._tuples(query, (experiment,))

    def judgements(self, experiment: int, evaluator: str) -> Iterator[tuple[str, str, JsonObject, ErrorKind | None]]:
        """Yield (example id, sample, metadata, failure kind) of every evaluation by one evaluator."""
        query = "SELECT example_id, sample, metadata, failure FROM evaluation WHERE experiment = ? AND name = ?"
        for example_id, sample, metadata, failure in self._tuples(query, (experiment, evaluator)):
            kind = None if failure is None else rows.error_kind(rows.from_json(failure)["kind"])
            yield example_id, sample, rows.from_json(metadata) if metadata else {}, kind

    def labels(
        self,
        candidate: tuple[int, Sequence[str]],
        baseline: tuple[int, Sequence[str]] | None,
        *,
        without: Iterable[tuple[str, str | None]] = (),
    ) -> Iterator[tuple[str, str, int, int]]:
        """Yield (evaluator, label, answers of the candidate, answers of the baseline), the most frequent label first.

        A side is its experiment and the samples of it that count. `without` names examples that do not, each with the
        evaluator by which they do not, None: by any. Counted here: there may be more labels than memory holds. A long
        one counts by its beginning. An evaluator that says pass and fail alone is left out: its score says that.
        """
        aside = "(SELECT value ->> 0, coalesce(value ->> 1, '') FROM json_each(:without))"
        query = (
            f"SELECT name, substr(label, 1, {_LABEL}) AS label, sum(experiment = :candidate) AS answers,"
            " sum(experiment = :baseline) FROM evaluation WHERE (experiment = :candidate AND sample IN"
            " (SELECT value FROM json_each(:of_candidate)) OR experiment = :baseline AND sample IN"
            " (SELECT value FROM json_each(:of_baseline))) AND label IS NOT NULL AND failure IS NULL"
            f" AND (example_id, '') NOT IN {aside} AND (example_id, name) NOT IN {aside}"
            " AND name IN (SELECT DISTINCT name FROM evaluation WHERE experiment IN (:candidate, :baseline)"
            " AND label NOT IN ('pass', 'fail')) GROUP BY 1, 2 ORDER BY 1, count(*) DESC, 2"
        )
        compared, names = (-1, ()) if baseline is None else baseline
        sides = {
            "candidate": candidate[0],
            "of_candidate": json.dumps([*candidate[1]]),
            "baseline": compared,
            "of_baseline": json.dumps([*names]),
            "without": json.dumps([*without]),
        }
        return self._tuples(query, sides)

    def resources(self, experiment: int) -> Iterator[tuple[str, str, float, str | None, str | None]]:
        """Yield (example id, sample, seconds, usage as JSON, failure kind) of every run: what it took."""
        query = "SELECT example_id, sample, latency, usage, failure_kind FROM run WHERE experiment = ?"
        return self._tuples(query, (experiment,))

    def failures(self, experiment: int) -> list[tuple[str, str, str | None, int]]:
        """Return (kind, "type: message", where, how many) of the failed runs, the most frequent first."""
        return self._tally("SELECT failure FROM run WHERE experiment = ? AND failure IS NOT NULL", experiment)

    def evaluator_failures(self, experiment: int) -> list[tuple[str, str, str | None, int]]:
        """Return (evaluator, "type: message", where, how many) of the failed evaluations."""
        return self._tally(
            "SELECT failure, name FROM evaluation WHERE experiment = ? AND failure IS NOT NULL", experiment
        )

    def _missing(self, condition: str, experiment: int, sample: str, **more: str | None) -> Iterator[Example]:
        position = -1
        query = (
            "SELECT e.position, e.example_id, c.body FROM experiment x"
            " JOIN example e ON e.build = x.build AND e.suite = x.suite JOIN content c USING (hash)"
            f" WHERE x.id = :experiment AND e.position > :position AND {condition} ORDER BY e.position LIMIT :page"
        )
        while True:
            at = {"experiment": experiment, "sample": sample, "position": position, "page": _PAGE}
            found = self._all(query, at | more)
            for row in found:
                yield rows.example_from(row["example_id"], row["body"])
            if len(found) < _PAGE:
                return
            position = found[-1]["position"]

    def _tally(self, query: str, experiment: int) -> list[tuple[str, str, str | None, int]]:
        counts: dict[tuple[str, str, str | None], int] = {}
        for row in self._rows(query, (experiment,)):
            failure = rows.from_json(row[0])
            kind = row["name"] if "name" in row.keys() else failure["kind"]  # noqa: SIM118 a Row iterates over values
            key = (kind, f"{failure['type']}: {failure['message']}", failure["where"])
            counts[key] = counts.get(key, 0) + 1
        return [(*key, count) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0][:2]))]
