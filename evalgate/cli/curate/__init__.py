"""`evalgate curate`: production traces on their way to a golden dataset, step by step."""

from __future__ import annotations

from typing import Final

import click

from evalgate.cli.curate.stopping import StoppableGroup

STEPS: Final = {
    "pull": "Take spans from Phoenix as candidates; those that were taken before are known.",
    "clean": "Replace personal data and secrets; leave out duplicates and what is no good.",
    "sample": "Choose candidates for review, what the golden dataset lacks first.",
    "label": "Let a model propose answers and labels.",
    "review": "Decide which candidates become golden: in the terminal, a file, or Phoenix.",
    "push": "Put accepted candidates into the golden dataset, in a file or in Phoenix.",
    "export": "Write golden examples as files for fine-tuning, without leaks between train and hold-out.",
    "analyze": "Find what failing traces have in common: patterns, rules, tests, guidelines.",
    "drift": "Say how far production is from the golden dataset, and what to add.",
    "run": "Pull, clean, sample and label for the profiles that are due, and say what became of each.",
}
"""Every step in the order of --help; each is `command` of the module of its name."""


@click.group(cls=StoppableGroup, table=STEPS, modules="evalgate.cli.curate.{}")
def command() -> None:
    """Make golden examples of production traces: pull, clean, sample, review, push.

    Candidates are kept in a file beside their dataset, and nothing becomes golden without a person, or a rule that
    names itself. Every step may be ended and run again.
    """
