"""What is missing of a private repository is fetched with the token of the workflow, for that one command."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from evalgate.errors import BaselineError
from evalgate.git.history import merge_base
from tests.unit.git.repositories import git, repository

TOKEN = "ghs_of_this_job"  # what a runner makes


class _GitServer(BaseHTTPRequestHandler):
    """git's own program behind HTTP, for those who bring the one header once."""

    folder: Path
    asked: list[list[str]]

    def do_GET(self) -> None:
        given = self.headers.get_all("Authorization") or []
        self.asked.append(given)
        if given != [f"basic {base64.b64encode(f'x-access-token:{TOKEN}'.encode()).decode()}"]:
            self.send_response(401)
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        body = self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._body()
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name != "Status":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 as the library calls it

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(remote):
    git(remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    asked: list[list[str]] = []
    handler = type("Server", (_GitServer,), {"folder": remote.parent, "asked": asked})
    served = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.server_address[1]}", asked
    served.shutdown()
    served.server_close()


@pytest.fixture
def checkout(clone, server):
    where = clone("--depth", "1")
    git(where, "remote", "set-url", "origin", f"{server[0]}/remote.git")
    return where


def workflow(server: str, **more: str) -> dict[str, str]:
    return {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": server, "EVALGATE_GITHUB_TOKEN": TOKEN, **more}


def test_a_shallow_clone_of_a_private_repository_is_deepened(checkout, server, remote):
    """Nothing of it stays in the clone; what checkout left there is not sent beside it."""
    git(checkout, "config", f"http.{server[0]}/.extraheader", "AUTHORIZATION: basic of-the-checkout")
    found = merge_base(repository(checkout, **workflow(server[0])))
    assert found.commit == git(remote, "rev-parse", "main~10")
    assert server[1]
    written = [path for path in (checkout / ".git").rglob("*") if path.is_file()]
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    "environ",
    [{"EVALGATE_GITHUB_TOKEN": ""}, {"GITHUB_ACTIONS": ""}, {"GITHUB_SERVER_URL": "https://github.com"}],
    ids=["no token", "no workflow", "another server"],
)
def test_no_other_server_and_nobody_else_gets_it(checkout, server, environ):
    """The error says what git said, and what to do."""
    with pytest.raises(BaselineError, match="fetch-depth: 0") as failed:
        merge_base(repository(checkout, **workflow(server[0], **environ)), "main")
    assert TOKEN not in str(failed.value)
    assert all(each == [] for each in server[1])
