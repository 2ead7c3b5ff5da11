"""Where model calls go and with which key: the config's endpoints, resolved against the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from evalgate.errors import ConfigurationError
from evalgate.suite.addresses import wrong_with
from evalgate.suite.config import Endpoint

_SECRET_LENGTH: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelEndpoint:
    """One endpoint, ready to call. Its limits are shared by all of one name and address.

    `timeout` is in seconds for one call with its retries. Headers and secrets never show in a repr.
    """

    name: str
    base_url: str
    concurrency: int = 32
    timeout: float = 60.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    provider: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def url(self, path: str, model: str = "") -> str:
        """Return the address of `path` (`/chat/completions`) below the base, keeping the base's query.

        A `{model}` in the base stands for the model: Azure OpenAI has an address for each deployment.
        """
        base = urlsplit(self.base_url.replace("{model}", quote(model, safe="")))
        return urlunsplit(base._replace(path=base.path.rstrip("/") + path))

    def redact(self, text: str) -> str:
        """Return `text` without this endpoint's secrets: providers repeat keys in their messages."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def without_secrets(self, body: bytes) -> bytes:
        """Return what the endpoint answered without its own key: an answer is recorded, cached and shown.

        A short one (`none`, `EMPTY`: local servers take anything) is no secret, and may be part of any answer.
        """
        for secret in self.secrets:
            if len(secret) >= _SECRET_LENGTH:
                body = body.replace(secret.encode(), b"***")
        return body


def resolve_endpoint(name: str, endpoint: Endpoint, environ: Mapping[str, str]) -> ModelEndpoint:
    """Return the endpoint called `name` with its key from `environ`.

    Raises ConfigurationError when the address is none or the variable that holds the key is unset or unusable.
    """
    checked_url(endpoint.base_url, what=f"endpoint {name!r}: base_url")
    key = _key(name, endpoint.api_key_env, environ) if endpoint.api_key_env else None
    return ModelEndpoint(
        name=name,
        base_url=endpoint.base_url,
        concurrency=endpoint.concurrency,
        timeout=endpoint.timeout,
        requests_per_minute=endpoint.requests_per_minute,
        tokens_per_minute=endpoint.tokens_per_minute,
        provider=endpoint.provider,
        headers=_credentials(endpoint, key) if key else {},
        secrets=(key,) if key else (),
    )


def _credentials(endpoint: Endpoint, key: str) -> dict[str, str]:
    if endpoint.api_key_header is None:
        return {"Authorization": f"Bearer {key}"}
    return {endpoint.api_key_header: key}


def checked_url(url: str, *, what: str) -> None:
    """Raise ConfigurationError unless `url` is an absolute http(s) address without credentials in it."""
    wrong = wrong_with(url)
    if wrong is not None:
        raise ConfigurationError(f"{what} {wrong[0]}", next_step=wrong[1])


def _key(name: str, variable: str, environ: Mapping[str, str]) -> str:
    key = environ.get(variable, "").strip()
    if not key:
        raise ConfigurationError(
            f"endpoint {name!r} needs a key, and the environment variable {variable} is not set",
            next_step=f"set {variable}, or remove api_key_env from endpoints.{name} if it takes no key",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f"the key in {variable} (endpoint {name!r}) has characters that no HTTP header can carry",
            next_step=f"set {variable} to the key alone, on one line",
        )
    return key
