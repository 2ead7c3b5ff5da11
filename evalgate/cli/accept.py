"""`evalgate accept`: a regression that is meant, written down where people review it."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import journal_option
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.suite.acceptance import AcceptanceFile

"""What is accepted for longer is no exception."""


@click.command()
@click.argument("address", metavar="SUITE/CHECK")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is meant.")
@click.option("--expires", required=True, metavar="DAYS", help="Until when: 30d, or a day like 2026-12-31.")
@click.option(
    "--slice",
    "slices",
    multiple=True,
    metavar="PATH=VALUE",
    help="Only this slice of the check; may be given several times.  [default: all of it that failed]",
)
@click.option(
    "--build",
    metavar="BUILD",
    help="The build in which it failed: its id, or the file of one that ran elsewhere.  [default: the latest]",
)
@journal_option
def command(
    *, address: str, reason: str, expires: str, slices: tuple[str, ...], build: str | None, journal: Path | None
) -> int:
    """Say that a regression is meant, in a file that is reviewed, covers this drop alone, and ends.

    The file is under .evalgate/accepted and goes with the change. It covers what failed, as measured, down to the lower
    end of its interval; any other change of what answers, what scores or the examples voids it. It counts in a pull
    request, where the base's CODEOWNERS names an owner of that file: the verdict stays FAIL, and the exit code is 0.
    """
    from evalgate.cli.builds import opened_one
    from evalgate.cli.files import say
    from evalgate.cli.places import stored_at
    from evalgate.decision import decide
    from evalgate.gate.accepting import Word, acceptance_of
    from evalgate.gate.evidence.evidence import build_evidence
    from evalgate.gate.gather import read_from
    from evalgate.git.repository import Repository
    from evalgate.sqlite_file import make_folder
    from evalgate.suite.acceptance import FOLDER, write_acceptance

    _check_sayable(reason)
    today = datetime.now(UTC).date()
    until = _until(expires, today)
    author = Repository.at(Path.cwd(), environ=dict(os.environ)).author()
    word = Word(author=author, reason=reason, today=today.isoformat(), expires=until.isoformat())
    with opened_one(build, journal, unfinished=False) as source, read_from([source.file]):
        decision = decide(build_evidence(source.journal, source.build))
        acceptance = acceptance_of(source, decision, address, slices, word)
    folder = stored_at(FOLDER)
    make_folder(folder.parent)
    path = _free(folder, acceptance)
    try:
        folder.mkdir(exist_ok=True)
        path.write_text(write_acceptance(acceptance), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror}", next_step="make it writable, then accept again"
        ) from error
    say(f"{path} accepts {_what(acceptance)} until {acceptance.expires}.\n")
    say(f"next: commit it with the change; it counts once it is reviewed (git add {path})\n")
    return 0


def _check_sayable(reason: str) -> None:
    """Raise UsageError for a reason that a file cannot say."""
    from evalgate.suite.quarantine import LONGEST_SAID

    if not reason.strip():
        raise click.UsageError("--reason says nothing: say why it is meant")
    if len(reason) > LONGEST_SAID:
        raise click.UsageError(f"--reason has {len(reason):,} characters: {LONGEST_SAID:,} have to do")
    try:
        reason.encode()
    except UnicodeEncodeError:
        raise click.UsageError("--reason is not UTF-8: write it as UTF-8") from None


def _what(acceptance: AcceptanceFile) -> str:
    parts = [
        f"{part.slice or acceptance.check}{'' if part.down_to is None else f' down to {100 * part.down_to:.1f} points'}"
        for part in acceptance.covers
    ]
    return ", ".join(parts)


def _free(folder: Path, acceptance: AcceptanceFile) -> Path:
    """Return the file of an acceptance: its own from before, else one that no other check has."""
    from evalgate.canonical import content_hash
    from evalgate.suite.acceptance import file_name, read_acceptances

    known = {each.value.check: Path(each.file) for each in read_acceptances(folder)}
    if (own := known.get(acceptance.check)) is not None:
        return own
    path = folder / file_name(acceptance.suite, acceptance.name)
    taken = path in known.values()
    return path.with_stem(f"{path.stem}-{content_hash(acceptance.check)[:6]}") if taken else path


def _until(expires: str, today: date) -> date:
    """Return the last day. Raises UsageError for what is none, is over, or is further away than a year."""
    from evalgate.suite.acceptance import MOST_DAYS

    days = re.fullmatch(r"([1-9]\d{0,3})d", expires)
    try:
        until = today + timedelta(days=int(days[1])) if days else date.fromisoformat(expires)
    except ValueError:
        raise click.UsageError(f"--expires {expires}: write days like 30d, or a day like 2026-12-31") from None
    if not today <= until <= today + timedelta(days=MOST_DAYS):
        raise click.UsageError(f"--expires {expires}: from today to {MOST_DAYS} days from now")
    return until
