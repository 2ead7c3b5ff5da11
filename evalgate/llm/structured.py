"""A reply in the form of a JSON Schema, by whichever way the endpoint supports: a response format, or a forced tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from evalgate.llm.answer import answer_of
from evalgate.llm.call import Sender
from evalgate.llm.chat import ChatReply, chat
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import BadRequest
from evalgate.records import Json, JsonObject

NAME: Final = "extract_structured_data"
"""What phoenix-evals calls the schema and the tool, and so do we: the same request is the same cache entry."""
_DESCRIPTION: Final = "Extract structured data according to the provided schema"


class Structured:
    """Asks one model of an endpoint. What the endpoint does not support is found out once and left out from then on."""

    def __init__(
        self,
        sender: Sender,
        endpoint: ModelEndpoint,
        model: str,
        *,
        parameters: Mapping[str, Json],
        droppable: frozenset[str],
        within: float | None = None,
    ) -> None:
        """`model` is the endpoint's own name of it; `droppable` parameters may be left out where they are refused."""
        self._sender = sender
        self._endpoint = endpoint
        self._model = model
        self._parameters = dict(parameters)
        self._droppable = set(droppable)
        self._within = within
        self._by_tool = False

    async def ask(self, messages: Sequence[JsonObject], schema: JsonObject, *, sample: str, draw: int = 0) -> ChatReply:
        """Send it, adapted to what the endpoint turns out to support. Raises CallFailed.

        Draws above 0 have seeds of their own, where there is one.
        """
        first: BadRequest | None = None
        by_tool = self._by_tool
        while True:
            try:
                reply = await self._call(messages, schema, sample=sample, draw=draw, by_tool=by_tool)
            except BadRequest as refused:
                named = self._named(refused)
                if named is not None:
                    self._droppable.discard(named)
                    self._parameters.pop(named, None)
                elif first is None and not by_tool:
                    first, by_tool = refused, True
                else:
                    raise first or refused from None
                continue
            self._by_tool = by_tool
            return reply

    async def _call(
        self, messages: Sequence[JsonObject], schema: JsonObject, *, sample: str, draw: int, by_tool: bool
    ) -> ChatReply:
        parameters = dict(self._parameters)
        seed = parameters.get("seed")
        if isinstance(seed, int):
            parameters["seed"] = seed + draw
        form: JsonObject = {
            "type": "json_schema",
            "json_schema": {"name": NAME, "schema": {**schema, "additionalProperties": False}, "strict": True},
        }
        function: JsonObject = {"name": NAME, "description": _DESCRIPTION, "parameters": schema}
        return await chat(
            self._sender,
            self._endpoint,
            model=self._model,
            messages=messages,
            sample=sample,
            tools=[{"type": "function", "function": function}] if by_tool else (),
            tool_choice={"type": "function", "function": {"name": NAME}} if by_tool else None,
            response_format=None if by_tool else form,
            parameters=parameters,
            within=self._within,
        )

    def _named(self, refused: BadRequest) -> str | None:
        """Return the parameter that may be left out and that the endpoint's message is about."""
        return next((name for name in sorted(self._droppable) if name in refused.message.lower()), None)


def structured_answer(reply: ChatReply) -> Json:
    """Return the JSON value that a reply holds, as its text or as the arguments of its call. Raises TaskFault."""
    answer = answer_of(reply, "tool_calls" if reply.tool_calls else "json")
    if reply.tool_calls and isinstance(answer, list):
        first = answer[0]
        return first.get("arguments") if isinstance(first, Mapping) else None
    return answer
