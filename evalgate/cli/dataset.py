"""`evalgate dataset`: what is wrong with golden datasets, what changed between two, and their way to Phoenix."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.dataset_history import history
from evalgate.cli.dataset_pin import pin
from evalgate.cli.dataset_places import address_for, examples_in, field_mapping, fields_option, in_phoenix
from evalgate.cli.dataset_pull import pull
from evalgate.cli.dataset_push import push, repair
from evalgate.cli.options import config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.golden.validation import Report
    from evalgate.records import Example

_file = click.Path(path_type=Path)


@click.group()
def command() -> None:
    """Validate and compare golden datasets, in files and in Phoenix, and bring them from one to the other."""


@command.command(short_help="Say all that is wrong with golden dataset files.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_file)
@fields_option
def validate(files: tuple[Path, ...], fields: tuple[str, ...]) -> int:
    """Say all that is wrong with each FILE (JSONL, JSON, CSV, YAML), with exit code 2, or what is in it."""
    from evalgate.errors import ConfigurationError, ErrorGroup
    from evalgate.golden.validation import validate as validated

    wrong: list[ConfigurationError] = []
    for path in files:
        try:
            report = validated(path, fields=field_mapping(fields))
        except ConfigurationError as error:
            wrong.append(error)
            continue
        error_group = report.error()
        if error_group is None:
            click.echo(_summary(report))
        else:
            wrong.append(error_group)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise ErrorGroup(wrong)
    return 0


@command.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@fields_option
@config_option
@server_option
@json_option
def diff(before: str, after: str, fields: tuple[str, ...], config: Path, server: str | None, *, as_json: bool) -> int:
    """Show the examples that B adds to A, removes from it and edits.

    A and B are files, or datasets in Phoenix: phoenix:NAME for the newest version, phoenix:NAME@VERSION for another.
    """
    from evalgate.golden.differences import diff as compared
    from evalgate.report.datasets import diff_lines

    mapping, environ = field_mapping(fields), dict(os.environ)
    found = compared(
        _examples(before, mapping, config, server, environ), _examples(after, mapping, config, server, environ)
    )
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(diff_lines(found)))
    return 0


def _examples(
    place: str, fields: Mapping[str, str], config: Path, server: str | None, environ: Mapping[str, str]
) -> Iterable[Example]:
    named = in_phoenix(place)
    if named is not None:
        return examples_in(address_for(config, server, environ), named)[0]
    from evalgate.golden.reading import read_examples

    return read_examples(Path(place), fields=fields)


def _summary(report: Report) -> str:
    from evalgate.encoding import printable

    named = sorted((name, count) for name, count in report.splits.items() if name is not None)
    splits = [f"{name} {count:,}" for name, count in named]
    if named and None in report.splits:
        splits.append(f"without a split {report.splits[None]:,}")
    listed = f" ({', '.join(splits)})" if splits else ""
    return printable(f"{report.path}: {_counted(report.examples, 'example')}{listed}, version {report.version}")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


for _each in (push, pull, pin, history, repair):
    command.add_command(_each)
