"""What `evalgate doctor` asks over the network: endpoints, Phoenix, GitHub; all at once, each for a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.cli.target import read_event
from evalgate.errors import EvalgateError
from evalgate.gate.doctor.findings import Finding, failed, ok, problem, warning
from evalgate.gate.doctor.models import Called, ask
from evalgate.suite.config import DatasetRef
from evalgate.suite.tasks import PromptTask

if TYPE_CHECKING:
    from evalgate.gate.prepared import PreparedSuite
    from evalgate.llm.call import Sender
    from evalgate.suite.phoenix import PhoenixSettings

SECONDS: Final = 10.0
"""How long one service may take. A model that is asked a question has three times that."""


class Services:
    """Asks them. `dates` are the clocks that they told, in seconds since 1970."""

    def __init__(self, config: Path, environ: Mapping[str, str]) -> None:
        self._config, self._environ = config, environ
        self.dates: list[float] = []

    async def ask(
        self,
        calls: Sequence[Called],
        phoenix: PhoenixSettings | None,
        suites: Sequence[PreparedSuite],
        *,
        call: bool,
    ) -> list[Finding]:
        """Return how each stands, in an order that does not depend on which answered first."""
        from evalgate.llm.ondemand import OnDemand

        sender = OnDemand(trust_env=True, halted=lambda: False)
        asked: list[tuple[str, float, Awaitable[list[Finding]]]] = [
            (f"endpoint {each.name}", SECONDS * (4 if call else 1), self._endpoint(each, sender, call=call))
            for each in calls
        ]
        if phoenix is not None:
            needed = _needed(suites)
            mirror: set[str | None] = {None} if phoenix.publish else set()
            for name in sorted(needed | mirror, key=str):
                ends = name in needed or phoenix.required
                asked.append((_called(name), SECONDS, self._phoenix(phoenix, name, ends=ends)))
        if self._environ.get("GITHUB_ACTIONS") == "true":
            asked.append(("github", SECONDS, self._github()))
        try:
            found = await asyncio.gather(*(_bounded(*each) for each in asked))
        finally:
            await sender.close()
        return [finding for part in found for finding in part]

    async def _endpoint(self, endpoint: Called, sender: Sender, *, call: bool) -> list[Finding]:
        answer = await ask(endpoint, sender, self._environ, within=SECONDS if not call else 3 * SECONDS, call=call)
        if answer.date is not None:
            self.dates.append(answer.date)
        return [*answer.findings]

    async def _phoenix(self, settings: PhoenixSettings, name: str | None, *, ends: bool) -> list[Finding]:
        """Ask a server; `ends` says whether a run ends without it: a mirror that lags is made up for later."""
        from evalgate.phoenix.address import address_in
        from evalgate.phoenix.connection import connect
        from evalgate.phoenix.greeting import greet

        about = _called(name)
        try:
            address = address_in(settings, name, self._environ, config=self._config)
            async with connect(address) as connection:
                greeting = await greet(connection)
        except EvalgateError as error:
            return [failed(about, error) if ends else warning(about, error.message, error.next_step)]
        version = f", version {greeting.version}" if greeting.version else ""
        if greeting.old:
            return [warning(about, f"{address.base_url}{greeting.old}", "upgrade the server")]
        key = "takes the key" if address.api_key is not None else "asks for no key"
        return [ok(about, f"{address.base_url} {key}{version}")]

    async def _github(self) -> list[Finding]:
        from evalgate.github.access import access
        from evalgate.github.client import connect
        from evalgate.github.permissions import may_comment, may_read

        try:
            given = access(self._environ)
            if given is None:
                return [warning("github", "the step has no token, so it cannot comment", "give it the input `token`")]
            event = read_event(self._environ)
            number = event.number if event.change else None
            async with connect(given, seconds=SECONDS) as client:
                await (may_read(client) if number is None else may_comment(client, number))
        except EvalgateError as error:
            return [warning("github", f"{error.message}: there will be no comment", error.next_step)]
        may = "reads the repository" if number is None else f"may comment on pull request {number}"
        return [ok("github", f"the token {may}")]


async def _bounded(about: str, seconds: float, asking: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds + 1.0):
            return await asking
    except TimeoutError:
        return [
            problem(about, f"did not answer within {seconds:g} s", "try again, or look at its status", service=True)
        ]


def _called(server: str | None) -> str:
    return "phoenix" if server is None else f"phoenix {server}"


def _needed(suites: Sequence[PreparedSuite]) -> set[str | None]:
    """Return the servers that datasets and prompts are on."""
    found: set[str | None] = set()
    for suite in suites:
        dataset: DatasetRef = suite.suite.dataset
        if dataset.phoenix is not None:
            found.add(dataset.server)
        for side in suite.sides:
            ref = side.task.ref if isinstance(side.task, PromptTask) else None
            if ref is not None:
                found.add(ref.server)
    return found
