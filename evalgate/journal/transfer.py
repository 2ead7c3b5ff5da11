"""Rows from one journal file to another, or within one: a build exported, earlier runs taken over by a later build.

A copied run says which experiment drew it, and by which name; a copied evaluation, in which experiment it was made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.journal.connection import connect, explained
from evalgate.journal.own import OWN_SAID
from evalgate.journal.rows import EVALUATION, RUN
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec

_OF_EXPERIMENTS: Final = "experiment IN (SELECT id FROM main.experiment WHERE build = :build)"
_OF_ANSWERED: Final = (
    "EXISTS (SELECT 1 FROM main.run r WHERE r.experiment = :target AND r.example_id = evaluation.example_id"
    " AND r.sample = :new)"
)
_EXPORTED: Final = (
    ("build", "id = :build"),
    ("content", "hash IN (SELECT hash FROM main.example WHERE build = :build)"),
    ("example", "build = :build"),
    ("experiment", "build = :build"),
    ("run", _OF_EXPERIMENTS),
    ("evaluation", _OF_EXPERIMENTS),
    ("own_evaluator", "build = :build"),
    ("own_evaluation", _OF_EXPERIMENTS),
    ("problem", "build = :build"),
    ("draw", "build = :build"),
    ("note", "build = :build"),
    ("noise", "build = :build"),
    ("judge", "build = :build"),
    ("human_label", "build = :build"),
    ("acceptance", "build = :build"),
    ("quarantine", "build = :build"),
    ("baseline", "build = :build"),
    ("mirror", _OF_EXPERIMENTS),
    ("mirror_sample", _OF_EXPERIMENTS),
    ("mirror_run", _OF_EXPERIMENTS),
    ("release", "build = :build"),
)
_ORIGIN: Final = "coalesce(origin, experiment)"
_SAME_DRAW: Final = "t.origin = coalesce(r.origin, r.experiment) AND t.drawn_as = coalesce(r.drawn_as, r.sample)"
_CAN_BE_SAID: Final = (
    '(v.failure IS NULL OR (json_valid(v.failure) AND v.failure NOT LIKE \'{"kind":"infrastructure"%\'))'
    " AND (v.score IS NULL OR (v.score >= coalesce(:low, -1e308) AND v.score <= coalesce(:high, 1e308)))"
    " AND (v.metadata IS NULL OR json_valid(v.metadata)) AND (v.usage IS NULL OR json_valid(v.usage))"
)
_PAID_BEFORE: Final = (
    "CASE WHEN json_type(v.usage) = 'array' THEN (SELECT json_group_array(json_set(value, '$.from_cache',"
    " json('true'))) FROM json_each(v.usage)) ELSE v.usage END"
)
"""As what an earlier build paid for."""
_PLACE: Final = frozenset({"experiment", "example_id", "sample"})
_SAID: Final = tuple(name for name in EVALUATION if name not in _PLACE)
_DRAWN: Final = tuple(name for name in RUN if name not in _PLACE)


def export_build(journal: Path, build_id: int, target: Path) -> None:
    """Write a new journal at `target` that holds one build. Raises ConfigurationError where a file exists already."""
    with Journal(journal, create=False) as store:
        store.build(build_id)
    if target.exists():
        raise ConfigurationError(f"{target} exists already", next_step="give a name that is free")
    Journal(target).close()
    with _joined(journal, target) as db:
        for table, where in _EXPORTED:
            db.execute(f"INSERT INTO other.{table} SELECT * FROM main.{table} WHERE {where}", {"build": build_id})
    with explained(target), closing(sqlite3.connect(target, isolation_level=None)) as single:
        # One plain file to carry about: no write-ahead log beside it.
        single.execute("PRAGMA journal_mode = DELETE")


def copy_whole(source: Path, target: Path) -> None:
    """Write all that a journal holds to `target`, in the place of what is there; of none, an empty one."""
    for left in (target, target.with_name(f"{target.name}-wal"), target.with_name(f"{target.name}-shm")):
        left.unlink(missing_ok=True)
    Journal(target).close()
    if source.exists():
        with (
            explained(source),
            closing(connect(source, create=False)) as db,
            closing(connect(target, create=False)) as to,
        ):
            db.backup(to)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Runs of one experiment that another takes over: which examples, and each sample by what it is called there."""

    experiment: int
    names: Mapping[str, str]
    examples: Iterable[str]


def copy_drawn(source: Path, drawn: Drawn, target: Path, experiment: int) -> None:
    """Copy runs into an experiment; of examples that it has runs of, none."""
    with _taking(source, drawn, target) as (db, place):
        columns = ", ".join(_DRAWN)
        origin = _ORIGIN if place == "main" else "0"
        db.execute(
            f"INSERT INTO main.run (experiment, example_id, sample, origin, drawn_as, {columns})"
            f" SELECT :target, example_id, new, {origin}, coalesce(drawn_as, sample), {columns}"
            f" FROM {place}.run JOIN temp.named ON old = sample JOIN temp.taken USING (example_id)"
            " WHERE experiment = :source AND NOT EXISTS (SELECT 1 FROM main.run t WHERE t.experiment = :target"
            " AND t.example_id = run.example_id)",
            {"target": experiment, "source": drawn.experiment},
        )


def copy_scores(source: Path, drawn: Drawn, target: Path, experiment: int, specs: Iterable[EvaluatorSpec]) -> list[str]:
    """Copy what evaluators said of the runs that `copy_drawn` copied, where that can be what they say; return whose.

    `drawn` is what drew them, or in one journal another experiment that took them over and evaluated them anew. What a
    judge that was away did not say is not copied, nor is a score outside of its range.
    """
    with _taking(source, drawn, target) as (db, place):
        same = _SAME_DRAW if place == "main" else "t.sample = (SELECT new FROM temp.named WHERE old = v.sample)"
        columns = ", ".join(f"v.{name}" for name in _SAID)
        origin = "coalesce(v.origin, v.experiment)" if place == "main" else "0"
        copied = []
        for spec in specs:
            done = db.execute(
                f"INSERT OR IGNORE INTO main.evaluation (experiment, example_id, sample, origin, {', '.join(_SAID)})"
                f" SELECT :target, v.example_id, t.sample, {origin}, {columns}"
                f" FROM {place}.evaluation v JOIN {place}.run r USING (experiment, example_id, sample)"
                " JOIN temp.taken USING (example_id)"
                f" JOIN main.run t ON t.experiment = :target AND t.example_id = v.example_id AND {same}"
                " WHERE v.experiment = :source AND v.name = :name AND t.origin IS NOT NULL AND t.failure IS NULL"
                f" AND {_CAN_BE_SAID}",
                {
                    "target": experiment,
                    "source": drawn.experiment,
                    "name": spec.name,
                    "low": spec.low,
                    "high": spec.high,
                },
            )
            if done.rowcount:
                copied.append(spec.name)
    return copied


def copy_own(journal: Path, experiment: int, spec: EvaluatorSpec, scorer: str, *, decides: bool) -> int:
    """Copy what changes had said of the very same draws by an evaluator of this fingerprint; return of how many.

    It was theirs alone; where it `decides` now, it is this experiment's own scoring, else it stays beside that.
    """
    columns = {name: f"v.{name}" for name in _SAID}
    if decides:
        table, columns["origin"] = "evaluation", "v.experiment"
    else:
        table, columns["usage"] = "own_evaluation", _PAID_BEFORE
    with _joined(journal, None) as db:
        return db.execute(
            f"INSERT OR IGNORE INTO {table} (experiment, example_id, sample, {', '.join(columns)})"
            f" SELECT t.experiment, t.example_id, t.sample, {', '.join(columns.values())}"
            f" FROM {OWN_SAID} JOIN run t ON t.experiment = :target AND t.example_id = v.example_id AND {_SAME_DRAW}"
            " WHERE o.name = :name AND o.scorer = :scorer AND json_extract(o.spec, '$[0].version') = :version"
            f" AND v.experiment != :target AND t.origin > 0 AND t.failure IS NULL AND {_CAN_BE_SAID}",
            {
                "target": experiment,
                "name": spec.name,
                "scorer": scorer,
                "version": spec.version,
                "low": spec.low,
                "high": spec.high,
            },
        ).rowcount


def copy_samples(journal: Path, source_id: int, target_id: int, names: Mapping[str, str]) -> None:
    """Copy answered runs within a journal, sample by sample under its new name, with their evaluations.

    What the target has is kept; a run that only infrastructure failed is no answer.
    """
    with _joined(journal, None) as db:
        for old, new in names.items():
            at = {"target": target_id, "new": new, "source": source_id, "old": old}
            columns = ", ".join(_DRAWN)
            db.execute(
                f"INSERT OR IGNORE INTO main.run (experiment, example_id, sample, origin, drawn_as, {columns})"
                f" SELECT :target, example_id, :new, coalesce(origin, experiment), coalesce(drawn_as, sample),"
                f" {columns} FROM main.run WHERE experiment = :source AND sample = :old"
                " AND failure_kind IS NOT 'infrastructure'",
                at,
            )
            columns = ", ".join(_SAID)
            db.execute(
                f"INSERT OR IGNORE INTO main.evaluation (experiment, example_id, sample, origin, {columns})"
                f" SELECT :target, example_id, :new, coalesce(origin, experiment), {columns}"
                f" FROM main.evaluation WHERE experiment = :source AND sample = :old AND {_OF_ANSWERED}",
                at,
            )


@contextmanager
def _taking(source: Path, drawn: Drawn, target: Path) -> Iterator[tuple[sqlite3.Connection, str]]:
    """Join two journals, with `drawn` in tables of its own; give what the source is called there."""
    within = source.resolve() == target.resolve()
    with _joined(target, None if within else source) as db:
        db.execute("CREATE TEMP TABLE named (old TEXT PRIMARY KEY, new TEXT NOT NULL)")
        db.executemany("INSERT INTO temp.named VALUES (?, ?)", drawn.names.items())
        db.execute("CREATE TEMP TABLE taken (example_id TEXT PRIMARY KEY)")
        db.executemany("INSERT INTO temp.taken VALUES (?)", ((example_id,) for example_id in drawn.examples))
        yield db, "main" if within else "other"


@contextmanager
def _joined(main: Path, other: Path | None) -> Iterator[sqlite3.Connection]:
    """Open `main` in one transaction, with `other` attached where there is one."""
    if other is not None:
        connect(other, create=False).close()  # what it is, is checked and said before it is attached
    with explained(main), closing(connect(main, create=False)) as db:
        if other is not None:
            db.execute("ATTACH ? AS other", (str(other),))
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")
