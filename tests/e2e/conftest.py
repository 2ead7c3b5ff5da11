"""A project for each test."""

import pytest

from tests.channel import channel
from tests.e2e.project import Project
from tests.fake_github.fixtures import fake_github

__all__ = ["channel", "fake_github"]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
