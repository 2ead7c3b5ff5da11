"""Versions of prompts in Phoenix written into the config, in the place of the tags that they have now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evalgate.cli.config_edits import Pin, write_pins
from evalgate.cli.hub import prompts_of
from evalgate.errors import ConfigurationError
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.loading import LoadedConfig, load_config
from evalgate.suite.model import nearest
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.prompt_ref import LATEST, PromptRef
from evalgate.suite.tasks import PromptTask


def pinned(
    config: Path, names: Sequence[str], environ: Mapping[str, str], *, follow: str | None, by_tag: bool
) -> tuple[list[str], list[str]]:
    """Write the versions of the named suites' prompts (no names: all) into the config.

    `follow` is `latest`, or a tag (`by_tag`), also for versions that are pinned. Returns what changed and what stayed,
    a line for each suite. Raises ConfigurationError where a version cannot be written without changing more.
    """
    loaded = load_config(config, environ=environ, overrides={})
    prompts, settings = prompts_of(config, environ), loaded.config.phoenix or PhoenixSettings()
    pins: list[Pin] = []
    changes: list[str] = []
    kept: list[str] = []
    for name, ref in _refs(loaded, names).items():
        wanted = ref if follow is None else _following(ref, follow, by_tag=by_tag)
        if wanted.pinned:
            latest = prompts(_following(ref, LATEST, by_tag=False), settings)
            kept.append(f"{name}: {ref.shown} is pinned" + _newer(prompts(ref, settings), latest))
            continue
        found = prompts(wanted, settings)
        if ref.pinned and prompts(ref, settings) == found:
            kept.append(f"{name}: {found.shown} is pinned")
            continue
        was = f"v{prompts(ref, settings).number}" if ref.pinned else ref.which
        place = ("suites", name, "task", "prompt")
        pins.append(Pin(place=place, version=found.number, after="phoenix", instead_of="tag"))
        changes.append(f"{name}: {found.name} {was} → v{found.number}")
    write_pins(config, pins)
    return changes, kept


def _refs(loaded: LoadedConfig, names: Sequence[str]) -> dict[str, PromptRef]:
    suites = loaded.config.suites
    if unknown := [name for name in names if name not in suites]:
        raise ConfigurationError(f"there is no suite {unknown[0]}: {nearest(unknown[0], suites)}")
    found = {
        name: suite.task.ref
        for name, suite in suites.items()
        if (not names or name in names) and isinstance(suite.task, PromptTask) and suite.task.ref is not None
    }
    if not found:
        raise ConfigurationError(
            "no suite has a prompt in Phoenix: there is nothing to pin",
            next_step="name one in a task: prompt: {phoenix: NAME, tag: production}",
        )
    return found


def _following(ref: PromptRef, follow: str, *, by_tag: bool) -> PromptRef:
    said = {"phoenix": ref.phoenix, "server": ref.server, ("tag" if by_tag else "version"): follow}
    return PromptRef.model_validate(said)


def _newer(now: HubPrompt, latest: HubPrompt) -> str:
    if now == latest:
        return ""
    return f"; the latest is version {latest.number} (evalgate prompt pin --latest)"
