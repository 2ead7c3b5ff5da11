"""What is of one conversation: what shares a trace or a session, whether its id was replaced by then or not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.golden.curated import CURATED, pulled_as
from evalgate.records import Example


class Conversations:
    """The conversations of candidates and examples, by any chain of traces and sessions.

    `pseudonyms` are of the key under which sessions are replaced: what that key makes of a session is the same session.
    Without it one that was replaced is another one than it was before.
    """

    def __init__(self, pseudonyms: Pseudonyms | None = None) -> None:
        self._pseudonyms = pseudonyms
        self._above: dict[str, str] = {}

    def add(self, identity: str, said: Mapping[str, Any], *, like: str | None = None) -> None:
        """Take one in by the `trace` and the `session` that are said of it; `like` is one that it belongs to anyway."""
        names = [f"id:{identity}", *([] if like is None else [f"id:{like}"])]
        for key in ("trace", "session"):
            whole = said.get(key)
            if isinstance(whole, str) and whole:
                names.append(f"{key}:{whole}")
                if key == "session" and self._pseudonyms is not None:
                    names.append(f"{key}:{self._pseudonyms.of_session(whole)}")
        tops = {self._top(each) for each in names}
        first = min(tops)
        self._above.update((each, first) for each in tops if each != first)

    def add_example(self, example: Example, *, like: str | None = None) -> None:
        """Take in an example as the candidate that it was made of."""
        curated = example.metadata.get(CURATED)
        self.add(pulled_as(example), curated if isinstance(curated, Mapping) else {}, like=like)

    def of(self, identity: str) -> str:
        """Return the name of the conversation of one that was taken in: the first of the ids that are of it."""
        return self._top(f"id:{identity}").removeprefix("id:")

    def _top(self, name: str) -> str:
        path = []
        while (over := self._above.get(name)) is not None:
            path.append(name)
            name = over
        self._above.update(dict.fromkeys(path, name))
        return name
