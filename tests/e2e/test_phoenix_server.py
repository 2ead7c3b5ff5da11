"""`evalgate phoenix up|down|status` as somebody without a server uses it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from evalgate.phoenix.server import VERSION
from evalgate.phoenix.server.processes import started_at
from tests.e2e.project import Project, environment


def starting(folder, *arguments, **env):
    """Start `up`, and return it once it remembers the server that it has started."""
    up = subprocess.Popen(
        [sys.executable, "-m", "evalgate", "phoenix", "up", *arguments],
        cwd=folder,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    state = folder / ".evalgate" / "phoenix" / "server.json"
    until = time.monotonic() + 300
    while not state.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return up, json.loads(state.read_text())


@pytest.fixture
def folder(tmp_path):
    """A repository's folder; whatever server is left of a test that failed is ended."""
    place = tmp_path / "repository"
    (place / ".git").mkdir(parents=True)
    yield place
    Project(place).evalgate("phoenix", "down")


def test_a_server_is_up_once_seen_and_gone_with_its_data(folder, tmp_path):
    """Also when the first `up` is killed while the server starts: the second waits for that one."""
    project = Project(folder)
    (folder / ".env.phoenix").write_text("PHOENIX_PORT=1\nPHOENIX_SQL_DATABASE_URL=sqlite:////nowhere/at.all\n")
    up, state = starting(folder, "--ephemeral", OPENAI_API_KEY="k3y-not-for-servers", TMPDIR=str(tmp_path))
    os.kill(up.pid, signal.SIGKILL)
    up.communicate()
    assert "does not answer yet" in project.evalgate("phoenix", "status").out

    left = tmp_path / "environment"
    up = project.evalgate("phoenix", "up", timeout=240, GITHUB_ENV=str(left))
    address = f"http://127.0.0.1:{state['port']}"
    assert up.code == 0, up.text
    assert f"is up already at {address}, its data in {tmp_path}/evalgate-phoenix-" in up.out
    assert left.read_text() == f"PHOENIX_ENDPOINT={address}\n"
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{address}/v1/datasets") as answer:
        assert json.load(answer)["data"] == []
    found = json.loads(project.evalgate("phoenix", "status", "--json").out)
    assert found == {
        "up": True,
        "ready": True,
        "endpoint": address,
        "grpc_port": state["grpc_port"],
        "pid": state["pid"],
        "version": VERSION,
        "data": state["data"],
        "ephemeral": True,
    }
    assert f"next: export PHOENIX_ENDPOINT={address}" in project.evalgate("phoenix", "status").out

    own = Path(f"/proc/{state['pid']}/environ").read_bytes()
    assert b"k3y-not-for-servers" not in own
    assert {address[-8:] for address, _ in listening(state["pid"])} == {b"0100007F"}  # 127.0.0.1, also within IPv6
    second = Project(tmp_path / "second")
    (second.folder / ".git").mkdir(parents=True)
    refused = second.evalgate("phoenix", "up", "--port", str(state["port"]))
    assert (refused.code, f"port {state['port']} cannot be listened on" in refused.err) == (2, True), refused.text
    refused = second.evalgate("phoenix", "up", "--data", state["data"])
    assert (refused.code, "another Phoenix server has its data in" in refused.err) == (2, True), refused.text
    assert "no server is up here" in second.evalgate("phoenix", "status").out

    down = project.evalgate("phoenix", "down")
    assert (down.code, down.out) == (0, "Phoenix is down, and its data is gone\n"), down.text
    assert started_at(state["pid"]) is None
    assert not Path(state["data"]).exists()
    down = project.evalgate("phoenix", "down")
    assert (down.code, down.out) == (0, "no server is up here; next: evalgate phoenix up starts one\n")
    assert json.loads(project.evalgate("phoenix", "status", "--json").out) == {"up": False}


def listening(pid):
    """Return the address and the port, as the kernel writes them, of every socket that this process listens on."""
    held = [os.readlink(each).encode() for each in Path(f"/proc/{pid}/fd").iterdir()]  # noqa: PTH115 it is no path
    tables = [Path(f"/proc/{pid}/net/{name}").read_bytes().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table]
    found = [row[1].split(b":") for row in rows if row[3] == b"0A" and b"socket:[%s]" % row[9] in held]
    assert len(found) == 2
    return found


def test_an_interrupted_start_leaves_no_server(folder):
    """Its data is the repository's, in a folder that git ignores, and stays."""
    up, state = starting(folder)
    up.send_signal(signal.SIGINT)
    said, _ = up.communicate(timeout=60)
    assert up.returncode == 130, said
    assert started_at(state["pid"]) is None
    assert state["data"] == str(folder / ".evalgate" / "phoenix")
    assert (folder / ".evalgate" / ".gitignore").read_text().splitlines()[1] == "*"
    assert "no server is up here" in Project(folder).evalgate("phoenix", "status").out


def test_a_server_that_does_not_start_says_why_in_its_own_words(folder, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "phoenix.db").write_text("this is no database, " * 500)
    ended = Project(folder).evalgate("phoenix", "up", "--data", str(data), timeout=240)
    assert ended.code == 4
    assert "the Phoenix server ended before it was ready" in ended.err
    assert "Phoenix failed to migrate the database" in ended.err
    assert f"is in {data / 'server.log'}; evalgate phoenix up --ephemeral" in ended.err
    assert "no server is up here" in Project(folder).evalgate("phoenix", "status").out


def test_flags_that_cannot_be_are_refused_before_anything_is_installed(folder, tmp_path):
    project = Project(folder)
    elsewhere = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    both = project.evalgate("phoenix", "up", "--ephemeral", "--data", "x", **elsewhere)
    assert (both.code, "leave --data out" in both.err) == (2, True), both.text
    assert project.evalgate("phoenix", "up", "--port", "0", **elsewhere).code == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = project.evalgate("phoenix", "up", "--port", port, **elsewhere)
        assert (ended.code, f"port {port} cannot be listened on" in ended.err) == (2, True), ended.text
    assert not (tmp_path / "cache").exists()
