"""What of the environment a worker sees."""

from __future__ import annotations

from evalgate.workers.environment import environment

ENVIRON = {
    "PATH": "/bin",
    "HOME": "/h",
    "LC_ALL": "C",
    "OPENAI_API_KEY": "s",
    "GITHUB_TOKEN": "s",
    "AWS_A": "1",
    "AWS_B": "2",
}


def test_secrets_are_absent_unless_named():
    assert environment((), ENVIRON) == {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C"}
    assert environment(("OPENAI_API_KEY",), ENVIRON).keys() == {"PATH", "HOME", "LC_ALL", "OPENAI_API_KEY"}


def test_globs_name_several():
    assert environment(("AWS_*",), ENVIRON).keys() >= {"AWS_A", "AWS_B"}


def test_a_named_variable_that_is_not_set_stays_absent():
    assert "MISSING" not in environment(("MISSING",), ENVIRON)
