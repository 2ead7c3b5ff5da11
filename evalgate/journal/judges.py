"""What was found out about judges: held to human labels by themselves, and as it was known when a build began."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalgate.journal import rows
from evalgate.journal.file import JournalFile


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationRow:
    """A judge held to human labels. `judge` is its fingerprint, `summary` what decisions see, `report` all of it."""

    id: int = 0
    judge: str
    name: str
    created_at: str
    file: str
    labels: str
    """Fingerprint of the labelled answers."""
    evalgate_version: str
    summary: Mapping[str, Any]
    report: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class HumanLabel:
    """What people said of one answer, by the example and the hash of the output; `score` is what the label scores."""

    example_id: str
    output_hash: str
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownJudgeRow:
    """A judge of a build, and what was known of it when that began; `summary` is None where nothing was."""

    suite: str
    name: str
    judge: str
    summary: Mapping[str, Any] | None = field(default=None)


class JudgeTables(JournalFile):
    """Validations, and the judges of builds."""

    def add_validation(self, validation: ValidationRow, labels: Iterable[HumanLabel]) -> int:
        """Write what was found out about a judge, with the labels that it was held to, and return its id."""
        with self._write() as db:
            cursor = db.execute(
                "INSERT INTO validation (judge, name, created_at, file, labels, evalgate_version, summary, report)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (validation.judge, validation.name, validation.created_at, rows.text(validation.file),
                 validation.labels, validation.evalgate_version, rows.to_json(validation.summary),
                 rows.to_json(validation.report)),
            )  # fmt: skip
            identity = int(cursor.lastrowid or 0)
            db.executemany(
                "INSERT OR REPLACE INTO validation_label VALUES (?, ?, ?, ?)",
                ((identity, label.example_id, label.output_hash, label.score) for label in labels),
            )
        return identity

    def validation_of(self, judge: str) -> ValidationRow | None:
        """Return the latest validation of the judge with this fingerprint, or None."""
        row = self._one("SELECT * FROM validation WHERE judge = ? ORDER BY id DESC", (judge,))
        return None if row is None else _validation(row)

    def validations(self) -> list[ValidationRow]:
        """Return every validation, the latest first."""
        return [_validation(row) for row in self._all("SELECT * FROM validation ORDER BY id DESC", ())]

    def add_judges(self, build_id: int, judges: Sequence[KnownJudgeRow]) -> None:
        """Write what is known of a build's judges, each with the labels of its latest validation."""
        with self._write() as db:
            for judge in judges:
                summary = None if judge.summary is None else rows.to_json(judge.summary)
                key = (build_id, judge.suite, judge.name)
                db.execute("INSERT OR REPLACE INTO judge VALUES (?, ?, ?, ?, ?)", (*key, judge.judge, summary))
                db.execute(
                    "INSERT OR REPLACE INTO human_label SELECT ?, ?, ?, l.example_id, l.output_hash, l.score"
                    " FROM validation_label l JOIN example e ON e.build = ? AND e.suite = ?"
                    " AND e.example_id = l.example_id"
                    " WHERE l.validation = (SELECT max(id) FROM validation WHERE judge = ?)",
                    (*key, build_id, judge.suite, judge.judge),
                )

    def judges(self, build_id: int) -> list[KnownJudgeRow]:
        """Return what was known of a build's judges when it began."""
        found = self._all("SELECT * FROM judge WHERE build = ? ORDER BY suite, name", (build_id,))
        return [
            KnownJudgeRow(
                suite=row["suite"],
                name=row["name"],
                judge=row["judge"],
                summary=None if row["summary"] is None else rows.from_json(row["summary"]),
            )
            for row in found
        ]

    def human_labels(self, build_id: int, suite: str, name: str) -> Iterator[HumanLabel]:
        """Yield the labels that people gave to answers to a suite's examples, for the evaluator `name`."""
        query = "SELECT example_id, output_hash, score FROM human_label WHERE build = ? AND suite = ? AND name = ?"
        for example_id, output_hash, score in self._tuples(query, (build_id, suite, name)):
            yield HumanLabel(example_id=example_id, output_hash=output_hash, score=score)


def _validation(row: sqlite3.Row) -> ValidationRow:
    return ValidationRow(
        id=row["id"],
        judge=row["judge"],
        name=row["name"],
        created_at=row["created_at"],
        file=row["file"],
        labels=row["labels"],
        evalgate_version=row["evalgate_version"],
        summary=rows.from_json(row["summary"]),
        report=rows.from_json(row["report"]),
    )
