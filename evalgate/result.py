"""`evalgate.Result`: how a task returns more than its output.

Standard library only, Python 3.9 and later: the worker gives this file to user code where evalgate is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Result:
    """What a task returns when its output is not all that evaluators should see. Every field takes any JSON value.

    `context` is what the output was drawn from, `messages` the conversation, `tool_calls` a list of
    `{"name", "arguments"}`, `steps` the trajectory. `usage` lists `{"model", "input_tokens", "output_tokens"}`, one for
    each model called, with `"cost"` in US dollars where the task knows it: [] says that no model was called, None that
    nobody counted (cost is then unknown). `trace_id` is the trace that the task recorded.
    """

    evalgate_result: ClassVar[bool] = True
    """What the worker knows a result by, whichever copy of this file the user's code imported."""

    output: Any
    context: Any = None
    messages: Any = None
    tool_calls: Any = None
    steps: Any = None
    usage: Sequence[Mapping[str, Any]] | None = None
    trace_id: str | None = None
