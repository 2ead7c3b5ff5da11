"""What every test has: one room of Phoenix servers for the whole session, empty until a test asks for one."""

from __future__ import annotations

import pytest

from tests.phoenix_server.fixtures import phoenix, phoenix_auth, phoenix_own, phoenix_postgres, phoenix_prefix
from tests.phoenix_server.session import Session

__all__ = ["phoenix", "phoenix_auth", "phoenix_own", "phoenix_postgres", "phoenix_prefix"]

_HELD = pytest.StashKey[Session]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the room in the process that runs the session; its workers inherit where it is."""
    if not hasattr(config, "workerinput"):
        config.stash[_HELD] = Session()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the servers that were started."""
    if session := config.stash.get(_HELD, None):
        session.end()
