"""Pytest fixtures; a conftest that imports them has them."""

from __future__ import annotations

import pytest

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
