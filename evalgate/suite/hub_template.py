"""Texts of a prompt in Phoenix, filled exactly as Phoenix's own client fills them, and never with what is in the data.

What the client and Phoenix's playground would fill differently is refused: nobody could say which of the two ships.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final

from evalgate.suite.sandbox import shown_as_json
from evalgate.suite.template import TemplateProblem

_NAME: Final = re.compile(r"(?<!\\)\{\{\s*(\w+)\s*\}\}")
_TAG: Final = re.compile(r"(?<!\\)(?:\{\{\{\s*[\w.\-]*\s*\}\}\}|\{\{\s*[#^/&>!=]?\s*[\w.\-]*\s*\}\})")
"""Every other tag of Mustache: sections, paths, raw values. Phoenix's client leaves them in the text."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A place in a text where the value of a variable goes."""

    name: str


@dataclass(frozen=True, slots=True)
class HubText:
    """One text: what stands in it as it is, and its variables, in their order."""

    parts: tuple[str | Variable, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the variables in it."""
        return frozenset(part.name for part in self.parts if isinstance(part, Variable))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text. Raises TemplateProblem for a variable that has no value."""
        try:
            return "".join(values[part.name] if isinstance(part, Variable) else part for part in self.parts)
        except KeyError as missing:
            raise TemplateProblem(f"{missing.args[0]!r} has no value") from None


def read_text(source: str, template_format: str) -> HubText:
    """Return a text with its variables found. Raises TemplateProblem for what cannot be filled, or not with certainty.

    `template_format` is MUSTACHE, F_STRING or NONE.
    """
    read = _READERS.get(template_format)
    if read is None:
        raise TemplateProblem(f"its template format is {template_format!r}, and evalgate fills MUSTACHE and F_STRING")
    parts: list[str | Variable] = []
    for part in read(source):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        elif part != "":
            parts.append(part)
    return HubText(tuple(parts))


def value_text(value: object) -> str:
    """Return what is put in for a value: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else str(shown_as_json(value))


def _plain(source: str) -> Iterator[str | Variable]:
    yield source


def _mustache(source: str) -> Iterator[str | Variable]:
    for found in _TAG.finditer(source):
        if _NAME.fullmatch(source, *found.span()) is None:
            raise TemplateProblem(
                f"{found[0]} is filled by Phoenix's playground and left as it stands by its client: write it as"
                " {{name}}"
            )
    end = 0
    for found in _NAME.finditer(source):
        yield source[end : found.start()]
        yield Variable(found[1])
        end = found.end()
    yield source[end:]


def _f_string(source: str) -> Iterator[str | Variable]:
    try:
        parts = list(Formatter().parse(source))
    except ValueError as error:
        raise TemplateProblem(f"not a template of the format F_STRING: {error}") from None
    for literal, name, form, conversion in parts:
        yield literal
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            written = f"{{{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}}}"
            raise TemplateProblem(f"{written} is more than a variable's name: write it as {{name}}")
        yield Variable(name)


_READERS: Final[Mapping[str, Callable[[str], Iterator[str | Variable]]]] = {
    "MUSTACHE": _mustache,
    "F_STRING": _f_string,
    "NONE": _plain,
}
