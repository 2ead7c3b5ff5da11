"""How long the command line takes: `--help`, and 200 examples of a task that does nothing, to their verdict.

Run it with `python -m tests.bench.command_line`. It prints medians and their ratio to an ideal measured in the same
run: for --help an interpreter that imports click alone, for the run one that makes the imports that no run can do
without (click, pydantic, numpy, scipy.special, sqlite3, asyncio).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.project import Project, environment

_ROUNDS = 7
_IMPORTS = "import click, pydantic, yaml, numpy, scipy.special, sqlite3, asyncio"


def median_seconds(arguments: list[str], folder: Path) -> float:
    """Return the median wall time of a command over the rounds, after one that warms the caches."""
    times = []
    for _ in range(_ROUNDS + 1):
        started = time.perf_counter()
        subprocess.run(
            arguments, cwd=folder, env=environment(PYTHONDONTWRITEBYTECODE=""), check=False, capture_output=True
        )
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def main() -> None:
    """Measure and print one line a figure."""
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name), examples=200).prepare()
        python = sys.executable
        figures = {
            "--help": (
                median_seconds([python, "-m", "evalgate", "--help"], project.folder),
                median_seconds([python, "-c", "import click"], project.folder),
                0.15,
            ),
            "200 examples, both sides, to the verdict": (
                median_seconds([python, "-m", "evalgate", "run", "--quiet"], project.folder),
                median_seconds([python, "-c", _IMPORTS], project.folder),
                1.5,
            ),
        }
    for what, (seconds, ideal, aim) in figures.items():
        print(
            json.dumps(
                {
                    "what": what,
                    "seconds": round(seconds, 3),
                    "ideal": round(ideal, 3),
                    "ratio": round(seconds / ideal, 2),
                    "aim": aim,
                }
            )
        )


if __name__ == "__main__":
    main()
