"""Pytest fixtures; a conftest that imports them has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.phoenix_server.own import OwnServer
from tests.phoenix_server.session import PhoenixServer, server


@pytest.fixture(scope="session")
def phoenix() -> PhoenixServer:
    """A server on SQLite that asks for no key."""
    return server("plain")


@pytest.fixture(scope="session")
def phoenix_auth() -> PhoenixServer:
    """A server that asks for a key, and the key."""
    return server("auth")


@pytest.fixture(scope="session")
def phoenix_postgres() -> PhoenixServer:
    """A server on PostgreSQL."""
    return server("postgres")


@pytest.fixture(scope="session")
def phoenix_prefix() -> PhoenixServer:
    """A server below a path, as hosted ones are."""
    return server("prefix")


@pytest.fixture
def phoenix_own(tmp_path: Path) -> Iterator[OwnServer]:
    """A server of the test's own, not yet started, that may be killed and started again."""
    own = OwnServer(tmp_path / "phoenix")
    yield own
    own.stop()
