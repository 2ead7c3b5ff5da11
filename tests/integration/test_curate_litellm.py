"""What a program sends through LiteLLM is what `evalgate curate pull` makes of it: the real library, a real Phoenix."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.fake_model import Rule
from tests.integration.team import Team
from tests.integration.test_curate_pull import pull
from tests.integration.test_messages_instrumented import ASKED, TOOLS
from tests.litellm_program import WAYS, asked

__all__ = ["pull"]

MODELS = {"openai/gpt-4.1-mini": "base_url", "anthropic/claude-haiku-4-5": "root"}
FAILS = [{"role": "user", "content": "fail"}]
ENDS = [*ASKED[:-1], {"role": "user", "content": "What is both? ☃"}]
DIETS = [{"name": "get_recipes", "arguments": {"diet": each}} for each in ("vegan", "halal")]


@pytest.mark.parametrize("way", WAYS)
async def test_what_was_sent_and_answered_is_pulled(pull, phoenix, fake_model, way):
    """Tools, their results, a picture, what was thought, streams and errors, in OpenAI's and Anthropic's protocol."""
    project = phoenix.unique(way)
    fake_model.rules = [
        Rule(when="fail", fault="status", status=400),
        Rule(when="both", reply="Stew 🍲.", thinking="two diets?"),
        Rule(tool_calls=DIETS),
    ]
    calls = [
        {
            "model": model,
            "api_base": getattr(fake_model, base),
            "api_key": "none",
            "num_retries": 0,
            "stream": stream,
            "max_tokens": 100,
            "messages": messages,
            **({} if messages is FAILS else {"tools": TOOLS}),
        }
        for model, base in MODELS.items()
        for stream in (False, True)
        for messages in (ASKED, ENDS, FAILS)
    ]
    said = await asked(way, phoenix.base_url, project, calls)
    await arrived(Team(phoenix), project, len(calls))
    found = await pull(project, "--per", "call", "--settle", "0s")
    assert (found["new"], found["without_output"]) == (len(calls), 4)

    made = sorted(pull.candidates().values(), key=lambda each: each.source["start"])
    for call, answer, candidate in zip(calls, said, made, strict=True):
        assert candidate.source["model"].rpartition("/")[2] == call["model"].rpartition("/")[2]
        assert candidate.metadata.keys() <= {"thinking"}, "what it notes of itself is none of an example"
        if "error" in answer:
            assert candidate.source["status"] == "ERROR"
            assert (candidate.input, candidate.output) == ({"messages": FAILS}, None)
            continue
        assert candidate.input == {"messages": referenced(call["messages"], candidate), "tools": TOOLS}
        assert candidate.output == {"messages": [answered(answer, named=way != "otel")]}
        # The two others say nowhere what a model thought.
        thinks = way in ("openinference", "otel_v2") and call["messages"] is ENDS
        assert candidate.metadata == ({"thinking": ["two diets?"]} if thinks else {})


async def arrived(team: Team, project: str, calls: int) -> None:
    """Wait until the server has this many calls of a model; it takes spans in a while after it was given them."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            spans = (await team.ask(f"projects/{project}/spans?limit=100", "GET"))["data"]
        except AssertionError:  # the project begins with its first span
            spans = []
        if sum(each["name"] != "raw_gen_ai_request" for each in spans) == calls:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{len(spans)} spans arrived")


def referenced(messages, candidate):
    """Return messages with the picture as a reference to the span."""
    (_, image) = messages[1]["content"]
    place = {**image, "image_url": {"url": f"{candidate.id}#0"}}
    return [messages[0], {"role": "user", "content": [messages[1]["content"][0], place]}, *messages[2:]]


def answered(answer, *, named):
    """Return what LiteLLM gave a program, as OpenAI's protocol has it; `named`: calls of tools have their ids."""
    message = {"role": "assistant", "content": answer["content"] or None}
    if not answer["tool_calls"]:
        return message
    calls = [
        {
            **({"id": each["id"]} if named else {}),
            "type": "function",
            "function": {"name": each["function"]["name"], "arguments": each["function"]["arguments"]},
        }
        for each in answer["tool_calls"]
    ]
    return {**message, "tool_calls": calls}
