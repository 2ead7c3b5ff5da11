"""`evalgate judge`: judges held to human labels, and what was found out about them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.options import cache_option, config_option, journal_option, overrides, set_option
from evalgate.errors import ConfigurationError, Interrupted

if TYPE_CHECKING:
    from evalgate.cli.compose import JudgeRunners
    from evalgate.cli.models import CacheChoice
    from evalgate.gate.judging import Asked
    from evalgate.gate.prepare import PreparedSuite
    from evalgate.gate.trials import Trial
    from evalgate.golden.labelled import Labelled
    from evalgate.suite.config import Config

_MEASURED_BADLY = 4


@click.group()
def command() -> None:
    """Hold judges to human labels, and show what was found out about them."""


@command.command(short_help="Ask a judge about answers that people have labelled.")
@click.argument("labels", type=click.Path(path_type=Path))
@config_option
@journal_option
@cache_option
@click.option("--no-cache", is_flag=True, help="Draw every verdict anew; what is drawn is kept.")
@click.option("--replay", is_flag=True, help="Take verdicts from the cache alone; one that it lacks ends the command.")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="The suite that the judge is of.")
@click.option("--judge", "name", metavar="NAME", help="The evaluator that is the judge.  [default: the only one]")
@click.option(
    "--repetitions",
    type=click.IntRange(1, 20),
    default=3,
    show_default=True,
    metavar="K",
    help="How often each answer is judged, to see whether the judge is steady.",
)
@set_option
@click.option("--all", "everything", is_flag=True, help="List every disagreement.")
@click.option("--quiet", is_flag=True, help="Print the result without progress lines.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, in place of text.")
def validate(
    *,
    labels: Path,
    config: Path,
    journal: Path | None,
    cache: Path | None,
    no_cache: bool,
    replay: bool,
    suites: tuple[str, ...],
    name: str | None,
    repetitions: int,
    assignments: tuple[str, ...],
    everything: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Ask a judge about answers that people have labelled, and say how well it agrees with them.

    LABELS has one answer a line (JSONL, JSON, CSV, YAML): id, input, output, expected, and label, what a person said of
    the output, or labels, what several did (docs/judges.md). What is found is stored under the judge's fingerprint, and
    reports go by it. The exit code is 0 where the judge agrees with people as well as `policy.min_kappa` asks, 1 where
    it does not, and 4 where too many verdicts are missing.
    """
    from evalgate import __version__
    from evalgate.cli.builds import cache_path, journal_path, tree_of
    from evalgate.cli.compose import judge_runners
    from evalgate.cli.hub import prompts_of
    from evalgate.cli.models import CacheChoice
    from evalgate.cli.pulling import here
    from evalgate.gate.guard import unguarded
    from evalgate.gate.judging import choose, conclude, keep
    from evalgate.gate.request import whole_suites
    from evalgate.golden.labelled import read_labelled
    from evalgate.journal.store import Journal
    from evalgate.report.judge_json import ValidationInfo, validation_json
    from evalgate.suite.loading import load_config

    if replay and no_cache:
        raise click.UsageError("--replay takes every verdict from the cache and --no-cache none: leave one out")
    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    loaded = here(loaded, environ, suites)
    suite, evaluator = choose(
        whole_suites(unguarded(loaded), suites, tree=tree_of(environ), prompts=prompts_of(config, environ)), name
    )
    choice = CacheChoice(path=cache_path(cache), fresh=no_cache, replay=replay)
    following = f"evalgate judge validate {labels} --suite {suite.name} --judge {evaluator.label}"
    runners = judge_runners(
        suite,
        evaluator,
        loaded.config,
        environ,
        cache=choice,
        following=following,
        log=lambda line: None,  # noqa: ARG005
    )
    chosen = runners.chosen
    answers = read_labelled(labels, list(chosen.scores), following=following, pairwise=chosen.pairwise)
    asked = _asked(answers, runners, repetitions, following, quiet=quiet or as_json)
    found = conclude(chosen, asked.answers, loaded.config.policy)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    info = ValidationInfo(
        name=evaluator.label,
        suite=suite.name,
        judge=evaluator.judge or "",
        models=evaluator.models,
        repetitions=evaluator.repetitions,
        pairwise=chosen.pairwise,
        fingerprint=chosen.fingerprint,
        file=labels.name,
        created_at=now,
        evalgate_version=__version__,
        calls=asked.calls,
        from_cache=asked.from_cache,
        input_tokens=asked.input_tokens,
        output_tokens=asked.output_tokens,
        cost=asked.cost,
    )
    report = validation_json(found, info)
    if found.measured:
        with Journal(journal_path(journal)) as store:
            keep(store, chosen, answers, found, file=labels.name, now=now, report=report)
    _print(report, environ, as_json=as_json, everything=everything)
    return 0 if found.trusted else 1 if found.measured else _MEASURED_BADLY


@command.command(short_help="Show what was found out about a judge.")
@click.argument("name", required=False)
@journal_option
@click.option("--all", "everything", is_flag=True, help="List every disagreement.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(*, name: str | None, journal: Path | None, everything: bool, as_json: bool) -> int:
    """Show what the latest validation found out about the judge NAME (default: the latest of all), asking nobody."""
    from evalgate.cli.builds import journal_path
    from evalgate.journal.store import Journal

    with Journal(journal_path(journal), create=False) as store:
        rows = store.validations()
    found = next((row for row in rows if name in {None, row.name}), None)
    if found is None:
        known = ", ".join(dict.fromkeys(row.name for row in rows))
        whom = f" {name}" if name else ""
        raise ConfigurationError(
            f"no judge{whom} has been held to human labels here" + (f"; known: {known}" if known else ""),
            next_step=f"evalgate judge validate LABELS{f' --judge {name}' if name else ''}",
        )
    _print(found.report, dict(os.environ), as_json=as_json, everything=everything)
    return 0


@command.command("try", short_help="Try evaluators on reference answers and on broken ones.")
@config_option
@cache_option
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; may be given several times.")
@click.option("--evaluator", "names", multiple=True, metavar="NAME", help="Only this one; may be given several times.")
@click.option(
    "--examples", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="How many examples to try on."
)
@set_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def try_out(
    *,
    config: Path,
    cache: Path | None,
    suites: tuple[str, ...],
    names: tuple[str, ...],
    examples: int,
    assignments: tuple[str, ...],
    as_json: bool,
) -> int:
    """Try evaluators on the reference answers, which must pass, and on broken twins of them, which must not.

    Every kind of evaluator is tried, judges too. The exit code is 1 where one fails a reference answer, or passes
    whatever it is given.
    """
    from dataclasses import asdict

    from evalgate.cli.builds import cache_path, tree_of
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.hub import prompts_of
    from evalgate.cli.models import CacheChoice
    from evalgate.cli.pulling import here
    from evalgate.cli.workflow import guarded
    from evalgate.gate.guard import unguarded
    from evalgate.gate.request import whole_suites
    from evalgate.gate.trials import refuse_unknown
    from evalgate.report.trial import render_trials, render_trials_json
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    prepared = whole_suites(
        unguarded(here(loaded, environ, suites)),
        suites,
        tree=tree_of(environ),
        prompts=prompts_of(config, environ),
    )
    refuse_unknown(prepared, names)
    choice = CacheChoice(path=cache_path(cache))
    found = asyncio.run(_tried(prepared, names, examples, loaded.config, environ, choice))
    trials = [asdict(trial) | {"sound": trial.sound, "blind": trial.blind} for trial in found]
    if as_json:
        say(render_trials_json(trials))
    else:
        say(guarded(render_trials(trials, this_console(environ)), environ))
    return 0 if all(trial.sound for trial in found) else 1


async def _tried(  # noqa: PLR0917 - one call, of what the command was given
    suites: Sequence[PreparedSuite],
    names: Sequence[str],
    examples: int,
    config: Config,
    environ: Mapping[str, str],
    cache: CacheChoice,
) -> list[Trial]:
    from evalgate.cli.compose import evaluator_runners
    from evalgate.gate.trials import try_evaluators

    found: list[Trial] = []
    for suite in suites:
        evaluators = [each for each in suite.suite.evaluators if not names or each.label in names]
        if not evaluators:
            continue
        async with evaluator_runners(
            suite,
            evaluators,
            config,
            environ,
            cache=cache,
            following="evalgate judge try",
            stop=lambda: None,
            log=lambda line: click.echo(line, err=True),
        ) as runners:
            found += await try_evaluators(suite, runners, examples)
    return found


def _asked(answers: list[Labelled], runners: JudgeRunners, repetitions: int, following: str, *, quiet: bool) -> Asked:
    try:
        found = asyncio.run(_ask(answers, runners, repetitions, _teller(quiet=quiet)))
    except asyncio.CancelledError:
        found = None
    if found is None:
        raise Interrupted("the judge was stopped; nothing was stored", next_step=following)
    return found


async def _ask(
    answers: list[Labelled], runners: JudgeRunners, repetitions: int, tell: Callable[[int, int], None]
) -> Asked | None:
    from evalgate.cli.signals import soft_stop
    from evalgate.engine.ports import PairRunner
    from evalgate.gate.judging import ask

    stop = asyncio.Event()
    with soft_stop(stop):
        async with runners.started(stop.set) as (runner, *told_in_reverse):
            reverse = next((each for each in told_in_reverse if not isinstance(each, PairRunner)), None)
            return await ask(answers, runner, reverse, draws=repetitions, stop=stop, tell=tell)


def _teller(*, quiet: bool) -> Callable[[int, int], None]:
    """Return what says how far it is: a line that lives on a terminal, one now and then elsewhere."""
    if quiet:
        return lambda done, of: None  # noqa: ARG005 - nobody listens
    live = sys.stderr.isatty()
    last = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal last
        if done < of and time.monotonic() - last < (0.1 if live else 10.0):
            return
        last = time.monotonic()
        click.echo(f"\r{done:,} of {of:,} verdicts" if live else f"{done:,} of {of:,} verdicts", nl=not live, err=True)
        if live and done == of:
            click.echo("\r\x1b[K", nl=False, err=True)

    return tell


def _print(report: Mapping[str, Any], environ: Mapping[str, str], *, as_json: bool, everything: bool) -> None:
    import json

    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.workflow import guarded
    from evalgate.report.judge import render_validation

    if as_json:
        say(json.dumps(report, indent=2, allow_nan=False) + "\n")
    else:
        say(guarded(render_validation(report, this_console(environ), everything=everything), environ))
