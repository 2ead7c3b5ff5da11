"""Programs of Debian's that tests run, installed where they are missing and that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess


def program(name: str) -> str:
    """Return where a program is that its package has the name of. Raises RuntimeError where it can't be had."""
    found = shutil.which(name)
    if found is None and os.geteuid() == 0:
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", name]):
            subprocess.run(["apt-get", *command], env=environ, capture_output=True, check=False)
        found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"no {name} for the tests: apt-get install {name}")
    return found
