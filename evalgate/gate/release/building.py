"""The build of a release: an ordinary one, of what is checked out against what is shipped.

Both sides' stored runs are used again where they are young enough: they were drawn for whoever compares with that
commit, and for no verdict.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from evalgate.errors import BaselineError, ConfigurationError
from evalgate.gate.baselines.elsewhere import bring_in
from evalgate.gate.baselines.storing import as_committed
from evalgate.gate.release.against import Shipped
from evalgate.gate.request import Request
from evalgate.gate.run import Ended, run_build
from evalgate.gate.world import World
from evalgate.git.history import Base
from evalgate.suite.config import Config, Suite


def compared(config: Config, found: Mapping[str, Shipped], *, first: bool) -> Config:
    """Return the config with what is shipped as the baseline of each suite that compares at all.

    `first`: nothing was released before, and rules about the candidate alone decide. Raises ConfigurationError where
    something was, or where a suite has no such rule; BaselineError where nobody knows what is shipped.
    """
    suites = {}
    for name, suite in config.suites.items():
        known = found.get(name)
        suites[name] = suite if known is None else _compared(name, suite, known, config.release.tag, first=first)
    return config.model_copy(update={"suites": suites})


def _compared(name: str, suite: Suite, found: Shipped, tag: str, *, first: bool) -> Suite:
    if not any(check.compares for check in suite.checks.values()):
        return suite.model_copy(update={"baseline": None})
    if found.baseline is not None:
        if first:
            raise ConfigurationError(
                f"suite {name}: it is not the first release, {found.words} is shipped", next_step="leave --first out"
            )
        return suite.model_copy(update={"baseline": found.baseline})
    if not first:
        raise BaselineError(
            f"suite {name}: nobody knows what is shipped: neither Phoenix nor the journal nor git has anything that is"
            f" called {tag}, and no tag of git before this commit looks like a version",
            next_step="name it: evalgate release --against git:<tag or commit>; for a first release: --first",
        )
    checks = {key: check.without_comparisons() for key, check in suite.checks.items()}
    if not any(check.gating for check in checks.values()):
        raise ConfigurationError(
            f"suite {name} has no rule about the candidate alone, and a first release is compared with nothing",
            next_step=f"say what it has to reach: `release: {{checks: {{{name}: {{CHECK: {{at_least: …}}}}}}}}`",
        )
    return suite.model_copy(update={"checks": checks, "baseline": None})


def dated(request: Request, found: Mapping[str, Shipped], since: str) -> Request:
    """Return a request that uses nothing again that was recorded before `since`, and says what it compares with."""
    suites = tuple(
        replace(suite, since=since, notes=(*suite.notes, f"What is shipped: {found[suite.name].words}."))
        for suite in request.suites
    )
    return replace(request, suites=suites, purpose={"release": request.config.release.tag})


def releasing(request: Request, head: Base) -> Callable[[World], Awaitable[Ended]]:
    """Return the build, with what Phoenix has of stored runs of what is checked out brought here before."""

    async def build(world: World) -> Ended:
        await bring_in(as_committed(request.suites, head), world.looking(request.config))
        return await run_build(request, world)

    return build
