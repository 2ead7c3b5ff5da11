"""Prompt tasks: a prompt filled from an example, sent to a model, its answer taken as text, JSON or tool calls."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.llm.answer import answer_of, tool_calls_of
from evalgate.llm.call import Sender
from evalgate.llm.chat import ChatReply, chat, check_sayable
from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.llm.failures import BadRequest, CallFailed, TimedOut
from evalgate.records import ErrorKind, Example, Failure, JsonObject, TaskOutcome, Usage
from evalgate.suite.config import Endpoint
from evalgate.suite.tasks import PromptTask
from evalgate.suite.template import TemplateProblem, check_example_path
from evalgate.tasks.prompt_file import file_source
from evalgate.tasks.prompt_hub import hub_source
from evalgate.tasks.prompt_source import PromptSource


@dataclass(frozen=True, kw_only=True, slots=True)
class _Loaded:
    """A task that start() found sound."""

    endpoint: ModelEndpoint
    model: str
    prompt: PromptSource


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
        self.queue = task.named_model.partition("/")[0]
        endpoint = endpoints.get(self.queue)
        self.concurrency = endpoint.concurrency if endpoint else 1

    async def start(self) -> None:
        """Read the prompt and find the endpoint and its key. Raises CandidateError: nothing was paid."""
        task = self._task
        name, _, model = task.named_model.partition("/")
        endpoint = self._endpoint(name)
        for variable, path in task.variables.items():
            if (problem := check_example_path(path)) is not None:
                raise CandidateError(
                    f"the variable {variable!r} can never be filled: {problem}",
                    next_step="correct it under the task's variables:",
                )
        if isinstance(task.prompt, str):
            prompt: PromptSource = file_source(task, self._root, task.prompt)
        else:
            prompt = hub_source(task, task.prompt.hub, endpoint.api)
        _check_sayable(endpoint, prompt)
        self._loaded = _Loaded(endpoint=endpoint, model=model, prompt=prompt)

    async def run(self, example: Example, sample: str) -> TaskOutcome:
        """Send the prompt for one example; whatever goes wrong is the outcome's failure."""
        if self._loaded is None:
            raise RuntimeError("run() before start()")
        began = asyncio.get_running_loop().time()
        try:
            messages = self._loaded.prompt.messages(example)
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
                f"the model {self._task.named_model!r} is at an endpoint {name!r} that is not configured"
                + (f": did you mean {near[0]!r}?" if near else ""),
                next_step=f"declare it: endpoints: {{{name}: {{base_url: …, api_key_env: …}}}}",
            )
        try:
            return resolve_endpoint(name, found, self._environ)
        except ConfigurationError as error:
            raise CandidateError(error.message, location=error.location, next_step=error.next_step) from None

    async def _ask(self, loaded: _Loaded, messages: Sequence[JsonObject], sample: str) -> ChatReply:
        prompt = loaded.prompt
        return await chat(
            self._transport,
            loaded.endpoint,
            model=loaded.model,
            messages=messages,
            sample=sample,
            tools=prompt.tools,
            tool_choice=prompt.tool_choice,
            response_format=prompt.response_format,
            parameters=prompt.parameters,
            within=self._task.timeout,
        )

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
            usage=_used(reply, self._task.named_model),
            latency=reply.latency,
        )
        try:
            return replace(outcome, output=answer_of(reply, self._task.output))
        except CallFailed as failed:
            return replace(outcome, failure=failed.failure())


def _check_sayable(endpoint: ModelEndpoint, prompt: PromptSource) -> None:
    """Raise CandidateError for what the endpoint's protocol has no words for."""
    try:
        check_sayable(
            endpoint,
            tools=prompt.tools,
            tool_choice=prompt.tool_choice,
            response_format=prompt.response_format,
            parameters=prompt.parameters,
        )
    except BadRequest as refused:
        raise CandidateError(
            f"endpoints.{endpoint.name} speaks {endpoint.api}: {refused.message}",
            next_step=f"take it out of the task, or out of {prompt.shown}",
        ) from None


def _used(reply: ChatReply, model: str) -> tuple[Usage, ...] | None:
    if reply.usage is None:
        return None
    return (reply.usage.of(model, cost=reply.cost, from_cache=reply.from_cache),)
