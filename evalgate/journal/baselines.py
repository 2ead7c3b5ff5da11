"""Which stored runs there are of a baseline: draws of complete builds, and of which examples they are whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.journal.builds import ExperimentRow, experiment_from
from evalgate.journal.file import JournalFile

_SOUND: Final = (
    "coalesce(failure_kind, 'task') = 'task' AND (output IS NULL) = (failure IS NOT NULL)"
    " AND (output IS NULL OR json_valid(output))"
    " AND (failure IS NULL OR (json_valid(failure) AND json_type(failure, '$.message') IS 'text'))"
    " AND (extras IS NULL OR (json_valid(extras) AND json_type(extras) = 'object'))"
    " AND (usage IS NULL OR (json_valid(usage) AND json_type(usage) = 'array'))"
)
"""What evalgate writes of a run that the task itself ended, well or badly."""
JUDGE_AWAY: Final = 'failure LIKE \'{"kind":"infrastructure"%\''
"""An evaluation that a provider failed: it can be asked for again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDraw:
    """One draw of a baseline: which experiment holds it, by which key its samples are named, and how many there are.

    `key` is None for r1, r2 …; where `filled`, only those that this experiment drew itself, beside copies of others.
    """

    experiment: ExperimentRow
    key: str | None
    times: int
    created_at: str
    evalgate_version: str
    filled: bool = False


class BaselineTables(JournalFile):
    """Stored runs of baselines."""

    def drawn_baselines(self, task: str) -> list[StoredDraw]:
        """Return every draw of a baseline whose task has this fingerprint, in complete builds, the latest first.

        A build that completed stored runs has a draw of its own in it, beside what it copied: what it drew itself.
        """
        common = (
            "x.side = 'baseline' AND x.commit_id IS NOT NULL AND x.task = :task AND b.status = 'complete'"
            " AND b.partial IS NULL AND b.study_runs IS NULL"
        )
        found = self._all(
            "SELECT x.*, b.created_at, b.evalgate_version, d.key, d.baseline AS times, 0 AS filled, d.position"
            " FROM draw d JOIN build b ON b.id = d.build"
            " JOIN experiment x ON x.build = d.build AND x.suite = d.suite"
            f" WHERE d.baseline > 0 AND {common}"
            " UNION ALL SELECT x.*, b.created_at, b.evalgate_version, NULL, x.repetitions, 1, -1"
            f" FROM experiment x JOIN build b ON b.id = x.build WHERE x.stored AND {common}"
            " AND EXISTS (SELECT 1 FROM run r WHERE r.experiment = x.id AND r.origin IS NULL"
            " AND r.sample GLOB 'r[0-9]*') ORDER BY created_at DESC, build DESC, position DESC",
            {"task": task},
        )
        return [
            StoredDraw(
                experiment=experiment_from(row),
                key=row["key"],
                times=row["times"],
                created_at=row["created_at"],
                evalgate_version=row["evalgate_version"],
                filled=bool(row["filled"]),
            )
            for row in found
        ]

    def copies_of(self, task: str) -> list[ExperimentRow]:
        """Return the stored baselines of complete builds whose task has this fingerprint, the latest first."""
        found = self._all(
            "SELECT x.* FROM experiment x JOIN build b ON b.id = x.build WHERE x.side = 'baseline' AND x.stored"
            " AND x.task = ? AND b.status = 'complete' ORDER BY x.id DESC",
            (task,),
        )
        return [experiment_from(row) for row in found]

    def whole_runs(self, experiment: int, names: Sequence[str], *, own: bool = False) -> tuple[frozenset[str], int]:
        """Return the examples that have all these samples, and how many runs are left out because they are damaged.

        Whole is what the task itself ended: an outage is no answer. `own` leaves copies out.
        """
        wanted = ", ".join("?" * len(names))
        found = self._tuples(
            f"SELECT example_id, sum(sound), count(*) - sum(sound) FROM (SELECT example_id, {_SOUND} AS sound FROM run"
            f" WHERE experiment = ? AND sample IN ({wanted}) AND failure_kind IS NOT 'infrastructure'"
            " AND (NOT ? OR origin IS NULL)) GROUP BY example_id",
            (experiment, *names, own),
        )
        whole, damaged = set(), 0
        for example_id, sound, unsound in found:
            damaged += unsound
            if sound == len(names):
                whole.add(example_id)
        return frozenset(whole), damaged

    def oldest_run(self, experiment: int, names: Sequence[str]) -> str | None:
        """Return when the oldest run of these samples was made (ISO 8601, UTC); None where there is none."""
        wanted = ", ".join("?" * len(names))
        query = f"SELECT min(started_at) FROM run WHERE experiment = ? AND sample IN ({wanted})"
        (oldest,) = next(self._tuples(query, (experiment, *names)))
        return None if oldest is None else str(oldest)

    def scored_answers(self, experiment: int, names: Sequence[str]) -> tuple[int, dict[str, int]]:
        """Return how many answers there are of these samples, and how many of them each evaluator has scored."""
        wanted = ", ".join("?" * len(names))
        (answers,) = next(
            self._tuples(
                f"SELECT count(*) FROM run WHERE experiment = ? AND sample IN ({wanted}) AND failure IS NULL",
                (experiment, *names),
            )
        )
        scored = self._tuples(
            f"SELECT name, count(*) FROM evaluation WHERE experiment = ? AND sample IN ({wanted})"
            f" AND (failure IS NULL OR NOT {JUDGE_AWAY}) GROUP BY name",
            (experiment, *names),
        )
        return answers, dict(scored)

    def twins(self, build_id: int) -> list[int]:
        """Return the builds before this one that measure the very same thing and have not ended."""
        found = self._all(
            "SELECT t.id FROM build b JOIN build t ON t.measured = b.measured AND t.id < b.id"
            " WHERE b.id = ? AND t.status = 'running' ORDER BY t.id",
            (build_id,),
        )
        return [int(row["id"]) for row in found]
