"""A model asked for one thing in a form of its own: a reply of another form is asked for once more, the error told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from evalgate.canonical import content_hash
from evalgate.llm.chat import ChatReply
from evalgate.llm.failures import ContentFiltered, TaskFault, Unparseable
from evalgate.llm.structured import Structured, structured_answer
from evalgate.records import Json, JsonObject

T = TypeVar("T")
SAMPLE: Final = "curate"
"""What is asked here is no sample of any build."""
_EXCERPT: Final = 2_000


class Model:
    """One model. `name` is `endpoint/model`."""

    def __init__(self, structured: Structured, name: str, *, concurrency: int) -> None:
        """`concurrency` is how many calls may be in flight."""
        self.name = name
        self.concurrency = concurrency
        self._structured = structured

    def hash_of(self, messages: Sequence[JsonObject], schema: JsonObject) -> str:
        """Return by what it is known that this model was asked this."""
        return content_hash([self.name, list(messages), schema])[:16]

    async def ask(self, messages: Sequence[JsonObject], schema: JsonObject, read: Callable[[Json], T]) -> T:
        """Return what `read` makes of the reply; it raises Unparseable for a reply that will not do.

        Raises TaskFault where the second reply will not do either, or the model cannot be asked this; CallFailed where
        the service does not answer.
        """
        reply = await self._structured.ask(messages, schema, sample=SAMPLE)
        try:
            return read(structured_answer(reply))
        except ContentFiltered:
            raise
        except TaskFault as failed:
            first = failed
        again = await self._structured.ask([*messages, *_again(reply, first)], schema, sample=SAMPLE)
        try:
            return read(structured_answer(again))
        except TaskFault as second:
            both = first.message if first.message == second.message else f"{first.message}; then {second.message}"
            raise Unparseable(f"asked twice: {both}") from None


def _again(reply: ChatReply, failed: TaskFault) -> list[JsonObject]:
    """Return what is said after a reply that will not do. What it was is shown cut, and as the model's own."""
    said = (reply.text or reply.refusal or "")[:_EXCERPT] or "(nothing)"
    return [
        {"role": "assistant", "content": said},
        {
            "role": "user",
            "content": f"That will not do: {failed.message}. Reply to what was asked before, with one JSON object and"
            " nothing else.",
        },
    ]
