"""What evaluators that a change defines otherwise said of the same answers: kept apart, nothing decides by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evalgate.journal import rows
from evalgate.journal.file import JournalFile
from evalgate.records import Evaluation, EvaluatorSpec

_WRITE: Final = f"INSERT OR REPLACE INTO own_evaluation ({rows.placeholders((*rows.EVALUATION, 'example_hash'))})"

OWN_SAID: Final = (
    "own_evaluator o JOIN experiment x ON x.build = o.build AND x.suite = o.suite"
    " JOIN own_evaluation v ON v.experiment = x.id AND v.name = o.name"
    " AND v.example_hash IS NULL"
    " JOIN run r ON r.experiment = v.experiment AND r.example_id = v.example_id AND r.sample = v.sample"
)
"""Whatever evaluators of changes said (`v`), with who said it (`o`) and of which run (`r`), by the same examples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnEvaluatorRow:
    """One evaluator of a build as the change defines it. `scorer` is its fingerprint.

    `spec` is None where it did not load. `known` is what was known of it where it is a judge, by the key `summary`;
    None where it is none.
    """

    suite: str
    name: str
    scorer: str
    spec: EvaluatorSpec | None = None
    known: Mapping[str, Any] | None = None
    problem: str | None = None
    """Why it has not scored all answers."""


class OwnTables(JournalFile):
    """The evaluators that a change defines otherwise, and their evaluations."""

    def begin_own(self, build_id: int, row: OwnEvaluatorRow) -> None:
        """Write what will score, in the place of what was; what another definition of that name said is forgotten."""
        place = (build_id, row.suite, row.name)
        with self._write() as db:
            db.execute(
                "DELETE FROM own_evaluation WHERE experiment IN"
                " (SELECT id FROM experiment WHERE build = ? AND suite = ?) AND name = ?"
                " AND NOT EXISTS (SELECT 1 FROM own_evaluator o WHERE o.build = ? AND o.suite = ? AND o.name = ?"
                " AND o.scorer = ?)",
                (*place, *place, row.scorer),
            )
            db.execute(
                "INSERT OR REPLACE INTO own_evaluator (build, suite, name, scorer, spec, known, problem)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *place,
                    row.scorer,
                    None if row.spec is None else rows.specs_json([row.spec]),
                    None if row.known is None else rows.to_json(row.known),
                    rows.text(row.problem),
                ),
            )

    def own_evaluators(self, build_id: int) -> list[OwnEvaluatorRow]:
        """Return what scored a build's answers by the change's own definitions."""
        return [
            OwnEvaluatorRow(
                suite=row["suite"],
                name=row["name"],
                scorer=row["scorer"],
                spec=None if row["spec"] is None else rows.specs_from(row["spec"])[0],
                known=None if row["known"] is None else rows.object_from(row["known"]),
                problem=row["problem"],
            )
            for row in self._all("SELECT * FROM own_evaluator WHERE build = ? ORDER BY suite, name", (build_id,))
        ]

    def record_own_evaluations(
        self,
        *,
        experiment: int,
        example_id: str,
        sample: str,
        evaluations: Sequence[Evaluation],
        example_hash: str | None = None,
    ) -> None:
        """Write what evaluators of the change said of one run, all of it or nothing.

        `example_hash` is that of the example as the change has it, where it edits what is expected.
        """
        run = {"experiment": experiment, "example_id": example_id, "sample": sample, "example_hash": example_hash}
        with self._write() as db:
            db.executemany(_WRITE, [{**run, **rows.evaluation_columns(evaluation)} for evaluation in evaluations])

    def forget_own(self, experiment: int, name: str, reworded: Mapping[str, str]) -> None:
        """Delete what an evaluator said of examples as the change no longer has them.

        `reworded` has the hash of each example whose expected answer the change edits, by id.
        """
        query = "SELECT DISTINCT example_id, example_hash FROM own_evaluation WHERE experiment = ? AND name = ?"
        said: list[tuple[str, str | None]] = [*self._tuples(query, (experiment, name))]
        stale = [(experiment, name, each, of) for each, of in said if reworded.get(each) != of]
        with self._write() as db:
            db.executemany(
                "DELETE FROM own_evaluation WHERE experiment = ? AND name = ? AND example_id = ? AND example_hash IS ?",
                stale,
            )

    def own_scores(self, experiment: int) -> Iterator[tuple[str, str, str, float | None, bool]]:
        """Yield (example id, sample, evaluator, score, whether it failed) of every evaluation of theirs."""
        query = "SELECT example_id, sample, name, score, failure IS NOT NULL FROM own_evaluation WHERE experiment = ?"
        return self._tuples(query, (experiment,))

    def own_said(self, drawer: int, name: str, scorer: str) -> Iterator[tuple[str, str]]:
        """Yield (example id, sample) of what an evaluator of this fingerprint said of runs that an experiment drew."""
        query = (
            f"SELECT DISTINCT v.example_id, coalesce(r.drawn_as, r.sample) FROM {OWN_SAID}"
            " WHERE o.name = ? AND o.scorer = ? AND coalesce(r.origin, r.experiment) = ? AND v.failure IS NULL"
        )
        return self._tuples(query, (name, scorer, drawer))
