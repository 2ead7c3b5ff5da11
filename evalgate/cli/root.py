"""The command group: names and one-line helps known without importing any command, so that --help is instant."""

from __future__ import annotations

from typing import Final

import click

from evalgate import __version__
from evalgate.cli.lazy import LazyGroup

COMMANDS: Final = {
    "init": "Write a first config, dataset and workflow from what is here; overwrite nothing.",
    "run": "Run both sides of every suite, compare them, and give a verdict.",
    "plan": "Say what a run takes and what it could catch, before anything is paid.",
    "noise": "Run the baseline against itself, to learn how much scores vary when nothing changes.",
    "baseline": "Show and set what changes are compared with, and where that has moved.",
    "accept": "Say that a regression is meant, in a file that is reviewed, covers this drop alone, and ends.",
    "decide": "Give the verdict of recorded builds again, without running anything.",
    "fork": "Decide again on what the run of a fork reported, without running anything of it.",
    "release": "Decide whether what is checked out may be released, and move its tags.",
    "show": "Show changed examples side by side, with a diff of what both sides answered.",
    "compare": "Compare models, prompts or versions on one dataset: quality, cost, time, a winner.",
    "judge": "Hold judges to human labels, and show what was found out about them.",
    "dataset": "Validate and compare golden datasets, in files and in Phoenix, and bring them from one to the other.",
    "curate": "Make golden examples of production traces: pull, clean, sample, review, push.",
    "prompt": "Pin, compare, push, pull and tag prompts in Phoenix.",
    "phoenix": "Mirror builds in Phoenix; run a server of this repository's own on this machine.",
    "cache": "Show, clear and export the answers of models that are kept: no call is paid for twice.",
    "journal": "List and export recorded builds; say which files to keep.",
    "doctor": "Look for what would stop a run, before anything is paid.",
    "config": "Show where each setting comes from; print the config's JSON Schema.",
}
"""Every command in the order of --help; each is `command` of the module of its name."""


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    modules="evalgate.cli.{}",
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "EVALGATE"},
)
@click.version_option(__version__, "-V", "--version", message="evalgate %(version)s")
def root() -> None:
    """Is this prompt, model or pipeline worse than what we ship today, or can we not tell?

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive where the config blocks on it,
    4 unmeasurable, 5 a bug in evalgate, 130 interrupted.
    """
