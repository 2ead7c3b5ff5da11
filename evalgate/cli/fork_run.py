"""What the run of a fork left, and which pull request it was for: asked of GitHub, believed of nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.forks.reading import AGAIN, RowsError
from evalgate.gate.forks.rows import MOST_BYTES
from evalgate.gate.forks.words import MAINTAINER

if TYPE_CHECKING:
    from evalgate.github.client import Client
    from evalgate.github.pulls import Pull

FILE: Final = "evalgate-rows.jsonl"
_SECONDS: Final = 180.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A run's pull request, and what it left: the file, or why that is none."""

    pull: Pull
    files: frozenset[str] | None = None
    """What the pull request touches; None where GitHub does not list all of it."""
    data: bytes = b""
    refused: MeasurementError | None = None


async def fetched(environ: Mapping[str, str], artifact: str) -> Left:
    """Return what the run left that this one runs for, under the name `artifact`.

    Raises ConfigurationError where this is no workflow for `workflow_run` with a token, GitHubError where GitHub does
    not say, or where the pull request has moved on.
    """
    from evalgate.cli.target import triggering_run
    from evalgate.github.access import access
    from evalgate.github.client import connect
    from evalgate.github.pulls import files_of_pull, pull_of_run

    run, found = triggering_run(environ), access(environ)
    if run is None or found is None:
        lacking = (
            "no run of another workflow has ended" if run is None else "there is no token in EVALGATE_GITHUB_TOKEN"
        )
        raise ConfigurationError(
            f"there is no file to decide on, and none to fetch: {lacking}",
            next_step="evalgate fork FILE, or a workflow on workflow_run: evalgate init --forks",
        )
    async with connect(found, seconds=_SECONDS) as client:
        pull = await pull_of_run(client, run)
        files = await files_of_pull(client, pull.number)
        try:
            return Left(pull=pull, files=files, data=await _file(client, run, artifact))
        except RowsError as error:
            return Left(pull=pull, files=files, refused=error)


async def _file(client: Client, run: int, artifact: str) -> bytes:
    """Return the file. Raises RowsError where the run left something else, GitHubError where it cannot be had."""
    from evalgate.github.artifacts import artifacts_of_run, download, unpacked
    from evalgate.github.errors import GitHubError

    artifacts = [each for each in await artifacts_of_run(client, run, name=artifact) if not each.expired]
    if not artifacts:
        raise RowsError("the fork's run left no report: it ended before anything was measured", next_step=MAINTAINER)
    try:
        # Each attempt of a run leaves its own: the latest is of the latest.
        files = unpacked(await download(client, artifacts[0], most=MOST_BYTES), most_files=1, most_bytes=MOST_BYTES)
    except GitHubError as error:
        if error.status not in (200, 410):
            raise
        raise RowsError(f"what the fork's run left was refused: {error.message}", next_step=AGAIN) from None
    if FILE not in files:
        raise RowsError(f"what the fork's run left was refused: there is no {FILE} in it", next_step=AGAIN)
    return files[FILE]
