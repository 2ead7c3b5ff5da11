"""What `evalgate run` refuses before it reads anything."""

import click
import pytest

from evalgate.cli.run import command


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        *((["--record-only", flag, "file"], "gives no verdict to report") for flag in ("--report-json", "--html")),
        *((["--record-only", flag, "file"], "gives no verdict to report") for flag in ("--junit", "--markdown")),
        (["--resume", "--limit", "3"], "leave the others out"),
        (["--replay", "--no-cache"], "leave one out"),
    ],
)
def test_flags_that_say_two_things(tmp_path, monkeypatch, flags, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(click.UsageError, match=words):
        command.main(flags, standalone_mode=False)
