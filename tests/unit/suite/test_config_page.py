"""docs/config.md has every key of the config, from the models; EVALGATE_WRITE_GOLDEN=1 writes it anew."""

import os
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from evalgate.suite import (
    checks,
    config,
    curate,
    curate_clean,
    curate_label,
    curate_run,
    curate_sample,
    notify,
    phoenix,
    prompt_ref,
    release,
    tasks,
)
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.meanings import meanings
from evalgate.suite.model import ConfigModel

PAGE = Path(__file__).parents[3] / "docs" / "config.md"
INTRODUCTION = """\
# evalgate.yaml

Every key. Values cascade: default, the file, `EVALGATE_` variables (`EVALGATE_POLICY__MODE=observe`),
`--set policy.mode=observe`; `evalgate config show` says where each came from. `evalgate config schema` prints the same
as a JSON Schema, for editors. An unknown key is refused with the nearest known one, the file, the line and the column.
Paths into examples are names joined by dots: `metadata.lang`.
"""
SECTIONS: dict[str, type[ConfigModel]] = {
    "The file": config.Config,
    "suites.NAME": config.Suite,
    "suites.NAME.dataset": config.DatasetRef,
    "suites.NAME.task, of every kind": tasks.TaskBase,
    "suites.NAME.task, where code runs (python, command, http)": tasks.HostedTask,
    "suites.NAME.task: python": tasks.PythonTask,
    "suites.NAME.task: command": tasks.CommandTask,
    "suites.NAME.task: http": tasks.HttpTask,
    "suites.NAME.task.http": tasks.HttpRequest,
    "suites.NAME.task.http.serve": tasks.Serve,
    "suites.NAME.task: prompt": tasks.PromptTask,
    "suites.NAME.task.prompt, in Phoenix": prompt_ref.PromptRef,
    "suites.NAME.checks.NAME": checks.Check,
    "suites.NAME.checks.NAME.no_regression": checks.NoRegression,
    "suites.NAME.checks.NAME.no_regression.slices": checks.Slice,
    "suites.NAME.checks.NAME.improves": checks.Improves,
    "suites.NAME.checks.NAME.equivalent": checks.Equivalent,
    "suites.NAME.checks.NAME.at_least and .at_most": checks.Threshold,
    "suites.NAME.checks.NAME.zero_tolerance": checks.ZeroTolerance,
    "suites.NAME.baseline": config.BaselineTask,
    "policy": checks.Policy,
    "endpoints.NAME": config.Endpoint,
    "prices.MODEL": config.Price,
    "budget": config.Budget,
    "cache": config.ResponseCache,
    "phoenix": phoenix.PhoenixSettings,
    "phoenix.servers.NAME, and phoenix": phoenix.PhoenixServer,
    "release": release.Release,
    "release.checks.SUITE.CHECK": release.ReleaseCheck,
    "notify": notify.Notify,
    "mlflow": notify.Mlflow,
    "curate": curate.Curate,
    "curate.profiles.NAME": curate.Profile,
    "curate.profiles.NAME, which spans": curate.SpanFilter,
    "curate.profiles.NAME.label": curate_label.Label,
    "curate.profiles.NAME.annotation": curate.AnnotationFilter,
    "curate.profiles.NAME.dataset": curate.CuratedDataset,
    "curate.profiles.NAME.clean": curate_clean.Clean,
    "curate.profiles.NAME.clean.presidio": curate_clean.Presidio,
    "curate.profiles.NAME.sample": curate_sample.Sample,
    "curate.profiles.NAME.when": curate_run.When,
    "curate.notify": curate_run.Told,
}


def page() -> str:
    """Return the whole page as the models have it."""
    return "\n".join([INTRODUCTION, *(section(name, model) for name, model in SECTIONS.items())])


def section(name: str, model: type[ConfigModel]) -> str:
    """Return the heading and table of one model's own fields."""
    inherited = {key for base in model.__mro__[1:] for key in getattr(base, "model_fields", {})}
    said = meanings(model)
    lines = [f"## {name}", "", "| key | meaning | default |", "|---|---|---|"]
    for key, field in model.model_fields.items():
        if key not in inherited:
            lines.append(f"| `{key}` | {meaning(field, said.get(key, ''))} | {default(field)} |")
    return "\n".join([*lines, ""])


def meaning(field: FieldInfo, said: str) -> str:
    """Return what is said of a field, on one line, with its choices where they are few words."""
    text = " ".join(said.split())
    choices = literals(field.annotation)
    return (text + (f" One of `{'`, `'.join(choices)}`." if choices else "")).replace("|", "\\|").replace("<", "&lt;")


def default(field: FieldInfo) -> str:
    """Return a field's default as YAML writes it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel) or value in ((), {}):
        return "–"
    return (
        f"`{yaml.safe_dump(str(value) if isinstance(value, str) else value, default_flow_style=True).splitlines()[0]}`"
    )


def literals(annotation: Any) -> list[str]:
    """Return the words of a Literal, or of the first one in a union."""
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    if get_origin(annotation) in (Union, UnionType):
        return next(filter(None, map(literals, get_args(annotation))), [])
    return []


def models_in(annotation: Any) -> set[type[BaseModel]]:
    """Return every model that a type can hold, theirs included; evaluators have a page of their own."""
    if get_origin(annotation) is Annotated:
        return models_in(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation is Evaluator:
            return set()
        below = [models_in(field.annotation) for field in annotation.model_fields.values()]
        return {annotation}.union(*below)
    return set().union(*map(models_in, get_args(annotation)))


def test_the_page_is_what_the_models_say():
    """A key that is added, renamed or gone is so on the page."""
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text("utf-8") == page()


def test_every_model_of_the_config_is_on_the_page_and_every_key_says_what_it_is():
    """Nothing that can be written is left out, and nothing is without a meaning."""
    assert models_in(config.Config) <= set(SECTIONS.values())
    silent = [
        f"{model.__name__}.{key}"
        for model in SECTIONS.values()
        for key in model.model_fields
        if not meanings(model).get(key)
    ]
    assert not silent
