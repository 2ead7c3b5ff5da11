"""What a program sees in place of its provider, and which address of the endpoint its calls are for."""

from __future__ import annotations

import pytest

from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.mounts import address_of, surroundings
from evalgate.llm.sigv4 import AwsKeys

AZURE = "https://n.openai.azure.com/openai/deployments/{model}?api-version=1"
BEDROCK = "https://bedrock-runtime.eu-central-1.amazonaws.com"
CLAUDE = "model/eu.claude-v2%3A0/converse"


@pytest.mark.parametrize(
    ("base", "path", "query", "body", "url", "model"),
    [
        ("https://x/v1", "chat/completions", "", b'{"model": "m"}', "https://x/v1/chat/completions", "m"),
        ("https://x/v1/", "v1/chat/completions", "", b'{"model": "m"}', "https://x/v1/chat/completions", "m"),
        ("https://x", "chat/completions", "a=1", b"{}", "https://x/chat/completions?a=1", ""),
        ("https://x/openai", "chat/completions", "", b"{}", "https://x/openai/chat/completions", ""),
        ("https://a/v1", "v1/messages", "beta=true", b'{"model": "m"}', "https://a/v1/messages?beta=true", "m"),
        ("https://a", "v1/messages", "", b'{"model": "m"}', "https://a/v1/messages", "m"),
        ("https://g/v1beta", "v1/models/m:generateContent", "", b"{}", "https://g/v1/models/m:generateContent", "m"),
        (
            "https://g/v1beta",
            "v1beta/models/m:streamGenerateContent",
            "alt=sse&key=none",
            b"{}",
            "https://g/v1beta/models/m:streamGenerateContent?alt=sse",
            "m",
        ),
        (BEDROCK, CLAUDE, "", b"{}", f"{BEDROCK}/{CLAUDE}", "eu.claude-v2:0"),
        (
            AZURE,
            "openai/deployments/m/chat/completions",
            "api-version=2",
            b'{"model": "m"}',
            "https://n.openai.azure.com/openai/deployments/m/chat/completions?api-version=2",
            "m",
        ),
        (
            AZURE,
            "chat/completions",
            "",
            b'{"model": "m"}',
            "https://n.openai.azure.com/openai/deployments/m/chat/completions?api-version=1",
            "m",
        ),
        (AZURE, "openai/models", "", b"", "https://n.openai.azure.com/openai/models?api-version=1", ""),
    ],
)
def test_where_a_call_goes_and_which_model_it_names(base, path, query, body, url, model):
    assert address_of(ModelEndpoint(name="x", base_url=base), path, query, body) == (url, model)


@pytest.mark.parametrize(
    ("api", "base", "needed"),
    [
        ("chat", "https://x/v1", {"OPENAI_BASE_URL", "OPENAI_API_KEY"}),
        ("chat", AZURE, {"OPENAI_BASE_URL", "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"}),
        ("anthropic", "https://x/v1", {"ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"}),
        ("gemini", "https://x/v1", {"GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY"}),
        ("bedrock", BEDROCK, {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME"}),
    ],
)
def test_what_a_program_sees_holds_no_key(api, base, needed):
    keys = AwsKeys(access="AKID-secret", secret="secret", token="secret", region="eu-central-1")
    endpoint = ModelEndpoint(
        name="x", base_url=base, api=api, headers={"x-api-key": "secret"}, secrets=("secret",), aws=keys
    )
    seen = surroundings(endpoint, "http://127.0.0.1:1/token")
    assert set(seen.environment) == needed | {"NO_PROXY", "no_proxy"}
    assert "secret" not in str({**seen.environment, **seen.defaults})
    assert ("AWS_REGION" in seen.defaults) == (api == "bedrock")
    assert seen.defaults.get("OPENAI_API_VERSION") == ("1" if base == AZURE else None)
