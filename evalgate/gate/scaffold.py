"""What a first config should say of a repository: read from what is there, nothing of it run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from evalgate.errors import EvalgateError
from evalgate.golden.reading import read_examples
from evalgate.records import Example

_FUNCTIONS: Final = ("answer", "predict", "generate", "respond", "route", "classify", "run")
_DATASETS: Final = ("datasets", "data", "evals", "tests/data", ".")
_SOURCES: Final = (".", "src", "app", "evals")
_FEW: Final = 200  # files looked at in one folder: a first config is a guess, not an audit


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a first config can refer to. None where nothing was found and a stub is needed."""

    dataset: str | None
    answer_key: str | None
    task: Mapping[str, str] | None
    interpreter: str | None


def look(root: Path) -> Found:
    """Look for a golden dataset, a task and an interpreter under `root`."""
    dataset, example = next(_datasets(root), (None, None))
    output = example.output if example else None
    interpreters = [name for name in (".venv/bin/python", "venv/bin/python") if (root / name).exists()]
    return Found(
        dataset=dataset,
        answer_key=next(iter(output)) if output and len(output) == 1 else None,
        task=next(_prompts(root), None) or next(_functions(root), None),
        interpreter=next(iter(interpreters), None),
    )


def _datasets(root: Path) -> Iterator[tuple[str, Example]]:
    """Yield files whose first example is one, with it."""
    for folder in _DATASETS:
        for path in _files(root / folder, (".jsonl", ".csv", ".json", ".yaml")):
            try:
                yield path.relative_to(root).as_posix(), next(iter(read_examples(path)))
            except (EvalgateError, StopIteration):
                continue


def _prompts(root: Path) -> Iterator[Mapping[str, str]]:
    for path in _files(root / "prompts", (".yaml", ".yml")):
        try:
            content = yaml.safe_load(path.read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            continue
        if isinstance(content, dict) and isinstance(content.get("messages"), list):
            yield {"prompt": path.relative_to(root).as_posix()}


def _functions(root: Path) -> Iterator[Mapping[str, str]]:
    for folder in _SOURCES:
        for path in _files(root / folder, (".py",)):
            try:
                names = {node.name for node in ast.parse(path.read_bytes()).body if isinstance(node, _DEFINITIONS)}
            except (OSError, SyntaxError, ValueError):
                continue
            for name in _FUNCTIONS:
                if name in names:
                    yield {"python": f"{path.relative_to(root).as_posix()}:{name}"}


_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes and path.is_file())[:_FEW]
