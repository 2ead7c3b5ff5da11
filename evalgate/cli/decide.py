"""`evalgate decide`: the verdict of recorded builds again, without running anything."""

from __future__ import annotations

import os
from pathlib import Path

import click

from evalgate.cli.options import Outputs, journal_option, output_options


class _Names(click.types.StringParamType):
    """Names, one a line where a variable holds several: those of files may have blanks."""

    name = "build"
    envvar_list_splitter = "\n"


@click.command()
@click.argument("builds", nargs=-1, type=_Names(), envvar="EVALGATE_DECIDE_BUILDS")
@click.option(
    "--expect",
    "expected",
    multiple=True,
    metavar="SUITE",
    help="A suite that the journals hold together; may be given several times. One that none holds is UNMEASURABLE.",
)
@journal_option
@output_options
def command(*, builds: tuple[str, ...], expected: tuple[str, ...], journal: Path | None, outputs: Outputs) -> int:
    """Give the verdict of recorded builds again, without running anything.

    BUILDS are ids of the repository's journal, exported files, or folders of such; several are decided as one. Default:
    the latest.
    """
    from evalgate.cli.builds import opened
    from evalgate.cli.commenting import commenter
    from evalgate.cli.conclude import conclude
    from evalgate.cli.skipping import conclude_skipped

    environ = dict(os.environ)
    speaker = commenter(outputs, environ)
    if speaker.labels.skipped_by is not None:
        return conclude_skipped(outputs, environ, speaker)
    named = [name.strip() for name in builds if name.strip()]
    with speaker.corrected(), opened(named, journal, expected) as sources:
        return conclude(sources, outputs, environ, speaker, dict.fromkeys(expected), again=True)
