"""`evalgate prompt`: prompts in Phoenix pinned, compared, written from files and to them, and tagged."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.asking import agreed
from evalgate.cli.differing import differences
from evalgate.cli.options import config_option, server_option, yes_option

if TYPE_CHECKING:
    from evalgate.cli.prompt_places import Servers
    from evalgate.phoenix.connection import Connection
    from evalgate.suite.hub_prompt import HubPrompt

_DESCRIPTION: Final = "Written by evalgate"
_file = click.Path(path_type=Path, dir_okay=False)


@click.group()
def command() -> None:
    """Pin, compare, push, pull and tag prompts in Phoenix."""


@command.command(short_help="Write the versions of prompts in Phoenix into the config.")
@click.argument("suites", metavar="[SUITE]...", nargs=-1)
@config_option
@click.option("--latest", is_flag=True, help="Pin the latest version, also where another is pinned.")
@click.option("--tag", metavar="TAG", help="Pin what this tag is on, also where another version is pinned.")
def pin(suites: tuple[str, ...], config: Path, tag: str | None, *, latest: bool) -> int:
    """Write into the config which version each SUITE's prompt is (default: all), in place of its tag.

    A version that is pinned stays, unless with --latest or --tag. Comments and layout stay as they are.
    """
    from evalgate.cli.prompt_pin import pinned

    if latest and tag is not None:
        raise click.UsageError("--latest and --tag both say which version: leave one out")
    changes, kept = pinned(config, suites, dict(os.environ), follow="latest" if latest else tag, by_tag=tag is not None)
    for line in changes:
        click.echo(line)
    for line in kept:
        click.echo(line, err=True)
    if changes:
        click.echo(f"next: commit {config}, so that the change is measured", err=True)
    return 0


@command.command(short_help="Show where two prompts differ.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@server_option
@config_option
def diff(before: str, after: str, server: str | None, config: Path) -> int:
    """Show where B differs from A: prompt files, or phoenix:NAME, phoenix:NAME@VERSION, phoenix:NAME:TAG."""
    from evalgate.cli.prompt_places import Servers

    servers = Servers(config=config, environ=dict(os.environ))
    one, other = (asyncio.run(_said(each, server, servers)) for each in (before, after))
    hubs = [each.hub is not None for each in (one, other)]
    lines = list(differences(one.lines(whole=all(hubs)), other.lines(whole=all(hubs)), one.shown, other.shown))
    click.echo("\n".join(lines) if lines else f"{one.shown} and {other.shown} say the same")
    return 0


@command.command(short_help="Write a prompt file to Phoenix as a new version.")
@click.argument("file", type=_file)
@click.option("--to", "name", required=True, metavar="NAME", help="The name of the prompt in Phoenix.")
@click.option("--model", metavar="PROVIDER/MODEL", help="Its model; by default that of the latest version.")
@click.option("--description", help="What people read beside the version; by default the commit.")
@server_option
@yes_option
@config_option
def push(
    *, file: Path, name: str, model: str | None, description: str | None, server: str | None, config: Path, yes: bool
) -> int:
    """Write FILE to Phoenix as a new version, after showing what it changes and asking.

    Where the latest version says the same, nothing is written.
    """
    from evalgate.cli.prompt_places import Servers, named
    from evalgate.cli.prompt_push import written

    servers = Servers(config=config, environ=dict(os.environ))
    ref = named(name, server)
    at = _commit(file, servers.environ)
    said = description or (f"{_DESCRIPTION} from {file} at {at}" if at else f"{_DESCRIPTION} from {file}")
    metadata = {"source": file.as_posix(), **({"commit": at} if at else {})}

    click.echo(
        asyncio.run(
            servers.ask(
                server,
                lambda connection: written(
                    connection, name=ref.phoenix, file=file, model=model, description=said, metadata=metadata, yes=yes
                ),
            )
        )
    )
    return 0


@command.command(short_help="Write a version in Phoenix to a prompt file.")
@click.argument("name")
@click.argument("file", type=_file)
@click.option("--version", metavar="VERSION", help="Its number or id; by default the latest.")
@click.option("--tag", metavar="TAG", help="The version that has this tag.")
@server_option
@yes_option
@config_option
def pull(
    *, name: str, file: Path, version: str | None, tag: str | None, server: str | None, config: Path, yes: bool
) -> int:
    """Write a version of NAME to FILE as a prompt file; a file that is there is shown against it first."""
    from evalgate.cli.files import write_file
    from evalgate.cli.prompt_places import Servers, hub_said, named, settings_said
    from evalgate.encoding import printable
    from evalgate.phoenix.prompts.versions import find_prompt
    from evalgate.yaml_writing import as_yaml

    if version is not None and tag is not None:
        raise click.UsageError("--version and --tag both say which version: leave one out")
    servers = Servers(config=config, environ=dict(os.environ))
    ref = named(name, server, version=version, tag=tag)
    found = asyncio.run(servers.ask(server, lambda connection: find_prompt(connection, ref)))
    text = as_yaml(hub_said(found))
    if file.exists():
        before = _text(file)
        if before == text:
            click.echo(f"{file} says what {found.shown} says: nothing to write")
            return 0
        click.echo("\n".join(differences(before.splitlines(), text.splitlines(), str(file), found.shown)))
        if not agreed(f"write this over {file}?", yes=yes):
            return 0
    write_file(file, text.encode())
    click.echo(f"wrote {file} from {found.shown}")
    click.echo(printable(f"next: say in its task what the file does not: {settings_said(found)}"), err=True)
    return 0


@command.command(short_help="Move a tag to a version in Phoenix.")
@click.argument("name")
@click.argument("version")
@click.argument("tag")
@click.option("--expect", metavar="VERSION", help="The version that the tag has to be on now, or `none`.")
@click.option("--description", default=_DESCRIPTION, help="What people read beside the tag.")
@server_option
@yes_option
@config_option
def tag(
    *,
    name: str,
    version: str,
    tag: str,
    expect: str | None,
    description: str,
    server: str | None,
    config: Path,
    yes: bool,
) -> int:
    """Move TAG of NAME to VERSION, after asking; it stays where somebody else has moved it meanwhile."""
    from evalgate.cli.prompt_places import Servers, named
    from evalgate.phoenix.prompts.versions import find_prompt, move_tag, tagged

    servers = Servers(config=config, environ=dict(os.environ))
    ref, to_be = named(name, server, version=version), named(name, server, tag=tag)
    then = None if expect in (None, "none") else named(name, server, version=expect)

    async def work(connection: Connection) -> str:
        to = await find_prompt(connection, ref)
        before = await tagged(connection, to.name, str(to_be.tag))
        if before == to:
            return f"the tag {tag} is on {to.shown} already"
        expected = before if expect is None else None if then is None else await find_prompt(connection, then)
        was = before.shown if before is not None else "no version"
        question = f"move the tag {tag} from {was} to version {to.number} at {connection.address.shown}?"
        if not agreed(question, yes=yes):
            return f"the tag {tag} is on {was} still"
        moved = await move_tag(connection, str(to_be.tag), to, expected=expected, description=description)
        return moved.words

    click.echo(asyncio.run(servers.ask(server, work)))
    return 0


class _Place:
    """One of two to be compared: what it is called, and what it says."""

    def __init__(self, shown: str, said: Mapping[str, Any], hub: HubPrompt | None) -> None:
        self.shown, self.said, self.hub = shown, said, hub

    def lines(self, *, whole: bool) -> list[str]:
        """Return what it says as lines; `whole` with the model and the parameters, which a file does not say."""
        from evalgate.suite.prompt_exchange import settings_of
        from evalgate.yaml_writing import as_yaml

        settings = settings_of(self.hub) if whole and self.hub is not None else {}
        return as_yaml({**settings, **self.said}).splitlines()


async def _said(text: str, server: str | None, servers: Servers) -> _Place:
    from evalgate.cli.prompt_places import file_said, hub_said, ref_in
    from evalgate.phoenix.prompts.versions import find_prompt
    from evalgate.suite.hub_prompt import HubPrompt, content_of

    ref = ref_in(text, server)
    if ref is None:
        written = HubPrompt(name=Path(text).stem, number=0, id="", content=content_of(file_said(Path(text))))
        return _Place(text, hub_said(written), None)
    found = await servers.ask(server, lambda connection: find_prompt(connection, ref))
    return _Place(found.shown, hub_said(found), found)


def _commit(file: Path, environ: Mapping[str, str]) -> str | None:
    """Return the commit that a file is of, as people write it; None outside of a repository."""
    from evalgate.git.repository import Repository

    repository = Repository.find(file.absolute().parent, environ=environ)
    head = repository.head() if repository is not None else None
    return (
        None if head is None or repository is None else head[:10] + (" with changes" if repository.is_dirty() else "")
    )


def _text(file: Path) -> str:
    from evalgate.encoding import NotUtf8Error, decode

    try:
        return decode(file.read_bytes())
    except (OSError, NotUtf8Error):
        return ""
