"""What an expression of a template may do: pure, bounded, with no way to the program around it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from evalgate.suite.delimiting import delimited

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


_LONGEST: Final = 1_000_000
_LARGEST_POWER: Final = 100

CODE: Final = "evalgate_code"
"""The variable that holds the code of the tags, for a template compiled by `compile_delimited`."""


@cache
def sandbox(*, within_tags: bool = False) -> SandboxedEnvironment:
    """Return what templates are compiled in; `within_tags` puts all that an expression puts in between tags."""
    from jinja2 import StrictUndefined, pass_context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Absent(StrictUndefined):
        """A missing value whose error says what there is instead."""

        def __init__(self, hint: str | None = None, **named: Any) -> None:
            if hint is None and {"obj", "name"} <= named.keys():
                hint = f"there is no {named['name']!r} here{_instead(named['obj'])}"
            super().__init__(hint, **named)

    class Sandbox(ImmutableSandboxedEnvironment):
        """Keys of the data come before methods: `input.items` is what the example has under `items`."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _refuse_endless(operator, left, right)
            return super().call_binop(context, operator, left, right)

    environment = Sandbox(
        undefined=Absent,
        keep_trailing_newline=True,
        finalize=pass_context(_within_tags) if within_tags else _shown,
        autoescape=False,
    )
    for name in ("random", "pprint", "urlize", "xmlattr"):
        environment.filters.pop(name, None)
    environment.globals.pop("lipsum", None)
    environment.filters["tojson"] = _as_json
    return environment


def _refuse_endless(operator: str, left: Any, right: Any) -> None:
    """Refuse what would fill memory or never end: a template is filled in evalgate's own process."""
    from jinja2.exceptions import SecurityError

    if operator == "**":
        if isinstance(right, int) and abs(right) > _LARGEST_POWER:
            raise SecurityError(f"a power may be {_LARGEST_POWER:,} at most")
        return
    for text, times in ((left, right), (right, left)):
        if isinstance(text, str | list | tuple) and isinstance(times, int) and len(text) * times > _LONGEST:
            raise SecurityError(f"a text may be repeated to {_LONGEST:,} characters at most")


def _shown(value: Any) -> Any:
    """Show JSON as JSON: true, null and {"a": 1} rather than True, None and {'a': 1}."""
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        return _as_json(value)
    return value


def _within_tags(context: Any, value: Any) -> Any:
    """Show a value between tags; numbers, true, false and null are nobody's text."""
    shown = _shown(value)
    if value is None or isinstance(value, bool) or not isinstance(shown, str):
        return shown
    return delimited(shown, context[CODE])


def shown_as_json(value: Any) -> str:
    """Return how a value shows in a text: as JSON, its characters as they are."""
    return _as_json(value)


def _as_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _instead(value: object) -> str:
    """Say what a value has, for a message: some keys, or what it is."""
    if isinstance(value, Mapping):
        keys: Iterator[str] = (repr(key)[:40] for key in value)
        shown = ", ".join(key for _, key in zip(range(8), keys, strict=False))
        return f" (there are {shown}{', …' if len(value) > 8 else ''})" if shown else " (it is empty)"
    return f" (in a {type(value).__name__})"
