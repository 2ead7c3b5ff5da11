"""`evalgate dataset history`: the versions of a dataset in Phoenix, or the life of one example, in a file or there."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.asking import tell
from evalgate.cli.dataset_places import address_for, in_phoenix
from evalgate.cli.options import config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.curate.candidates import Candidate
    from evalgate.curate.life import Event
    from evalgate.curate.life import Version as Seen
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.datasets.history import HistoryEntry
    from evalgate.records import Example

_LARGEST: Final = 200_000_000
"""Bytes of a dataset's file in an old commit."""


@click.command(short_help="List a dataset's versions, or tell the life of one example.")
@click.argument("name", metavar="NAME")
@click.argument("example", metavar="[EXAMPLE]", required=False)
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", default=20, show_default=True, help="At most so many versions."
)
@config_option
@server_option
@json_option
def history(*, name: str, example: str | None, limit: int, config: Path, server: str | None, as_json: bool) -> int:
    """List the versions of a dataset in Phoenix, newest first: when, how many examples, what changed, who, why.

    With EXAMPLE, an example's id or its span's, tell its life: pulled from which span, redacted, labelled, decided by
    whom, pushed in which version, edited since. NAME is then a dataset in Phoenix or a file, whose commits are read.
    """
    if example is not None:
        return _life(name, example, limit=limit, config=config, server=server, as_json=as_json)
    from dataclasses import asdict

    from evalgate.report.datasets import history_lines

    if in_phoenix(name) is None and Path(name).is_file():
        raise click.UsageError(
            f"{name} is a file, whose versions are commits: `git log {name}` lists them;"
            " name an EXAMPLE too for the life of one"
        )
    name = named.name if (named := in_phoenix(name)) is not None else name
    address = address_for(config, server, dict(os.environ))
    tell(f"reading {name} from {address.shown}")
    entries = [asdict(entry) for entry in asyncio.run(_history(address, name, limit))]
    if as_json:
        import json

        said = {"dataset": name, "server": address.base_url, "versions": entries}
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    elif entries:
        click.echo("\n".join(history_lines(entries)))
    else:
        click.echo(f"{_text(name)} has no version: it is empty; next: evalgate dataset push FILE --to {_text(name)}")
    return 0


async def _history(address: Address, name: str, limit: int) -> list[HistoryEntry]:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.history import history as listed
    from evalgate.phoenix.datasets.reading import find_dataset

    async with connect(address) as connection:
        return await listed(connection, await find_dataset(connection, name), limit=limit)


def _life(name: str, example: str, *, limit: int, config: Path, server: str | None, as_json: bool) -> int:
    from evalgate.cli.files import shown_here
    from evalgate.curate.beside import candidates_file, candidates_file_of
    from evalgate.curate.life import in_order, life_lines, steps_in, steps_of
    from evalgate.errors import DatasetError

    file = Path(name)
    if file.suffix and (file.is_file() or candidates_file(file).is_file()):
        candidate = _candidate(candidates_file(file), example)
        example = candidate.id if candidate is not None else example
        now, changes = _of_file(file, example, limit)
    else:
        plain = named.name if (named := in_phoenix(name)) is not None else name
        candidate = _candidate(candidates_file_of(plain, config.parent), example)
        example = candidate.id if candidate is not None else example
        address = address_for(config, server, dict(os.environ))
        tell(f"reading {plain} from {address.shown}")
        now, changes = asyncio.run(_of_phoenix(address, plain, example, limit))
    steps = steps_of(candidate) if candidate is not None else steps_in(now.metadata if now is not None else {})
    events = in_order(steps, changes)
    if not events and now is None:
        raise DatasetError(
            f"{_text(name)} has no example {_text(example)!r}, and neither have its candidates",
            next_step="name the id of one: an example of production has that of its span, span:<16 hex digits>",
        )
    state = "golden" if now is not None else candidate.state.value if candidate is not None else "removed"
    if as_json:
        _say_json(name, now.id if now is not None else example, state, events)
    else:
        shown = now.id if now is not None else example
        head = f"{shown} of {name}: {'golden' if now is not None else f'not in the dataset ({state})'}"
        none = [] if events else ["nothing is known of where it came from: it was never a candidate, nor committed"]
        click.echo(shown_here("\n".join([head, *life_lines(events), *none])))
    return 0


def _say_json(name: str, example: str, state: str, events: list[Event]) -> None:
    import json
    from dataclasses import asdict

    said: dict[str, Any] = {"dataset": name, "example": example, "state": state}
    said["events"] = [asdict(each) for each in events]
    click.echo(json.dumps(said, indent=2, ensure_ascii=False))


def _candidate(path: Path, example: str) -> Candidate | None:
    """Return the candidate of this id, or of the span of this id."""
    from evalgate.cli.curate.places import decided_candidates

    found = None
    for each in decided_candidates(path):
        if each.id in (example, f"span:{example}"):
            found = each
    return found


def _of_file(file: Path, example: str, limit: int) -> tuple[Example | None, list[Event]]:
    """Return the example as a file has it now, and what the commits of the file did to it."""
    from evalgate.curate.life import Version, changes_of
    from evalgate.git.repository import Repository

    now = _in_file(file, example)
    identity = now.id if now is not None else example
    repository = Repository.find(file.resolve().parent, environ=dict(os.environ))
    if repository is None:
        return now, []
    inside = file.resolve().relative_to(repository.root.resolve()).as_posix()
    commits = repository.commits_of(inside, limit=limit + 1)
    whole = len(commits) <= limit and not repository.is_shallow()
    seen: list[Version] = []
    for commit in reversed(commits[:limit]):
        text = repository.text_at(commit.id, inside, limit=_LARGEST)
        own = None if text is None else _in_text(text, file.suffix, identity)
        short = f"commit {commit.id[:7]}"
        seen.append(Version(name=short, at=commit.at, by=commit.author, why=commit.subject, example=own))
    if file.exists():
        changed = datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(timespec="seconds")
        seen.append(Version(name="not committed", at=changed, by="", why="", example=now))
    return now, changes_of(seen, whole=whole)


def _in_text(text: str, suffix: str, example: str) -> Example | None:
    """Return an example of a file that an old commit has; None also where that was no dataset yet."""
    import tempfile

    from evalgate.errors import ConfigurationError

    with tempfile.TemporaryDirectory(prefix="evalgate-") as folder:
        copy = Path(folder) / f"dataset{suffix}"
        copy.write_text(text, encoding="utf-8", newline="")
        try:
            return _in_file(copy, example)
        except ConfigurationError:
            return None


def _in_file(file: Path, example: str) -> Example | None:
    from evalgate.golden.curated import span_of
    from evalgate.golden.reading import read_examples

    if not file.is_file():
        return None
    span = example.removeprefix("span:")
    of_span = None
    for each in read_examples(file):
        if each.id in (example, f"span:{example}"):
            return each
        if span_of(each.metadata) == span:
            of_span = each
    return of_span


async def _of_phoenix(address: Address, name: str, example: str, limit: int) -> tuple[Example | None, list[Event]]:
    """Return the example as a dataset of Phoenix has it now, and what its versions did to it."""
    from evalgate.curate.life import changes_of
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.history import versions_with
    from evalgate.phoenix.datasets.reading import find_dataset

    async with connect(address) as connection:
        dataset = await find_dataset(connection, name)
        found, whole = await versions_with(connection, dataset, example, limit=limit)
        if not any(own for _, own in found) and not example.startswith("span:"):
            found, whole = await versions_with(connection, dataset, f"span:{example}", limit=limit)
    seen = [_seen(*each) for each in reversed(found)]
    return (seen[-1].example if seen else None), changes_of(seen, whole=whole)


def _seen(version: Any, own: Any) -> Seen:
    from evalgate.curate.life import Version as Seen
    from evalgate.phoenix.datasets.pushing import OURS
    from evalgate.records import Example

    said = version.metadata.get(OURS)
    by = said.get("by") if isinstance(said, dict) else None
    example = None
    if own is not None:
        example = Example(id=own.id, input=own.input, output=own.output or None, metadata=own.metadata, split=None)
    why = version.description or ""
    return Seen(name=f"version {version.id}", at=version.created_at, by=str(by or ""), why=why, example=example)


def _text(text: str) -> str:
    from evalgate.encoding import printable

    return printable(text)
