"""Prompt tasks: a prompt file filled from an example, sent to a model, its answer taken as text, JSON or tool calls."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.llm.answer import answer_of, tool_calls_of
from evalgate.llm.call import Sender
from evalgate.llm.chat import OWN_KEYS, ChatReply, chat, check_sayable
from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.llm.failures import BadRequest, CallFailed, TimedOut
from evalgate.paths import resolve
from evalgate.records import ErrorKind, Example, Failure, Json, JsonObject, TaskOutcome, Usage
from evalgate.suite.config import Endpoint
from evalgate.suite.prompt import LoadedPrompt, Message, load_prompt
from evalgate.suite.tasks import PromptTask
from evalgate.suite.template import (
    TemplateProblem,
    Tree,
    check_example_path,
    compile_tree,
    dotted,
    example_document,
    example_variables,
    render_tree,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Loaded:
    """A task that start() found sound. A turn is a message's tree, or the path of messages to put in."""

    endpoint: ModelEndpoint
    model: str
    prompt: LoadedPrompt
    turns: tuple[dict[str, Tree] | str, ...]
    parameters: dict[str, Json]


class PromptTaskRunner:
    """Runs one prompt task. The transport is the caller's to close; `environ` must hold the endpoint's key."""

    def __init__(
        self,
        task: PromptTask,
        *,
        root: Path,
        endpoints: Mapping[str, Endpoint],
        environ: Mapping[str, str],
        transport: Sender,
    ) -> None:
        self._task = task
        self._root = root
        self._endpoints = endpoints
        self._environ = environ
        self._transport = transport
        self._loaded: _Loaded | None = None
        self.queue = task.model.partition("/")[0]
        endpoint = endpoints.get(self.queue)
        self.concurrency = endpoint.concurrency if endpoint else 1

    async def start(self) -> None:
        """Read the prompt file and find the endpoint and its key. Raises CandidateError: nothing was paid."""
        name, _, model = self._task.model.partition("/")
        endpoint = self._endpoint(name)
        parameters = _parameters(self._task)
        for variable, path in self._task.variables.items():
            if (problem := check_example_path(path)) is not None:
                raise CandidateError(
                    f"the variable {variable!r} can never be filled: {problem}",
                    next_step="correct it under the task's variables:",
                )
        prompt = load_prompt(self._root, self._task.prompt)
        _check_sayable(endpoint, prompt, parameters)
        self._loaded = _Loaded(
            endpoint=endpoint, model=model, prompt=prompt, turns=_turns(prompt), parameters=parameters
        )

    async def run(self, example: Example, sample: str) -> TaskOutcome:
        """Send the prompt for one example; whatever goes wrong is the outcome's failure."""
        if self._loaded is None:
            raise RuntimeError("run() before start()")
        began = asyncio.get_running_loop().time()
        try:
            messages = self._messages(self._loaded, example)
        except TemplateProblem as problem:
            return TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="template", message=problem.message), usage=())
        try:
            reply = await self._ask(self._loaded, messages, sample)
        except CallFailed as failed:
            elapsed = asyncio.get_running_loop().time() - began
            return TaskOutcome(failure=self._blamed(self._loaded, failed), messages=messages, latency=elapsed)
        return self._outcome(reply, messages)

    async def close(self) -> None:
        """Nothing to stop: the transport is shared and its owner closes it."""

    def _endpoint(self, name: str) -> ModelEndpoint:
        found = self._endpoints.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self._endpoints, n=1)
            raise CandidateError(
                f"the model {self._task.model!r} is at an endpoint {name!r} that is not configured"
                + (f": did you mean {near[0]!r}?" if near else ""),
                next_step=f"declare it: endpoints: {{{name}: {{base_url: …, api_key_env: …}}}}",
            )
        try:
            return resolve_endpoint(name, found, self._environ)
        except ConfigurationError as error:
            raise CandidateError(error.message, location=error.location, next_step=error.next_step) from None

    async def _ask(self, loaded: _Loaded, messages: Sequence[JsonObject], sample: str) -> ChatReply:
        prompt = loaded.prompt.prompt
        return await chat(
            self._transport,
            loaded.endpoint,
            model=loaded.model,
            messages=messages,
            sample=sample,
            tools=prompt.tools,
            tool_choice=prompt.tool_choice,
            response_format=prompt.response_format,
            parameters=loaded.parameters,
            within=self._task.timeout,
        )

    def _messages(self, loaded: _Loaded, example: Example) -> list[JsonObject]:
        """Return the messages for `example`. Raises TemplateProblem that names the example and what is missing."""
        variables, absent = example_variables(example, self._task.variables)
        messages: list[JsonObject] = []
        for index, turn in enumerate(loaded.turns):
            try:
                if isinstance(turn, str):
                    messages.extend(_replayed(turn, example, place=("messages", index)))
                else:
                    made: Any = render_tree(turn, variables)
                    messages.append(made)
            except TemplateProblem as problem:
                unmapped = ", ".join(f"{name} = {path}" for name, path in absent.items())
                hint = f"; this example has nothing at {unmapped}" if unmapped else ""
                where = f"{loaded.prompt.file}, {dotted(problem.place)}"
                raise TemplateProblem(f"example {example.id!r}: {where}: {problem.message}{hint}") from None
        return messages

    def _blamed(self, loaded: _Loaded, failed: CallFailed) -> Failure:
        """Return the failure; one within the task's own limit, when that is the shorter one, is the task's."""
        failure = failed.failure()
        if isinstance(failed, TimedOut) and self._task.timeout < loaded.endpoint.timeout:
            return replace(failure, kind=ErrorKind.TASK)
        return failure

    def _outcome(self, reply: ChatReply, messages: list[JsonObject]) -> TaskOutcome:
        outcome = TaskOutcome(
            messages=[*messages, reply.message] if reply.message is not None else messages,
            tool_calls=tool_calls_of(reply) or None,
            usage=_used(reply, self._task.model),
            latency=reply.latency,
        )
        try:
            return replace(outcome, output=answer_of(reply, self._task.output))
        except CallFailed as failed:
            return replace(outcome, failure=failed.failure())


def _check_sayable(endpoint: ModelEndpoint, loaded: LoadedPrompt, parameters: Mapping[str, Json]) -> None:
    """Raise CandidateError for what the endpoint's protocol has no words for."""
    prompt = loaded.prompt
    try:
        check_sayable(
            endpoint,
            tools=prompt.tools,
            tool_choice=prompt.tool_choice,
            response_format=prompt.response_format,
            parameters=parameters,
        )
    except BadRequest as refused:
        raise CandidateError(
            f"endpoints.{endpoint.name} speaks {endpoint.api}: {refused.message}",
            next_step=f"take it out of the task, or out of {loaded.file}",
        ) from None


def _used(reply: ChatReply, model: str) -> tuple[Usage, ...] | None:
    if reply.usage is None:
        return None
    return (reply.usage.of(model, cost=reply.cost, from_cache=reply.from_cache),)


def _parameters(task: PromptTask) -> dict[str, Json]:
    """Return what goes into the request beside messages. Raises CandidateError for what is set twice or elsewhere."""
    named: dict[str, Json] = {
        "temperature": task.temperature,
        "top_p": task.top_p,
        "max_tokens": task.max_tokens,
        "seed": task.seed,
    }
    given = {key: value for key, value in named.items() if value is not None}
    for key in task.parameters:
        if key in OWN_KEYS:
            raise CandidateError(
                f"parameters cannot set {key!r}",
                next_step="take it out; tools and response_format belong into the prompt file, the rest is evalgate's",
            )
        if key in given:
            raise CandidateError(
                f"{key!r} is set twice: by itself and under parameters", next_step="remove one of them"
            )
    return {**given, **task.parameters}


def _turns(prompt: LoadedPrompt) -> tuple[dict[str, Tree] | str, ...]:
    """Return the compiled turns. Raises CandidateError at the place of what is no template or no possible path."""
    turns: list[dict[str, Tree] | str] = []
    for index, turn in enumerate(prompt.prompt.messages):
        if not isinstance(turn, Message):
            if (problem := check_example_path(turn.replay)) is not None:
                raise CandidateError(
                    f"nothing can ever be replayed: {problem}",
                    location=prompt.place(("messages", index, "replay")),
                    next_step="name a list of messages in the example, like input.messages",
                )
            turns.append(turn.replay)
            continue
        whole = turn.model_dump(mode="json", exclude_none=True)
        try:
            whole["content"] = compile_tree(whole.get("content"), place=("messages", index, "content"))
        except TemplateProblem as problem:
            raise CandidateError(
                f"not a template: {problem.message}",
                location=prompt.place(problem.place, problem.line or 1),
                next_step="repair the template; {% raw %} … {% endraw %} keeps braces as text",
            ) from None
        turns.append(whole)
    return tuple(turns)


def _replayed(path: str, example: Example, *, place: tuple[str | int, ...]) -> list[JsonObject]:
    """Return the messages that `example` holds at `path`, as they are. Raises TemplateProblem."""
    found = resolve(path, example_document(example))
    if not isinstance(found, list | tuple):
        raise TemplateProblem(f"there is no list of messages at {path}", place=place)
    messages: list[JsonObject] = []
    for position, message in enumerate(found):
        if not (isinstance(message, Mapping) and isinstance(message.get("role"), str)):
            raise TemplateProblem(f"{path}.{position} is not a message: it needs a role", place=place)
        messages.append(message)
    return messages
