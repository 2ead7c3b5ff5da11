"""Every command's --help: complete, and nothing in it cut off."""

from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from evalgate.cli.curate import STEPS
from evalgate.cli.root import COMMANDS


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command and subcommand with its name."""
    for name in COMMANDS:
        command = import_module(f"evalgate.cli.{name}").command
        yield name, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for below in command.list_commands(context):
                each = command.get_command(context, below)
                assert each is not None
                yield f"{name} {below}", each


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_help_says_what_each_command_and_option_does(name, command):
    """A sentence for the command, one for each option, and no list of commands that ends in dots."""
    shown = CliRunner().invoke(command, ["--help"])
    assert shown.exit_code == 0
    assert command.help
    assert "..." not in shown.output.split("\n\nOptions:")[1], name
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.help[0].isupper() or option.help.startswith("--"), option.help
            assert option.help.endswith((".", "]")), option.help


def test_the_first_help_and_the_commands_agree():
    """The list of --help is kept apart from the commands, so that it is instant: it says what they say."""
    for name, line in COMMANDS.items():
        command = import_module(f"evalgate.cli.{name}").command
        assert (command.help or "").startswith(line.removesuffix(".").split(";")[0]), name
    for name, line in STEPS.items():
        command = import_module(f"evalgate.cli.curate.{name}").command
        assert (command.help or "").startswith(line.removesuffix(".").split(";")[0]), name
