"""Where GitHub's API is, which repository is meant, and the token that asks: read from a step's environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from evalgate.errors import ConfigurationError

TOKEN: Final = "EVALGATE_GITHUB_TOKEN"
"""The one variable that holds the token: of the gate's own step alone, so that nothing else of the job has it."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, kw_only=True)
class Access:
    """Addresses without a slash at their end; `repository` is `owner/name`. The token is not part of its text."""

    api_url: str
    graphql_url: str
    repository: str
    token: str = field(repr=False)

    @property
    def host(self) -> str:
        """Return the host as messages name it."""
        return urlsplit(self.api_url).netloc.rpartition("@")[2]


def access(environ: Mapping[str, str]) -> Access | None:
    """Return how GitHub is asked; None where the step has no token or is in no workflow.

    Raises ConfigurationError for an address, a repository or a token that is none.
    """
    token, repository = environ.get(TOKEN, "").strip(), environ.get("GITHUB_REPOSITORY", "")
    if not token or not repository:
        return None
    if not _TOKEN.fullmatch(token):
        raise ConfigurationError(f"{TOKEN} holds no token", next_step="give the step `token: ${{ github.token }}`")
    if not _NAME.fullmatch(repository) or ".." in repository:
        raise ConfigurationError(
            f"GITHUB_REPOSITORY is {repository[:100]!r}", next_step="set it to owner/name, as a workflow does"
        )
    api_url = _address(environ, "GITHUB_API_URL") or "https://api.github.com"
    graphql_url = _address(environ, "GITHUB_GRAPHQL_URL") or f"{api_url.removesuffix('/v3')}/graphql"
    if urlsplit(graphql_url)[:2] != urlsplit(api_url)[:2]:
        raise ConfigurationError(
            "GITHUB_GRAPHQL_URL and GITHUB_API_URL name two hosts, and the token is for one",
            next_step="unset GITHUB_GRAPHQL_URL",
        )
    return Access(api_url=api_url, graphql_url=graphql_url, repository=repository, token=token)


def _address(environ: Mapping[str, str], name: str) -> str | None:
    given = environ.get(name, "").rstrip("/")
    if not given:
        return None
    try:
        parts = urlsplit(given)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc
    except ValueError:
        wrong = True
    if wrong or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} is not the address of an API", next_step="leave it as the runner sets it")
    return given
