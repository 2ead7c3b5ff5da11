"""The lines that evalgate and a worker exchange, and what an answer means.

A request is one JSON line `{"evalgate": 1, "id": …, "sample": …, "traceparent": …, <arguments>}`; the Python host gets
its arguments under `"arguments"`, since a user function may have parameters of any name. An answer is one JSON line
`{"evalgate": 1, "id": …, "sample": …, "output": …}` with any of `context`, `messages`, `tool_calls`, `steps`, `usage`,
`trace_id`, or with `"error": {"kind": "task" | "infrastructure", "message": …, "type": …, "where": …}`. Every other
line is a log.
Answers are hostile: whatever is wrong with one is a ProtocolError, and memory is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeGuard, cast

from evalgate.jsontext import DECODER, whole_characters
from evalgate.records import MOST_DOLLARS, MOST_TOKENS, ErrorKind, Failure, Json, TaskOutcome, Usage

PROTOCOL: Final = 1
LINE_LIMIT: Final = 8 * 2**20
"""Bytes of one line: an answer with all its context fits, a print that runs away does not."""
LOG_LIMIT: Final = 16 * 2**10
"""Bytes of logs kept per run: a traceback and what led to it."""
MESSAGE_LIMIT: Final = 4_000
"""Characters of an error's message that are worth keeping."""

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class ProtocolError(Exception):
    """A worker said something that is not the protocol."""


class Lines:
    """Bytes in, whole lines out, at most LINE_LIMIT bytes held."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes. Raises ProtocolError for a line over the limit."""
        head, *rest = data.split(b"\n")
        self._size += len(head)
        if self._size > LINE_LIMIT:
            self._parts.clear()
            raise ProtocolError(f"printed a line of more than {LINE_LIMIT // 2**20} MiB")
        self._parts.append(head)
        if not rest:
            return []
        lines = [b"".join(self._parts), *rest[:-1]]
        self._parts, self._size = [rest[-1]], len(rest[-1])
        return lines

    def rest(self) -> bytes:
        """Return what came after the last line's end."""
        return b"".join(self._parts)


def request_line(
    arguments: Mapping[str, Json], *, run_id: str, sample: str, hosted: bool, trace: str | None = None
) -> bytes:
    """Return the line that asks for one run. Raises ValueError for arguments that are not JSON."""
    sent = {"arguments": arguments} if hosted else arguments
    traced = {} if trace is None else {"traceparent": trace}
    return _line({**sent, **traced, "id": run_id, "sample": sample})


def end_line() -> bytes:
    """Return what tells the Python host that no request follows: an end of stdin without it is evalgate's own death."""
    return _line({"end": True})


def load_line(target: str, *, per_worker: int, parameters: tuple[str, ...] | None) -> bytes:
    """Return the line that tells the host what to load."""
    return _line({"load": target, "per_worker": per_worker, "names": parameters})


def cancel_line(run_id: str, sample: str) -> bytes:
    """Return the line that asks the host to cancel one run of an async function."""
    return _line({"cancel": run_id, "sample": sample})


def _line(fields: Mapping[str, Json]) -> bytes:
    return _ENCODER.encode({"evalgate": PROTOCOL, **fields}).encode("ascii") + b"\n"


def read_line(line: bytes) -> dict[str, Any] | None:
    """Return a line of the protocol as an object, None for a log line. Raises ProtocolError for a broken one."""
    start = line.lstrip()
    if not start.startswith(b"{") or b'"evalgate"' not in start:
        return None
    meant = start[1:].lstrip().startswith(b'"evalgate"')
    try:
        message: dict[str, Any] = DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ProtocolError(f"answered with a line that is not UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError) as error:
        if not meant:
            return None
        raise ProtocolError(f"answered with a line that is not JSON: {error}") from None
    if "evalgate" not in message:
        return None
    if message["evalgate"] != PROTOCOL:
        raise ProtocolError(f"answered in protocol {message['evalgate']!r}; this evalgate speaks {PROTOCOL}")
    if rb"\ud" in line.lower():
        message = cast("dict[str, Any]", whole_characters(message))
    return message


# json.dumps with options would make one for each line.
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def outcome_of(message: Mapping[str, Any], *, latency: float, logs: str) -> TaskOutcome:
    """Return what an answer says of its run; an answer that makes no sense is the task's own failure."""
    try:
        return _outcome_of(message, latency=latency, logs=logs)
    except ProtocolError as error:
        return failed("ProtocolError", f"the worker {error}", latency=latency, logs=logs)


def _outcome_of(message: Mapping[str, Any], *, latency: float, logs: str) -> TaskOutcome:
    if message.get("error") is not None:
        return TaskOutcome(failure=failure_of(message["error"]), latency=latency, logs=logs)
    if "output" not in message:
        raise ProtocolError("answered with neither an output nor an error")
    return TaskOutcome(
        output=message["output"],
        context=message.get("context"),
        messages=message.get("messages"),
        tool_calls=message.get("tool_calls"),
        steps=message.get("steps"),
        usage=_usage(message.get("usage")),
        trace_id=_optional_text(message, "trace_id"),
        latency=latency,
        logs=logs,
    )


def failed(kind: str, message: str, *, latency: float = 0.0, logs: str = "", where: str | None = None) -> TaskOutcome:
    """Return the outcome of a run that failed by the task's own doing."""
    failure = Failure(kind=ErrorKind.TASK, type=kind, message=message, where=where)
    return TaskOutcome(failure=failure, latency=latency, logs=logs)


def failure_of(error: Any) -> Failure:
    """Return the failure that an answer's `error` tells of. Raises ProtocolError when it is none."""
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        raise ProtocolError(f"answered with an error of the type {type(error).__name__}, not an object")
    kind = error.get("kind", "task")
    if kind not in (ErrorKind.TASK, ErrorKind.INFRASTRUCTURE):
        raise ProtocolError(f"answered with an error of kind {kind!r}; the kinds are task and infrastructure")
    return Failure(
        kind=ErrorKind(kind),
        type=_optional_text(error, "type") or "Error",
        message=(_optional_text(error, "message") or "(no message)")[:MESSAGE_LIMIT],
        where=_optional_text(error, "where"),
    )


def _optional_text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ProtocolError(f"answered with a {name} of the type {type(value).__name__}, not text")
    return value


def _usage(value: Any) -> tuple[Usage, ...] | None:
    if value is None:
        return None
    entries = [value] if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise ProtocolError(f"answered with a usage of the type {type(value).__name__}, not a list")
    return tuple(_one_usage(entry) for entry in entries)


_TOKENS: Final[Mapping[str, Any]] = {
    "input_tokens": None,
    "output_tokens": None,
    "cached_tokens": 0,
    "reasoning_tokens": 0,
}
"""The counts of a usage, with what is meant where one is left out; None: it may not be."""


def _one_usage(entry: Any) -> Usage:
    if isinstance(entry, dict):
        model, cost = entry.get("model"), entry.get("cost")
        tokens = {name: entry.get(name, unsaid) for name, unsaid in _TOKENS.items()}
        if isinstance(model, str) and all(map(_is_count, tokens.values())) and (cost is None or _is_amount(cost)):
            return Usage(model=model, cost=cost, **tokens)
    raise ProtocolError(
        'answered with a usage that is not {"model": text, "input_tokens": n, "output_tokens": n}, with or without'
        ' "cached_tokens": n, "reasoning_tokens": n and "cost": dollars'
    )


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MOST_TOKENS


def _is_amount(value: Any) -> bool:
    return type(value) in {int, float} and 0 <= value <= MOST_DOLLARS


def readable(data: bytes | str) -> str:
    """Return what a program printed as text without control characters other than tabs and line ends."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def last_words(logs: str, *, limit: int = 300) -> str:
    """Return the last line that has something in it, shortened; empty when nothing was printed."""
    lines = [line.strip() for line in logs.splitlines() if line.strip()]
    return lines[-1][:limit] if lines else ""
