"""`evalgate decide`: the verdict of recorded builds again, without running anything."""

from __future__ import annotations

import os
from pathlib import Path

import click

from evalgate.cli.options import Outputs, journal_option, output_options


@click.command()
@click.argument("builds", nargs=-1)
@journal_option
@output_options
def command(*, builds: tuple[str, ...], journal: Path | None, outputs: Outputs) -> int:
    """Give the verdict of recorded builds again, without running anything.

    BUILDS are ids of the repository's journal, or exported files; several are decided as one. Default: the latest.
    """
    from evalgate.cli.builds import opened
    from evalgate.cli.commenting import commenter
    from evalgate.cli.conclude import conclude
    from evalgate.cli.skipping import conclude_skipped

    environ = dict(os.environ)
    speaker = commenter(outputs, environ)
    if speaker.labels.skipped_by is not None:
        return conclude_skipped(outputs, environ, speaker)
    with speaker.corrected(), opened(builds, journal) as sources:
        return conclude(sources, outputs, environ, speaker)
