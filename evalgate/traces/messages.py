"""What a model was sent and answered with, as OpenAI's chat messages: from the attributes of spans, whoever made them.

OpenInference's messages, `gen_ai.*` with parts and of before there were parts, and requests and answers as OpenAI's and
Anthropic's protocols have them. What a model thought is no part of its answer and is read apart. Pure; values are
whatever a program sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from evalgate.records import Json
from evalgate.traces.blocks import call, messages_of, written
from evalgate.traces.blocks import part as block_part
from evalgate.traces.conventions import Attributes, numbered, objects, read_json

Message = dict[str, Json]
_OF_OPENAI: Final = ("text", "image_url", "input_audio", "file")
"""Parts of content that LiteLLM leaves among those of `gen_ai.*` as OpenAI's protocol has them."""


def input_messages(attributes: Attributes) -> list[Message]:
    """Return the messages that a model was sent.

    `gen_ai.*` goes before OpenInference's: of a span that has both, Phoenix made the latter of the former, and left out
    what it does not know.
    """
    system = read_json(attributes.get("gen_ai.system_instructions"))
    told = [{"role": "system", "parts": system}] if isinstance(system, list) and system else []
    spoken = [*told, *objects(read_json(attributes.get("gen_ai.input.messages")))]
    found = [message for each in spoken for message in _of_parts(each)]
    if not _say(found):
        found = [_message(each) for each in numbered(attributes, "llm.input_messages")] or found
    found = found or [message for each in numbered(attributes, "gen_ai.prompt") for message in _older(each)]
    return _answering(found)


def output_messages(attributes: Attributes) -> list[Message]:
    """Return the messages that a model answered with; which of two forms is read as for what it was sent."""
    spoken = objects(read_json(attributes.get("gen_ai.output.messages")))
    older = numbered(attributes, "gen_ai.completion")
    found = _with_calls([message for each in spoken for message in _of_parts(each)], older)
    if _say(found):
        return found
    own = [_message(each) for each in numbered(attributes, "llm.output_messages")]
    if _say(own):
        return own
    return [message for each in older for message in _older(each)] or found or own


def thinking_of(attributes: Attributes) -> list[str]:
    """Return what a model thought before this answer, text by text."""
    found = [
        block.get("message_content.text")
        for message in numbered(attributes, "llm.output_messages")
        for block in numbered(message, "message.contents")
        if block.get("message_content.type") == "reasoning"
    ]
    spoken = [] if found else objects(read_json(attributes.get("gen_ai.output.messages")))
    found += [each.get("reasoning_content") for each in spoken]
    found += [
        part.get("content") for each in spoken for part in objects(each.get("parts")) if part.get("type") == "reasoning"
    ]
    older = [] if found else numbered(attributes, "gen_ai.completion")
    found += [each.get("reasoning_content") for each in older]
    found = found or _thought(read_json(attributes.get("output.value")))
    return [text for text in found if isinstance(text, str) and text]


def tools_of(attributes: Attributes) -> list[Message]:
    """Return the tools that a model was offered, as OpenAI's protocol declares them."""
    said = [_declared(each) for each in numbered(attributes, "llm.tools")]
    said = said or objects(read_json(attributes.get("gen_ai.tool.definitions")))
    said = said or [
        {**each, "parameters": read_json(each.get("parameters"), otherwise={})}
        for each in numbered(attributes, "llm.request.functions")
    ]
    return [tool for each in said if isinstance(each, dict) and (tool := _tool(each)) is not None]


def spoken_request(value: Json) -> list[Message] | None:
    """Return the messages of a request, or of a list of messages, in OpenAI's or Anthropic's form; None for neither."""
    if isinstance(value, dict):
        given = value.get("messages")
        system = value.get("system")
        told = messages_of("system", system) if isinstance(system, str | list) and system else []
    else:
        given, told = value, []
    if not isinstance(given, list) or not given or not all(_is_message(each) for each in given):
        return None
    return [*told, *(message for each in given for message in _raw(each))]


def spoken_answer(value: Json) -> list[Message] | None:
    """Return the messages of an answer in OpenAI's or Anthropic's form, or of a list of them; None for neither."""
    if isinstance(value, dict) and isinstance(choices := value.get("choices"), list):
        said = [each.get("message") for each in objects(choices)][:1]
    elif isinstance(value, dict) and isinstance(value.get("messages"), list):
        said = list(value["messages"])
    else:
        said = list(value) if isinstance(value, list) else [value]
    if not said or not all(_is_message(each) for each in said):
        return None
    return [message for each in said if isinstance(each, dict) for message in _raw(each)]


def _say(messages: list[Message]) -> bool:
    return any(each["content"] or "tool_calls" in each for each in messages)


def _with_calls(messages: list[Message], older: list[dict[str, Any]]) -> list[Message]:
    """Return an answer with the calls of tools that LiteLLM names beside it, one after the other and without ids."""
    apart = [
        call(None, each["function_call.name"], each.get("function_call.arguments"))
        for each in older
        if "function_call.name" in each and "role" not in each
    ]
    if not apart or any("tool_calls" in each for each in messages):
        return messages
    first: Message = messages[0] if messages else {"role": "assistant", "content": None}
    return [{**first, "content": first["content"] or None, "tool_calls": list(apart)}, *messages[1:]]


def _answering(messages: list[Message]) -> list[Message]:
    """Return messages in which each of a tool says which call it answers: the first that nothing has answered yet."""
    said = {each.get("tool_call_id") for each in messages}
    waiting: list[Json] = []
    made: list[Message] = []
    for each in messages:
        named = [asked.get("id") for asked in objects(each.get("tool_calls"))]
        waiting += [identity for identity in named if identity is not None and identity not in said]
        lacks = each["role"] == "tool" and "tool_call_id" not in each and waiting
        made.append({**each, "tool_call_id": waiting.pop(0)} if lacks else each)
    return made


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str)


def _raw(message: Attributes) -> list[Message]:
    """Return a message as a request has it: content may be a text or blocks, calls are OpenAI's."""
    return messages_of(message["role"], message.get("content"), _calls(message), answers=message.get("tool_call_id"))


def _calls(message: Attributes) -> list[Message]:
    return [
        call(each.get("id"), function.get("name"), function.get("arguments"))
        for each in objects(message.get("tool_calls"))
        if isinstance(function := each.get("function"), dict)
    ]


def _message(flat: Attributes) -> Message:
    """Return one of OpenInference's messages."""
    calls = [
        call(each.get("tool_call.id"), each.get("tool_call.function.name"), each.get("tool_call.function.arguments"))
        for each in numbered(flat, "message.tool_calls")
    ]
    content = flat.get("message.content")
    parts = [part for each in numbered(flat, "message.contents") if (part := _part(each)) is not None]
    answers = flat.get("message.tool_call_id")
    role = "tool" if isinstance(answers, str) and flat.get("message.role") == "user" else flat.get("message.role")
    # Beside parts that say it, the text of some is what Python prints of them.
    if isinstance(content, str) and not any(each["type"] == "text" for each in parts):
        parts = [{"type": "text", "text": content}, *parts]
    return written(role, parts, calls, answers=answers)


def _part(flat: Attributes) -> Message | None:
    """Return one of OpenInference's contents as a part; None for what is no content: thoughts and calls."""
    kind = flat.get("message_content.type")
    if kind in ("reasoning", "thinking", "redacted_thinking", "tool_use", "fallback"):
        return None
    image = flat.get("message_content.image.image.url")
    if isinstance(image, str):
        return {"type": "image_url", "image_url": {"url": image}}
    audio = flat.get("message_content.audio.audio.url")
    if isinstance(audio, str):
        kind = flat.get("message_content.audio.audio.mime_type")
        form = kind.rpartition("/")[2] if isinstance(kind, str) else "wav"
        return {"type": "input_audio", "input_audio": {"data": audio, "format": form}}
    text = flat.get("message_content.text")
    return {"type": "text", "text": text} if isinstance(text, str) else None


def _of_parts(message: Attributes) -> list[Message]:
    """Return one of the messages of `gen_ai.*`: a role and parts of several types, or OpenAI's own (LiteLLM's)."""
    if "parts" not in message and "content" in message:
        return _raw({"role": "user", **message})
    parts = objects(message.get("parts"))
    made: list[Message] = []
    for each in parts:
        if each.get("type") == "tool_call_response":
            given = each.get("response", each.get("result"))
            text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
            made.append(written("tool", [{"type": "text", "text": text}], [], answers=each.get("id")))
    asked = [each for each in parts if each.get("type") == "tool_call"]
    calls = [call(each.get("id"), each.get("name"), each.get("arguments")) for each in asked] or _calls(message)
    content = [part for each in parts if (part := _said(each)) is not None]
    if calls or content or not made:
        made.append(written(message.get("role"), content, calls, answers=message.get("tool_call_id")))
    return made


def _said(part: Attributes) -> Message | None:
    """Return one of the parts of `gen_ai.*` as content; None for calls, what came of them, and thoughts."""
    kind, content = part.get("type"), part.get("content")
    if kind == "text" and isinstance(content, str):
        return {"type": "text", "text": content}
    if kind in _OF_OPENAI:
        return block_part(part)
    mime = part.get("mime_type")
    mime = mime if isinstance(mime, str) else "application/octet-stream"
    address = part.get("uri") if kind == "uri" else f"data:{mime};base64,{content}" if kind == "blob" else None
    if not isinstance(address, str):
        return None
    if part.get("modality") == "audio" or mime.startswith("audio/"):
        return {"type": "input_audio", "input_audio": {"data": address, "format": mime.rpartition("/")[2]}}
    return {"type": "image_url", "image_url": {"url": address}}


def _older(flat: Attributes) -> list[Message]:
    """Return a message of `gen_ai.prompt.0.role`, as instrumentations wrote before there were parts."""
    content = flat.get("content")
    blocks = read_json(content) if isinstance(content, str) and content.startswith("[{") else None
    content = blocks if _typed(blocks) else content
    calls = [call(each.get("id"), each.get("name"), each.get("arguments")) for each in numbered(flat, "tool_calls")]
    if not calls and "function_call.name" in flat:
        calls = [call(None, flat["function_call.name"], flat.get("function_call.arguments"))]
    return messages_of(flat.get("role", "assistant"), content, calls, answers=flat.get("tool_call_id"))


def _typed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and "type" in each for each in value)


def _declared(flat: Attributes) -> Any:
    """Return a tool of OpenInference's: declared whole, or by its name beside what it takes, as LiteLLM writes it."""
    schema = read_json(flat.get("tool.json_schema"))
    if isinstance(schema, dict) and ("name" in schema or "function" in schema):
        return schema
    name, description = flat.get("tool.name", flat.get("name")), flat.get("tool.description", flat.get("description"))
    return {
        "name": name,
        "description": description,
        "parameters": schema if schema is not None else read_json(flat.get("parameters")),
    }


def _tool(said: Attributes) -> Message | None:
    function = said.get("function")
    own = function if isinstance(function, dict) else said
    name = own.get("name")
    if not isinstance(name, str) or not name:
        return None
    parameters = own.get("parameters", own.get("input_schema"))
    made: Message = {"name": name}
    if isinstance(own.get("description"), str):
        made["description"] = own["description"]
    if isinstance(parameters, dict):
        made["parameters"] = parameters
    return {"type": "function", "function": made}


def _thought(value: Any) -> list[Any]:
    """Return what an answer in Anthropic's form has of thinking."""
    content: Sequence[Any] = objects(value.get("content")) if isinstance(value, dict) else []
    return [each.get("thinking") for each in content if each.get("type") == "thinking"]
