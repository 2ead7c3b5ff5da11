"""A repository with one pull request on a GitHub of the test's own, and a job's token for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest

from evalgate.github.access import access
from evalgate.github.client import connect
from tests.fake_github import FakeGitHub, Pull, Repository
from tests.fake_github.fixtures import fake_github

__all__ = ["fake_github"]

HEAD = "1" * 40


@pytest.fixture
def repository(fake_github: FakeGitHub) -> Repository:
    return fake_github.repository(collaborators={"lead": "maintain", "helper": "triage"})


@pytest.fixture
def pull(repository: Repository) -> Pull:
    return repository.pull(head=HEAD)


@pytest.fixture
def job(fake_github: FakeGitHub, repository: Repository) -> Iterator:
    """Return what connects with a token that has the given permissions, by default those of the shipped workflow."""

    @asynccontextmanager
    async def connected(token=None, *, seconds=20.0, **permissions):
        permissions = permissions or {"pull_requests": "write", "actions": "read"}
        token = token or fake_github.job_token(repository.full_name, **permissions)
        async with connect(access(fake_github.environment(repository, token)), seconds=seconds) as client:
            yield client

    return connected
