"""A project and a journal for each test."""

import pytest

from evalgate.journal.store import Journal
from tests.e2e.project import Project
from tests.fake_github.fixtures import fake_github
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_github", "fake_model"]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, examples=12)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / ".evalgate" / "journal.db") as store:
        yield store
