"""`evalgate phoenix`: a Phoenix server on this machine, for those who have none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.phoenix_mirror import prune, sync

if TYPE_CHECKING:
    from evalgate.phoenix.server.state import State

_ENDPOINT: Final = "PHOENIX_ENDPOINT"


@click.group()
def command() -> None:
    """Mirror builds in Phoenix; run a server of this repository's own on this machine."""


command.add_command(sync)
command.add_command(prune)


@command.command("up", short_help="Start the server and say where it is; install it first if need be.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where it listens.  [default: as last time, else 6006, or a free one]"
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where it keeps its data.  [default: .evalgate/phoenix of the repository]",
)
@click.option(
    "--ephemeral", is_flag=True, help="Keep its data in a temporary folder that `down` removes, for a job of CI."
)
def up(port: int | None, data: Path | None, *, ephemeral: bool) -> int:
    """Start the server on 127.0.0.1 and say where it is.

    The first time it is installed in an environment of its own in your cache, which takes about a minute and 900 MB. In
    a GitHub workflow the steps that follow have its address as PHOENIX_ENDPOINT.
    """
    from evalgate.cli.files import say, write

    if ephemeral and data is not None:
        raise click.UsageError("--ephemeral has its data in a folder of its own: leave --data out, or --ephemeral")
    home = _home()
    from evalgate.phoenix.server.lifecycle import bring_up

    state, already = bring_up(home, os.environ, _tell, data=data, port=port, ephemeral=ephemeral)
    address = state.launched.base_url
    say(f"Phoenix {state.version} is up{' already' if already else ''} at {address}, {_where(state)}\n")
    if path := os.environ.get("GITHUB_ENV"):
        write(Path(path), f"{_ENDPOINT}={address}\n", append=True)
        say(f"the steps that follow have it as {_ENDPOINT}; next: evalgate run, and evalgate phoenix down at the end\n")
    else:
        say(f"next: export {_ENDPOINT}={address}\n")
    return 0


@command.command("down", short_help="Stop the server.")
def down() -> int:
    """Stop the server. Its data stays, unless it was started with --ephemeral."""
    from evalgate.cli.files import say

    home = _home()
    from evalgate.phoenix.server.lifecycle import take_down

    state = take_down(home, _tell)
    if state is None:
        say("no server is up here; next: evalgate phoenix up starts one\n")
    elif state.ephemeral:
        say("Phoenix is down, and its data is gone\n")
    else:
        say(f"Phoenix is down, {_where(state)}; next: evalgate phoenix up starts it again\n")
    return 0


@command.command("status", short_help="Say whether the server is up, and where.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, in place of text.")
def status(*, as_json: bool) -> int:
    """Say whether this repository's server is up, and where."""
    from evalgate.cli.files import say

    home = _home()
    from evalgate.phoenix.server.lifecycle import look

    found = look(home)
    if as_json:
        say(_as_json(found))
    elif found is None:
        say("no server is up here; next: evalgate phoenix up starts one\n")
    else:
        state, ready = found
        how = "is up" if ready else "does not answer yet"
        say(f"Phoenix {state.version} {how} at {state.launched.base_url}, {_where(state)}\n")
        export = f"export {_ENDPOINT}={state.launched.base_url}"
        say(f"next: {export if ready else 'evalgate phoenix up waits for it'}\n")
    return 0


def _home() -> Path:
    """Return where this repository's server is remembered. Raises ConfigurationError where none can be run."""
    from evalgate.cli.places import stored_at
    from evalgate.errors import ConfigurationError

    if os.name != "posix":
        raise ConfigurationError(
            "evalgate phoenix runs a server on Linux and macOS",
            next_step=f"run it in WSL, or Phoenix's container image, and set {_ENDPOINT} to its address",
        )
    return stored_at("phoenix")


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _where(state: State) -> str:
    from evalgate.encoding import printable

    here = Path.cwd()
    shown = printable(str(state.data.relative_to(here) if state.data.is_relative_to(here) else state.data))
    return f"its data in {shown}{' until evalgate phoenix down' if state.ephemeral else ''}"


def _as_json(found: tuple[State, bool] | None) -> str:
    if found is None:
        return json.dumps({"up": False}) + "\n"
    state, ready = found
    values = {
        "up": True,
        "ready": ready,
        "endpoint": state.launched.base_url,
        "grpc_port": state.launched.grpc_port,
        "pid": state.launched.pid,
        "version": state.version,
        "data": str(state.data),
        "ephemeral": state.ephemeral,
    }
    return json.dumps(values, indent=2) + "\n"
