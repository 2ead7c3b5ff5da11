"""Versions written into the config's own file: all of them or none, and nothing else of it changes."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evalgate.encoding import decode
from evalgate.errors import ConfigurationError, Location
from evalgate.suite.pinning import with_value
from evalgate.suite.shape import Path as Place
from evalgate.whole_file import write_whole
from evalgate.yaml_source import read_yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A version to be written below `place`: behind its sibling `after`, or in the place of `instead_of`."""

    place: Place
    version: str | int
    after: str
    instead_of: str | None = None


def write_pins(config: Path, pins: Sequence[Pin]) -> None:
    """Write versions into a config that was loaded. Raises ConfigurationError where a person has to do it."""
    if not pins:
        return
    content = config.read_bytes()
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = decode(content)
    for pin in pins:
        made = with_value(text, (*pin.place, "version"), pin.version, after=pin.after, instead_of=pin.instead_of)
        if made is None:
            raise _by_hand(config, text, pin)
        text = made
    try:
        write_whole(config, mark + text.encode())
    except OSError as error:
        raise ConfigurationError(
            f"{config} cannot be written: {error.strerror}", next_step="make it writable, then pin again"
        ) from error


def _by_hand(config: Path, text: str, pin: Pin) -> ConfigurationError:
    root = read_yaml(text).root
    line, column = root.place_of(pin.place) if root is not None else (1, 1)
    beside = f", in the place of a {pin.instead_of}" if pin.instead_of is not None else ""
    return ConfigurationError(
        "the version cannot be written here without changing something else",
        location=Location(file=str(config), line=line, column=column),
        next_step=f"write it yourself: version: {pin.version}{beside}",
    )
