"""What the commands about prompts are given: a file, or a version in Phoenix; and what either says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.phoenix.address import address_in
from evalgate.phoenix.connection import Connection, connect
from evalgate.suite.hub_messages import problem_words
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.prompt import load_prompt
from evalgate.suite.prompt_exchange import settings_of, to_file, to_hub
from evalgate.suite.prompt_ref import PREFIX, PromptRef, read_prompt_ref
from evalgate.suite.template import TemplateProblem

_Done = TypeVar("_Done")


@dataclass(frozen=True, kw_only=True, slots=True)
class Servers:
    """Where Phoenix servers are: as a config says it, where there is one."""

    config: Path
    environ: Mapping[str, str]

    @property
    def settings(self) -> PhoenixSettings:
        """Return what the config says of Phoenix; without a config, what holds by default."""
        from evalgate.suite.loading import load_config

        if not self.config.exists():
            return PhoenixSettings()
        return (
            load_config(self.config, environ=self.environ, overrides={}, without_suites=True).config.phoenix
            or PhoenixSettings()
        )

    async def ask(self, name: str | None, work: Callable[[Connection], Awaitable[_Done]]) -> _Done:
        """Return what comes of work with one server. Raises ConfigurationError where it is not declared."""
        async with connect(address_in(self.settings, name, self.environ, config=self.config)) as connection:
            return await work(connection)


def ref_in(text: str, server: str | None) -> PromptRef | None:
    """Return the prompt in Phoenix that an argument names; None for a file. Raises ConfigurationError."""
    try:
        ref = read_prompt_ref(text)
    except ValueError as error:
        raise ConfigurationError(str(error), next_step=f"name it like {PREFIX}support-answer@13") from None
    return ref.model_copy(update={"server": server}) if ref is not None else None


def named(name: str, server: str | None, *, version: str | None = None, tag: str | None = None) -> PromptRef:
    """Return the prompt of a name. Raises ConfigurationError for what is none."""
    at = f"@{version}" if version is not None else f":{tag}" if tag is not None else ""
    ref = ref_in(f"{PREFIX}{name.removeprefix(PREFIX)}{at}", server)
    if ref is None:
        raise TypeError("a name with the prefix is a reference")
    return ref


def file_said(path: Path) -> dict[str, Any]:
    """Return what a prompt file says as Phoenix would have it. Raises CandidateError at the place of what it cannot."""
    loaded = load_prompt(Path(), str(path))
    try:
        return to_hub(loaded.prompt)
    except TemplateProblem as problem:
        raise CandidateError(
            problem.message,
            location=loaded.place(problem.place, problem.line or 1),
            next_step="say it in another way, or keep this prompt in a file",
        ) from None


def hub_said(prompt: HubPrompt) -> dict[str, Any]:
    """Return what a version says as a prompt file would. Raises CandidateError for what a file cannot say."""
    try:
        return to_file(prompt)
    except TemplateProblem as problem:
        raise CandidateError(
            problem_words(prompt, problem), next_step="change it in Phoenix, and name the version that it becomes"
        ) from None


def settings_said(prompt: HubPrompt) -> str:
    """Return a version's model and parameters as a task says them, on one line."""
    said = settings_of(prompt)
    given = said["parameters"]
    pairs = [f"{name}: {value}" for name, value in given.items()] if isinstance(given, Mapping) else []
    return ", ".join([f"model: {said['model']}", *pairs])
