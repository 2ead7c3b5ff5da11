"""The steps of candidates' traces, read from Phoenix as they are needed, and cleaned before a model sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalgate.curate.candidates import Candidate
    from evalgate.curate.cleaning.redaction import Redactor
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.annotations.spans import Project
    from evalgate.phoenix.connection import Connection
    from evalgate.records import Json
    from evalgate.suite.curate_clean import Clean


@asynccontextmanager
async def steps_read(
    address: Address, clean: Clean, candidates: Path, environ: Mapping[str, str], *, folder: Path
) -> AsyncIterator[Callable[[Candidate], Awaitable[Json]]]:
    """Yield what reads the steps of a candidate's trace, none where it came from another server.

    Secrets are replaced, and personal data unless `clean` keeps it. `folder` is the config's. What reads raises
    PhoenixError, DatasetError.
    """
    from evalgate.cli.curate.cleaning import redactor_of
    from evalgate.phoenix.connection import connect

    redactor = redactor_of(clean, candidates, environ, folder=folder, personal=clean.personal != "keep")
    async with connect(address) as connection:
        reader = _Reader(connection, redactor)
        yield reader.read


class _Reader:
    """Reads traces of one server."""

    def __init__(self, connection: Connection, redactor: Redactor) -> None:
        self._connection = connection
        self._redactor = redactor
        self._projects: dict[str, Project] = {}

    async def read(self, candidate: Candidate) -> Json:
        """Return the steps of a candidate's trace."""
        from evalgate.curate.labelling.trajectory import steps_of
        from evalgate.phoenix.spans.stored import spans_of

        named = {key: candidate.source.get(key) for key in ("server", "project", "trace", "span")}
        server, name, trace, span = (each if isinstance(each, str) else "" for each in named.values())
        if server != self._connection.address.base_url or not name or not trace:
            return None
        project = await self._project(name)
        steps = steps_of([each async for each in spans_of(self._connection, project, [trace])], span)
        # Among the candidate's own words, so that the same person has the same name in both.
        clean, _ = self._redactor.redacted(replace(candidate, marks={"steps": steps}), "")
        return clean.marks["steps"]

    async def _project(self, name: str) -> Project:
        from evalgate.phoenix.annotations.spans import find_project

        if name not in self._projects:
            self._projects[name] = await find_project(self._connection, name)
        return self._projects[name]
