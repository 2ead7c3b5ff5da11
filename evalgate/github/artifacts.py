"""What a run of a workflow left behind: one file, of one artifact, made by whoever ran it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any, Final

from evalgate.github.archives import MOST_BYTES, ArchiveError, only_file
from evalgate.github.client import Client
from evalgate.github.errors import GitHubError

NEEDS: Final = "actions: read"
_DOING: Final = "what the run left could not be fetched"


async def file_of_run(client: Client, run_id: int, artifact: str, name: str, *, limit: int) -> IO[bytes]:
    """Return the file `name`, alone in the artifact of that name, open for reading; of several the latest counts.

    A run that is repeated leaves one for each attempt. Raises ArchiveError where there is none or it is not that,
    GitHubError where it cannot be had.
    """
    path = f"actions/runs/{run_id}/artifacts"
    entries = await client.pages(path, key="artifacts", doing=_DOING, needs=NEEDS, query={"name": artifact})
    there = [found for each in entries if each.get("name") == artifact and (found := _listed(each)) is not None]
    if not there:
        raise ArchiveError(
            "the fork's run left no report: it ended before anything was measured",
            next_step="look at its log; where it needs secrets, a maintainer runs it (docs/forks.md)",
        )
    _, id_, size = max(there)
    if size > MOST_BYTES:
        raise ArchiveError(
            f"the artifact that the fork's run left was refused: it is larger than {MOST_BYTES:,} bytes",
            next_step="look at the fork's workflow; a maintainer runs it instead (docs/forks.md)",
        )
    try:
        data = await client.download(f"actions/artifacts/{id_}/zip", doing=_DOING, needs=NEEDS, most=MOST_BYTES)
    except GitHubError as error:
        if error.status == 410:
            raise ArchiveError(
                "what the fork's run left has expired", next_step="run the fork's workflow again"
            ) from None
        raise
    return only_file(io.BytesIO(data), name, limit=limit)


def _listed(entry: Mapping[str, Any]) -> tuple[str, int, int] | None:
    """Return (when it was made, id, bytes) of an artifact that is still there."""
    id_, made, size = entry.get("id"), entry.get("created_at"), entry.get("size_in_bytes")
    known = isinstance(id_, int) and isinstance(made, str) and isinstance(size, int)
    return (made, id_, size) if known and entry.get("expired") is not True else None  # type: ignore[return-value]
