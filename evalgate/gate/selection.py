"""Which examples a partial run takes: the first few, those that an expression names, those that failed last time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from evalgate.canonical import canonical_json
from evalgate.errors import ConfigurationError
from evalgate.records import Example

_TOKEN: Final = re.compile(r'\s*(?:(?P<paren>[()])|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+))')

_Matcher = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """What of a dataset is run. `words` is how the flags were given, None for all of it."""

    limit: int | None = None
    keyword: str | None = None
    only: frozenset[str] | None = None

    @property
    def words(self) -> str | None:
        """Say which flags make this a sample, None where there is none."""
        parts = [
            f"--limit {self.limit}" if self.limit is not None else "",
            f"-k {self.keyword!r}" if self.keyword is not None else "",
            "--last-failed" if self.only is not None else "",
        ]
        return " ".join(filter(None, parts)) or None

    def of(self, examples: Iterator[Example]) -> Iterator[Example]:
        """Yield the examples that are selected, in their order."""
        matches = matcher(self.keyword) if self.keyword is not None else None
        taken = 0
        for example in examples:
            if self.limit is not None and taken >= self.limit:
                return
            if self.only is not None and example.id not in self.only:
                continue
            if matches is not None and not matches(_haystack(example)):
                continue
            taken += 1
            yield example


def matcher(expression: str) -> _Matcher:
    """Return what an expression of words, `and`, `or`, `not` and parentheses says of a text.

    A word matches where it occurs, whatever its case. Raises ConfigurationError, naming the place, when the expression
    cannot be read.
    """
    tokens = [
        (
            found.group("paren") or found.group("word") or "",
            found.group("quoted"),
            found.end() - len(found.group().strip()),
        )
        for found in _tokens(expression)
    ]
    parser = _Parser(expression=expression, tokens=tokens)
    parsed = parser.disjunction()
    parser.end()
    return parsed


def _haystack(example: Example) -> str:
    """Return the text that words are looked up in: the id, `key=value` of the metadata, the input."""
    pairs = " ".join(
        f"{key}={value if isinstance(value, str) else canonical_json(value).decode()}"
        for key, value in example.metadata.items()
    )
    return f"{example.id} {pairs} {canonical_json(example.input).decode()}".casefold()


def _tokens(expression: str) -> Iterator[re.Match[str]]:
    position = 0
    while expression[position:].strip():
        found = _TOKEN.match(expression, position)
        if found is None:
            raise _unreadable(expression, position, "an open quote")
        yield found
        position = found.end()


def _unreadable(expression: str, position: int, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"-k {expression!r} cannot be read at column {position + 1}: {what}",
        next_step="write words joined by and, or, not and parentheses: -k 'lang=de and not smalltalk'",
    )


@dataclass(kw_only=True, slots=True)
class _Parser:
    """Recursive descent over the tokens; `or` binds least, `not` most."""

    expression: str
    tokens: list[tuple[str, str | None, int]]
    position: int = 0

    def disjunction(self) -> _Matcher:
        parts = [self.conjunction()]
        while self._accept("or"):
            parts.append(self.conjunction())
        return lambda text: any(part(text) for part in parts)

    def conjunction(self) -> _Matcher:
        parts = [self.negation()]
        while self._accept("and"):
            parts.append(self.negation())
        return lambda text: all(part(text) for part in parts)

    def negation(self) -> _Matcher:
        if self._accept("not"):
            inner = self.negation()
            return lambda text: not inner(text)
        return self.word()

    def word(self) -> _Matcher:
        if self._accept("("):
            inner = self.disjunction()
            if not self._accept(")"):
                raise self._error("an open parenthesis")
            return inner
        token, quoted, _ = self._peek()
        if quoted is None and token in {"", "and", "or", ")"}:
            raise self._error(f"a word was expected, found {token!r}" if token else "a word was expected")
        self.position += 1
        needle = (quoted if quoted is not None else token).casefold()
        return lambda text: needle in text

    def end(self) -> None:
        if self.position < len(self.tokens):
            raise self._error(f"unexpected {self._peek()[0]!r}; join words with and, or")

    def _peek(self) -> tuple[str, str | None, int]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("", None, len(self.expression))

    def _accept(self, token: str) -> bool:
        if self._peek()[:2] == (token, None) and self.position < len(self.tokens):
            self.position += 1
            return True
        return False

    def _error(self, what: str) -> ConfigurationError:
        return _unreadable(self.expression, self._peek()[2], what)
