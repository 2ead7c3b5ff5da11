"""What is remembered of a server may be old, broken or somebody else's."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from evalgate.phoenix.server.launch import Launched
from evalgate.phoenix.server.lifecycle import look, take_down
from evalgate.phoenix.server.processes import started_at
from evalgate.phoenix.server.state import State, read, write

HOSTILE = json.dumps(
    {"pid": 1, "started": "1", "port": 1, "grpc_port": 2, "data": "/", "ephemeral": True, "version": "\x1b[2J"}
)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / ".evalgate" / "phoenix"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def process():
    with subprocess.Popen(["/bin/sleep", "60"]) as sleeping:
        yield sleeping
        sleeping.kill()


def remembered(home, pid, mark, *, data, ephemeral=False):
    launched = Launched(pid=pid, started=mark, port=1, grpc_port=2)
    state = State(launched=launched, data=data, ephemeral=ephemeral, version="1")
    write(home, state)
    assert read(home) == state


def test_what_is_remembered_is_ended_and_its_passing_data_removed(home, process):
    data = Path(tempfile.mkdtemp(prefix="evalgate-phoenix-"))
    remembered(home, process.pid, started_at(process.pid), data=data, ephemeral=True)
    state, ready = look(home)
    assert (state.launched.pid, ready) == (process.pid, False)
    assert take_down(home, print).launched.pid == process.pid
    assert process.wait(5) == -15
    assert not data.exists()
    assert look(home) is None
    assert take_down(home, print) is None


def test_a_server_that_is_gone_is_forgotten_and_its_number_left_to_others(home, process, tmp_path):
    remembered(home, process.pid, "1", data=tmp_path)
    assert look(home) is None
    assert take_down(home, print) is None
    assert process.poll() is None
    assert read(home) is None


@pytest.mark.parametrize("name", ["", "precious", "evalgate-phoenix-x/..", "link"])
def test_only_a_folder_of_its_own_making_is_removed(home, tmp_path, name):
    """The file may have come with a checkout."""
    for made in ("precious", "evalgate-phoenix-x"):
        (tmp_path / made).mkdir()
        (tmp_path / made / "file").touch()
    (tmp_path / "evalgate-phoenix-link").symlink_to(tmp_path / "precious")
    data = tmp_path / ("evalgate-phoenix-link" if name == "link" else name)
    remembered(home, 2**30, "1", data=data, ephemeral=True)
    assert take_down(home, print) is None
    assert (tmp_path / "precious" / "file").exists()
    assert (tmp_path / "evalgate-phoenix-x" / "file").exists()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"pid": "many"}', json.dumps({"pid": 1, "started": "1", "port": None}), HOSTILE]
)
def test_a_file_that_says_nothing_is_no_server(home, text):
    (home / "server.json").write_text(text)
    assert look(home) is None
    assert take_down(home, print) is None


def test_where_nothing_was_started_nothing_is_made(tmp_path):
    assert take_down(tmp_path / ".evalgate" / "phoenix", print) is None
    assert look(tmp_path / ".evalgate" / "phoenix") is None
    assert list(tmp_path.iterdir()) == []
