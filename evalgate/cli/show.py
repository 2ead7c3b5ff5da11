"""`evalgate show`: changed examples side by side."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import journal_option
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.gate.gather import Source
    from evalgate.report.model import ExampleView


@click.command()
@click.argument("examples", nargs=-1)
@click.option("--build", help="A build's id or an exported file; default: the latest.")
@click.option("--suite", help="Only this suite.")
@journal_option
def command(*, examples: tuple[str, ...], build: str | None, suite: str | None, journal: Path | None) -> int:
    """Show changed examples side by side, with a diff of what both sides answered.

    EXAMPLES are ids; default: every example that got worse.
    """
    from evalgate.cli.builds import opened
    from evalgate.report.terminal import render_show

    with opened([build] if build else [], journal) as sources:
        shown = list(_chosen(sources[0], examples, suite))
        if not shown:
            what = ", ".join(examples) if examples else "no example got worse"
            raise ConfigurationError(
                f"nothing to show: {what}", next_step="name examples of the build: evalgate show EXAMPLE"
            )
        width = shutil.get_terminal_size().columns
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        for view, suite_name in shown:
            click.echo(render_show(view, suite=suite_name, width=width, colour=colour), nl=False)
    return 0


def _chosen(source: Source, examples: Sequence[str], suite: str | None) -> Iterator[tuple[ExampleView, str]]:
    """Yield the views of the named examples, or of those that got worse, with their suite."""
    from evalgate.decision import decide
    from evalgate.gate.evidence import build_evidence
    from evalgate.gate.view import example_view

    decision = decide(build_evidence(source.journal, source.build))
    for decided in decision.suites:
        if suite not in (None, decided.name):
            continue
        worse = [flip.example_id for check in decided.checks for flip in check.regressed]
        sides = {row.side: row for row in source.journal.experiments(source.build) if row.suite == decided.name}
        for example_id in dict.fromkeys(examples or worse):
            example = source.journal.example(source.build, decided.name, example_id)
            if example is not None:
                yield example_view(source, example, sides), decided.name
