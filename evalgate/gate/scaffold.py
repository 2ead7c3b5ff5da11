"""What a first config and workflow should say of a repository: read from what is there, nothing of it run."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import EvalgateError
from evalgate.git import Repository
from evalgate.git.history import default_branch
from evalgate.golden.reading import read_examples
from evalgate.records import Example
from evalgate.suite.curate_clean import Clean
from evalgate.suite.loading import load_config
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.tasks import PromptTask
from evalgate.yaml_source import parse_yaml

_FUNCTIONS: Final = ("answer", "predict", "generate", "respond", "route", "classify")
_SENT: Final = frozenset({"input", "metadata", "example"})
"""What a Python task may take; a function's only parameter may have any name."""
_DATASETS: Final = ("datasets", "data", "evals", "tests/data", ".")
_SOURCES: Final = (".", "src", "app", "evals")
_WRITTEN: Final = (".yaml", ".yml", ".md", ".txt", ".json", ".j2", ".jinja", ".jinja2", ".prompt")
_FEW: Final = 200  # files looked at in one folder: a first config is a guess, not an audit
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a first config can refer to. None where nothing was found and a stub is needed."""

    dataset: str | None
    answers: bool
    """Whether its first example has a reference answer, without which nothing can be compared with one."""
    answer_key: str | None
    """The path of the reference answer's only field; None where it has several."""
    task: Mapping[str, str] | None
    interpreter: str | None
    unread: tuple[str, ...] = ()
    """What may be prompts, and is none that a task can name; empty where there is a task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a workflow belongs: `root` is the repository's, `folder` the project's below it ("" at the root).

    `branch` is the one that is shipped.
    """

    root: Path
    folder: str
    branch: str = "main"
    committed: bool = False
    """Whether there is a commit to compare with."""

    @property
    def workflow(self) -> Path:
        """Return the workflow's file, one for each project of a repository."""
        return self._file("evalgate")

    @property
    def prompts_workflow(self) -> Path:
        """Return the file of the workflow that pins newer versions of prompts in Phoenix."""
        return self._file("evalgate-prompts")

    @property
    def curate_workflow(self) -> Path:
        """Return the file of the workflow that runs the profiles of `curate:` on a schedule."""
        return self._file("evalgate-curate")

    @property
    def forks_workflow(self) -> Path:
        """Return the file of the workflow that reports what the runs of forks measured."""
        return self._file("evalgate-forks")

    def _file(self, name: str) -> Path:
        slug = re.sub(r"[^A-Za-z0-9]+", "-", self.folder).strip("-")
        return self.root / ".github" / "workflows" / (f"{name}-{slug}.yml" if slug else f"{name}.yml")


def look(root: Path) -> Found:
    """Look for a golden dataset, a task and an interpreter under `root`."""
    dataset, example = next(_datasets(root), (None, None))
    output = example.output if example else None
    interpreters = [name for name in (".venv/bin/python", "venv/bin/python") if (root / name).exists()]
    task = next(_prompts(root), None) or next(_functions(root), None)
    return Found(
        dataset=dataset,
        answers=output is not None,
        answer_key=_path_of(next(iter(output))) if output and len(output) == 1 else None,
        task=task,
        interpreter=next(iter(interpreters), None),
        unread=() if task else tuple(_no_prompts(root)),
    )


def place_of(folder: Path) -> Place:
    """Return where the workflow of the project in `folder` belongs: GitHub reads a repository's root alone."""
    repository = Repository.find(folder)
    if repository is None:
        return Place(root=folder, folder="")
    below = folder.resolve().relative_to(repository.root.resolve()).as_posix()
    return Place(
        root=folder if below == "." else repository.root,
        folder="" if below == "." else below,
        branch=default_branch(repository) or "main",
        committed=repository.head() is not None,
    )


def installation(folder: Path, interpreter: str | None) -> str | None:
    """Return the command that makes a fresh checkout's Python ready; None where nothing has to be installed."""
    environment = interpreter.removesuffix("/bin/python") if interpreter else None
    pip = f"{interpreter or 'python'} -m pip install"
    if (folder / "requirements.txt").is_file():
        install = f"{pip} -r requirements.txt"
    else:
        install = f"{pip} ." if (folder / "pyproject.toml").is_file() else ""
    steps = [f"python -m venv {environment}" if environment else "", install]
    return " && ".join(step for step in steps if step) or None


def keys_of(config: Path) -> list[str]:
    """Return the environment variables that a config's endpoints take their keys from; none of an unreadable one."""
    try:
        content = parse_yaml(config.read_text("utf-8"))
        endpoints = content.get("endpoints", {}).values()
        names = {endpoint.get("api_key_env") for endpoint in endpoints}
        if any(endpoint.get("aws_region") for endpoint in endpoints):
            names |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    except (OSError, ValueError, AttributeError):
        return []
    return sorted(name for name in names if isinstance(name, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name))


def hub_variables(config: Path) -> list[str]:
    """Return the variables that say where a config's prompts in Phoenix are; none where it has no such prompt.

    None either for a config that is not right: `evalgate config show` says what is wrong with it.
    """
    try:
        loaded = load_config(config, environ={}, overrides={}, without_suites=True)
    except (EvalgateError, OSError):
        return []
    tasks = [suite.task for suite in loaded.config.suites.values()]
    refs = [task.ref for task in tasks if isinstance(task, PromptTask) and task.ref is not None]
    settings = loaded.config.phoenix or PhoenixSettings()
    servers = [server for ref in refs if (server := settings.server(ref.server)) is not None]
    return sorted({name for server in servers for name in (server.endpoint_env, server.api_key_env)})


def measures(config: Path) -> bool:
    """Return whether a config has suites; one that is not right is taken for one: what is wrong is said elsewhere."""
    try:
        return bool(load_config(config, environ={}, overrides={}, without_suites=True).config.suites)
    except (EvalgateError, OSError):
        return True


def curate_variables(config: Path) -> list[str] | None:
    """Return the variables that a run of a config's curation profiles reads; None where it has none, or is not right.

    They are those of the servers of Phoenix, of the endpoints whose models a profile names, and of who is told.
    """
    try:
        loaded = load_config(config, environ={}, overrides={}, without_suites=True)
    except (EvalgateError, OSError):
        return None
    curate, settings = loaded.config.curate, loaded.config.phoenix or PhoenixSettings()
    if curate is None or not curate.profiles:
        return None
    profiles = curate.profiles.values()
    held = {each.dataset.server or each.server for each in profiles if each.dataset.phoenix is not None}
    servers = map(settings.server, held | {each.server for each in profiles})
    names = {name for server in servers if server is not None for name in (server.endpoint_env, server.api_key_env)}
    names |= {curate.notify.webhook_env} if curate.notify is not None else set()
    names |= {each.clean.key_env for each in profiles} - {Clean().key_env}  # the workflow has that one anyway
    models = {each.label.model for each in profiles if each.label is not None}
    asked = {name.partition("/")[0] for name in models | {each.sample.embedding for each in profiles} if name}
    keys = {loaded.config.endpoints[name].api_key_env for name in asked if name in loaded.config.endpoints}
    return sorted(names | {key for key in keys if key is not None})


def own_commit(package: Path) -> str | None:
    """Return the commit of the checkout that evalgate itself runs from; None for an installed package."""
    checkout = package.parent
    repository = Repository.find(checkout) if (checkout / "action.yml").is_file() else None
    at_root = repository is not None and repository.root.resolve() == checkout.resolve()
    return repository.head() if repository is not None and at_root else None


def plain(text: str) -> str:
    """Return `text` as a YAML scalar that is read as that text again."""
    return text if re.fullmatch(r"[A-Za-z_.][\w./-]*(:[A-Za-z_][\w.]*)?", text) else json.dumps(text)


def _path_of(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][\w-]*", key) else f'["{key}"]'


def _datasets(root: Path) -> Iterator[tuple[str, Example]]:
    """Yield files whose first example is one, with it."""
    for folder in _DATASETS:
        for path in _files(root / folder, (".jsonl", ".ndjson", ".csv", ".json", ".yaml", ".yml")):
            try:
                yield path.relative_to(root).as_posix(), next(iter(read_examples(path)))
            except (EvalgateError, StopIteration):
                continue


def _prompts(root: Path) -> Iterator[Mapping[str, str]]:
    for path in _files(root / "prompts", (".yaml", ".yml")):
        try:
            content = parse_yaml(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict) and isinstance(content.get("messages"), list):
            yield {"prompt": path.relative_to(root).as_posix()}


def _no_prompts(root: Path) -> Iterator[str]:
    for path in _files(root / "prompts", _WRITTEN):
        if path.stem.lower() != "readme":
            yield path.relative_to(root).as_posix()


def _functions(root: Path) -> Iterator[Mapping[str, str]]:
    for folder in _SOURCES:
        for path in _files(root / folder, (".py",)):
            try:
                body = ast.parse(path.read_bytes()).body
            except (OSError, SyntaxError, ValueError):
                continue
            names = {node.name for node in body if isinstance(node, _DEFINITIONS) and _fits(node.args)}
            for name in _FUNCTIONS:
                if name in names:
                    yield {"python": f"{path.relative_to(root).as_posix()}:{name}"}


def _fits(arguments: ast.arguments) -> bool:
    """Return whether a task can call a function with these parameters: a guess that does not load helps nobody."""
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    optional = len(arguments.defaults)
    named = [argument.arg for argument in arguments.kwonlyargs]
    needed = positional[: len(positional) - optional] + [
        name for name, default in zip(named, arguments.kw_defaults, strict=True) if default is None
    ]
    only_one = len(positional) + len(named) == 1
    return bool(positional or named) and (only_one or {*needed} <= _SENT)


def _files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes and path.is_file())[:_FEW]
