"""What a prompt in Phoenix sends beside its messages: tools, the form of the answer, parameters; what overrides them.

A version is written for one provider. What an endpoint of another protocol could only be guessed to mean is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from evalgate.errors import CandidateError
from evalgate.records import Json, JsonObject
from evalgate.suite.config import Api
from evalgate.suite.hub_messages import ANTHROPIC
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.hub_template import value_text
from evalgate.suite.tasks import PromptTask

SHARED: Final = ("temperature", "top_p", "max_tokens", "seed")
"""What every protocol is asked for under one name."""
_LIMITS: Final = ("max_tokens", "max_completion_tokens")
"""Two names of one thing: an endpoint refuses both at once."""
_CHOICES: Final = {"none": "none", "zero_or_more": "auto", "one_or_more": "required"}
_OWN_API: Final[Mapping[str, Api]] = {"anthropic": "anthropic", "google": "gemini", "aws": "bedrock"}
"""What endpoints have to speak for the parameters of a provider; all others have those of chat completions."""
_OWN_KEYS: Final = {"model", "messages", "tools", "tool_choice", "response_format", "stream", "n", "background"}
"""Keys of the body that only evalgate sets."""
_GEMINI: Final = {
    "top_k": "topK",
    "stop_sequences": "stopSequences",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "thinking_budget": "thinkingBudget",
    "thinking_level": "thinkingLevel",
    "include_thoughts": "includeThoughts",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class HubRequest:
    """What goes out beside the messages, as a chat completion has it. `parameters` are those of the endpoint's call."""

    tools: tuple[JsonObject, ...]
    tool_choice: Json
    response_format: JsonObject | None
    parameters: Mapping[str, Json]


def hub_request(prompt: HubPrompt, task: PromptTask, api: Api) -> HubRequest:
    """Return what a version sends at an endpoint that speaks `api`, as the task overrides it.

    Raises CandidateError for what cannot be said there.
    """
    tools, choice = _tools(prompt)
    form = prompt.content.get("response_format")
    if form is not None and prompt.provider == ANTHROPIC:
        raise _refusal(prompt, f"has a response_format, which Phoenix's client leaves out for {ANTHROPIC}")
    if form is not None and not (isinstance(form, Mapping) and form.get("type") == "json_schema"):
        raise _refusal(prompt, "has a response_format that is no json_schema")
    own = parameters_of(prompt, api)
    given = set_by(task)
    for limit in _LIMITS:
        if limit in given:
            own = {key: value for key, value in own.items() if key not in _LIMITS}
    return HubRequest(tools=tools, tool_choice=choice, response_format=form, parameters={**own, **given})


def set_by(task: PromptTask) -> dict[str, Json]:
    """Return the parameters that a task sets itself."""
    named = {name: getattr(task, name) for name in SHARED}
    return {**{name: value for name, value in named.items() if value is not None}, **task.parameters}


def parameters_of(prompt: HubPrompt, api: Api) -> dict[str, Json]:
    """Return the parameters of a version, as an endpoint that speaks `api` takes them. Raises CandidateError."""
    kind, given = _given(prompt)
    if kind == "google" and "max_output_tokens" in given:
        given["max_tokens"] = given.pop("max_output_tokens")
    if api != "chat" and "max_completion_tokens" in given:
        given.setdefault("max_tokens", given.pop("max_completion_tokens"))
    made: dict[str, Json] = {name: given.pop(name) for name in SHARED if name in given}
    if not given:
        return made
    if api != _OWN_API.get(kind, "chat"):
        raise _refusal(
            prompt,
            f"sets {', '.join(sorted(given))} as {prompt.provider} takes it, and its endpoint speaks {api}",
            "name a `model` at an endpoint that speaks as that provider does, or take it out in Phoenix",
        )
    return {**made, **_own_words(prompt, kind, given)}


def overrides(prompt: HubPrompt, task: PromptTask) -> Iterator[str]:
    """Yield what a task has instead of what the version says: `temperature 0 instead of the hub's 0.7`."""
    _, theirs = _given(prompt)
    model = task.named_model.partition("/")[2]
    if model != prompt.model:
        yield f"the model {task.named_model} instead of the hub's {prompt.model}"
    for name, value in set_by(task).items():
        known = [*_LIMITS, "max_output_tokens"] if name in _LIMITS else [name]
        before = next((theirs[each] for each in known if each in theirs), None)
        if before is None:
            yield f"{name} {_shown(value)}, which the hub does not set"
        elif before != value:
            yield f"{name} {_shown(value)} instead of the hub's {_shown(before)}"


def _shown(value: Json) -> str:
    return f"{value:g}" if isinstance(value, float) else value_text(value)


def left_out(prompt: HubPrompt) -> Iterator[str]:
    """Yield what a version says and Phoenix's own client does not send, so that it is not sent here either."""
    tools = prompt.content.get("tools")
    if isinstance(tools, Mapping) and "disable_parallel_tool_calls" in tools and prompt.provider != ANTHROPIC:
        yield "disable_parallel_tool_calls"
    kind, given = _given(prompt)
    if kind == "anthropic" and "extra_body" in given:
        yield "extra_body"


def _given(prompt: HubPrompt) -> tuple[str, dict[str, Any]]:
    """Return the provider whose parameters a version has, in lower case, and these."""
    held = prompt.content.get("invocation_parameters")
    kind = str(held.get("type")) if isinstance(held, Mapping) else ""
    given = held.get(kind) if isinstance(held, Mapping) else None
    return kind, dict(given) if isinstance(given, Mapping) else {}


def _own_words(prompt: HubPrompt, kind: str, given: dict[str, Any]) -> dict[str, Json]:
    """Return the parameters that only a provider's own protocol has."""
    if kind == "anthropic":
        return {name: value for name, value in given.items() if name != "extra_body"}
    if kind == "aws":
        return {"inferenceConfig": {"stopSequences": given.get("stop_sequences")}}
    if kind == "google":
        return {"generationConfig": {**_gemini(given), **_thinking(given.get("thinking_config"))}}
    extra = given.pop("extra_body", {})
    if not isinstance(extra, Mapping):
        raise _refusal(prompt, "has an extra_body that is none")
    if taken := sorted(extra.keys() & _OWN_KEYS):
        raise _refusal(prompt, f"sets {', '.join(taken)} in its extra_body")
    return {**given, **extra}


def _gemini(given: Mapping[str, Any]) -> dict[str, Json]:
    return {_GEMINI.get(name, name): value for name, value in given.items() if name != "thinking_config"}


def _thinking(given: Any) -> dict[str, Json]:
    if not isinstance(given, Mapping) or not given:
        return {}
    words = {name: value.upper() if name == "thinking_level" else value for name, value in given.items()}
    return {"thinkingConfig": _gemini(words)}


def _tools(prompt: HubPrompt) -> tuple[tuple[JsonObject, ...], Json]:
    held = prompt.content.get("tools")
    if held is None:
        return (), None
    given = held.get("tools") if isinstance(held, Mapping) else None
    if not isinstance(given, list) or not isinstance(held, Mapping):
        raise _refusal(prompt, "has tools that are none")
    if held.get("disable_parallel_tool_calls") and prompt.provider == ANTHROPIC:
        raise _refusal(prompt, f"sets disable_parallel_tool_calls, which is not sent to {ANTHROPIC} from here")
    tools = tuple(_tool(prompt, tool) for tool in given)
    choice = held.get("tool_choice")
    if not isinstance(choice, Mapping):
        return tools, None
    if choice.get("type") == "specific_function":
        return tools, {"type": "function", "function": {"name": choice.get("function_name")}}
    if choice.get("type") not in _CHOICES:
        raise _refusal(prompt, f"has a tool_choice {choice.get('type')!r} that is none which evalgate sends")
    return tools, _CHOICES[str(choice["type"])]


def _tool(prompt: HubPrompt, tool: Any) -> JsonObject:
    kind = tool.get("type") if isinstance(tool, Mapping) else None
    if kind == "raw" and isinstance(tool["raw"], Mapping):
        return dict(tool["raw"])
    if kind == "function" and isinstance(tool.get("function"), Mapping):
        return {"type": "function", "function": dict(tool["function"])}
    raise _refusal(prompt, f"has a tool of the type {kind!r}")


def _refusal(prompt: HubPrompt, what: str, step: str | None = None) -> CandidateError:
    return CandidateError(f"{prompt.shown} {what}", next_step=step or "take it out in Phoenix, and name that version")
