"""Which suites share one false-alarm promise: all of a config's that compare, of which a build may hold a part alone.

A build of some suites, decided by itself, takes its share of alpha: were each decided alone at the whole of it, a
change that changed nothing would fail one of three builds three times as often as promised. Decided together with the
rest, all of them have it (docs/decisions/0025-many-suites.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalgate.canonical import content_hash
from evalgate.decision.evidence import Share
from evalgate.suite.checks import Policy
from evalgate.suite.config import Config, Suite


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedFamily:
    """What a build keeps of the whole config that its suites are of."""

    suites: tuple[str, ...]
    """Those with a comparison that gates."""
    order: tuple[str, ...]
    """All of the config's suites."""
    config: str
    """Equal in two builds that were made under the same config."""
    together: bool
    """It was recorded to be decided with others."""

    def share(self, decided: Collection[str]) -> Share | None:
        """Return which part of alpha some suites have; None where that is all of it."""
        here = sum(name in decided for name in self.suites)
        return Share(suites=here, of=len(self.suites)) if 0 < here < len(self.suites) else None


def recorded_family(config: Config, *, together: bool) -> dict[str, Any]:
    """Return what the journal keeps of the whole config that a build is a part of."""
    return {
        "suites": [name for name, suite in config.suites.items() if compares(suite)],
        "order": [*config.suites],
        "config": content_hash(_declared(config)),
        "together": together,
    }


def family_of(kept: Mapping[str, Any] | None) -> RecordedFamily | None:
    """Return what was kept; None of a build that is no part of anything, or older than this."""
    if kept is None:
        return None
    return RecordedFamily(
        suites=tuple(kept["suites"]), order=tuple(kept["order"]), config=kept["config"], together=kept["together"]
    )


def shared(families: Sequence[RecordedFamily | None], decided: Collection[str]) -> Share | None:
    """Return which part of alpha the suites have that are `decided` from builds of these families."""
    known = next((family for family in families if family is not None), None)
    return None if known is None else known.share(decided)


def deciding_policy(config: Config, decided: Collection[str]) -> Policy:
    """Return the policy that some suites of a config are decided by where they are decided alone: at their alpha."""
    family = family_of(recorded_family(config, together=False))
    share = family.share(decided) if family is not None else None
    return config.policy if share is None else share.lowered(config.policy)


def compares(suite: Suite) -> bool:
    """Return whether a suite has a comparison that can fail the build: then it has a part in the promise."""
    return any(check.gating and check.no_regression is not None for check in suite.checks.values())


def _declared(config: Config) -> dict[str, Any]:
    """Return a config as it is written: not which version a dataset was brought here in, nor what a build may take."""
    written = {key: value for key, value in config.snapshot().items() if key not in ("budget", "cache")}
    for name, suite in config.suites.items():
        dataset = {**written["suites"][name].get("dataset", {}), "version": suite.dataset.declared}
        written["suites"][name]["dataset"] = dataset
    return written
