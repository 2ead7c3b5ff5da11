"""`evalgate prompt push`: what a file would change in Phoenix, shown and asked about, then written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from evalgate.cli.asking import agreed, tell
from evalgate.cli.differing import differences
from evalgate.cli.prompt_places import file_said, hub_said, settings_said
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.prompts.pushing import draft_of, push, same
from evalgate.phoenix.prompts.versions import versions_of
from evalgate.records import Json
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.prompt_exchange import to_file
from evalgate.suite.template import TemplateProblem
from evalgate.yaml_writing import as_yaml


async def written(
    connection: Connection,
    *,
    name: str,
    file: Path,
    model: str | None,
    description: str,
    metadata: Mapping[str, Json],
    yes: bool,
) -> str:
    """Write a file as a version of a prompt unless the latest one says the same; return what was done, in a sentence.

    Raises UsageError as `agreed` does, CandidateError for what Phoenix cannot say, PhoenixError.
    """
    versions = await versions_of(connection, name)
    latest = versions[-1] if versions else None
    draft = draft_of(name, file_said(file), latest, model)
    known = latest is not None and _readable(latest)
    if latest is not None and known and same(latest, draft.prompt):
        return f"{latest.shown} says the same: nothing to write"
    shown = latest.shown if latest is not None else f"{name} (new)"
    before = _lines(latest) if latest is not None and known else []
    click.echo("\n".join(differences(before, _lines(draft.prompt), shown, str(file))))
    question = f"write this to {connection.address.shown} as a new version of {name}?"
    if not agreed(question, yes=yes):
        return "nothing was written"
    made = await push(connection, draft, versions, description=description, metadata=metadata)
    tell(f"next: evalgate run --prompt-version {made.number}, once a task says `prompt: {{phoenix: {name}}}`")
    return f"wrote {made.shown} ({made.id})"


def _lines(prompt: HubPrompt) -> list[str]:
    return [*as_yaml(hub_said(prompt)).splitlines(), f"# {settings_said(prompt)}"]


def _readable(prompt: HubPrompt) -> bool:
    """Return whether a version can be compared: what could not be sent can only be written over."""
    try:
        to_file(prompt)
    except TemplateProblem:
        return False
    return True
