"""What of a chat reply is the answer, and what is no answer at all."""

from __future__ import annotations

from typing import Final, Literal

from evalgate.jsontext import strict_json
from evalgate.llm.chat import ChatReply
from evalgate.llm.failures import ContentFiltered, EmptyAnswer, ModelRefused, Unparseable
from evalgate.llm.wording import one_line
from evalgate.records import Json

EXCERPT: Final = 160
"""Characters of an answer that a message about it shows."""

AnswerForm = Literal["text", "json", "tool_calls"]


def answer_of(reply: ChatReply, form: AnswerForm) -> Json:
    """Return the answer in `reply`: its text, the JSON value that its text is, or its calls (`name`, `arguments`).

    A model that may call tools and calls none has answered `[]`. JSON is read strictly: no fence is taken off.
    Raises TaskFault: filtered, refused, empty or not in that form.
    """
    if reply.finish_reason == "content_filter":
        raise ContentFiltered("the provider's content filter stopped the answer")
    if reply.refusal:
        raise ModelRefused(f"the model refused: {one_line(reply.refusal, EXCERPT)}")
    if form == "tool_calls":
        return _calls(reply)
    if not (reply.text or "").strip():
        raise EmptyAnswer(_why_empty(reply))
    return reply.text if form == "text" else _parsed(reply)


def tool_calls_of(reply: ChatReply) -> list[dict[str, Json]]:
    """Return the calls as records keep them; the provider's random ids stay out, so that equal answers are equal."""
    return [{"name": call.name, "arguments": call.arguments} for call in reply.tool_calls]


def _calls(reply: ChatReply) -> Json:
    broken = next((call.problem for call in reply.tool_calls if call.problem), None)
    if broken:
        raise Unparseable(broken + _cut(reply))
    if not reply.tool_calls and (reply.message is None or reply.finish_reason == "length"):
        raise EmptyAnswer(_why_empty(reply))
    return tool_calls_of(reply)


def _parsed(reply: ChatReply) -> Json:
    text = reply.text or ""
    try:
        return strict_json(text)
    except ValueError as error:
        raise Unparseable(f"the answer is not JSON ({error}){_cut(reply)}: {one_line(text, EXCERPT)}") from None


def _why_empty(reply: ChatReply) -> str:
    if reply.message is None:
        return "the model's answer has no choice in it"
    if reply.finish_reason == "length":
        return "the model reached its token limit before it answered: raise max_tokens"
    if reply.tool_calls:
        return "the model called tools and wrote no text: set output to tool_calls if that is the answer"
    return "the model's answer is empty"


def _cut(reply: ChatReply) -> str:
    return ", cut off at the token limit" if reply.finish_reason == "length" else ""
