"""`evalgate dataset`: what is wrong with golden dataset files, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evalgate.golden.differences import DatasetDiff, FieldChange
    from evalgate.golden.validation import Report

_LISTED = 20
"""Examples of each kind that a summary lists; the rest is counted."""

_file = click.Path(path_type=Path)
_fields = click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="HERE=THERE",
    help="Where a thing stands in a file that names it differently: input.question=input.query.",
)


@click.group()
def command() -> None:
    """Validate and compare golden datasets."""


@command.command(short_help="Say all that is wrong with golden dataset files.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_file)
@_fields
def validate(files: tuple[Path, ...], fields: tuple[str, ...]) -> int:
    """Say all that is wrong with each FILE (JSONL, JSON, CSV, YAML), with exit code 2, or what is in it."""
    from evalgate.errors import ConfigurationError, ErrorGroup
    from evalgate.golden.validation import validate as validated

    wrong: list[ConfigurationError] = []
    for path in files:
        try:
            report = validated(path, fields=_mapping(fields))
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
@click.argument("before", metavar="A", type=_file)
@click.argument("after", metavar="B", type=_file)
@_fields
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(before: Path, after: Path, fields: tuple[str, ...], *, as_json: bool) -> int:
    """Show the examples that B adds to A, removes from it and edits."""
    from evalgate.golden.differences import diff as compared
    from evalgate.golden.reading import read_examples

    mapping = _mapping(fields)
    found = compared(read_examples(before, fields=mapping), read_examples(after, fields=mapping))
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(found)))
    return 0


def _mapping(fields: tuple[str, ...]) -> dict[str, str]:
    """Read HERE=THERE pairs."""
    from evalgate.paths import parse

    found: dict[str, str] = {}
    for pair in fields:
        here, _, there = pair.partition("=")
        try:
            parse(here)
            parse(there)
        except ValueError as error:
            raise click.UsageError(f"--field {pair} is not HERE=THERE: {error}") from None
        found[here] = there
    return found


def _summary(report: Report) -> str:
    from evalgate.encoding import printable

    named = sorted((name, count) for name, count in report.splits.items() if name is not None)
    splits = [f"{name} {count:,}" for name, count in named]
    if named and None in report.splits:
        splits.append(f"without a split {report.splits[None]:,}")
    listed = f" ({', '.join(splits)})" if splits else ""
    return printable(f"{report.path}: {_counted(report.examples, 'example')}{listed}, version {report.version}")


def _lines(found: DatasetDiff) -> list[str]:
    """Return the summary of a diff, most important first."""
    counts = ((found.added, "added"), (found.removed, "removed"), (found.edited, "edited"))
    lines = [
        ", ".join([*(f"{len(ids):,} {what}" for ids, what in counts), f"{found.unchanged:,} unchanged"]),
        f"version {found.before_version} → {found.after_version}"
        if found.before_version != found.after_version
        else f"version {found.before_version} on both sides",
    ]
    lines += _listed([f"- {_text(one)}" for one in found.removed])
    lines += _listed([f"+ {_text(one)}" for one in found.added])
    lines += _listed([f"~ {_text(edit.id)}\n" + "\n".join(map(_change, edit.changes)) for edit in found.edited])
    return lines


def _listed(entries: list[str]) -> Iterable[str]:
    more = len(entries) - _LISTED
    return [*entries[:_LISTED], *([f"  … and {more:,} more; --json lists all"] if more > 0 else [])]


def _change(change: FieldChange) -> str:
    if change.added:
        return f"    {_text(change.path)}: added {_value(change.after)}"
    if change.removed:
        return f"    {_text(change.path)}: removed {_value(change.before)}"
    return f"    {_text(change.path)}: {_value(change.before)} → {_value(change.after)}"


def _value(value: object) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False)
    return _text(text if len(text) <= 80 else f"{text[:77]}…")


def _text(text: str) -> str:
    from evalgate.encoding import printable

    return printable(text)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
