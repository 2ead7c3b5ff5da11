"""A small real project on disk, and the real command line over it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]

TASK = "def answer(input):\n    return {'answer': input['q'] * 2}\n"


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def environment(**more: str) -> dict[str, str]:
    """What a subprocess sees: this checkout as the package, nothing of the caller's evalgate settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("EVALGATE", "GITHUB", "PYTEST"))}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120", **more}


def start(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own, to be stopped or killed. What it says is kept."""
    return subprocess.Popen(
        [sys.executable, "-m", "evalgate", *arguments],
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


@dataclass
class Project:
    """One folder with a config, a dataset and two versions of a task."""

    folder: Path
    suite: dict = field(default_factory=dict)
    policy: dict = field(default_factory=dict)
    examples: int = 40

    def write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def prepare(self) -> Project:
        """Write everything that is not there yet."""
        suite = {
            "dataset": "golden.jsonl",
            "task": {"python": "v2/app.py:answer", "interpreter": sys.executable, "workers": 1, "timeout": 20},
            "evaluators": [{"exact_match": {"path": "answer"}}],
            "checks": {"exact_match": {"no_regression": {}}},
            "baseline": {"task": {"python": "v1/app.py:answer"}},
            **self.suite,
        }
        config = {"suites": {"doubling": {k: v for k, v in suite.items() if v is not ...}}, "policy": self.policy}
        for name, content in (
            ("evalgate.yaml", yaml.safe_dump(config, sort_keys=False)),
            ("golden.jsonl", golden(self.examples)),
            ("v1/app.py", TASK),
            ("v2/app.py", TASK),
        ):
            if not (self.folder / name).exists():
                self.write(name, content)
        return self

    def evalgate(self, *arguments: str, timeout: float = 180, **env: str) -> Ended:
        """Run the command line to its end."""
        ended = subprocess.run(
            [sys.executable, "-m", "evalgate", *arguments],
            cwd=self.folder,
            env=environment(**env),
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def run(self, *arguments: str, **env: str) -> Ended:
        return self.evalgate("run", *arguments, **env)


def golden(examples: int) -> str:
    return "".join(
        json.dumps(
            {
                "id": f"e{n}",
                "input": {"q": n},
                "output": {"answer": 2 * n},
                "metadata": {"parity": "even" if n % 2 == 0 else "odd"},
            }
        )
        + "\n"
        for n in range(examples)
    )
