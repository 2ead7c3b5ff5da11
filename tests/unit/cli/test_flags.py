"""A flag is the same thing in every command that has it: whoever knows it from one reads it right in the next."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import click
import pytest

from evalgate.cli.curate.options import STATES
from evalgate.cli.root import root
from evalgate.curate.candidates import State

DIFFER: Final = {
    "--expect": "decide: the suites that have to be there; prompt tag: the version that has to be",
    "--model": "prompt push: as Phoenix names it, by its provider; elsewhere by an endpoint of the config",
    "--to": "where it is written, which is a file, a folder, or a name in Phoenix",
}
"""Flags that take other values in one command than in another, and why nobody mistakes them."""
WORDS: Final = {
    "--since": "WHEN",
    "--until": "WHEN",
    "--older-than": "PERIOD",
    "--max-age": "PERIOD",
    "--settle": "PERIOD",
    "--from": "PLACE",
    "--read": "FILE",
    "--as": "NAME",
}
"""What is said in one way by all."""


def commands(command: click.Command, name: str, context: click.Context):
    if not isinstance(command, click.Group):
        yield name, command, context
        return
    for each in command.list_commands(context):
        own = command.get_command(context, each)
        yield from commands(own, f"{name} {each}", click.Context(own, parent=context, info_name=each))


def taken(option: click.Option, context: click.Context) -> str:
    """Return what a flag takes, as its help writes it."""
    return "nothing" if option.is_flag else option.make_metavar(context)


@pytest.fixture(scope="module")
def flags() -> dict[str, dict[str, list[str]]]:
    """Every flag: what it takes, and which commands take that."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, command, context in commands(root, "evalgate", click.Context(root, info_name="evalgate")):
        for each in command.params:
            for flag in each.opts if isinstance(each, click.Option) else ():
                found[flag][taken(each, context)].append(name)
    return found


def test_a_flag_takes_the_same_wherever_it_is(flags):
    differing = {flag: dict(each) for flag, each in flags.items() if len(each) > 1 and flag not in DIFFER}
    assert not differing
    assert not [flag for flag in DIFFER if len(flags.get(flag, ())) < 2], "what does not differ needs no reason"


def test_what_is_said_of_times_and_places_is_said_in_one_way(flags):
    assert {flag: list(flags[flag]) for flag in WORDS} == {flag: [word] for flag, word in WORDS.items()}


def test_a_file_to_write_is_named_by_to_or_by_what_is_written(flags):
    assert not {"--out", "--output", "--write-to"} & set(flags)
    assert {"FILE", "FOLDER", "NAME"} == set(flags["--to"])


def test_states_are_those_that_candidates_have():
    assert tuple(State) == STATES
