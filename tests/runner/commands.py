"""What a step says to the runner: the files that its environment names, and commands among the lines of its log."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_COMMAND = re.compile(r"^::([A-Za-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$")
_CODES = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


class FileError(ValueError):
    """A file of the environment that the runner cannot read: the step fails."""


@dataclass(frozen=True)
class Annotation:
    """What a page shows beside a line: `level` is error, warning or notice."""

    level: str
    message: str
    properties: dict[str, str]


@dataclass
class Log:
    """The log of a job: masked, its commands obeyed unless they were stopped."""

    masks: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    tell: Callable[[str], None] = lambda line: None
    _stopped: str | None = None

    @property
    def text(self) -> str:
        """Return what is written of it."""
        return "".join(f"{line}\n" for line in self.lines)

    def write(self, line: str) -> None:
        """Take one line, as a step printed it."""
        if self._stopped is not None:
            if line.strip() == f"::{self._stopped}::":
                self._stopped = None
            else:
                self._append(line)
            return
        command = _COMMAND.match(line.lstrip())
        if command is None or not self._obeyed(command[1].lower(), command[2] or "", command[3]):
            self._append(line)

    def begin_step(self) -> None:
        """Obey commands again: a step stops them for itself alone."""
        self._stopped = None

    def _obeyed(self, name: str, properties: str, message: str) -> bool:
        if name == "stop-commands":
            self._stopped = message.strip()
        elif name == "add-mask":
            self.masks |= {part for part in _decoded(message).splitlines() if part.strip()}
        elif name in {"error", "warning", "notice"}:
            pairs = dict(pair.split("=", 1) for pair in properties.split(",") if "=" in pair)
            given = {key.strip(): self._masked(_decoded(value)) for key, value in pairs.items()}
            self.annotations.append(Annotation(name, self._masked(_decoded(message)), given))
            self._append(f"##[{name}]{_decoded(message)}")
        elif name not in {"group", "endgroup", "debug", "echo"}:
            return False
        return True

    def _append(self, line: str) -> None:
        masked = self._masked(line)
        self.lines.append(masked)
        self.tell(masked)

    def _masked(self, text: str) -> str:
        for mask in sorted(self.masks, key=len, reverse=True):
            text = text.replace(mask, "***")
        return text


def pairs(path: Path) -> dict[str, str]:
    """Read a file like GITHUB_OUTPUT: `name=value` lines, and values of several lines between delimiters."""
    found: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        if not line:
            continue
        if (heredoc := re.match(r"^([^=<]+)<<(.+)$", line)) is None:
            name, equals, value = line.partition("=")
            if not equals or not name:
                raise FileError(f"Invalid format '{line}'")
            found[name] = value
            continue
        if heredoc[2] not in lines[at:]:
            raise FileError(f"Matching delimiter not found '{heredoc[2]}'")
        end = lines.index(heredoc[2], at)
        found[heredoc[1]] = "\n".join(lines[at:end])
        at = end + 1
    return found


def _decoded(text: str) -> str:
    for code, character in _CODES:
        text = text.replace(code, character)
    return text
