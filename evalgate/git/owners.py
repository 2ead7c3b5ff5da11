"""Who owns a file, as a repository's CODEOWNERS says it; the last line that fits a path decides, as on GitHub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in its order: the first one that is there counts alone."""
_LARGEST: Final = 3 * 1024 * 1024
"""Bytes: GitHub reads no larger one."""


def owners_of(tree: Path, path: str) -> tuple[str, ...]:
    """Return the owners of `path` (with forward slashes, from the top) by the CODEOWNERS of a tree; none: nobody."""
    for place in _PLACES:
        file = tree / place
        if file.is_file() and not file.is_symlink():
            if file.stat().st_size > _LARGEST:
                return ()
            return _last(file.read_text(encoding="utf-8", errors="replace"), path)
    return ()


def _last(text: str, path: str) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for line in text.splitlines():
        words = re.split(r"(?:^|(?<!\\))\s+#.*$|^#.*$", line, maxsplit=1)[0].strip()
        parts = re.split(r"(?<!\\)\s+", words) if words else []
        if parts and (pattern := _pattern(parts[0])) is not None and pattern.fullmatch(path):
            found = tuple(each for each in parts[1:] if "@" in each)
    return found


def _pattern(written: str) -> re.Pattern[str] | None:
    """Return what a pattern fits; None for one that CODEOWNERS does not take (`!`, `[ ]`)."""
    written = written.replace("\\ ", " ")
    if written.startswith("!") or "[" in written or "\\" in written:
        return None
    anchored = "/" in written.rstrip("/")
    body = written.strip("/")
    folder = written.endswith("/")
    parts = []
    for part in body.split("/"):
        if part == "**":
            parts.append("(?:[^/]+/)*")
        else:
            each = "".join("[^/]*" if char == "*" else "[^/]" if char == "?" else re.escape(char) for char in part)
            parts.append(f"{each}/")
    joined = "".join(parts)
    within = "(?:.*/)?" if not anchored else ""
    if body.endswith("**"):
        return re.compile(f"{within}{joined}[^/]+")
    joined = joined.removesuffix("/")
    if folder:
        return re.compile(f"{within}{joined}/.+")
    # `docs/*` is of the files right there, `docs` of everything in it.
    below = "" if body.rpartition("/")[2] == "*" and anchored else "(?:/.+)?"
    return re.compile(f"{within}{joined}{below}")
