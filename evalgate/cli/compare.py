"""`evalgate compare`: several builds on one dataset, each against a chosen one, and whether one of them wins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import journal_option

if TYPE_CHECKING:
    from evalgate.decision.contest_results import ContestResult

_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("contenders", nargs=-1, metavar="[NAME=]BUILD|FILE[:baseline]...")
@click.option("--against", metavar="NAME", help="Which of them the others are compared with; default: the first.")
@click.option("--metric", metavar="CHECK", help="The check that quality is; default: the first that gates.")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; may be given several times.")
@journal_option
@click.option("--markdown", type=_file, help="Write the comparison as Markdown to this file.")
@click.option(
    "--svg", type=_file, help="Draw quality against cost to this file, or against time where costs are unknown."
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, in place of text.")
def command(
    *,
    contenders: tuple[str, ...],
    against: str | None,
    metric: str | None,
    suites: tuple[str, ...],
    journal: Path | None,
    markdown: Path | None,
    svg: Path | None,
    as_json: bool,
) -> int:
    """Compare several recorded builds on one dataset: models, prompts, versions.

    Each is a build's id, or a file that `evalgate journal export` wrote, and stands for its candidate; `12:baseline` is
    the other side of build 12. A name for it may stand before it: `mini=12`. Exit code 0 when they were compared,
    whoever wins; 4 when nothing of them is comparable.
    """
    from evalgate.cli.contenders import entered
    from evalgate.decision.several import compare_several
    from evalgate.gate.contest import Asked, make_contest

    environ = dict(os.environ)
    with entered(contenders, journal) as entrants:
        contest = make_contest(entrants, Asked(against=against, suites=suites, metric=metric))
    result = compare_several(contest)
    _write(result, markdown=markdown, svg=svg)
    _print(result, environ, as_json=as_json)
    return 0


def _print(result: ContestResult, environ: dict[str, str], *, as_json: bool) -> None:
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.workflow import guarded

    if as_json:
        from evalgate.report.contest_json import render_contest_json

        say(render_contest_json(result))
        return
    from evalgate.report.contest_terminal import render_contest

    say(guarded(render_contest(result, this_console(environ)), environ))


def _write(result: ContestResult, *, markdown: Path | None, svg: Path | None) -> None:
    from evalgate.cli.files import write

    if markdown is not None:
        from evalgate.report.contest_markdown import render_contest_markdown

        write(markdown, render_contest_markdown(result))
    if svg is not None:
        from evalgate.report.contest_svg import render_contest_svg

        write(svg, render_contest_svg(result))
