"""Pytest fixtures; a conftest that imports them has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_github.server import FakeGitHub


@pytest.fixture
def fake_github() -> Iterator[FakeGitHub]:
    """A fresh server in a thread of its own."""
    with FakeGitHub() as github:
        yield github
