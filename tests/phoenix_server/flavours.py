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
from typing import Any

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
        key, viewer = _new_key(launched.port, admin), _viewer_key(launched.port, admin)
        yield PhoenixServer(base_url=launched.base_url, api_key=key, viewer_key=viewer, data=data)


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
    """Return a key of the system's, which may do all but manage people."""
    key: str = _asked(port, "/v1/system/api_keys", {"data": {"name": "tests"}}, f"Bearer {admin}")["data"]["key"]
    return key


def _viewer_key(port: int, admin: str) -> str:
    """Return a key of somebody's who may look and change nothing."""
    person = {"email": "viewer@example.com", "password": f"Aa1{secrets.token_hex(20)}"}
    user = {"auth_method": "LOCAL", "username": "viewer", "role": "VIEWER", **person}
    _asked(port, "/v1/users", {"user": user, "send_welcome_email": False}, f"Bearer {admin}")
    entered = _connection(port, "/auth/login", person)
    assert entered.status == 204, (entered.status, entered.read())
    cookies = "; ".join(each.partition(";")[0] for each in entered.headers.get_all("set-cookie", []))
    made = _connection(port, "/v1/user/api_keys", {"data": {"name": "tests"}}, Cookie=cookies)
    text = made.read()
    assert made.status == 201, (made.status, text)
    key: str = json.loads(text)["data"]["key"]
    return key


def _asked(port: int, path: str, body: Any, authorization: str) -> Any:
    answer = _connection(port, path, body, Authorization=authorization)
    text = answer.read()
    assert answer.status == 201, (path, answer.status, text)
    return json.loads(text)


def _connection(port: int, path: str, body: Any, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
    return connection.getresponse()
