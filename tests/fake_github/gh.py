"""GitHub's own program, `gh`, whose requests go to a FakeGitHub: over a socket, which it speaks plain HTTP on.

Debian has it in a version (2.23) that is older than what GitHub's runners have.
"""

from __future__ import annotations

from pathlib import Path

from tests.debian import program
from tests.fake_github.server import FakeGitHub


def settings(folder: Path, github: FakeGitHub) -> dict[str, str]:
    """Return the variables with which `gh` asks that server and knows nothing of whoever runs the tests."""
    assert github.socket is not None
    program("gh")
    folder.mkdir()
    (folder / "config.yml").write_text(f"http_unix_socket: {github.socket}\n")
    (folder / "hosts.yml").touch()
    return {"GH_CONFIG_DIR": str(folder), "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
