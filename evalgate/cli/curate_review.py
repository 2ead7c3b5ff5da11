"""`evalgate curate review`: people decide which candidates become golden, in a terminal, a file, or Phoenix."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.curate_places import dataset_named, dataset_option, profile_option
from evalgate.cli.options import config_option, json_option, server_option
from evalgate.errors import ConfigurationError, Interrupted

if TYPE_CHECKING:
    from evalgate.cli.curate_places import Target
    from evalgate.curate.reviewing.queue import Asked
    from evalgate.curate.reviewing.states import States

_STATES = ("chosen", "new", "out", "accepted", "rejected")


@click.command(short_help="Decide which candidates become golden.")
@dataset_option
@profile_option
@click.option("--as", "named", metavar="NAME", help="Who decides.  [default: as git knows you]")
@click.option("--id", "ids", multiple=True, metavar="ID", help="These candidates, decided or not; several times.")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Candidates in this state.")
@click.option("--second", is_flag=True, help="What others decided and you did not; their decisions are not shown.")
@click.option("--disagreements", is_flag=True, help="What reviewers differ on; what you decide then settles it.")
@config_option
@server_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    config: Path,
    as_json: bool,
    named: str | None,
    **given: Any,
) -> int:
    """Go through candidates and decide, with the terminal's keys: accept, edit in $EDITOR, reject, skip, undo, search.

    By default those that were sampled and that nobody decided. Each decision is kept, with who made it, in
    NAME.candidates.reviews.jsonl before the next candidate is shown; leave with q or Ctrl-C, and go on another time.
    """
    environ = dict(os.environ)
    target = _target(dataset, profile, config, environ)
    try:
        ended = _in_terminal(target, _asked(given, named, target), environ, as_json=as_json)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write beside {target.candidates}: {error.strerror}; what was decided is kept",
            next_step="make room, and run the same again",
        ) from error
    states = _settled(target)
    _tell(target, states, ended, as_json=as_json)
    if ended["interrupted"]:
        raise Interrupted(
            "the review was ended; what was decided is kept", next_step=f"{_typed(target)} goes on where it was"
        )
    return 0


def _target(dataset: str | None, profile: str | None, config: Path, environ: dict[str, str]) -> Target:
    """Return what is reviewed. Raises ConfigurationError where there are no candidates of it."""
    target, _ = dataset_named(config, profile, dataset, environ)
    if not target.candidates.exists():
        raise ConfigurationError(
            f"{target.shown} has no candidates: there is no {target.candidates}",
            next_step=f"evalgate curate pull PROJECT --dataset {shlex.quote(target.shown)}",
        )
    return target


def _asked(given: dict[str, Any], named: str | None, target: Target) -> Asked:
    from evalgate.cli.reviewing import reviewer
    from evalgate.curate.candidates import State
    from evalgate.curate.reviewing.queue import Asked

    said = [flag for flag in ("ids", "states", "second", "disagreements") if given[flag]]
    if len(said) > 1:
        raise click.UsageError("--id, --state, --second and --disagreements each say what is reviewed: leave one")
    return Asked(
        who=reviewer(named, target.candidates.parent),
        which="second" if given["second"] else "disputed" if given["disagreements"] else "undecided",
        states=frozenset(map(State, given["states"])),
        ids=frozenset(given["ids"]),
    )


def _in_terminal(target: Target, asked: Asked, environ: dict[str, str], *, as_json: bool) -> dict[str, Any]:
    """Let a person decide, and return how many decisions were made and whether it was interrupted."""
    from evalgate.cli.conclude import this_console
    from evalgate.cli.reviewing import Screen, is_terminal
    from evalgate.curate.reviewing.queue import Queue, wanted
    from evalgate.curate.reviewing.reviews import read_reviews
    from evalgate.curate.reviewing.session import Session

    if not is_terminal(on_error=as_json):
        raise click.UsageError("nobody can be asked here: this is no terminal; --write FILE makes a file for review")
    screen = Screen(environ, on_error=as_json)
    interrupted = False
    with Queue(wanted(target.candidates, read_reviews(target.candidates), asked)) as queue:
        session = Session(
            candidates=target.candidates,
            queue=queue,
            who=asked.who,
            terminal=screen,
            console=lambda: this_console(environ),
            now=_now,
            settles=bool(asked.ids or asked.states or asked.which == "disputed"),
            passes=not asked.ids and not asked.states and asked.which == "undecided",
        )
        try:
            if len(queue):
                session.run()
        except KeyboardInterrupt:
            interrupted = True
        except EOFError:
            pass
        if session.place or interrupted:
            screen.show("\n")
        return {"decided": session.decided, "asked": len(queue), "interrupted": interrupted, "who": asked.who}


def _settled(target: Target) -> States:
    from evalgate.curate.reviewing.states import settle_states

    return settle_states(target.candidates)


def _tell(target: Target, states: States, ended: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        said = {**ended, **asdict(states), "candidates": str(target.candidates)}
        click.echo(json.dumps(said, indent=2))
        return
    from evalgate.encoding import printable

    click.echo(printable("\n".join(_lines(target, states, ended))))


def _lines(target: Target, states: States, ended: dict[str, Any]) -> list[str]:
    counts = (
        (states.accepted, "accepted"),
        (states.rejected, "rejected"),
        (states.chosen - states.disputed, "chosen and not decided"),
        (states.golden, "golden"),
        (states.disputed, "on which reviewers differ"),
        (states.changed, "changed since they were decided, to be reviewed again"),
        (states.gone, "decided and no longer there"),
    )
    said = "; ".join(f"{number:,} {what}" for number, what in counts if number > 0)
    lines = [f"{ended['decided']:,} decided by {ended['who']}"]
    if not ended["asked"]:
        lines = ["nothing is there to review as asked"]
    lines.append(f"{target.candidates}: {said or 'nothing is chosen or decided'}")
    return [*lines, f"next: {_next(target, states)}"]


def _next(target: Target, states: States) -> str:
    place = f"--dataset {shlex.quote(target.shown)}"
    if states.disputed:
        return f"{_typed(target)} --disagreements"
    if states.chosen:
        return _typed(target)
    if states.accepted:
        return f"evalgate curate push {place}"
    if states.new:
        return f"evalgate curate sample {place}"
    return f"evalgate curate pull PROJECT {place}"


def _typed(target: Target) -> str:
    return f"evalgate curate review --dataset {shlex.quote(target.shown)}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
