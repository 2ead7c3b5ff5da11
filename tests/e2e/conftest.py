"""A project for each test."""

import pytest

from tests.e2e.project import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
