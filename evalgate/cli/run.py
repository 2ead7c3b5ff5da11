"""`evalgate run`: both sides of every suite, compared; the verdict is the exit code."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from evalgate.cli.options import (
    Outputs,
    cache_option,
    config_option,
    fail_on_option,
    failing,
    journal_option,
    output_options,
    overrides,
    pull_request_option,
    set_option,
)
from evalgate.errors import Interrupted

if TYPE_CHECKING:
    from evalgate.cli.models import CacheChoice
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.request import Request
    from evalgate.gate.run import Ended
    from evalgate.gate.world import World
    from evalgate.journal.store import Journal
    from evalgate.report.progress import HowFar
    from evalgate.suite.loading import LoadedConfig

_Done = TypeVar("_Done")


@click.command()
@config_option
@journal_option
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; may be given several times.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N examples.")
@click.option(
    "-k",
    "keyword",
    metavar="EXPR",
    help="Only examples whose id, metadata or input has these words: -k 'lang=de and not (refund or tax)'.",
)
@click.option("--last-failed", is_flag=True, help="Only examples that failed in the latest build that ran any.")
@click.option("--all", "every", is_flag=True, help="Also suites of which nothing has changed since the base.")
@click.option("--base", metavar="REF", help="Compare with where the change left this branch, tag or commit.")
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
    from evalgate.cli.target import gate_of, is_outside, pushed_branch, refuse_exposed, target_of

    _refuse_together(
        resume=resume and bool(suites or limit or keyword or last_failed),
        replay=replay and no_cache,
        reports=record_only and bool(outputs.report_json or outputs.junit or outputs.markdown),
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

    from evalgate.cli.builds import head, journal_path, tree_of
    from evalgate.cli.conclude import conclude
    from evalgate.cli.hub import copies, prompts_of, recorded_prompts, with_versions
    from evalgate.cli.mirroring import mirrored
    from evalgate.cli.pulling import puller
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.gather import Source
    from evalgate.gate.guard.guard import Decides
    from evalgate.gate.request import Wanted, make_request
    from evalgate.gate.resume import resumable
    from evalgate.journal.store import Journal

    pushed = pushed_branch(environ)
    with (
        speaker.corrected(),
        Journal(journal_path(journal)) as store,
        Bases(
            loaded.path, environ=environ, target=target_of(environ, base), every=every or pushed is not None
        ) as bases,
    ):
        build = resumable(store) if resume else None
        recorded = store.build(build).config if build is not None else {}
        asked = tuple(recorded.get("suites", suites))
        pull = puller(loaded.path, environ, kept=recorded)
        gate = gate_of(loaded, bases, environ, laid_over, pull, as_pull_request=as_pull_request, names=asked)
        gate, suites, pushed = with_versions(gate, versions, suites, asked=asked, pushed=pushed)
        wanted = Wanted(
            suites=suites,
            limit=limit,
            keyword=keyword,
            last_failed=last_failed,
            resume=build,
            together=record_only,
        )
        if gate.decides is not Decides.LOCAL:
            bases.refuse_tracked(store.path, choice.path, *copies())
            bases.refuse_links(*outputs.files, *(_recorded(store) if record_only else []))
        prompts = prompts_of(loaded.path, environ, kept=recorded_prompts(store, build))
        commit = head(loaded.path, environ)
        refuse_exposed(environ, commit.id)
        request = make_request(gate, wanted, store, commit=commit, tree=tree_of(environ), bases=bases, prompts=prompts)
        request = _reviewed(request, environ, bases, labelled_by=speaker.labels.accepted_by, tries=bool(versions))
        again = _again(config, journal, versions, record_only=record_only)
        measuring = watched(
            mirrored(_work(request, pushed, environ, resume=build), request, store, loaded.path, environ),
            request,
            store,
            environ,
            cache=choice.where(gate.asked_endpoints(), environ, outside=is_outside(environ)),
            quiet=outputs.quiet or outputs.as_json,
            resume=build,
            file=loaded.path,
            beside=speaker.beside,
        )
        ended = _to_its_end(measuring, again)
        if record_only:
            from evalgate.cli.record import record

            return record(store, ended, outputs, environ)
        source = Source(journal=store, build=ended.build)
        return conclude(
            [source], outputs, environ, speaker, change=target_of(environ, base) if as_pull_request else None
        )


def _recorded(store: Journal) -> list[Path]:
    """Return the folder into which a build is written by itself."""
    from evalgate.cli.record import FOLDER

    return [store.path.parent / FOLDER]


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


def _reviewed(
    request: Request, environ: Mapping[str, str], bases: Bases, *, labelled_by: str | None, tries: bool
) -> Request:
    """Return the request with which change it measures, what of that somebody accepted, and which prompts it tries."""
    from evalgate.cli.places import stored_at
    from evalgate.cli.target import change_of, is_reviewed
    from evalgate.gate.accepting import found_acceptances, with_label
    from evalgate.gate.hub_prompts import tried
    from evalgate.suite.acceptance import FOLDER

    files = found_acceptances(stored_at(FOLDER), request.config, bases, reviewed=is_reviewed(environ))
    accepted = with_label(files, request.config, labelled_by)
    return replace(
        request,
        change=change_of(environ, request.commit, request.suites),
        accepted=accepted,
        purpose=tried(request.suites, request.config.release.tag) if tries else None,
    )


def _begin_imports(*, asks: bool) -> None:
    """Import what calls of models need while the gate's own is imported, where models will be asked."""
    if asks:
        from evalgate.llm.ahead import import_for_calls

        import_for_calls()


def _to_its_end(measuring: Coroutine[Any, Any, Ended], again: str) -> Ended:
    """Return how a build ended. Raises Interrupted for one that was stopped from outside, softly or at once."""
    try:
        ended = asyncio.run(measuring)
    except asyncio.CancelledError:
        # The second signal: nobody waits for the runs in flight. Let through, it would exit 1, which means FAIL.
        raise Interrupted("the run was stopped at once; what was answered is kept", next_step=again) from None
    if not ended.complete and ended.halted is None:
        raise Interrupted(f"build {ended.build} was interrupted; what was answered is kept", next_step=again)
    return ended


def _work(
    request: Request, pushed: str | None, environ: Mapping[str, str], *, resume: int | None
) -> Callable[[World], Awaitable[Ended]]:
    """Return what is to be done: a build; for a push to the default branch, what is checked out stored before it."""
    from evalgate.gate.baselines.storing import run_pushed
    from evalgate.gate.run import run_build
    from evalgate.git.history import Base

    commit = request.commit
    if pushed is None or resume is not None or request.partial or commit.id is None:
        return lambda effects: run_build(request, effects, resume=resume)
    if commit.dirty:
        click.echo("The work tree has changes that nobody committed: it is compared, and no baseline.", err=True)
        return lambda effects: run_build(request, effects)
    head, who = Base(commit=commit.id, name=pushed), environ.get("GITHUB_ACTOR") or "a workflow"
    return lambda effects: run_pushed(request, effects, head, who)


def _again(config: Path, journal: Path | None, versions: tuple[str, ...], *, record_only: bool) -> str:
    """Return the command that goes on, with the flags that this one had."""
    flags = [
        f" --config {config}" if config != Path("evalgate.yaml") else "",
        f" --journal {journal}" if journal else "",
        *(f" --prompt-version {version}" for version in versions),
        " --record-only" if record_only else "",
    ]
    return f"evalgate run{''.join(flags)} --resume"


async def supervised(
    request: Request,
    store: Journal,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    quiet: bool,
    resume: int | None,
) -> Ended:
    """Run the build with its progress shown, stopping softly on the first signal and at once on the second."""
    from evalgate.gate.run import run_build

    return await watched(
        lambda effects: run_build(request, effects, resume=resume),
        request,
        store,
        environ,
        cache=cache,
        quiet=quiet,
        resume=resume,
    )


async def watched(
    work: Callable[[World], Awaitable[_Done]],
    request: Request,
    store: Journal,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    quiet: bool,
    resume: int | None,
    file: Path = Path("evalgate.yaml"),
    beside: Callable[[Callable[[], HowFar]], AbstractAsyncContextManager[None]] | None = None,
) -> _Done:
    """Do some work of a request in the same way, and return what comes of it. `file` is the config's.

    What is done `beside` it gets what says how far it is.
    """
    from evalgate.cli.compose import world
    from evalgate.cli.signals import soft_stop
    from evalgate.report.progress import Mode, Progress

    mode = Mode.QUIET if quiet else Mode.LIVE if sys.stderr.isatty() else Mode.PLAIN
    progress = Progress(sys.stderr, time.monotonic, mode=mode, width=shutil.get_terminal_size().columns)
    stop = asyncio.Event()
    with soft_stop(stop), closing(progress):
        async with (
            AsyncExitStack() as effects_of,
            world(
                journal=store,
                config=request.config,
                prices=request.prices,
                environ=environ,
                cache=cache,
                resume=resume,
                observer=progress,
                expect=progress.expect,
                log=progress.note,
                stop=stop,
                file=file,
            ) as effects,
        ):
            if beside is not None:
                await effects_of.enter_async_context(beside(progress.how_far))
            gc.freeze()  # all that is there by now stays to the end: no call waits while it is searched for garbage
            return await work(effects)
