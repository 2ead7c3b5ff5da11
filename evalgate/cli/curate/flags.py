"""What the flags of `curate pull` say, as a profile of the config has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import click

from evalgate.cli.curate.places import dataset_said
from evalgate.cli.curate.settings import given_of

_REMARK: Final = re.compile(r"(?P<name>.+?)(?:(?P<sign>>=|<=|=)(?P<value>.*))?", re.DOTALL)


def said_of(given: Mapping[str, Any], *, project: str | None, dataset: str | None) -> dict[str, Any]:
    """Return what was given as a profile has it; what was not given is not there."""
    plain = {
        "project": project,
        "dataset": None if dataset is None else dataset_said(dataset),
        "since": given["since"],
        "until": given["until"],
        "settle": given["settle"],
        "server": given["server"],
        "per": given["per"],
        "errors": given["errors"],
        "where": given["where"],
        "kind": given["kind"],
        "name": given["names"],
        "status": given["status"],
        "session": given["sessions"],
        "attributes": dict(map(_attribute, given["attributes"])),
        "annotation": [_remark(each, given["annotator"]) for each in given["annotations"]],
    }
    if given["annotator"] is not None and not given["annotations"]:
        raise click.UsageError("--annotator says whose --annotation is meant: name one")
    return given_of(plain)


def _attribute(text: str) -> tuple[str, str | int | float | bool]:
    """Read KEY=VALUE; a value is a number or true where JSON says so, else a text, as one in quotes is."""
    import json

    key, equals, value = text.partition("=")
    if not key or not equals:
        raise click.UsageError(f"--attribute {text} is not KEY=VALUE: write it like --attribute metadata.tier=gold")
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return key, value
    return key, read if isinstance(read, str | int | float | bool) else value


def _remark(text: str, annotator: str | None) -> dict[str, Any]:
    found = _REMARK.fullmatch(text)
    if found is None:
        raise click.UsageError(f"--annotation {text!r} names none: write it like correctness=incorrect")
    said: dict[str, Any] = {"name": found["name"], **({"annotator": annotator} if annotator else {})}
    if found["sign"] == "=":
        return {**said, "label": found["value"]}
    if found["sign"] is None:
        return said
    try:
        return {**said, "at_least" if found["sign"] == ">=" else "at_most": float(found["value"])}
    except ValueError:
        raise click.UsageError(f"--annotation {text}: {found['value']!r} is no score") from None
