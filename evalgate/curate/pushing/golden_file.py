"""Golden examples put into a dataset file so that git shows them and nothing else: every other line stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from evalgate.errors import DatasetError, Location
from evalgate.golden.raw import Raw
from evalgate.golden.reading import read_raw
from evalgate.golden.writing import WRITTEN, as_line, as_value
from evalgate.records import Example
from evalgate.whole_file import unwritten, writing_whole

_LINES: Final = (".jsonl", ".ndjson")


def require_writable(path: Path) -> None:
    """Raise DatasetError for a file of a format that is not written."""
    if path.suffix.lower() not in WRITTEN:
        raise DatasetError(
            f"{path}: curated examples are written to files that end in {', '.join(WRITTEN)}",
            next_step="keep this dataset as JSONL, and name that file",
        )


def put(path: Path, examples: Iterable[Example]) -> None:
    """Write examples into a golden file, whole or not at all: in the place of those with their id, else at its end.

    A file that is not there is made. Raises ConfigurationError where it cannot be written, MeasurementError where the
    disk has no room, DatasetError for one whose examples are not where they should be.
    """
    new = {each.id: each for each in examples}
    require_writable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing_whole(path) as file:
            for part in _lines(path, new) if path.suffix.lower() in _LINES else _document(path, new):
                file.write(part)
    except OSError as error:
        raise unwritten(f"cannot write {path}", error, "name another dataset") from error


def _lines(path: Path, new: Mapping[str, Example]) -> Iterator[bytes]:
    """Yield the lines of a JSONL file with the new ones."""
    left = dict(new)
    replaced = _places(path, new) if path.exists() else {}
    last = b"\n"
    if path.exists():
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                identity = replaced.get(number)
                last = line if identity is None else as_line(left.pop(identity)).encode("utf-8", "replace")
                yield last
    if not last.endswith(b"\n"):
        yield b"\n"
    for each in left.values():
        yield as_line(each).encode("utf-8", "replace")


def _places(path: Path, new: Mapping[str, Example]) -> dict[int, str]:
    """Return on which lines examples stand that are there already. Raises DatasetError where one shares its line."""
    found: dict[int, str] = {}
    before = 0
    for raw in read_raw(path):
        line = raw.place[0] if isinstance(raw, Raw) else raw.line
        if line == before and line in found:
            raise _crowded(path, line)
        if isinstance(raw, Raw) and isinstance(raw.value, dict) and str(raw.value.get("id")) in new:
            if line == before:
                raise _crowded(path, line)
            found[line] = str(raw.value.get("id"))
        before = line
    return found


def _crowded(path: Path, line: int) -> DatasetError:
    return DatasetError(
        "several examples stand on this line, parted by carriage returns alone: none of them can be replaced",
        location=Location(file=str(path), line=line),
        next_step=f"save {path} with usual line ends, and push again",
    )


def _document(path: Path, new: Mapping[str, Example]) -> Iterator[bytes]:
    """Yield a JSON document with the new examples in its list."""
    document: Any = json.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else []
    listed = document["examples"] if isinstance(document, dict) else document
    left = dict(new)
    for number, each in enumerate(listed):
        if (example := left.pop(str(each.get("id")), None)) is not None:
            listed[number] = as_value(example)
    listed += map(as_value, left.values())
    yield (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode("utf-8", "replace")
