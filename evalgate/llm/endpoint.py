"""Where model calls go and with which key: the config's endpoints, resolved against the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from evalgate.errors import ConfigurationError
from evalgate.llm.sigv4 import AwsKeys
from evalgate.suite.addresses import wrong_with
from evalgate.suite.config import Api, Endpoint

_SECRET_LENGTH: Final = 16
_KEY_HEADERS: Final[Mapping[Api, str]] = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}
"""Where a key goes that is no bearer's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelEndpoint:
    """One endpoint, ready to call. Its limits are shared by all of one name and address.

    `timeout` is in seconds for one call with its retries. Headers and secrets never show in a repr.
    """

    name: str
    base_url: str
    api: Api = "chat"
    concurrency: int = 32
    timeout: float = 60.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    provider: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    aws: AwsKeys | None = field(default=None, repr=False)
    """What its requests are signed with."""

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

    Raises ConfigurationError when the address is none or a variable that holds a key is unset or unusable.
    """
    checked_url(endpoint.base_url, what=f"endpoint {name!r}: base_url")
    key = _key(name, endpoint.api_key_env, environ) if endpoint.api_key_env else None
    aws = _aws(name, endpoint.aws_region, environ) if endpoint.aws_region else None
    secrets = (key, *((aws.secret, aws.token, aws.access) if aws else ()))
    return ModelEndpoint(
        name=name,
        base_url=endpoint.base_url,
        api=endpoint.api,
        concurrency=endpoint.concurrency,
        timeout=endpoint.timeout,
        requests_per_minute=endpoint.requests_per_minute,
        tokens_per_minute=endpoint.tokens_per_minute,
        provider=endpoint.provider,
        headers=_credentials(endpoint, key) if key else {},
        secrets=tuple(form for secret in secrets if secret for form in _forms(secret)),
        aws=aws,
    )


def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it may be written: servers escape the characters of base64, in JSON and in addresses."""
    upper, lower = (secret.replace("/", f"\\u002{slash}").replace("+", f"\\u002{plus}") for slash, plus in ("FB", "fb"))
    return tuple(dict.fromkeys((secret, secret.replace("/", "\\/"), upper, lower, quote(secret, safe=""))))


def _credentials(endpoint: Endpoint, key: str) -> dict[str, str]:
    header = endpoint.api_key_header or _KEY_HEADERS.get(endpoint.api)
    return {"Authorization": f"Bearer {key}"} if header is None else {header: key}


def _aws(name: str, region: str, environ: Mapping[str, str]) -> AwsKeys:
    access, secret = (_key(name, variable, environ) for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    token = _key(name, "AWS_SESSION_TOKEN", environ) if environ.get("AWS_SESSION_TOKEN") else None
    return AwsKeys(access=access, secret=secret, token=token, region=region)


def checked_url(url: str, *, what: str) -> None:
    """Raise ConfigurationError unless `url` is an absolute http(s) address without credentials in it."""
    wrong = wrong_with(url)
    if wrong is not None:
        raise ConfigurationError(f"{what} {wrong[0]}", next_step=wrong[1])


def _key(name: str, variable: str, environ: Mapping[str, str]) -> str:
    key = environ.get(variable, "").strip()
    if not key:
        job = "make it a secret of the repository and name it under `env:` of the step"
        setting = f"set {variable} ({job})" if environ.get("GITHUB_ACTIONS") == "true" else f"set {variable}"
        raise ConfigurationError(
            f"endpoint {name!r} needs a key, and the environment variable {variable} is not set",
            next_step=f"{setting}, or remove {_wanting(variable)} from endpoints.{name} if it takes no key",
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(
            f"the key in {variable} (endpoint {name!r}) has characters that no HTTP header can carry",
            next_step=f"set {variable} to the key alone, on one line",
        )
    return key


def _wanting(variable: str) -> str:
    return "aws_region" if variable.startswith("AWS_") and not variable.startswith("AWS_BEARER") else "api_key_env"
