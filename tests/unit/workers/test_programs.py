"""Where programs are found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evalgate.errors import CandidateError
from evalgate.workers.programs import HOST, command_argv, host_argv


def script(path: Path) -> str:
    """Make an empty program and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_a_name_is_looked_up_on_the_path_of_the_given_environment(tmp_path):
    found = script(tmp_path / "bin" / "python")
    assert host_argv("python", root=tmp_path, environ={"PATH": f"{tmp_path}/bin"}) == (found, str(HOST))


def test_python3_stands_in_for_python(tmp_path):
    found = script(tmp_path / "bin" / "python3")
    assert host_argv("python", root=tmp_path, environ={"PATH": f"{tmp_path}/bin"})[0] == found


def test_a_path_is_relative_to_the_root_and_a_virtual_environments_link_is_kept(tmp_path):
    link = tmp_path / ".venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    assert host_argv(".venv/bin/python", root=tmp_path, environ={})[0] == str(link)


def test_a_missing_interpreter_names_what_was_tried(tmp_path):
    with pytest.raises(CandidateError, match="python and python3 cannot be found on PATH") as caught:
        host_argv("python", root=tmp_path, environ={"PATH": str(tmp_path)})
    assert "interpreter" in caught.value.next_step
    with pytest.raises(CandidateError, match=f"nowhere/python cannot be found in {tmp_path}"):
        host_argv("nowhere/python", root=tmp_path, environ={})


def test_commands_are_split_without_a_shell(tmp_path):
    found = script(tmp_path / "run")
    assert command_argv("./run 'two words' $HOME", root=tmp_path, environ={}) == (found, "two words", "$HOME")
    assert command_argv(("./run", "two words"), root=tmp_path, environ={}) == (found, "two words")


@pytest.mark.parametrize(
    ("command", "told"), [("", "is empty"), ("a 'b", "No closing quotation"), ("nosuch x", "nosuch")]
)
def test_commands_that_cannot_be_are_refused(tmp_path, command, told):
    with pytest.raises(CandidateError, match=told):
        command_argv(command, root=tmp_path, environ={"PATH": str(tmp_path)})
