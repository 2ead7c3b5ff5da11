"""`evalgate journal files`: what to keep between runs, whole, and under which name."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.journal import command
from evalgate.journal.store import Journal
from evalgate.llm.cache_file import opened
from tests.e2e.project import environment

_KILLED = """
import os, sys
from pathlib import Path
from evalgate.journal.store import Journal
store = Journal(Path(sys.argv[1]))
store._db.execute("PRAGMA wal_autocheckpoint = 0")
with store._write() as db:
    db.execute("INSERT INTO content (hash, body) VALUES ('a', '1')")
os._exit(9)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_OUTPUT", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()
    return tmp_path


def told(*arguments: str) -> dict[str, str]:
    ended = CliRunner().invoke(command, ["files", *arguments])
    assert ended.exit_code == 0, ended.output
    return dict(line.split(maxsplit=1) for line in ended.output.splitlines())


def test_files_that_are_not_there_yet_have_their_place(folder):
    """Nothing is made, and a name is there for the cache of a first run."""
    found = told()
    assert (found["journal"], found["cache"], found["there"]) == (".evalgate/journal.db", ".evalgate/cache.db", "false")
    assert not (folder / ".evalgate").exists()


def test_what_a_killed_process_wrote_ahead_is_brought_into_the_file(folder):
    """Copied alone, the file has it; the second file is none of the first's."""
    path = folder / ".evalgate/journal.db"
    subprocess.run([sys.executable, "-c", _KILLED, str(path)], env=environment(), check=False)
    assert path.with_name("journal.db-wal").stat().st_size > 0
    opened(folder / ".evalgate/cache.db", frozen=False).close()
    assert told()["there"] == "true"
    shutil.copy(path, folder / "copied.db")
    with closing(sqlite3.connect(folder / "copied.db")) as copied, copied:
        assert copied.execute("SELECT body FROM content").fetchall() == [("1",)]
    with Journal(path, create=False) as store:
        assert store.builds() == []


def test_a_file_that_is_no_journal_is_an_error_that_says_so(folder):
    (folder / ".evalgate").mkdir()
    (folder / ".evalgate/journal.db").write_bytes(b"no database" * 200)
    ended = CliRunner().invoke(command, ["files"])
    assert ended.exit_code != 0
    assert "the journal is damaged" in str(ended.exception)


def test_the_name_is_of_the_config_and_the_suites_and_fits_any_cache(folder):
    """Another order is the same; another config or suite is another; whatever suites are called."""
    names = [
        told(*(part for suite in suites for part in ("--suite", suite)))["name"] for suites in (["b", "a"], ["a", "b"])
    ]
    assert names[0] == names[1]
    others = [told("--suite", "a-b")["name"], told()["name"], told("--config", "x/evalgate.yaml")["name"]]
    assert len({names[0], *others}) == 4
    odd = told("--suite", "ä, b\n" + "x" * 600)["name"]
    assert re.fullmatch(r"[\w.-]{1,80}", odd, re.ASCII)
    found = told()
    assert found["earlier"] != found["name"]
    assert found["earlier"].rsplit("-", 1)[0] == found["name"].rsplit("-", 1)[0]


def test_in_a_step_it_leaves_outputs_that_count_from_the_workspace(folder, monkeypatch):
    """Also where the step runs further down, and for a journal that is elsewhere."""
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "outputs"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.setenv("EVALGATE_RUN_SUITES", "b a")
    (folder / "service").mkdir()
    os.chdir(folder / "service")
    runner = CliRunner()
    ended = runner.invoke(command, ["files", "--cache", str(Path("/elsewhere/c.db"))])
    assert ended.exit_code == 0, ended.output
    left = (folder / "outputs").read_text()
    assert re.search(r"journal<<(\S+)\n\.evalgate/journal\.db\n\1\n", left)
    assert re.search(r"cache<<(\S+)\n/elsewhere/c\.db\n\1\n", left)
    assert re.search(r"name<<(\S+)\na-b-\w+-[\d.]+\n\1\n", left)
