"""How a program finds the proxy in place of its provider, and which address of the endpoint a call of its is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.relay import model_in

PLACEHOLDER_KEY: Final = "evalgate-has-the-key"
_DIRECT: Final = "127.0.0.1,localhost"
_AZURE: Final = "/openai/"
"""What the address of an Azure OpenAI resource goes on with."""
_VERSION: Final = re.compile(r"v\d+[a-z0-9]*")
_MODEL: Final = re.compile(r"(?:^|/)(?:models?|deployments)/([^/]+?)(?=[:/][^/]*$|/)")
"""Where an address names the model: Gemini's models/M:generateContent, Bedrock's model/M/converse, Azure's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a program must see, and what it sees unless its own environment says otherwise."""

    environment: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)


def surroundings(endpoint: ModelEndpoint, address: str) -> Surroundings:
    """Return the variables with which the endpoint's ordinary SDK calls `address`, with no key of any worth."""
    direct = {"NO_PROXY": _DIRECT, "no_proxy": _DIRECT}
    match endpoint.api:
        case "anthropic":
            found = {"ANTHROPIC_BASE_URL": address, "ANTHROPIC_API_KEY": PLACEHOLDER_KEY}
            return Surroundings(environment=direct | found)
        case "gemini":
            found = {"GOOGLE_GEMINI_BASE_URL": address, "GEMINI_API_KEY": PLACEHOLDER_KEY}
            return Surroundings(environment=direct | found)
        case "bedrock":
            return Surroundings(
                environment=direct | {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": address}, defaults=_aws_defaults(endpoint)
            )
        case _:
            found = {"OPENAI_BASE_URL": address, "OPENAI_API_KEY": PLACEHOLDER_KEY}
            return Surroundings(environment=direct | found | _azure(endpoint, address), defaults=_version(endpoint))


def address_of(endpoint: ModelEndpoint, path: str, query: str, body: bytes) -> tuple[str, str]:
    """Return where a program's call of `path` (as it came, without a leading slash) goes, and the model that it names.

    Some SDKs put a version into the path, which then stands for that at the end of the endpoint's address.
    """
    found = _MODEL.search(path)
    model = model_in(body) or (unquote(found[1]) if found else "")
    root, azure, _ = endpoint.base_url.partition(_AZURE)
    if azure and path.startswith(_AZURE[1:]):
        own = urlsplit(f"{root}/{path}")
        return urlunsplit(own._replace(query=query or urlsplit(endpoint.base_url).query)), model
    version, _, rest = path.partition("/")
    own = urlsplit(endpoint.url("", model))
    before, _, last = own.path.rstrip("/").rpartition("/")
    if _VERSION.fullmatch(version) and _VERSION.fullmatch(last):
        own = own._replace(path=f"{before}/{version}/{rest}")
    else:
        own = urlsplit(endpoint.url(f"/{path}", model))
    # Gemini's older clients send their key, which is none, in the query.
    told = "&".join(part for part in query.split("&") if part and not part.startswith("key="))
    return urlunsplit(own._replace(query="&".join(part for part in (own.query, told) if part))), model


def _azure(endpoint: ModelEndpoint, address: str) -> dict[str, str]:
    if _AZURE not in endpoint.base_url:
        return {}
    return {"AZURE_OPENAI_ENDPOINT": address, "AZURE_OPENAI_API_KEY": PLACEHOLDER_KEY}


def _version(endpoint: ModelEndpoint) -> dict[str, str]:
    version = dict(parse_qsl(urlsplit(endpoint.base_url).query)).get("api-version")
    return {"OPENAI_API_VERSION": version} if version else {}


def _aws_defaults(endpoint: ModelEndpoint) -> dict[str, str]:
    """Return what a client of AWS does not start without; its own keys, for other services, come first."""
    # Any region will do where none is signed for: the address of its calls is here.
    named = "us-east-1" if endpoint.aws is None else endpoint.aws.region
    region = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), named)
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), PLACEHOLDER_KEY)
    return {**keys, **region, "AWS_MAX_ATTEMPTS": "1"}
