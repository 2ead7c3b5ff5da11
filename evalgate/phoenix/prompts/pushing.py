"""A prompt file written to Phoenix as a new version, once: what is there already is not written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from evalgate.errors import ConfigurationError
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.prompts.versions import versions_of
from evalgate.records import Json
from evalgate.suite.hub_prompt import HubPrompt, content_of
from evalgate.suite.prompt_exchange import settings_of, to_file

PROVIDERS: Final = (
    "OPENAI",
    "AZURE_OPENAI",
    "ANTHROPIC",
    "GOOGLE",
    "DEEPSEEK",
    "XAI",
    "OLLAMA",
    "AWS",
    "CEREBRAS",
    "FIREWORKS",
    "GROQ",
    "MOONSHOT",
    "MINIMAX",
    "PERPLEXITY",
    "TOGETHER",
    "ZAI",
    "META",
)
_AS_OPENAI: Final = "MINIMAX"
"""Phoenix keeps the parameters of this one as OpenAI's."""
_NEEDED: Final[Mapping[str, Mapping[str, Json]]] = {"ANTHROPIC": {"max_tokens": 4096}}
"""Parameters without which Phoenix takes no version: as long a reply as evalgate asks for itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A version that is to be: as REST takes it, and as it is compared with those that there are."""

    version: Mapping[str, Any]
    name: str

    @property
    def prompt(self) -> HubPrompt:
        """Return it as a version without a number."""
        return HubPrompt(name=self.name, number=0, id="", content=content_of(self.version))


def draft_of(name: str, said: Mapping[str, Any], latest: HubPrompt | None, model: str | None) -> Draft:
    """Return the version that a file makes (`prompt_exchange.to_hub`).

    Its model is `model` (`openai/gpt-4.1`), else that of the latest version, whose parameters it keeps while the
    provider is the same. Raises ConfigurationError where no model is known.
    """
    if model is None and latest is None:
        raise ConfigurationError(
            f"{name} is new in Phoenix, and every version there names a model",
            next_step="say which: --model openai/gpt-4.1-mini",
        )
    provider, _, wanted = (model or "").partition("/")
    provider = provider.upper() if model is not None else (latest.provider if latest is not None else "")
    if provider not in PROVIDERS or (model is not None and not wanted):
        raise ConfigurationError(
            f"{model!r} names no model of a provider that Phoenix knows",
            next_step=f"write provider/model, the provider being one of {', '.join(PROVIDERS).lower()}",
        )
    kept = latest.content.get("invocation_parameters") if latest is not None and latest.provider == provider else None
    own = "openai" if provider == _AS_OPENAI else provider.lower()
    parameters = kept or {"type": own, own: dict(_NEEDED.get(provider, {}))}
    named = wanted or (latest.model if latest is not None else "")
    settings = {"model_provider": provider, "model_name": named, "invocation_parameters": parameters}
    return Draft(name=name, version={**said, **settings})


def same(one: HubPrompt, other: HubPrompt) -> bool:
    """Return whether two versions send the same, whichever way they write it. Raises TemplateProblem."""
    return to_file(one) == to_file(other) and settings_of(one) == settings_of(other)


async def push(
    connection: Connection, draft: Draft, before: Sequence[HubPrompt], *, description: str, metadata: Mapping[str, Json]
) -> HubPrompt:
    """Write a version, of a new prompt where `before` is empty, and return it as it is there.

    A call that failed after the server wrote is no failure: what is there by then is looked at. Raises PhoenixError.
    """
    version = {**draft.version, "description": description, "metadata": dict(metadata)}
    doing = f"the prompt {draft.name} could not be written"
    try:
        if before:
            path = f"v1/prompts/{quote(draft.name, safe='')}/versions"
            await connection.rest("POST", path, doing=doing, body={"version": version})
        else:
            body = {"prompt": {"name": draft.name}, "version": version}
            await connection.rest("POST", "v1/prompts", doing=doing, body=body)
    except PhoenixError as error:
        written = await _written(connection, draft, before) if error.passing else None
        if written is None:
            raise
        return written
    written = await _written(connection, draft, before)
    if written is None:
        raise PhoenixError(f"{doing}: {connection.address.shown} does not list what it took", status=200)
    return written


async def _written(connection: Connection, draft: Draft, before: Sequence[HubPrompt]) -> HubPrompt | None:
    """Return the first version that is new and says what the draft says; None where there is none."""
    known = {version.id for version in before}
    fresh = [version for version in await versions_of(connection, draft.name) if version.id not in known]
    return next((version for version in fresh if same(version, draft.prompt)), None)
