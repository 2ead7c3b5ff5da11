"""Regular expressions on hostile text: the one place that compiles and searches them, always against a clock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from evalgate.errors import ConfigurationError
from evalgate.evaluators.score import EvaluatorFaultError

if TYPE_CHECKING:
    import regex  # type: ignore[import-untyped]  # it has no stubs

_AT_ONCE: Final = 0.02
"""Seconds that a search may hold the event loop; a longer one starts again in a thread."""


class TimedPattern:
    """A compiled pattern whose searches give up after `timeout` seconds."""

    def __init__(self, pattern: str, *, timeout: float, ignore_case: bool = False) -> None:
        """Compile `pattern`. Raises ConfigurationError where it is none."""
        import regex

        try:
            self._compiled: regex.Pattern[str] = regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
        except regex.error as error:
            raise ConfigurationError(
                f"{pattern!r} is not a regular expression: {error}", next_step="Correct the pattern in the config."
            ) from error
        self.pattern = pattern
        self.timeout = timeout

    async def search(self, text: str, *, full: bool = False) -> bool:
        """Return whether `text` matches. Raises EvaluatorFaultError where that takes too long."""
        try:
            return self.search_now(text, timeout=min(_AT_ONCE, self.timeout), full=full)
        except TimeoutError:
            return await asyncio.to_thread(self._search_long, text, full=full)

    def search_now(self, text: str, *, timeout: float, full: bool = False) -> bool:
        """Return whether `text` matches. Raises TimeoutError after `timeout` seconds."""
        find = self._compiled.fullmatch if full else self._compiled.search
        return find(text, timeout=timeout) is not None

    def findall(self, text: str) -> list[str]:
        """Return all matches, as `re` does. Raises EvaluatorFaultError where that takes too long."""
        try:
            matches: list[str] = self._compiled.findall(text, timeout=self.timeout, concurrent=True)
        except TimeoutError:
            raise self._too_long(text) from None
        return matches

    def _search_long(self, text: str, *, full: bool) -> bool:
        find = self._compiled.fullmatch if full else self._compiled.search
        try:
            return find(text, timeout=self.timeout, concurrent=True) is not None
        except TimeoutError:
            raise self._too_long(text) from None

    def _too_long(self, text: str) -> EvaluatorFaultError:
        return EvaluatorFaultError(
            f"the pattern {self.pattern[:80]!r} ran for {self.timeout:g} s on {len(text)} characters", type="Timeout"
        )
