"""The options that several commands share, each said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

CONFIG_NAME: Final = "evalgate.yaml"

config_option: Callable[[Any], Any] = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path(CONFIG_NAME),
    envvar="EVALGATE_CONFIG",
    show_default=True,
    help="The config file.",
)

journal_option: Callable[[Any], Any] = click.option(
    "--journal",
    type=click.Path(path_type=Path),
    default=Path(".evalgate/journal.db"),
    envvar="EVALGATE_JOURNAL",
    show_default=True,
    help="Where builds are stored.",
)
