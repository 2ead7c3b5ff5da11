"""`evalgate curate review`: people decide which candidates become golden, in a terminal, a file, or Phoenix."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.asking import tell
from evalgate.cli.curate.options import dataset_option, profile_option, states_option
from evalgate.cli.curate.places import require_candidates
from evalgate.cli.curate.settings import Named, dataset_named
from evalgate.cli.options import config_option, json_option, server_option
from evalgate.errors import Interrupted

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.cli.curate.reviewed import Ended
    from evalgate.curate.reviewing.queue import Asked

_WAYS: Final = ("to", "read", "annotations", "accept_where", "reject_where", "agreement", "apply")
_WHICH: Final = ("ids", "states", "second", "disagreements")
_LARGE: Final = 4_000_000
"""Bytes of a file that takes longer than a moment to read."""
_file: Final = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="Decide which candidates become golden.")
@dataset_option
@profile_option
@click.option("--as", "named", metavar="NAME", help="Who decides.  [default: as git knows you]")
@click.option("--id", "ids", multiple=True, metavar="ID", help="These candidates, decided or not; several times.")
@states_option("chosen, that nobody decided")
@click.option("--second", is_flag=True, help="What others decided and you did not; their decisions are not shown.")
@click.option("--disagreements", is_flag=True, help="What reviewers differ on; what you decide then settles it.")
@click.option("--to", type=_file, metavar="FILE", help="Write them to a file for review, .md or .csv.")
@click.option("--force", is_flag=True, help="Write that file anew where it is there.")
@click.option("--read", type=_file, metavar="FILE", help="Take the decisions that were made in such a file.")
@click.option("--partial", is_flag=True, help="Take a file that lacks some: they stay undecided.")
@click.option("--annotations", metavar="NAME", help="Take accept and reject as people annotated spans in Phoenix.")
@click.option(
    "--accept-where",
    multiple=True,
    metavar="CONDITION",
    help="Accept by a rule: 'annotation.correct=yes', 'metadata.tier!=test'; several have to hold all.",
)
@click.option("--reject-where", multiple=True, metavar="CONDITION", help="Reject by a rule; it goes before the other.")
@click.option("--agreement", is_flag=True, help="Say how well reviewers agree, and list where they differ.")
@click.option("--apply", is_flag=True, help="Bring the states in line with the decisions, after a merge for instance.")
@config_option
@server_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    config: Path,
    server: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Decide which candidates become golden: in the terminal, a file, or Phoenix.

    The terminal has keys to accept, edit in $EDITOR, reject, skip, undo and search. By default it shows those that
    were sampled and that nobody decided. Each decision is kept, with who made it, in NAME.candidates.reviews.jsonl
    before the next candidate is shown; leave with q or Ctrl-C, and go on another time. Instead of the terminal, people
    decide in a file (--to, then --read), or in Phoenix (--annotations).
    """
    from evalgate.cli.curate.reviewed import tell_states

    _check(given)
    environ = dict(os.environ)
    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=environ)
    target, _ = dataset_named(named)
    require_candidates(target)
    if target.candidates.stat().st_size > _LARGE:
        tell(f"reading {target.shown_candidates}")
    try:
        if given["annotations"] is not None:
            from evalgate.cli.curate.review_ways import decide_by_annotations

            ended = decide_by_annotations(target, given["annotations"], config=config, profile=profile, server=server)
        else:
            ended = _ended(target, given, environ, as_json=as_json)
    except OSError as error:
        from evalgate.whole_file import unwritten

        doing = f"what was decided is kept; cannot write beside {target.shown_candidates}"
        raise unwritten(doing, error, "check its folder, and run the same again") from error
    tell_states(target, ended, by=_by(given), as_json=as_json)
    if ended.interrupted:
        raise Interrupted(
            "the review was ended; what was decided is kept",
            next_step=f"`{target.step('review', *_by(given))}` goes on where it was",
        )
    return 0


def _check(given: dict[str, Any]) -> None:
    """Raise UsageError for flags that do not go together."""
    ways = [each for each in _WAYS if given[each] not in (None, False, ())]
    if len(ways) > 1 and set(ways) != {"accept_where", "reject_where"}:
        raise click.UsageError(f"{_flag(ways[0])} and {_flag(ways[1])} are two ways to review: leave one out")
    which = [each for each in _WHICH if given[each]]
    if len(which) > 1:
        raise click.UsageError("--id, --state, --second and --disagreements each say what is reviewed: leave one")
    takes = {"to": ("ids", "states", "second"), "accept_where": ("states",), "reject_where": ("states",)}
    if which and ways and which[0] not in takes.get(ways[0], ()):
        raise click.UsageError(f"{_flag(which[0])} does nothing with {_flag(ways[0])}: leave it out")
    if "golden" in given["states"]:
        raise click.UsageError("--state golden: what is golden was decided; change it in its dataset")
    for flag, needed in (("force", "to"), ("partial", "read")):
        if given[flag] and given[needed] is None:
            raise click.UsageError(f"--{flag} goes with --{needed} FILE")


def _by(given: dict[str, Any]) -> tuple[str, ...]:
    """Return the flag that says who decides, where it was said: what comes next is by the same person."""
    return () if given["named"] is None else ("--as", given["named"])


def _flag(name: str) -> str:
    return {"ids": "--id", "states": "--state"}.get(name, f"--{name.replace('_', '-')}")


def _ended(target: Target, given: dict[str, Any], environ: dict[str, str], *, as_json: bool) -> Ended:
    """Review as was asked, without a server."""
    from evalgate.cli.curate.reviewed import Ended

    if given["apply"]:
        return Ended(lines=())
    if given["agreement"]:
        from evalgate.cli.curate.review_agreement import show_agreement

        return show_agreement(target)
    if given["accept_where"] or given["reject_where"]:
        from evalgate.cli.curate.review_ways import decide_by_rules

        return decide_by_rules(target, given["accept_where"], given["reject_where"], given["states"], now=_now())
    from evalgate.cli.reviewing import is_terminal, reviewer

    in_file = given["to"] is not None or given["read"] is not None
    if not in_file and not is_terminal(on_error=as_json):
        instead = "--to FILE makes a file for review"
        if given["disagreements"]:
            instead = "--agreement lists what reviewers differ on, which is settled in one"
        raise click.UsageError(f"nobody can be asked here, this is no terminal: {instead}")
    # Whoever writes a file decides nothing.
    nobody = given["to"] is not None and not given["second"]
    who = "" if nobody else reviewer(given["named"], target.candidates.parent)
    if given["read"] is not None:
        from evalgate.cli.curate.review_files import read_file

        return read_file(target, who, given["read"], now=_now(), partial=given["partial"])
    asked = _asked(given, who)
    if given["to"] is not None:
        from evalgate.cli.curate.review_files import write_file

        return write_file(target, asked, given["to"], by=_by(given), force=given["force"])
    return _in_terminal(target, asked, environ, as_json=as_json)


def _asked(given: dict[str, Any], who: str) -> Asked:
    from evalgate.curate.candidates import State
    from evalgate.curate.reviewing.queue import Asked

    return Asked(
        who=who,
        which="second" if given["second"] else "disputed" if given["disagreements"] else "undecided",
        states=frozenset(map(State, given["states"])),
        ids=frozenset(given["ids"]),
    )


def _in_terminal(target: Target, asked: Asked, environ: dict[str, str], *, as_json: bool) -> Ended:
    """Let a person decide."""
    from evalgate.cli.conclude import this_console
    from evalgate.cli.curate.reviewed import Ended
    from evalgate.cli.reviewing import Screen
    from evalgate.curate.reviewing.queue import Queue, wanted
    from evalgate.curate.reviewing.reviews import read_reviews
    from evalgate.curate.reviewing.session import Session

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
        if len(queue):
            screen.show("\n")
            lines = (f"{session.decided:,} decided by {asked.who}",)
        else:
            lines = ("nothing is there to review as asked",)
        said = {"decided": session.decided, "asked": len(queue), "who": asked.who, "interrupted": interrupted}
        return Ended(lines=lines, said=said, interrupted=interrupted)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
