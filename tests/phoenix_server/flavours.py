"""The servers that tests ask for: plain, with authentication, on PostgreSQL, behind a path prefix."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalgate.errors import MeasurementError
from evalgate.phoenix.server.environment import server_python
from evalgate.phoenix.server.launch import Launched, free_port, launch
from evalgate.phoenix.server.processes import end
from tests.phoenix_server.postgres import postgres
from tests.phoenix_server.prefix import forwarded
from tests.phoenix_server.session import PhoenixServer

PREFIX = "/spaces/team"


@contextmanager
def running(flavour: str, folder: Path) -> Iterator[PhoenixServer]:
    """Run the server of that flavour for as long as the context lasts, its data in a folder of its own."""
    data = folder / flavour
    with {"plain": _plain, "auth": _auth, "postgres": _postgres, "prefix": _prefix}[flavour](data) as server:
        yield server
    shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _plain(data: Path) -> Iterator[PhoenixServer]:
    with _launched(data) as launched:
        yield PhoenixServer(base_url=launched.base_url, data=data)


@contextmanager
def _auth(data: Path) -> Iterator[PhoenixServer]:
    admin = f"a1{secrets.token_hex(20)}"
    settings = {
        "PHOENIX_ENABLE_AUTH": "true",
        "PHOENIX_SECRET": f"s1{secrets.token_hex(20)}",
        "PHOENIX_ADMIN_SECRET": admin,
    }
    with _launched(data, settings) as launched:
        yield PhoenixServer(base_url=launched.base_url, api_key=_new_key(launched.port, admin), data=data)


@contextmanager
def _postgres(data: Path) -> Iterator[PhoenixServer]:
    with postgres(data / "postgres") as url, _launched(data, {"PHOENIX_SQL_DATABASE_URL": url}) as launched:
        yield PhoenixServer(base_url=launched.base_url, data=data)


@contextmanager
def _prefix(data: Path) -> Iterator[PhoenixServer]:
    settings = {"PHOENIX_HOST_ROOT_PATH": PREFIX}
    with _launched(data, settings) as launched, forwarded(launched.base_url, PREFIX) as address:
        yield PhoenixServer(base_url=address, data=data)


@contextmanager
def _launched(data: Path, settings: dict[str, str] | None = None) -> Iterator[Launched]:
    python = server_python(os.environ, lambda text: print(text, flush=True))

    def start() -> Launched:
        return launch(python, data, os.environ, settings=settings, port=free_port())

    try:
        launched = start()
    except MeasurementError as error:
        # A start takes seconds, in which another test may have been given the port.
        if "already in use" not in error.message:
            raise
        launched = start()
    try:
        yield launched
    finally:
        end(launched.pid, launched.started)


def _new_key(port: int, admin: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"data": {"name": "tests"}})
    headers = {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/system/api_keys", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 201, (answer.status, text)
    key: str = json.loads(text)["data"]["key"]
    return key
