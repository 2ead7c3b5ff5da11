"""`evalgate run`: both sides of every suite, compared; the verdict is the exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import (
    Outputs,
    base_option,
    cache_option,
    config_option,
    every_option,
    fail_on_option,
    failing,
    journal_option,
    output_options,
    overrides,
    pull_request_option,
    set_option,
    suites_option,
    typed_again,
)

if TYPE_CHECKING:
    from evalgate.suite.loading import LoadedConfig


@click.command()
@config_option
@journal_option
@suites_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N examples.")
@click.option(
    "-k",
    "keyword",
    metavar="EXPR",
    help="Only examples whose id, metadata or input has these words: -k 'lang=de and not (refund or tax)'.",
)
@click.option("--last-failed", is_flag=True, help="Only examples that failed in the latest build that ran any.")
@every_option
@base_option
@pull_request_option
@cache_option
@click.option("--no-cache", is_flag=True, help="Draw every answer anew; what is drawn is kept.")
@click.option(
    "--prompt-version",
    "versions",
    multiple=True,
    metavar="[SUITE=]VERSION|TAG",
    help="Try another version of a suite's prompt in Phoenix, against what the config says.",
)
@click.option("--replay", is_flag=True, help="Take answers from the cache alone; a call that it lacks ends the run.")
@click.option("--resume", is_flag=True, help="Go on with the latest build that was interrupted.")
@click.option(
    "--record-only",
    is_flag=True,
    help="Measure and record, and leave the verdict to `evalgate decide`, with other journals of the same change.",
)
@click.option(
    "--doctor/--no-doctor",
    default=False,
    help="Look first for what would end the run, and do not begin it where that is certain: `evalgate doctor`.",
)
@set_option
@fail_on_option
@output_options
def command(
    *,
    config: Path,
    journal: Path | None,
    suites: tuple[str, ...],
    limit: int | None,
    keyword: str | None,
    last_failed: bool,
    every: bool,
    base: str | None,
    as_pull_request: bool,
    cache: Path | None,
    no_cache: bool,
    versions: tuple[str, ...],
    replay: bool,
    resume: bool,
    record_only: bool,
    doctor: bool,
    assignments: tuple[str, ...],
    fail_on: tuple[str, ...],
    outputs: Outputs,
) -> int:
    """Run both sides of every suite, compare them, and give a verdict.

    The verdict is the exit code (`evalgate --help`). With --limit, -k or --last-failed the run is a sample: its numbers
    are shown, there is no verdict, and the exit code is 4 unless --no-gate is given.
    """
    from evalgate.cli.builds import cache_path
    from evalgate.cli.commenting import commenter, leg_of
    from evalgate.cli.models import CacheChoice
    from evalgate.cli.skipping import conclude_skipped
    from evalgate.cli.target import refuse_exposed

    _refuse_together(
        resume=resume and bool(suites or limit or keyword or last_failed),
        replay=replay and no_cache,
        reports=record_only and bool(outputs.report_json or outputs.html or outputs.junit or outputs.markdown),
    )
    environ = dict(os.environ)
    choice = CacheChoice(path=cache_path(cache), fresh=no_cache, replay=replay)
    laid_over = {**failing(fail_on), **overrides(assignments)}
    refuse_exposed(environ)
    speaker = commenter(outputs, environ, leg_of(suites, str(config)), ends=not record_only)
    if speaker.labels.skipped_by is not None:
        return conclude_skipped(outputs, environ, speaker)
    with speaker.corrected():
        loaded = _read(
            config,
            environ,
            laid_over,
            look=doctor and not replay,  # a replay calls nobody
            suites=suites,
            base=base,
            journal=journal,
            as_pull_request=as_pull_request,
        )
    _begin_imports(asks=bool(loaded.config.endpoints) and choice.answers_none)

    from evalgate.cli.running import Running
    from evalgate.gate.request import Wanted

    typed = Wanted(suites=suites, limit=limit, keyword=keyword, last_failed=last_failed, together=record_only)
    running = Running(
        loaded=loaded,
        typed=typed,
        versions=versions,
        resume=resume,
        every=every,
        base=base,
        as_pull_request=as_pull_request,
        journal=journal,
        choice=choice,
        laid_over=laid_over,
        environ=environ,
        outputs=outputs,
        speaker=speaker,
        again=_again(config, journal, versions, record_only=record_only),
    )
    with speaker.corrected():
        return running.done()


def _refuse_together(*, resume: bool, replay: bool, reports: bool) -> None:
    """Raise UsageError for flags that say two things."""
    if resume:
        raise click.UsageError("--resume goes on with the suites and examples that the build has: leave the others out")
    if reports:
        raise click.UsageError("--record-only gives no verdict to report: give the files to `evalgate decide`")
    if replay:
        raise click.UsageError("--replay takes every answer from the cache and --no-cache none: leave one out")


def _read(
    config: Path,
    environ: Mapping[str, str],
    laid_over: Mapping[str, str],
    *,
    look: bool,
    suites: tuple[str, ...],
    base: str | None,
    journal: Path | None,
    as_pull_request: bool,
) -> LoadedConfig:
    """Read the config; `look` first at all that the run needs, and raise where it would end for sure."""
    from evalgate.suite.loading import load_config

    loaded = load_config(config, environ=environ, overrides=laid_over)
    if look:
        from evalgate.cli.builds import journal_path
        from evalgate.cli.doctor import look_first

        stored = journal_path(journal)
        look_first(
            loaded, environ, laid_over, suites=suites, base=base, as_pull_request=as_pull_request, journal=stored
        )
    return loaded


def _begin_imports(*, asks: bool) -> None:
    """Import what calls of models need while the gate's own is imported, where models will be asked."""
    if asks:
        from evalgate.llm.ahead import import_for_calls

        import_for_calls()


def _again(config: Path, journal: Path | None, versions: tuple[str, ...], *, record_only: bool) -> str:
    """Return the command that goes on, with the flags that this one had."""
    tried = (f"--prompt-version {version}" for version in versions)
    return typed_again("run", config, journal, *tried, *(["--record-only"] if record_only else []), "--resume")
