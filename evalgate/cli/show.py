"""`evalgate show`: changed examples side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import journal_option
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.gate.gather import Source
    from evalgate.report.model import ExampleView, SuiteReport
    from evalgate.report.show import Changed


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
    from evalgate.cli.conclude import this_console
    from evalgate.cli.workflow import guarded
    from evalgate.report.show import render_show

    environ = dict(os.environ)
    console = this_console(environ)
    with opened([build] if build else [], journal) as sources:
        shown = list(_chosen(sources[0], examples, suite))
    for suite_report, view, changed in shown:
        click.echo(guarded(render_show(suite_report, view, changed, console), environ))
    if not shown:
        what = f"no example is called {' or '.join(examples)}" if examples else "no example got worse"
        raise ConfigurationError(f"nothing to show: {what}", next_step="evalgate show EXAMPLE")
    return 0


def _chosen(
    source: Source, examples: Sequence[str], suite: str | None
) -> Iterator[tuple[SuiteReport, ExampleView, tuple[Changed, ...]]]:
    """Yield the named examples, or those that got worse, with their suite and how they changed."""
    from evalgate.decision import decide
    from evalgate.gate.evidence import build_evidence
    from evalgate.gate.reports import example_view, suite_report
    from evalgate.report.show import Changed
    from evalgate.suite.config import Config

    config = Config.model_validate(source.journal.build(source.build).config)
    for decided in decide(build_evidence(source.journal, source.build)).suites:
        if suite not in (None, decided.name):
            continue
        report = suite_report(decided, config.suites[decided.name], source)
        flips = [(check, flip) for check in decided.checks for flip in (*check.regressed, *check.improved)]
        worse = [flip.example_id for check in decided.checks for flip in check.regressed]
        sides = {row.side: row for row in source.journal.experiments(source.build) if row.suite == decided.name}
        for example_id in dict.fromkeys(examples or worse):
            example = source.journal.example(source.build, decided.name, example_id)
            if example is not None:
                changed = tuple(Changed(check=c, flip=f) for c, f in flips if f.example_id == example_id)
                yield report, example_view(source, example, sides), changed
