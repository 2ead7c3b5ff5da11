"""What is said in two places is one thing: names, exceptions, commands, tasks, the journal's steps."""

from __future__ import annotations

import dataclasses
import os
import re
import sqlite3
import tomllib
from contextlib import closing
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
import yaml

import evalgate
from evalgate import errors, records
from evalgate.cli.compose import _Runners
from evalgate.cli.models import CacheChoice, Models
from evalgate.cli.root import COMMANDS
from evalgate.gate.request import _title
from evalgate.git.worktrees import SETUP_MARKERS
from evalgate.journal.migrations import MIGRATIONS
from evalgate.journal.schema import VERSION
from evalgate.suite.config import Budget, Config, ResponseCache
from evalgate.suite.tasks import TASK_KINDS, TASK_MODELS
from evalgate.workers.setup import MARKERS

_ROOT = Path(__file__).parents[2]
_TASKS = {
    "prompt": {"prompt": "prompts/support.yaml", "model": "main/small"},
    "python": {"python": "app.py:answer"},
    "command": {"command": "node eval.js"},
    "http": {"http": {"url": "http://127.0.0.1:1/answer"}},
}


def test_the_public_names_are_these_and_are_there():
    assert evalgate.__all__ == ["Result", "__version__"]
    assert all(getattr(evalgate, name) for name in evalgate.__all__)


def test_the_drawn_exception_tree_is_the_tree_of_the_classes():
    """Each class stands once, under its base, with the code that it exits with."""
    drawn = re.findall(r"^([│ ]*)[├└]── (\w+) +(\d+) ", errors.__doc__ or "", re.MULTILINE)
    parents = [errors.EvalgateError.__name__]
    seen = set()
    for indent, name, code in drawn:
        depth = 1 + len(indent) // 4
        kind = getattr(errors, name)
        assert kind.__base__.__name__ == parents[depth - 1]
        assert kind.exit_code == int(code)
        parents[depth:] = [name]
        seen.add(name)
    defined = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)}
    assert seen == defined - {"EvalgateError"}


_ON_EVERY_PAGE = pytest.mark.parametrize(
    "page", [*_ROOT.glob("*.md"), *_ROOT.glob("docs/**/*.md"), *_ROOT.glob(".github/*.md")], ids=lambda page: page.name
)


@pytest.mark.parametrize(
    "record", [each for each in vars(records).values() if isinstance(each, type) and dataclasses.is_dataclass(each)]
)
def test_records_are_frozen_keyword_only_and_explained(record):
    assert record.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(record))
    assert hasattr(record, "__slots__")
    assert not record.__doc__.startswith(f"{record.__name__}(")


def test_the_table_of_commands_is_what_each_command_says_of_itself():
    """--help reads the table, so that it imports no command."""
    for name, line in COMMANDS.items():
        command = import_module(f"evalgate.cli.{name}").command
        assert " ".join(command.help.split("\n\n")[0].split()) == line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_all_that_it_takes_is_explained(name):
    command = import_module(f"evalgate.cli.{name}").command
    for each in (command, *getattr(command, "commands", {}).values()):
        assert each.help
        options = [option for option in each.params if isinstance(option, click.Option)]
        assert [option.name for option in options if not option.help] == []


def test_the_readme_shows_the_workflow_that_the_page_explains():
    """Of the actions that it uses the pins are those of the project's own workflows, of inputs only what there is."""
    readme = (_ROOT / "README.md").read_text("utf-8")
    section = readme.split("## In a workflow\n")[1].split("\n## ")[0]
    workflow = yaml.safe_load(section.split("```yaml\n")[1].split("```")[0])
    assert {*workflow[True]} == {"pull_request", "push"}
    checkout, gate = workflow["jobs"]["gate"]["steps"]
    assert f"uses: {checkout['uses']} #" in (_ROOT / ".github/workflows/gate.yml").read_text("utf-8")
    assert gate["uses"] == "evalgate/evalgate@<sha>"
    assert f"@<sha> # v{evalgate.__version__}\n" in section
    action = yaml.safe_load((_ROOT / "action.yml").read_text("utf-8"))
    assert {*gate.get("with", {})} <= {*action["inputs"]}
    assert "(docs/github.md)" in section


async def test_every_kind_of_task_has_a_model_a_runner_and_a_title(tmp_path):
    assert tuple(TASK_MODELS) == TASK_KINDS == tuple(_TASKS)
    choice = CacheChoice(path=tmp_path / "cache.db")
    config = Config.model_construct(budget=Budget(), cache=ResponseCache(), prices={})
    models = Models(config, choice=choice, stop=lambda: None, log=lambda _: None)
    runners = _Runners(endpoints={}, environ=os.environ, models=models, log=lambda _: None)
    made = {}
    for kind, model in TASK_MODELS.items():
        task = model.model_validate(_TASKS[kind])
        made[kind] = type(
            runners.task(SimpleNamespace(root=Path()), SimpleNamespace(task=task, root=Path(), endpoints={}))
        )
        assert _title(task)
    assert {kind: each.__module__ for kind, each in made.items()} == {k: f"evalgate.tasks.{k}" for k in TASK_KINDS}
    assert len(set(made.values())) == len(TASK_KINDS)
    await models.close()


def test_there_is_a_step_to_this_version_of_the_journal_from_every_older_one():
    assert sorted(MIGRATIONS) == list(range(VERSION))


@pytest.mark.parametrize("version", range(VERSION))
def test_a_journal_of_every_older_version_opens_as_one_of_today(version, tmp_path):
    """Whatever version it starts from, the tables are those of a new one."""
    from evalgate.journal import schema
    from evalgate.journal.store import Journal

    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as db, db:
        for step in range(version):
            db.executescript(MIGRATIONS[step])
        if version:
            db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version}")
    Journal(tmp_path / "new.db").close()
    Journal(old).close()
    assert _tables(old) == _tables(tmp_path / "new.db")


def _tables(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()


def test_the_page_of_the_house_has_every_room_on_its_floor():
    page = (_ROOT / "docs/decisions/0001-the-house-and-its-floors.md").read_text("utf-8").split("```")[1]
    contract = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    rooms = re.sub(r"(\w) {3,}.*", r"\1", page)  # without what is said of them
    floors = [re.findall(r"\w+", floor) for floor in re.split(r"\n\d ", rooms)[1:]]
    places = [
        {next(at for at, told in enumerate(floors) if room in told) for room in layer.split(" | ")}
        for layer in contract["layers"]
    ]
    assert [len(each) for each in places] == [1] * len(places)
    assert sorted(places, key=min) == places


def test_decisions_are_numbered_in_a_row_and_listed_with_their_titles():
    contributing = (_ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
    pages = sorted((_ROOT / "docs" / "decisions").iterdir())
    assert [page.name[:5] for page in pages] == [f"{number:04}-" for number in range(1, len(pages) + 1)]
    listed = [
        f"[{page.name[:4]}](../docs/decisions/{page.name}) {page.read_text('utf-8').splitlines()[0][2:]}"
        for page in pages
    ]
    assert re.findall(r"^  - (.*)$", contributing, re.MULTILINE) == listed


@_ON_EVERY_PAGE
def test_every_command_that_a_page_shows_is_there_with_its_options(page):
    text = page.read_text("utf-8").replace("\\\n", " ")
    for shown in re.findall(r"(?:`|-m |^)(evalgate [a-z][^`\n#|;&]*)", text, re.MULTILINE):
        _, name, *words = shown.split()
        if name not in COMMANDS and not text.count(f"`{shown}"):
            continue  # a line of prose that begins with the name
        command = import_module(f"evalgate.cli.{name}").command
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command = command.get_command(click.Context(command), words.pop(0))
            assert command is not None, shown
        there = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert {flag for word in words for flag in re.findall(r"^--[a-z][a-z-]*", word)} <= there, shown


@_ON_EVERY_PAGE
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\((?!\w+:|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_file_that_a_decision_names_is_there():
    for page in (_ROOT / "docs" / "decisions").iterdir():
        for name in re.findall(r"`((?:\w+/)+\w+\.\w+)`", page.read_text("utf-8")):
            assert (_ROOT / name).exists() or (_ROOT / "evalgate" / name).exists(), (page.name, name)


def test_every_page_that_the_code_cites_is_there():
    """A comment that names docs/… leads somewhere; a number alone names a decision."""
    cited = [
        (source.name, name)
        for source in (_ROOT / "evalgate").rglob("*.py")
        for name in re.findall(r"docs/[a-z][\w/.-]*\w", source.read_text("utf-8"))
    ]
    assert cited
    assert [each for each in cited if not list(_ROOT.glob(f"{each[1]}*"))] == []


def test_git_and_workers_agree_on_where_a_setup_is_remembered():
    """Siblings on a floor do not import each other, so the place is written twice."""
    assert SETUP_MARKERS == MARKERS
