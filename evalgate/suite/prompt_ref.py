"""A prompt in Phoenix as the config and the command line name it, and what it was found to be."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import Field, PrivateAttr, model_validator

from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.model import ConfigModel
from evalgate.suite.phoenix import ServerName

LATEST: Final = "latest"
PREFIX: Final = "phoenix:"
_IDENTIFIER: Final = r"[a-z0-9](?:[_a-z0-9-]*[a-z0-9])?"
_WRITTEN: Final = re.compile(rf"phoenix:({_IDENTIFIER})(?:@([A-Za-z0-9+/=_-]+)|:({_IDENTIFIER}))?", re.ASCII)

HubName = Annotated[str, Field(pattern=rf"^{_IDENTIFIER}$", max_length=200)]
"""What Phoenix takes as the name of a prompt or of a tag: lower case letters, digits, `-` and `_`."""
VersionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=_-]+$", max_length=200)]


class PromptRef(ConfigModel):
    """A prompt in Phoenix. Without `version` and `tag` it is the latest version."""

    phoenix: HubName
    """The name of the prompt."""
    version: Annotated[int, Field(gt=0, le=10**9)] | VersionId | None = None
    """Its number as the UI shows it, its id, or `latest`."""
    tag: HubName | None = None
    """The tag that its version has, instead: `production`. It is looked up once a build."""
    server: ServerName | None = None
    """Which of `phoenix.servers` has it."""
    _hub: HubPrompt | None = PrivateAttr(default=None)
    _moving: str | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _one_version(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("version") is not None and data.get("tag") is not None:
            raise ValueError("`version` and `tag` both say which version it is: leave one out")
        version = data.get("version")
        if isinstance(version, str) and version.isascii() and version.isdigit():
            data = {**data, "version": int(version)}
        return data

    @property
    def pinned(self) -> bool:
        """Whether it names one version for good: a tag moves, and so does the latest version."""
        return self._moving is None and self.tag is None and self.version not in (None, LATEST)

    @property
    def which(self) -> str:
        """Return which version it names: `version 13`, `tag production`, `the latest version`."""
        if self._moving is not None:
            return self._moving
        if self.tag is not None:
            return f"tag {self.tag}"
        return "the latest version" if self.version in (None, LATEST) else f"version {self.version}"

    @property
    def shown(self) -> str:
        """Return what people call it: the version that was found, where one was."""
        return self._hub.shown if self._hub is not None else f"{self.phoenix} {self.which}"

    @property
    def key(self) -> str:
        """Return what the record of a build calls it: `prompt support-answer (tag production)`."""
        at = f" at {self.server}" if self.server is not None else ""
        return f"prompt {self.phoenix}{at}" + ("" if self.pinned else f" ({self.which})")

    @property
    def hub(self) -> HubPrompt:
        """Return the version that was found. Asked before, it is a bug in the caller."""
        if self._hub is None:
            raise ValueError(f"the prompt {self.phoenix!r} was not looked up")
        return self._hub

    def pulled(self, hub: HubPrompt) -> PromptRef:
        """Return it with the version that was found in place of what named it; `which` still says how."""
        moving = None if self.pinned else self.which
        ref = self.model_copy(update={"version": hub.number, "tag": None})
        ref._hub, ref._moving = hub, moving  # noqa: SLF001  # of the same class; the copy is not out yet
        return ref


def read_prompt_ref(text: str) -> PromptRef | None:
    """Read `phoenix:NAME`, `phoenix:NAME@VERSION` or `phoenix:NAME:TAG`; None for what does not begin so.

    Raises ValueError, a whole sentence, for what begins so and names no prompt.
    """
    if not text.startswith(PREFIX):
        return None
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} names no prompt: write phoenix:NAME, phoenix:NAME@VERSION or phoenix:NAME:TAG, in lower case"
            " letters, digits, - and _"
        )
    name, version, tag = found.groups()
    return PromptRef.model_validate({"phoenix": name, "version": version, "tag": tag})
