"""`evalgate curate run`: the steps of profiles, by hand or on a schedule, each isolated from the others' failures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.asking import tell
from evalgate.cli.curate.inside import refuse_outside
from evalgate.cli.options import config_option, json_option

if TYPE_CHECKING:
    from evalgate.curate.scheduling.turns import Turn
    from evalgate.suite.curate import Curate
    from evalgate.suite.curate_run import Told

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="Do the steps of profiles that are due.")
@click.argument("profiles", nargs=-1, metavar="[PROFILE]...")
@click.option("--anyway", is_flag=True, help="Whatever `when` of a profile says.")
@click.option(
    "--sheet", is_flag=True, help="Also write a file for review beside the candidates: NAME.candidates.review.md."
)
@click.option("--paths", type=_file, help="Write what is to be committed to this file, a path a line.")
@click.option("--markdown", type=_file, help="Write what a pull request with them says to this file.")
@config_option
@json_option
def command(
    *,
    profiles: tuple[str, ...],
    config: Path,
    anyway: bool,
    sheet: bool,
    paths: Path | None,
    markdown: Path | None,
    as_json: bool,
) -> int:
    """Pull, clean, sample and label for the profiles that are due, and say what became of each.

    PROFILE: names under `curate.profiles` of the config; default: all of them. A profile that fails leaves the others
    alone. Exit 0: done, or nothing to do, which --json and the outputs of a workflow's step tell apart.
    """
    from evalgate.cli.curate.turn import Work, take_turn
    from evalgate.cli.files import say_done, write
    from evalgate.cli.workflow import guarded
    from evalgate.curate.scheduling.turns import as_json as in_json
    from evalgate.curate.scheduling.turns import exit_code, files, lines, proposal

    environ = dict(os.environ)
    curate = _declared(config, environ)
    names = _asked(curate, profiles, config)
    works = [
        Work(name=name, profile=curate.profiles[name], config=config, anyway=anyway, sheet=sheet) for name in names
    ]
    for work in works:
        refuse_outside(work.name, work.target, config, environ)
    turns = [take_turn(work, datetime.now(UTC)) for work in works]
    say_done(in_json(turns), [guarded("\n".join(lines(turns)), environ)], as_json=as_json)
    for file, text in ((paths, "".join(f"{each}\n" for each in files(turns))), (markdown, proposal(turns))):
        if file is not None:
            write(file, text)
    _leave(turns, environ)
    _tell_channel(turns, curate.notify, environ)
    return exit_code(turns)


def _declared(config: Path, environ: Mapping[str, str]) -> Curate:
    """Return what the config says of curation. Raises ConfigurationError where that is no profile, and for a change:
    what it says of where data comes from and goes to is nobody's decision yet.
    """
    from evalgate.errors import ConfigurationError
    from evalgate.suite.loading import load_config

    if environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        raise ConfigurationError(
            "profiles do not run for a pull request, whose config may say anything",
            next_step="run them on a schedule, with the workflow that evalgate init writes",
        )
    curate = load_config(config, environ=environ, overrides={}, committed=True, without_suites=True).config.curate
    if curate is None or not curate.profiles:
        raise ConfigurationError(
            f"{config} has no profile under `curate.profiles`: nothing says what to pull",
            next_step="write one as docs/curation.md shows, or evalgate curate pull PROJECT --dataset FILE",
        )
    return curate


def _asked(curate: Curate, names: tuple[str, ...], config: Path) -> list[str]:
    """Return the names of the profiles that are meant, each once. Raises ConfigurationError for what is none."""
    from evalgate.cli.curate.settings import declared

    for name in names:
        declared(curate, config, name)
    return list(dict.fromkeys(names or curate.profiles))


def _leave(turns: list[Turn], environ: Mapping[str, str]) -> None:
    """Fill the outputs and the summary of a workflow's step, where one runs this."""
    from evalgate.cli.files import write
    from evalgate.cli.workflow import leave_values
    from evalgate.curate.scheduling.turns import markdown, outputs

    leave_values(outputs(turns), environ)
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        write(Path(path), markdown(turns), append=True)


def _tell_channel(turns: list[Turn], notify: Told | None, environ: Mapping[str, str]) -> None:
    """Tell the channel of what it wants to hear of; that nobody was told is one line, and changes nothing."""
    if notify is None or not {turn.outcome for turn in turns}.intersection(notify.on):
        return
    address = environ.get(notify.webhook_env, "")
    if not address:
        tell(f"nobody is told: {notify.webhook_env} is not set")
        return
    from evalgate.cli.telling import run_link
    from evalgate.cli.workflow import guarded
    from evalgate.curate.scheduling.turns import told
    from evalgate.errors import EvalgateError
    from evalgate.notify.slack import message
    from evalgate.notify.webhook import send

    link = run_link(environ)
    body = message(told(turns, repository=environ.get("GITHUB_REPOSITORY")), links={"run": link} if link else {})
    try:
        send(address, body, variable=notify.webhook_env)
    except EvalgateError as error:
        click.echo(guarded(f"Nobody was told: {error.message}. What was done is done.\n", environ), err=True, nl=False)
