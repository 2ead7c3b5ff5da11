"""`evalgate dataset pull`: a dataset in Phoenix as a file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from evalgate.cli.asking import agreed
from evalgate.cli.dataset_places import InPhoenix, address_for, examples_in
from evalgate.cli.options import config_option, server_option, yes_option


@click.command(short_help="Write a dataset in Phoenix to a file.")
@click.argument("name", metavar="NAME")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--version", metavar="VERSION", help="Which version, as its history lists them.  [default: the newest]")
@config_option
@server_option
@yes_option
def pull(*, name: str, file: Path, version: str | None, config: Path, server: str | None, yes: bool) -> int:
    """Write a dataset in Phoenix to FILE (.jsonl, .ndjson or .json), after asking where FILE would change."""
    from evalgate.cli.files import write_file
    from evalgate.golden.versions import dataset_version
    from evalgate.golden.writing import WRITTEN, as_text

    suffix = file.suffix.lower()
    if suffix not in WRITTEN:
        raise click.UsageError(f"{file}: a dataset is written to a file that ends in {', '.join(WRITTEN)}")
    address = address_for(config, server, dict(os.environ))
    examples, found = examples_in(address, InPhoenix(name=name, version=version))
    content = as_text(examples, suffix).encode()
    said = f"{_text(name)}, version {found}: {len(examples):,} examples, content {dataset_version(examples)}"
    if file.exists():
        if not _differs(file, content, examples):
            click.echo(f"{file} is that already: {said}")
            return 0
        if not agreed(f"overwrite {file}?", yes=yes):
            return 0
    write_file(file, content)
    click.echo(f"{file} is {said}")
    return 0


def _differs(file: Path, content: bytes, examples: list) -> bool:  # type: ignore[type-arg]
    """Show how a file that is there differs; False where it does not."""
    from evalgate.errors import ConfigurationError
    from evalgate.golden.differences import diff
    from evalgate.golden.reading import read_examples
    from evalgate.report.datasets import diff_lines

    try:
        found = diff(read_examples(file), examples)
    except ConfigurationError:
        if file.is_file() and file.read_bytes() == content:
            return False
        click.echo(f"{file} is no golden dataset now")
        return True
    if not (found.added or found.removed or found.edited):
        return False
    click.echo("\n".join(diff_lines(found)))
    return True


def _text(text: str) -> str:
    from evalgate.encoding import printable

    return printable(text)
