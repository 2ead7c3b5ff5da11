"""A command group whose names and one-line helps are known without importing any of its commands."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called.

    `table` has the commands in the order of --help, each with its one line; each is `command` of the module that
    `modules` makes of its name ("evalgate.cli.{}").
    """

    def __init__(self, *args: Any, table: Mapping[str, str], modules: str, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.table = table
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or let click say that there is none."""
        if cmd_name not in self.table:
            return None
        command: click.Command = import_module(self._modules.format(cmd_name)).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table instead of from their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))
