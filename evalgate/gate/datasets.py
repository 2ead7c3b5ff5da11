"""Datasets that are not files: each suite's is brought here before anything reads it, in one version for a build."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from evalgate.suite.config import DatasetRef, Suite
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.phoenix import PhoenixSettings

Pull = Callable[[DatasetRef, PhoenixSettings], DatasetRef]
"""Takes a dataset in Phoenix and the servers that a config declares; returns it with a file and the version that it is.

Asked for one dataset again it says the same, so that all sides and suites of a build see one version. Raises
DatasetError for one that is not there or not usable, MeasurementError where the server does not answer.
"""


def with_datasets(
    loaded: LoadedConfig, pull: Pull, names: Collection[str] = (), *, settings: PhoenixSettings | None = None
) -> LoadedConfig:
    """Return a config whose named suites (no names: all) have their datasets here.

    `settings` are the servers where they are not its own: in a pull request the base's, if it declares any.
    """
    own = settings or loaded.config.phoenix or PhoenixSettings()

    def here(name: str, suite: Suite) -> Suite:
        if suite.dataset.phoenix is None or (names and name not in names):
            return suite
        return suite.model_copy(update={"dataset": pull(suite.dataset, own)})

    suites = {name: here(name, suite) for name, suite in loaded.config.suites.items()}
    return replace(loaded, config=loaded.config.model_copy(update={"suites": suites}))
