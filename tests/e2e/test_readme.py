"""The README shows what really happens: its demo's output is the demo's output, its commands are the ones that work."""

import os
import re
import subprocess
import sys

import pytest

from tests.e2e.project import REPOSITORY, environment

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
WRITE = "EVALGATE_WRITE_GOLDEN"


def block(kind: str, name: str) -> str:
    """What stands between the fences that follow `<!-- kind: name -->`."""
    found = re.search(rf"<!-- {kind}: {name} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no {kind} called {name}"
    return found.group(1)


def steady(text: str) -> str:
    """The text without what differs from run to run: the build, its commit and its time."""
    return re.sub(r"^build \d+ ·.*?exit\s+(\d)", r"build N · exit \1", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The README's demo command as it stands, but for the environment that it makes."""
    command = block("command", "demo").strip().split(" && ")[-1]
    assert command.startswith(".venv/bin/python ")
    journal = tmp_path_factory.mktemp("demo") / "journal.db"
    return subprocess.run(
        [sys.executable, *command.split()[1:], "--journal", str(journal)],
        cwd=REPOSITORY,
        env=environment(COLUMNS="100"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_demo_ends_as_the_readme_says(demo):
    """FAIL, exit 1; set the variable to write the README's text anew, and read the diff."""
    if os.environ.get(WRITE):
        shown = block("output", "demo")
        (REPOSITORY / "README.md").write_text(README.replace(shown, demo.stdout), encoding="utf-8")
    assert demo.returncode == 1, demo.stderr
    assert steady(demo.stdout) == steady(block("output", "demo"))


def test_the_demo_of_judges_says_what_the_readme_says(tmp_path):
    """Both commands as they stand, one after the other."""
    ended = [
        subprocess.run(
            [sys.executable, *command.split()[1:], "--journal", str(tmp_path / "journal.db")],
            cwd=REPOSITORY,
            env=environment(COLUMNS="100"),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        for command in block("command", "judged").strip().splitlines()
    ]
    assert [each.returncode for each in ended] == [0, 1], [each.stderr for each in ended]
    told = " ".join(ended[0].stdout.split())
    assert "It says what people say of 43 of 48 answers" in told
    assert "a kappa of 0.78; it could be 0.61 to" in told
    assert "5 answers of which it says something else than people" in told
    assert "metadata.topic is temperatures" in " ".join(ended[1].stdout.split())


def test_the_readme_names_no_command_that_is_not_there():
    """Every `evalgate COMMAND` that it mentions exists."""
    from evalgate.cli.root import COMMANDS

    named = set(re.findall(r"evalgate ([a-z]+)", " ".join(re.findall(r"`(evalgate [^`]+)`", README))))
    assert named
    assert named <= set(COMMANDS)
