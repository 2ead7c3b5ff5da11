"""What is imported for nothing: `evalgate --help` and a run without Phoenix load no client of it, and no tracing."""

import subprocess
import sys

import pytest

from tests.e2e.project import environment

HEAVY = ("phoenix.client", "httpx", "opentelemetry", "google.protobuf", "aiohttp")
PROGRAM = f"""
import atexit, sys
heavy = {HEAVY!r}
atexit.register(lambda: print("imported:", [name for name in heavy if name in sys.modules], file=sys.stderr))
sys.argv[0] = "evalgate"
from evalgate.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize("arguments", [["--help"], ["run"]])
def test_nothing_of_phoenix_is_imported_without_it(project, arguments):
    project.examples = 3
    project.prepare()
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=project.folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "imported: []" in ended.stderr
