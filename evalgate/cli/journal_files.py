"""`evalgate journal files`: what a CI keeps from one run to the next, made whole, and the name to keep it under."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from evalgate.cli.options import cache_option, config_option, journal_option
from evalgate.cli.workflow import in_workspace, leave_values

_SHOWN: Final = 40
"""Characters of a name made of suites' names: the hash behind it tells names apart."""


@click.command("files", short_help="Say which files to keep between runs of a CI, and make them whole.")
@config_option
@journal_option
@cache_option
@click.option("--suite", "suites", multiple=True, metavar="NAME", envvar="EVALGATE_RUN_SUITES", help="As for the run.")
def command(*, config: Path, journal: Path | None, cache: Path | None, suites: tuple[str, ...]) -> int:
    """Say which files to keep between runs of a CI, and a name for them; the files may not be there yet.

    What SQLite has written beside them is brought into them first, so that each can be copied alone. Run it after the
    gate, whatever the gate's exit code, then keep the files; bring them back before the next run.
    """
    from evalgate.cli.builds import cache_path, journal_path

    store, answers = journal_path(journal), cache_path(cache)
    _make_whole(store, answers)
    found = {
        "journal": in_workspace(store, os.environ),
        "cache": in_workspace(answers, os.environ),
        "there": "true" if store.is_file() or answers.is_file() else "false",
        "name": _name(config, suites, os.environ),
        "earlier": _name(config, suites, os.environ, back=1),
    }
    for key, value in found.items():
        click.echo(f"{key:<8} {value}")
    leave_values(found, os.environ)
    return 0


def _make_whole(journal: Path, cache: Path) -> None:
    """Bring what was written ahead into the files that are there. Raises JournalError, CacheError."""
    from evalgate.journal.connection import explained as journal_errors
    from evalgate.llm.cache_file import explained as cache_errors
    from evalgate.sqlite_file import fold_in

    if journal.is_file():
        with journal_errors(journal):
            fold_in(journal)
    if cache.is_file():
        with cache_errors(cache):
            fold_in(cache)


def _name(config: Path, suites: Sequence[str], environ: Mapping[str, str], *, back: int = 0) -> str:
    """Return a name for the files of these suites: letters that any cache takes, and the versions of the formats.

    An older evalgate cannot read what a newer one wrote: that goes by another name. `back` names an older format.
    """
    from evalgate.journal.schema import VERSION as JOURNAL
    from evalgate.llm.cache_file import VERSION as CACHE

    chosen = sorted(dict.fromkeys(suites))
    said = json.dumps([in_workspace(config, environ), chosen])
    shown = re.sub(r"[^A-Za-z0-9_.]+", "-", "-".join(chosen))[:_SHOWN] or "all"
    return f"{shown}-{hashlib.sha256(said.encode()).hexdigest()[:10]}-{JOURNAL - back}.{CACHE}"
