"""Expressions of GitHub workflows, `${{ … }}`: parsed and evaluated as the runner does."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))(?![\w.])|(?P<string>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<op>&&|\|\||==|!=|<=|>=|[<>!().,\[\]*]))"
)
_PART = re.compile(r"\$\{\{((?:[^'}]|'(?:[^']|'')*'|\}(?!\}))*)\}\}")
_STATUS = frozenset({"success", "failure", "always", "cancelled"})
_CONSTANTS = {"true": True, "false": False, "null": None}
_LEVELS: tuple[tuple[str, ...], ...] = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))

Functions = Mapping[str, Callable[..., Any]]


class ExpressionError(ValueError):
    """A template that the runner would refuse."""


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions | None = None) -> Any:
    """Return the value of one expression, given without its `${{ }}`. Raises ExpressionError."""
    return _Evaluation(text, contexts, functions or {}).whole()


def interpolate(text: object, contexts: Mapping[str, Any], functions: Functions | None = None) -> str:
    """Return a template with its expressions replaced by their values, as text."""
    if not isinstance(text, str):
        return to_text(text)
    return _PART.sub(lambda match: to_text(evaluate(match[1], contexts, functions)), text)


def condition(text: object, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Return whether a step or job with this `if` runs: without a status function it also needs `success()`."""
    if text is None:
        return bool(functions["success"]())
    written = text if isinstance(text, str) else to_text(text)
    whole = _PART.fullmatch(written.strip())
    inner = whole[1] if whole else written if "${{" not in written else None
    if inner is None:
        raise ExpressionError(f"an `if` that is a template and no expression is always true: {written}")
    called = {name.lower() for name in re.findall(r"([A-Za-z]+)\s*\(", re.sub(r"'(?:[^']|'')*'", "", inner))}
    if not called & _STATUS and not functions["success"]():
        return False
    return truth(evaluate(inner, contexts, functions))


def truth(value: Any) -> bool:
    """Return whether a value counts as true: not null, false, 0, NaN or the empty string."""
    return not (
        value is None or value is False or value == "" or (_is_number(value) and (value == 0 or value != value))
    )


def to_text(value: Any) -> str:
    """Return a value as it is put into a template."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Mapping):
        return "Object"
    return "Array" if isinstance(value, list) else str(value)


class _Evaluation:
    """One expression, evaluated while it is read."""

    def __init__(self, text: str, contexts: Mapping[str, Any], functions: Functions) -> None:
        self.text, self.contexts = text, contexts
        self.functions: dict[str, Callable[..., Any]] = {**_FUNCTIONS, **{k.lower(): f for k, f in functions.items()}}
        self.tokens = list(self._tokens())
        self.at = 0

    def _tokens(self) -> Any:
        position = 0
        while self.text[position:].strip():
            match = _TOKEN.match(self.text, position)
            if match is None:
                raise ExpressionError(f"unexpected symbol at {position + 1} of: {self.text.strip()}")
            yield match.lastgroup, match[match.lastgroup or 0]
            position = match.end()

    def whole(self) -> Any:
        value = self._level(0)
        if self.at < len(self.tokens):
            raise ExpressionError(f"unexpected {self.tokens[self.at][1]!r} in: {self.text.strip()}")
        return value

    def _peek(self) -> str | None:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else (None, None)
        return text if kind == "op" else None

    def _take(self, expected: str) -> None:
        if self._peek() != expected:
            raise ExpressionError(f"{expected!r} is missing in: {self.text.strip()}")
        self.at += 1

    def _level(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while (operator := self._peek()) in _LEVELS[level]:
            self.at += 1
            left = _apply(operator or "", left, self._level(level + 1))
        return left

    def _unary(self) -> Any:
        if self._peek() == "!":
            self.at += 1
            return not truth(self._unary())
        return self._postfix(self._primary())

    def _primary(self) -> Any:
        if self._peek() == "(":
            self.at += 1
            value = self._level(0)
            self._take(")")
            return value
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else (None, "")
        self.at += 1
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(int(text, 16)) if "0x" in text else float(text)
        if kind != "name":
            raise ExpressionError(f"unexpected {text!r} in: {self.text.strip()}")
        if self._peek() == "(":
            return self._call(text)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text.lower() not in self.contexts:
            raise ExpressionError(f"unrecognized named-value: {text!r} in: {self.text.strip()}")
        return self.contexts[text.lower()]

    def _call(self, name: str) -> Any:
        if name.lower() not in self.functions:
            raise ExpressionError(f"unrecognized function: {name!r} in: {self.text.strip()}")
        self._take("(")
        arguments = []
        while self._peek() != ")":
            arguments.append(self._level(0))
            if self._peek() == ",":
                self.at += 1
        self._take(")")
        return self.functions[name.lower()](*arguments)

    def _postfix(self, value: Any) -> Any:
        while self._peek() in {".", "["}:
            opened = self._peek()
            self.at += 1
            if opened == ".":
                step = self.tokens[self.at][1]
                self.at += 1
                value = [_member(each, None) for each in _members(value)] if step == "*" else _step(value, step)
            else:
                key = self._level(0)
                self._take("]")
                value = _step(value, key)
        return value


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _member(value: Any, _: None) -> Any:
    return value


def _step(value: Any, key: Any) -> Any:
    if isinstance(value, list) and _is_number(key):
        return value[int(key)] if 0 <= int(key) < len(value) else None
    if isinstance(value, list):  # after `.*`
        return [_step(each, key) for each in value]
    if isinstance(value, Mapping):
        return next((found for name, found in value.items() if str(name).lower() == str(key).lower()), None)
    return None


def _apply(operator: str, left: Any, right: Any) -> Any:
    match operator:
        case "&&":
            return right if truth(left) else left
        case "||":
            return left if truth(left) else right
        case "==":
            return _equal(left, right)
        case "!=":
            return not _equal(left, right)
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
    else:
        left, right = _number(left), _number(right)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if isinstance(left, Mapping | list) or isinstance(right, Mapping | list):
        return left is right
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _format(template: Any, *values: Any) -> str:
    def put(match: re.Match[str]) -> str:
        return match[0][0] if match[0] in {"{{", "}}"} else to_text(values[int(match[1])])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", put, to_text(template))


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(_equal(each, what) for each in where)
    return to_text(what).lower() in to_text(where).lower()


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startswith": lambda text, start: to_text(text).lower().startswith(to_text(start).lower()),
    "endswith": lambda text, end: to_text(text).lower().endswith(to_text(end).lower()),
    "format": _format,
    "join": lambda values, by=",": to_text(by).join(map(to_text, values if isinstance(values, list) else [values])),
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": json.loads,
}
