"""`evalgate show`: changed examples side by side."""

from __future__ import annotations

import os
from pathlib import Path

import click

from evalgate.cli.options import journal_option


@click.command()
@click.argument("examples", nargs=-1)
@click.option("--build", metavar="BUILD", help="A build's id or an exported file; default: the latest.")
@click.option("--suite", metavar="NAME", help="Only this suite.")
@journal_option
def command(*, examples: tuple[str, ...], build: str | None, suite: str | None, journal: Path | None) -> int:
    """Show changed examples side by side, with a diff of what both sides answered.

    EXAMPLES are ids; default: every example that got worse; where none did, those that failed a check, the worst first.
    """
    from evalgate.cli.builds import opened_one
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.workflow import guarded
    from evalgate.gate.reports import chosen_examples
    from evalgate.report.show import render_show

    environ = dict(os.environ)
    console = this_console(environ)
    with opened_one(build, journal) as source:
        shown = chosen_examples(source, examples, suite)
    for each in shown:
        say(guarded(render_show(each.suite, each.view, each.changed, console), environ) + "\n")
    return 0
