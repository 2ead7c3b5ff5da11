"""GitHub's REST API on loopback: it keeps state, counts pages, knows who may do what, and fails on demand.

In a test: the fixture `fake_github`, or `with FakeGitHub() as github:`; it answers from a thread of its own, so that
programs that the test starts reach it too. Its answers are held against GitHub's published schemas by
tests/unit/fake_github/test_shapes.py.
"""

from tests.fake_github.faults import Fault
from tests.fake_github.server import FakeGitHub
from tests.fake_github.state import Comment, Label, Pull, Repository, Run, Token

__all__ = ["Comment", "FakeGitHub", "Fault", "Label", "Pull", "Repository", "Run", "Token"]
