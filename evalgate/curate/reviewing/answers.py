"""An answer as the text that a person edits, and that text as an answer again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalgate.curate.candidates import Candidate
from evalgate.curate.labelling.proposals import proposal_of
from evalgate.golden.json_values import read_json
from evalgate.records import Json, JsonObject
from evalgate.report.answers import pretty


class AnswerError(ValueError):
    """A text that is no answer. `line` and `column` count from 1 within it."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """An answer as text. `plain`: it is words alone; otherwise the text is JSON, an object."""

    text: str
    plain: bool


def proposed(candidate: Candidate) -> JsonObject | None:
    """Return the answer that a model proposed; None where none did."""
    output = proposal_of(candidate).get("output")
    return output if isinstance(output, dict) else None


def written(output: Mapping[str, Json] | None, asked: Mapping[str, Json]) -> Written:
    """Return an answer as a person writes it: the words where it is nothing else, of a message or of one key.

    Where there is none yet, words are taken for what is asked in messages, and an object for anything else.
    """
    if output is None:
        return Written(text="", plain=True) if "messages" in asked else Written(text="{}", plain=False)
    words = _words(output)
    return Written(text=pretty(dict(output)), plain=False) if words is None else Written(text=words, plain=True)


def answered(text: str, before: Mapping[str, Json] | None, asked: Mapping[str, Json]) -> JsonObject:
    """Return what a person wrote in place of `written(before, asked)` as an answer of the same shape.

    Raises AnswerError for an empty text, and for what should be a JSON object and is none.
    """
    if not text.strip():
        raise AnswerError("the answer is empty", line=1, column=1)
    was = written(before, asked)
    if was.plain:
        # An editor ends the last line where the answer did not.
        words = text if was.text.endswith("\n") else text.rstrip("\n")
        return _with_words(before, words)
    return _object(text)


def _object(text: str) -> JsonObject:
    start = len(text) - len(text.lstrip())
    value, end, flaws = read_json(text, start)
    if flaws:
        raise _at(text, flaws[0].offset, flaws[0].message)
    if not isinstance(value, dict):
        raise _at(text, start, "the answer should be a JSON object")
    rest = text[end:]
    if rest.strip():
        raise _at(text, end + len(rest) - len(rest.lstrip()), "something follows the object")
    found: JsonObject = value
    return found


def _at(text: str, offset: int, message: str) -> AnswerError:
    before = text[:offset]
    return AnswerError(message, line=before.count("\n") + 1, column=offset - before.rfind("\n"))


def _words(output: Mapping[str, Json]) -> str | None:
    """Return the words of an answer that is nothing but words."""
    if len(output) != 1:
        return None
    ((key, value),) = output.items()
    if key == "messages":
        message = value[0] if isinstance(value, list) and len(value) == 1 else None
        content = (
            message.get("content") if isinstance(message, dict) and message.keys() == {"role", "content"} else None
        )
        return content if isinstance(content, str) else None
    return value if isinstance(value, str) else None


def _with_words(output: Mapping[str, Json] | None, words: str) -> JsonObject:
    if output is None:
        return {"messages": [{"role": "assistant", "content": words}]}
    ((key, value),) = output.items()
    if isinstance(value, list) and isinstance(value[0], dict):
        return {key: [{**value[0], "content": words}]}
    return {key: words}
