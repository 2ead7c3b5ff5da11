"""Providers that speak protocols of their own: for prompts and judges, and for applications with their SDKs."""

import asyncio
import sys

import pytest

from tests.e2e.application import outcomes, write_suite
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

KEY = "sk-very-secret-0123456789"
SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": "token-0123456789abcdef",
}
USAGE = {"prompt_tokens": 900, "completion_tokens": 100, "prompt_tokens_details": {"cached_tokens": 100}}
BEDROCK = "eu.anthropic.small-v2:0"
MODELS = {"anthropic": "small", "gemini": "small", "bedrock": BEDROCK, "chat": "small", "responses": "small"}


def endpoint(fake, api):
    match api:
        case "bedrock":
            return {"base_url": fake.root, "api": "bedrock", "aws_region": "eu-central-1", "timeout": 20}
        case "gemini":
            return {"base_url": f"{fake.root}/v1beta", "api": "gemini", "api_key_env": "MODEL_KEY", "timeout": 20}
        case _:
            return {"base_url": fake.base_url, "api": api, "api_key_env": "MODEL_KEY", "timeout": 20}


def prepared(project, at, suite, model="small"):
    return write_suite(project, at, suite, program="providers.py", model=model)


def program(function, **more):
    python = {"python": f"providers.py:{function}", "interpreter": sys.executable}
    return {"task": {**python, "endpoint": "fake", "workers": 2, "timeout": 60, "inputs": ["providers.py"], **more}}


async def run(project, *arguments, keys=True):
    environ = {"MODEL_KEY": KEY, **AWS} if keys else {}
    return await asyncio.to_thread(project.run, *arguments, **environ)


def credentials(api, headers):
    """The headers with which a request came in, by which the provider knows who calls."""
    named = {name.lower(): value for name, value in headers.items()}
    match api:
        case "anthropic":
            return named["x-api-key"], "anthropic-version" in named, named.get("authorization")
        case "gemini":
            return named["x-goog-api-key"]
        case "bedrock":
            scope = named["authorization"].split("/", 1)[1].split(",")[0].partition("/")[2]
            return named["x-amz-security-token"], scope, "evalgate-has-the-key" in named["authorization"]
    return named["authorization"]


CREDENTIALS = {
    "anthropic": (KEY, True, None),
    "gemini": KEY,
    "bedrock": (AWS["AWS_SESSION_TOKEN"], "eu-central-1/bedrock/aws4_request", False),
    "responses": f"Bearer {KEY}",
}


@pytest.mark.parametrize("api", CREDENTIALS)
async def test_a_prompt_and_a_judge_ask_in_the_providers_own_words(project, fake_model, api):
    fake_model.rules = [Rule(has="response_format", reply="judge", usage=USAGE), Rule(usage=USAGE)]
    model = f"fake/{MODELS[api]}"
    suite = {
        "task": {"prompt": "prompt.yaml", "model": model, "temperature": 0, "max_tokens": 50},
        "evaluators": [{"contains": {"text": "word"}}, {"judge": "correctness", "model": model}],
        "checks": {"contains": {"at_least": 1.0}, "correctness": {"at_least": 1.0}},
    }
    prepared(project, endpoint(fake_model, api), suite, MODELS[api])
    project.write(
        "prompt.yaml", "messages:\n- {role: system, content: Be short.}\n- {role: user, content: '{{ q }}'}\n"
    )
    first = await run(project)
    assert (first.code, fake_model.calls) == (0, 6), first.text
    assert {credentials(api, request["headers"]) for request in fake_model.requests} == {CREDENTIALS[api]}
    found = outcomes(project)["e1", "r1"]
    assert found.output == "word1 more"
    (part,) = found.usage
    assert (part.model, part.input_tokens, part.output_tokens, part.cached_tokens) == (model, 900, 100, 100)
    assert part.cost == pytest.approx(0.001)
    again = await run(project, "--replay", keys=False)
    assert (again.code, fake_model.calls) == (0, 6), again.text
    text = first.text + again.text + (project.folder / ".evalgate" / "cache.db").read_bytes().decode("latin-1")
    assert KEY not in text
    assert SECRET not in text


async def test_what_the_protocol_has_no_words_for_stops_the_run_before_it_is_paid_for(project, fake_model):
    suite = {"task": {"prompt": "prompt.yaml", "model": "fake/small", "seed": 1}}
    prepared(project, endpoint(fake_model, "anthropic"), suite)
    project.write("prompt.yaml", "messages: [{role: user, content: '{{ q }}'}]\n")
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (2, 0), ended.text
    assert "endpoints.fake speaks anthropic: Anthropic's API has no seed" in " ".join(ended.text.split())


async def test_without_keys_of_aws_nothing_is_called(project, fake_model):
    suite = {"task": {"prompt": "prompt.yaml", "model": f"fake/{BEDROCK}"}}
    prepared(project, endpoint(fake_model, "bedrock"), suite)
    project.write("prompt.yaml", "messages: [{role: user, content: '{{ q }}'}]\n")
    ended = await run(project, keys=False)
    assert (ended.code, fake_model.calls) == (2, 0), ended.text
    assert "the environment variable AWS_ACCESS_KEY_ID is not set" in " ".join(ended.text.split())


SDKS = [
    ("anthropic", "anthropic"),
    ("anthropic", "anthropic_streamed"),
    ("gemini", "gemini"),
    ("gemini", "gemini_streamed"),
    *(("bedrock", name) for name in ("converse", "converse_streamed", "invoke", "invoke_streamed")),
]


@pytest.mark.parametrize(("api", "function"), SDKS)
async def test_a_program_with_another_sdk_is_cached_counted_and_replayed_unchanged(project, fake_model, api, function):
    fake_model.rules = [Rule(usage=USAGE)]
    prepared(project, endpoint(fake_model, api), program(function), MODELS[api])
    first = await run(project)
    assert (first.code, fake_model.calls) == (0, 3), first.text
    assert {credentials(api, request["headers"]) for request in fake_model.requests} == {CREDENTIALS[api]}
    (part,) = outcomes(project)["e0", "r1"].usage
    assert (part.model, part.calls, part.from_cache) == (f"fake/{MODELS[api]}", 1, False)
    assert (part.input_tokens, part.output_tokens) == (900, 100)
    again = await run(project)
    assert (again.code, fake_model.calls) == (0, 3), again.text
    assert outcomes(project)["e0", "r1"].usage[0].from_cache
    replayed = await run(project, "--replay", keys=False)
    assert (replayed.code, fake_model.calls) == (0, 3), replayed.text


@pytest.mark.parametrize(("api", "function"), SDKS)
async def test_what_another_attempt_mends_a_program_with_another_sdk_never_sees(project, fake_model, api, function):
    fault = {"fault": "cut_stream"} if function.endswith("streamed") else {"fault": "status", "status": 529}
    fake_model.rules = [
        Rule(times=1, fault="status", status=429, headers={"retry-after": "0"}),
        Rule(times=2, **fault),
    ]
    prepared(project, endpoint(fake_model, api), program(function), MODELS[api])
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (0, 6), ended.text


@pytest.mark.parametrize(
    ("api", "function", "kind"),
    [
        ("anthropic", "anthropic", "BadRequestError"),
        ("gemini", "gemini", "ClientError"),
        ("bedrock", "converse", "ValidationException"),
    ],
)
async def test_a_rejected_request_reaches_the_program_as_its_own_sdks_error(project, fake_model, api, function, kind):
    headers = {"x-amzn-errortype": "ValidationException"}
    fake_model.rules = [Rule(when="word1", fault="status", status=400, headers=headers)]
    prepared(project, endpoint(fake_model, api), program(function), MODELS[api])
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (1, 3), ended.text
    failure = outcomes(project)["e1", "r1"].failure
    assert (failure.kind.value, failure.type) == ("task", kind)
    assert "status 400 on demand" in failure.message


@pytest.mark.parametrize(("api", "function"), SDKS[::4])
async def test_a_replay_that_lacks_a_call_ends_a_program_with_another_sdk_too(project, fake_model, api, function):
    prepared(project, endpoint(fake_model, api), program(function), MODELS[api])
    await run(project, "--limit", "2", "--no-gate")
    ended = await run(project, "--replay", keys=False)
    assert (ended.code, fake_model.calls) == (4, 2), ended.text
    assert f"lacks the answer of fake/{MODELS[api]} for the example" in " ".join(ended.out.split())


async def test_a_program_may_have_keys_of_aws_of_its_own(project, fake_model):
    task = program("converse", env=["AWS_*"])
    prepared(project, endpoint(fake_model, "bedrock"), task, BEDROCK)
    ended = await run(project)
    assert (ended.code, fake_model.calls) == (0, 3), ended.text


@pytest.mark.parametrize("api_version", ["2024-10-21", None])
async def test_the_client_for_azure_finds_its_deployments(project, fake_model, api_version):
    fake_model.rules = [Rule(usage=USAGE)]
    base = f"{fake_model.root}/openai/deployments/{{model}}?api-version=2024-10-21"
    at = {"base_url": base, "api_key_env": "MODEL_KEY", "api_key_header": "api-key", "timeout": 20}
    task = program("azure", env=[] if api_version else ["OPENAI_API_VERSION"])
    prepared(project, at, task)
    ended = await asyncio.to_thread(project.run, MODEL_KEY=KEY, OPENAI_API_VERSION="2025-01-01")
    assert (ended.code, fake_model.calls) == (0, 3), ended.text
    (request, *_) = fake_model.requests
    assert request["path"] == "/openai/deployments/small/chat/completions"
    assert request["query"] == f"api-version={api_version or '2025-01-01'}"
    assert {name.lower(): value for name, value in request["headers"].items()}["api-key"] == KEY
    assert outcomes(project)["e0", "r1"].usage[0].input_tokens == 900
