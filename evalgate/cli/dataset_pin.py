"""`evalgate dataset pin`: the version of a dataset in Phoenix, written into the config."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.options import config_option, json_option

if TYPE_CHECKING:
    from evalgate.gate.datasets import Pull
    from evalgate.golden.differences import DatasetDiff
    from evalgate.suite.config import DatasetRef
    from evalgate.suite.loading import LoadedConfig


@click.command(short_help="Write the version of a dataset in Phoenix into the config.")
@click.argument("suites", metavar="[SUITE...]", nargs=-1)
@click.option("--version", metavar="VERSION", help="Which version, as its history lists them.  [default: the newest]")
@config_option
@json_option
def pin(*, suites: tuple[str, ...], version: str | None, config: Path, as_json: bool) -> int:
    """Write the newest version of each suite's dataset in Phoenix (or of the named suites') into the config.

    The rest of the file stays as it is, comments included. What is pinned is pulled, so that builds go on without the
    server, and moves only by a change that is reviewed.
    """
    from evalgate.cli.config_edits import Pin, write_pins
    from evalgate.cli.pulling import puller
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides={}, committed=True)
    names = _chosen(loaded, suites)
    if version is not None and len({loaded.config.suites[name].dataset.phoenix for name in names}) > 1:
        raise click.UsageError("--version is of one dataset: name a suite that has it")
    pull = puller(loaded.path, environ, say=lambda line: click.echo(line, err=True))
    pins = [_pin(name, loaded, version, pull) for name in names]
    moved = [each for each in pins if each["version"] != each["was"]]
    write_pins(
        loaded.path,
        [Pin(place=("suites", each["suite"], "dataset"), version=each["version"], after="phoenix") for each in moved],
    )
    if as_json:
        import json

        click.echo(json.dumps(pins, indent=2, ensure_ascii=False))
        return 0
    for each in pins:
        click.echo(_line(each))
    if moved:
        click.echo(f"next: commit {loaded.path}; the pull request shows what the other examples do")
    return 0


def _chosen(loaded: LoadedConfig, suites: Sequence[str]) -> list[str]:
    from evalgate.errors import ConfigurationError

    declared = loaded.config.suites
    for name in suites:
        if name not in declared:
            raise ConfigurationError(f"there is no suite {name}", next_step=f"name one of {', '.join(declared)}")
        if declared[name].dataset.phoenix is None:
            raise ConfigurationError(
                f"the dataset of suite {name} is the file {declared[name].dataset.file}: git pins it",
                next_step="name a suite whose dataset is in Phoenix",
            )
    names = [name for name, suite in declared.items() if suite.dataset.phoenix and (not suites or name in suites)]
    if not names:
        raise ConfigurationError(
            f"no suite of {loaded.path} has its dataset in Phoenix: there is nothing to pin",
            next_step="evalgate dataset push FILE --to NAME, then `dataset: {phoenix: NAME}`",
        )
    return names


def _pin(name: str, loaded: LoadedConfig, version: str | None, pull: Pull) -> dict[str, Any]:
    """Return what a suite is pinned to, what it was, and what that changes."""
    from evalgate.errors import EvalgateError
    from evalgate.suite.phoenix import PhoenixSettings

    ref, settings = loaded.config.suites[name].dataset, loaded.config.phoenix or PhoenixSettings()
    now = pull(ref.model_copy(update={"version": version}), settings)
    was = ref.version if ref.version != "latest" else None
    changed: DatasetDiff | None = None
    if was is not None and was != now.version:
        try:
            changed = _diff(pull(ref, settings), now)
        except EvalgateError:
            changed = None  # the old version may be gone: that is no reason not to pin another
    counts = {
        key: len(getattr(changed, key)) if changed is not None else None for key in ("added", "edited", "removed")
    }
    return {"suite": name, "dataset": ref.phoenix, "was": was, "version": now.version, **counts}


def _diff(before: DatasetRef, after: DatasetRef) -> DatasetDiff:
    from evalgate.golden.differences import diff
    from evalgate.golden.reading import read_examples

    return diff(read_examples(before.path(Path())), read_examples(after.path(Path())))


def _line(pinned: Mapping[str, Any]) -> str:
    from evalgate.encoding import printable

    name = f"{pinned['suite']}: {pinned['dataset']}"
    if pinned["was"] == pinned["version"]:
        return printable(f"{name} is pinned to {pinned['version']} already")
    counts = ", ".join(f"{pinned[key]:,} {key}" for key in ("added", "edited", "removed") if pinned[key])
    said = f" ({counts})" if counts else ""
    return printable(f"{name}: {pinned['was'] or 'unpinned'} → {pinned['version']}{said}")
