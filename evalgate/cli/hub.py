"""Prompts of Phoenix for a command: the one place where the gate's `Prompts` is made."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from evalgate.gate.guard.guard import Decides, Gate
from evalgate.gate.hub_prompts import Prompts
from evalgate.journal.store import Journal
from evalgate.phoenix.address import address_in
from evalgate.suite.hub_prompt import HubPrompt, recorded_id
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.prompt_ref import PromptRef
from evalgate.suite.reprompt import reprompted

FOLDER: Final = "prompts"
"""Under `.evalgate`."""
_PATIENCE_S: Final = 1.0


def prompts_of(config: Path, environ: Mapping[str, str], *, kept: Mapping[str, str] | None = None) -> Prompts:
    """Return what looks prompts up, each once for as long as the command runs.

    `config` is the config file, `kept` what a build that is gone on with recorded of its prompts (`recorded_prompts`):
    it keeps the versions that its tags were then.
    """
    from evalgate.cli.places import stored_at

    folder, began = stored_at(FOLDER), kept or {}
    known: dict[tuple[Any, ...], HubPrompt] = {}

    def look_up(ref: PromptRef, settings: PhoenixSettings) -> HubPrompt:
        from evalgate.phoenix.prompts.copies import pull_prompt

        address = address_in(settings, ref.server, environ, config=config)
        if not ref.pinned and (then := recorded_id(began.get(ref.key, ""))) is not None:
            ref = ref.model_copy(update={"version": then, "tag": None})
        key = (address, ref.phoenix, ref.version, ref.tag)
        if key not in known:
            away = any(each.copied for (at, *_), each in known.items() if at == address)
            pulled = pull_prompt(address, ref, folder, away=away)
            known[key] = asyncio.run(_watched(pulled, f"looking up {ref.shown} in {address.shown}"))
        return known[key]

    return look_up


async def _watched(work: Coroutine[Any, Any, HubPrompt], what: str) -> HubPrompt:
    """Return what comes of work, saying what it is where that takes more than a second."""
    task = asyncio.ensure_future(work)
    if not (await asyncio.wait({task}, timeout=_PATIENCE_S))[0]:
        click.echo(what, err=True)
    return await task


def copies() -> tuple[Path, Path]:
    """Return where copies of what is in Phoenix are: no change may bring its own along."""
    from evalgate.cli.places import stored_at
    from evalgate.cli.pulling import FOLDER as DATASETS

    return stored_at(FOLDER), stored_at(DATASETS)


def with_versions(
    gate: Gate, versions: tuple[str, ...], suites: tuple[str, ...], *, asked: tuple[str, ...], pushed: str | None
) -> tuple[Gate, tuple[str, ...], str | None]:
    """Return a gate whose candidates send the versions that `--prompt-version` names, its suites, and no pushed branch.

    Without versions everything is as it was given; `asked` are the suites that may be meant, none for all. What is
    tried so is no baseline to be stored. Raises UsageError in a pull request, ConfigurationError for what is not there.
    """
    if not versions:
        return gate, suites, pushed
    if gate.decides is not Decides.LOCAL:
        raise click.UsageError(
            "--prompt-version tries a version of Phoenix against what this config says, and a pull request is compared"
            " with its base: pin the version in the config there (evalgate prompt pin)"
        )
    loaded, touched = reprompted(gate.loaded, versions, asked)
    return replace(gate, loaded=loaded), suites or (() if asked else touched), None


def recorded_prompts(store: Journal, build: int | None) -> dict[str, str]:
    """Return what a build recorded of its prompts in Phoenix, by what it calls them; nothing without a build."""
    rows = store.experiments(build) if build is not None else ()
    return {name: value for row in rows for name, value in row.watched.items() if recorded_id(value) is not None}
