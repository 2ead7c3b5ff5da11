"""The suites as the config at hand declares them, whole: what commands work on that no base commit decides about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.prepared import PreparedSuite
    from evalgate.suite.loading import LoadedConfig


def declared_suites(
    loaded: LoadedConfig, names: tuple[str, ...], environ: Mapping[str, str], *, bases: Bases | None = None
) -> tuple[PreparedSuite, ...]:
    """Return the named suites (no names: all), their datasets and prompts brought here from Phoenix where they are.

    Raises as `whole_suites` and `Pull` do.
    """
    from evalgate.cli.builds import tree_of
    from evalgate.cli.hub import prompts_of
    from evalgate.cli.pulling import here
    from evalgate.gate.guard.guard import unguarded
    from evalgate.gate.request import whole_suites

    gate = unguarded(here(loaded, environ, names))
    return whole_suites(gate, names, tree=tree_of(environ), bases=bases, prompts=prompts_of(loaded.path, environ))
