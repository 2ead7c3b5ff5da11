"""Rows from one journal file to another: a build exported as a file of its own, a stored baseline copied in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError
from evalgate.journal.connection import connect, explained
from evalgate.journal.store import Journal

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
    ("problem", "build = :build"),
    ("draw", "build = :build"),
    ("note", "build = :build"),
    ("noise", "build = :build"),
    ("judge", "build = :build"),
    ("human_label", "build = :build"),
    ("acceptance", "build = :build"),
    ("quarantine", "build = :build"),
    ("baseline", "build = :build"),
)


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


def copy_experiment(source: Path, source_id: int, target: Path, target_id: int) -> None:
    """Copy every run and evaluation of a stored experiment, so that the target journal alone can decide."""
    within = source.resolve() == target.resolve()
    with _joined(target, None if within else source) as db:
        for table in ("run", "evaluation"):
            names = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
            columns = ", ".join(name for name in names if name != "experiment")
            db.execute(
                f"INSERT INTO main.{table} (experiment, {columns})"
                f" SELECT :target, {columns} FROM {'main' if within else 'other'}.{table} WHERE experiment = :source",
                {"target": target_id, "source": source_id},
            )


def copy_samples(journal: Path, source_id: int, target_id: int, names: Mapping[str, str]) -> None:
    """Copy answered runs within a journal, sample by sample under its new name, with their evaluations.

    What the target has is kept; a run that only infrastructure failed is no answer.
    """
    with _joined(journal, None) as db:
        for table, where in (("run", "failure_kind IS NOT 'infrastructure'"), ("evaluation", _OF_ANSWERED)):
            known = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
            columns = ", ".join(name for name in known if name not in ("experiment", "sample"))
            for old, new in names.items():
                db.execute(
                    f"INSERT OR IGNORE INTO main.{table} (experiment, sample, {columns})"
                    f" SELECT :target, :new, {columns}"
                    f" FROM main.{table} WHERE experiment = :source AND sample = :old AND {where}",
                    {"target": target_id, "new": new, "source": source_id, "old": old},
                )


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
