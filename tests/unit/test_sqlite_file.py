"""Stores that several processes open at the same moment, on a file that is not there yet."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from evalgate.sqlite_file import keep_a_log, make_folder, marks_of, statements

ROOT = Path(__file__).parents[2]
FILES = 40

CACHE = """
from evalgate.llm.cache_file import opened
def use(path): opened(path, frozen=False).close()
"""
JOURNAL = """
from evalgate.journal.connection import connect
def use(path): connect(path, create=True).close()
"""
TRACES = """
from evalgate.traces.store import _opened
def use(path): _opened(path).close()
"""
TOGETHER = """
import sys, time
from pathlib import Path
folder, start = Path(sys.argv[1]), float(sys.argv[2])
for n in range(int(sys.argv[3])):
    while time.time() < start + n * 0.02:
        pass
    use(folder / f"{n}.db")
"""


@pytest.mark.parametrize("store", [CACHE, JOURNAL, TRACES], ids=["cache", "journal", "traces"])
def test_processes_that_make_one_store_at_once_all_get_it(tmp_path, store):
    start = str(time.time() + 1.5)
    command = [sys.executable, "-c", store + TOGETHER, str(tmp_path), start, str(FILES)]
    started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [(each.communicate(timeout=60)[1], each.returncode) for each in started] == [("", 0)] * 4
    assert len(list(tmp_path.glob("*.db"))) == FILES


@contextmanager
def opened_twice(path, **how):
    one, other = (closing(sqlite3.connect(path, isolation_level=None, **how)) for _ in range(2))
    with one as db, other as second:
        yield db, second


def test_marks_are_of_one_moment(tmp_path):
    with opened_twice(tmp_path / "x.db") as (db, other):
        assert marks_of(db).untouched
        for statement in statements("CREATE TABLE a (x); PRAGMA user_version = 3; PRAGMA application_id = 9;\n"):
            other.executescript(statement)
        found = marks_of(db)
        assert (found.application, found.version, found.empty, found.untouched) == (9, 3, False, False)
        db.execute("BEGIN IMMEDIATE")
        assert marks_of(db) == found
        assert db.in_transaction


def test_a_file_that_stays_locked_is_an_error_after_a_while(tmp_path):
    with opened_twice(tmp_path / "x.db", timeout=0) as (db, other):
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            keep_a_log(db, patience=0.05)
        other.execute("COMMIT")
        keep_a_log(db, patience=0.05)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_full_disk_leaves_no_half_of_what_git_is_to_ignore(tmp_path):
    folder = tmp_path / ".evalgate"
    script = (
        "import pathlib, resource, sys\n"
        "from evalgate.sqlite_file import make_folder\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "make_folder(pathlib.Path(sys.argv[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, check=False).returncode == 1
    assert list(folder.iterdir()) == []
    make_folder(folder)
    assert (folder / ".gitignore").read_text().splitlines()[1] == "*"
