"""`evalgate compare`: several builds on one dataset, each against a chosen one, and whether one of them wins."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.options import (
    cache_option,
    config_option,
    journal_option,
    overrides,
    quiet_option,
    set_option,
    suites_option,
)
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.cli.contenders import Address
    from evalgate.cli.models import CacheChoice
    from evalgate.decision.contest import Contest
    from evalgate.decision.contest_results import ContestResult
    from evalgate.gate.recorded import Entrant
    from evalgate.journal.store import Journal
    from evalgate.records import Side
    from evalgate.suite.retask import TaskChange

_MANY_SCORES: Final = 10_000
_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("contenders", nargs=-1, metavar="[NAME=]BUILD|FILE|experiment:ID|TASK.yaml|. ...")
@click.option(
    "--model", "models", multiple=True, metavar="ENDPOINT/MODEL", help="Try the suite's prompt on this model."
)
@click.option(
    "--prompt", "prompts", multiple=True, metavar="FILE|phoenix:NAME", help="Try this prompt, on each --model."
)
@click.option("--against", metavar="NAME", help="Which of them the others are compared with; default: the first.")
@click.option("--metric", metavar="CHECK", help="The check that quality is; default: the first that gates.")
@suites_option
@config_option
@set_option
@journal_option
@cache_option
@click.option("--no-cache", is_flag=True, help="Run what is to be tried anew, its answers too; what is drawn is kept.")
@click.option(
    "--replay", is_flag=True, help="Take answers from the cache alone; a call that it lacks ends the command."
)
@click.option("--markdown", type=_file, help="Write the comparison as Markdown to this file.")
@click.option("--svg", type=_file, help="Draw quality against cost to this file; against time where costs are unknown.")
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, in place of text.")
def command(
    *,
    contenders: tuple[str, ...],
    models: tuple[str, ...],
    prompts: tuple[str, ...],
    against: str | None,
    metric: str | None,
    suites: tuple[str, ...],
    config: Path,
    assignments: tuple[str, ...],
    journal: Path | None,
    cache: Path | None,
    no_cache: bool,
    replay: bool,
    markdown: Path | None,
    svg: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Compare models, prompts or versions on one dataset: quality, cost, time, a winner.

    Name two or more; each is compared with the first. BUILD is a build's id, FILE what `evalgate journal export` wrote;
    both stand for their candidate, `12:baseline` for the other side of build 12. `experiment:ID` is what evalgate
    mirrored in Phoenix. TASK.yaml says what a task has that
    the config's has not, `.` is the config's own; these and --model and --prompt are run first, unless they are
    recorded already. A name may stand before each: `mini=12`.

    Exit code 0 when they were compared, whoever wins; 4 when nothing of them is comparable.
    """
    from evalgate.cli.builds import cache_path
    from evalgate.cli.contenders import matrix, named, read_address
    from evalgate.cli.models import CacheChoice
    from evalgate.decision.several import compare_several
    from evalgate.gate.contest import Asked, make_contest

    if replay and no_cache:
        raise click.UsageError("--replay takes every answer from the cache and --no-cache none: leave one out")
    environ = dict(os.environ)
    given = named([*(read_address(each) for each in contenders), *matrix(models, prompts)])
    running = TrialSettings(
        config=config,
        assignments=assignments,
        suites=suites,
        cache=CacheChoice(path=cache_path(cache), fresh=no_cache, replay=replay),
        quiet=quiet or as_json,
    )
    with ExitStack() as stack:
        entrants = _entered(given, journal, running, environ, stack)
        contest = make_contest(entrants, Asked(against=against, suites=suites, metric=metric))
    if not running.quiet and _takes_a_while(contest):
        click.echo(f"comparing {len(given):,} of them", err=True)
    result = compare_several(contest)
    _write(result, markdown=markdown, svg=svg)
    _print(result, environ, as_json=as_json)
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialSettings:
    """How what is to be tried is run."""

    config: Path
    assignments: tuple[str, ...]
    suites: tuple[str, ...]
    cache: CacheChoice
    quiet: bool


def _entered(
    given: list[tuple[str, Address]],
    journal: Path | None,
    running: TrialSettings,
    environ: dict[str, str],
    stack: ExitStack,
) -> list[Entrant]:
    """Open what is recorded, run what is to be tried, and return everyone in their order."""
    from evalgate.cli.builds import journal_path
    from evalgate.cli.contenders import build_of
    from evalgate.gate.gather import Source
    from evalgate.gate.recorded import entrant
    from evalgate.journal.store import Journal

    tries = {name: each.change for name, each in given if each.change is not None}
    home = journal_path(journal)
    stores: dict[Path, Journal] = {}

    def store(path: Path) -> Journal:
        if path not in stores:
            stores[path] = stack.enter_context(Journal(path, create=bool(tries) and path == home))
        return stores[path]

    # Every build that is named is looked up before anything is paid.
    sources = {}
    sides = {name: each.side for name, each in given}
    for name, each in given:
        if each.experiment is not None:
            path = Path(stack.enter_context(TemporaryDirectory())) / "experiment.db"
            build, sides[name] = _fetched(each.experiment, path, running, environ)
            sources[name] = Source(journal=store(path), build=build)
        elif each.change is None:
            if each.is_file and not Path(each.target).is_file():
                raise ConfigurationError(
                    f"there is no file {each.target}, and builds are named by number",
                    next_step="`evalgate journal list` has the builds",
                )
            opened = store(Path(each.target) if each.is_file else home)
            sources[name] = Source(journal=opened, build=build_of(each, opened))
    if tries:
        for name, build in _tried(tries, store(home), running, environ).items():
            sources[name] = Source(journal=store(home), build=build)
    return [entrant(sources[name], sides[name], name=name, address=each.text) for name, each in given]


def _fetched(experiment: str, path: Path, running: TrialSettings, environ: dict[str, str]) -> tuple[int, Side]:
    """Fetch an experiment of the config's Phoenix server into a journal; without a config, of PHOENIX_ENDPOINT."""
    from evalgate.cli.elsewhere import phoenix_baselines
    from evalgate.gate.baselines.elsewhere import fetch_experiment
    from evalgate.suite.loading import load_config

    settings = None
    if running.config.is_file():
        laid_over = overrides(running.assignments)
        settings = load_config(running.config, environ=environ, overrides=laid_over, without_suites=True).config.phoenix

    async def fetch() -> tuple[int, Side]:
        async with phoenix_baselines(settings, running.config, environ)(None) as store:
            return await fetch_experiment(store, experiment, path)

    return asyncio.run(fetch())


def _tried(
    tries: dict[str, TaskChange], store: Journal, running: TrialSettings, environ: dict[str, str]
) -> dict[str, int]:
    from evalgate.cli.pulling import here
    from evalgate.cli.trying import prepared, run_trials
    from evalgate.suite.loading import load_config

    loaded = load_config(running.config, environ=environ, overrides=overrides(running.assignments))
    loaded = here(loaded, environ, running.suites)
    trials = prepared(tries, loaded, running.suites, store, environ)
    return run_trials(trials, store, environ, cache=running.cache, quiet=running.quiet)


def _takes_a_while(contest: Contest) -> bool:
    """Return whether people would wonder what goes on: more than a second or so."""
    scores = sum(len(each.contenders) * len(each.checks) * len(each.example_ids) for each in contest.suites)
    return scores > _MANY_SCORES


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
