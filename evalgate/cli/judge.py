"""`evalgate judge`: judges held to human labels, and what was found out about them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.annotations import Annotations, annotation_options
from evalgate.cli.options import (
    cache_option,
    config_option,
    journal_option,
    json_option,
    overrides,
    set_option,
    suites_option,
)
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.cli.models import CacheChoice
    from evalgate.decision.validation import Validation
    from evalgate.gate.judging import Asked, ChosenJudge
    from evalgate.gate.prepared import PreparedSuite
    from evalgate.gate.trials import Trial
    from evalgate.golden.labelled import Labelled
    from evalgate.report.judge_json import ValidationInfo
    from evalgate.suite.config import Config

_MEASURED_BADLY = 4


@click.group()
def command() -> None:
    """Hold judges to human labels, and show what was found out about them."""


@command.command(short_help="Ask a judge about answers that people have labelled.")
@click.argument("labels", required=False, type=click.Path(path_type=Path))
@annotation_options
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
    labels: Path | None,
    annotations: Annotations | None,
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
    the output, or labels, what several did (docs/judges.md). In place of a file, --annotations and --from name what
    people said in Phoenix. What is found is stored under the judge's fingerprint, and reports go by it. The exit code
    is 0 where the judge agrees with people as well as `policy.min_kappa` asks, 1 where it does not, 4 where too many
    verdicts are missing.
    """
    from evalgate.cli.builds import cache_path, journal_path
    from evalgate.cli.declared import declared_suites
    from evalgate.cli.judge_asking import asked
    from evalgate.cli.judge_runners import judge_runners
    from evalgate.cli.models import CacheChoice
    from evalgate.gate.judging import choose, conclude
    from evalgate.golden.labelled import read_labelled
    from evalgate.suite.loading import load_config

    if replay and no_cache:
        raise click.UsageError("--replay takes every verdict from the cache and --no-cache none: leave one out")
    if (labels is None) == (annotations is None):
        raise click.UsageError("give a file of labelled answers, or --annotations and --from, and not both")
    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    suite, evaluator = choose(declared_suites(loaded, suites, environ), name)
    choice = CacheChoice(path=cache_path(cache), fresh=no_cache, replay=replay, alone=True)
    source = str(labels) if annotations is None else annotations.told
    following = f"evalgate judge validate {source} --suite {suite.name} --judge {evaluator.label}"
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
    if annotations is None:
        answers = read_labelled(Path(source), list(chosen.scores), following=following, pairwise=chosen.pairwise)
    else:
        answers = annotations.read(chosen, loaded, environ)
        if annotations.save is not None and not annotations.saved(annotations.save, answers):
            return 0
    taken = asked(answers, runners, repetitions, following, quiet=quiet or as_json)
    found = conclude(chosen, taken.answers, loaded.config.policy)
    file = annotations.shown if annotations is not None else Path(source).name
    report = _reported(chosen, answers, found, _info(chosen, taken, file), journal_path(journal))
    _print(report, environ, as_json=as_json, everything=everything)
    return 0 if found.trusted else 1 if found.measured else _MEASURED_BADLY


def _reported(
    chosen: ChosenJudge, answers: list[Labelled], found: Validation, info: ValidationInfo, journal: Path
) -> Mapping[str, Any]:
    """Return the report of what was found; what was measured is stored with it."""
    from evalgate.gate.judging import keep
    from evalgate.journal.store import Journal
    from evalgate.report.judge_json import validation_json

    report = validation_json(found, info)
    if found.measured:
        with Journal(journal) as store:
            keep(store, chosen, answers, found, file=info.file, now=info.created_at, report=report)
    return report


def _info(chosen: ChosenJudge, taken: Asked, file: str) -> ValidationInfo:
    """Return what a report says of a validation beside what was found."""
    from evalgate import __version__
    from evalgate.report.judge_json import ValidationInfo

    evaluator = chosen.evaluator
    return ValidationInfo(
        name=evaluator.label,
        suite=chosen.suite.name,
        judge=evaluator.judge or "",
        models=evaluator.models,
        repetitions=evaluator.repetitions,
        pairwise=chosen.pairwise,
        fingerprint=chosen.fingerprint,
        file=file,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        evalgate_version=__version__,
        calls=taken.calls,
        from_cache=taken.from_cache,
        input_tokens=taken.input_tokens,
        output_tokens=taken.output_tokens,
        cost=taken.cost,
    )


@command.command(short_help="Show what was found out about a judge.")
@click.argument("name", required=False)
@journal_option
@click.option("--all", "everything", is_flag=True, help="List every disagreement.")
@json_option
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
@suites_option
@click.option("--evaluator", "names", multiple=True, metavar="NAME", help="Only this one; may be given several times.")
@click.option(
    "--examples", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="How many examples to try on."
)
@set_option
@json_option
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

    from evalgate.cli.builds import cache_path
    from evalgate.cli.conclude import this_console
    from evalgate.cli.declared import declared_suites
    from evalgate.cli.files import say
    from evalgate.cli.models import CacheChoice
    from evalgate.cli.workflow import guarded
    from evalgate.gate.trials import refuse_unknown
    from evalgate.report.trial import render_trials, render_trials_json
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    prepared = declared_suites(loaded, suites, environ)
    refuse_unknown(prepared, names)
    choice = CacheChoice(path=cache_path(cache), alone=True)
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
