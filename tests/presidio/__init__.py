"""The real Presidio for the tests, in an environment of its own, with a small model of spaCy that is trained once.

`presidio_python()` is an interpreter that has what evalgate, curation and Presidio need (requirements/presidio.txt);
`model_folder()` a model that knows names of people. Both are kept in the user's cache, made by whoever asks first, and
made or the test fails: nothing is skipped. Environment and model take half a minute together where uv is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from evalgate.phoenix.server.environment import base_environment, cache_folder, server_python

REPOSITORY = Path(__file__).parents[2]
REQUIREMENTS = REPOSITORY / "requirements" / "presidio.txt"


def presidio_python() -> Path:
    """Return the interpreter that has Presidio: made as the environment of a Phoenix server is, in another folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return server_python({**os.environ, "PATH": path}, lambda _: None, folder=_home(), requirements=REQUIREMENTS)


def model_folder() -> Path:
    """Return the folder of the model, trained where it is not there yet."""
    training = Path(__file__).with_name("training.py")
    digest = hashlib.sha256(training.read_bytes() + REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = _home() / f"model-{digest}"
    python = presidio_python()
    with FileLock(_home() / f"model-{digest}.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            run(python, str(training), str(unfinished))
            unfinished.rename(folder)
    return folder


def run(python: Path, *arguments: str, cwd: Path = REPOSITORY, check: bool = True, **more: str):
    """Run that interpreter with the tree of this repository before its packages; returns the process that ended."""
    return subprocess.run(
        [str(python), *arguments],
        cwd=cwd,
        env=environ(**more),
        capture_output=True,
        encoding="utf-8",
        check=check,
        timeout=900,
    )


def environ(**more: str) -> dict[str, str]:
    """Return the environment of such a process: no key or token of this one."""
    return {**base_environment(os.environ), "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1", **more}


def _home() -> Path:
    return cache_folder(os.environ).with_name("presidio")
