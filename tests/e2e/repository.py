"""A project in a real git repository, and calls of its task that are counted by the task itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.e2e.project import Ended, Project, golden
from tests.unit.git.repositories import IDENTITY

TASK = """\
import hashlib, os, pathlib

SHARE = {share}
CALLS = pathlib.Path({calls!r})

def answer(input):
    with (CALLS / str(os.getpid())).open("a") as file:
        file.write(pathlib.Path(__file__).read_text().splitlines()[2] + "\\n")
    return {{"answer": input["q"] * 2 if input["q"] % 100 >= SHARE else -1}}
"""
"""Right but for the first so many of a hundred examples; each call leaves a line that says which version answered."""


@dataclass
class Repo(Project):
    """A project whose folder is a work tree; `counted` is where its task notes its calls."""

    task_file: str = "app.py"

    @property
    def counted(self) -> Path:
        return self.folder.parent / "calls"

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ("git", *IDENTITY, *arguments), cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def begin(self) -> Repo:
        """Make the repository, with nothing in it but a `.gitignore`."""
        self.folder.mkdir()
        self.counted.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write(".gitignore", "__pycache__/\n")
        return self

    def config(self, **suite: object) -> None:
        declared = {
            "dataset": "golden.jsonl",
            "task": {"python": "app.py:answer", "interpreter": sys.executable, "workers": 1, "inputs": ["app.py"]},
            "evaluators": [{"exact_match": {"path": "answer"}}],
            "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.15}}},
            **suite,
        }
        kept = {key: value for key, value in declared.items() if value is not ...}
        config = {"suites": {"doubling": kept}, "policy": self.policy}
        self.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))

    def task(self, share: int, comment: str = "") -> None:
        """Write the task that is wrong on so many of a hundred examples."""
        self.write(self.task_file, TASK.format(share=share, calls=str(self.counted)) + comment)

    def ship(self, share: int = 5, **suite: object) -> Repo:
        """Commit a first version on main."""
        self.write("golden.jsonl", golden(self.examples))
        self.config(**suite)
        self.task(share)
        self.commit("first")
        return self

    def commit(self, message: str = "more") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *arguments: str, **env: str) -> Ended:
        return super().run(*arguments, **{"XDG_CACHE_HOME": str(self.folder.parent / "cache"), **env})

    def calls(self) -> dict[str, int]:
        """Return how often each version of the task was called since the last time this was asked."""
        counts: dict[str, int] = {}
        for path in self.counted.iterdir():
            for line in path.read_text().splitlines():
                counts[line.removeprefix("SHARE = ")] = counts.get(line.removeprefix("SHARE = "), 0) + 1
            path.unlink()
        return counts

    def measured(self, *arguments: str, **env: str) -> dict:
        """Run with --json and return the one suite of the report."""
        ended = self.run("--json", *arguments, **env)
        assert ended.out, ended.err
        (only,) = json.loads(ended.out)["suites"]
        return only


def without_times(text: str) -> str:
    return re.sub(r"@[0-9a-f]{7}", "@1a2b3c4", re.sub(r"\d{4}-\d\d-\d\d", "2026-11-20", text))


def processes_in(folder: Path) -> list[str]:
    """Return the processes whose working directory is below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(entry.name)
        except OSError:
            continue
    return found
