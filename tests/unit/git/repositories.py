"""What tests of git do to real repositories, without the settings of whoever runs them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from evalgate.git.repository import Repository

IDENTITY = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false")


def git(where: Path, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        ("git", *IDENTITY, "-c", "protocol.file.allow=always", *arguments),
        cwd=where,
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(where), "GIT_CONFIG_NOSYSTEM": "1", **variables},
    )
    return done.stdout.strip()


def commit(where: Path, **files: str) -> str:
    """Write files (`a_py` is a.py), commit everything, and return the commit."""
    for name, content in files.items():
        (where / name.replace("_", ".")).write_text(content)
    git(where, "add", "-A")
    git(where, "commit", "-q", "--allow-empty", "-m", "more")
    return git(where, "rev-parse", "HEAD")


def repository(where: Path, **environ: str) -> Repository:
    return Repository.at(where, environ={**os.environ, **environ})


def history(where: Path, branch: str, count: int) -> None:
    """Add commits to a branch, fast."""
    known = subprocess.run(("git", "rev-parse", "--verify", "-q", branch), cwd=where, capture_output=True, check=False)
    start = f"from refs/heads/{branch}^0\n" if known.returncode == 0 else ""
    lines = []
    for number in range(count):
        text = f"{branch} {number}\n"
        lines.append(
            f"commit refs/heads/{branch}\ncommitter n <n@example.com> {1_700_000_000 + number} +0000\n"
            f"data {len(text)}\n{text}{start if number == 0 else ''}M 100644 inline {branch}.txt\n"
            f"data {len(text)}\n{text}\n"
        )
    subprocess.run(("git", "fast-import", "--quiet"), cwd=where, input="".join(lines).encode(), check=True)
