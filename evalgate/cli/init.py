"""`evalgate init`: a first config, dataset and workflow from what is here; nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.options import CONFIG_NAME
from evalgate.encoding import printable

if TYPE_CHECKING:
    from evalgate.gate.scaffold import Found

_DATASET = "datasets/golden.jsonl"
_TASK = "evals/task.py"
_NAMED: Final = 3
"""Files that were left out that are named."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
@click.option("--forks", is_flag=True, help="Also a workflow that comments on pull requests from forks.")
def command(folder: Path, *, forks: bool) -> int:
    """Write a first config, dataset and workflow from what is here; overwrite nothing.

    In FOLDER (default: this one) it looks for a dataset in datasets/, data/, evals/ and tests/data/, for a prompt file
    in prompts/, and for a function such as answer(input) in *.py, src/, app/ and evals/. Where it finds none it writes
    a small one that works. Where there is a config, only the workflow is added; where a prompt of it is in Phoenix,
    another that proposes its newer versions; and where it has profiles of `curate`, one that runs them on a schedule.
    """
    from evalgate.gate.scaffold import keys_of, look, measures

    here = folder / CONFIG_NAME
    found = look(folder)
    files = {} if here.exists() else _project(folder, found)
    for what in filter(None, (found.dataset, *(found.task or {}).values())) if files else ():
        click.echo(f"found    {what}")
    if files and found.unread:
        click.echo(f"left out {_few(found.unread)}: a prompt is a YAML file with `messages`, as docs/tasks.md shows")
    written = [_write(path, text) for path, text in files.items()]
    if not files:
        click.echo(f"kept     {here} (it is here already)")
    gates = measures(here)
    if gates:
        written.append(_write(*_workflow(folder, found)))
    else:
        click.echo(f"left out the workflow of the gate: {here} has no `suites`, so nothing would be measured")
    if (prompts := _prompts_workflow(folder)) is not None:
        written.append(_write(*prompts))
    scheduled = None
    if (curate := _curate_workflow(folder)) is not None:
        written.append(_write(*curate))
        scheduled = curate[0] if written[-1] else None
    if forks:
        written.append(_write(*_forks_workflow(folder)))
    unset = [name for name in keys_of(here) if not os.environ.get(name)]
    # A stub asks what nobody's own function was written for.
    stub = folder / _DATASET in files and "python" in (found.task or {})
    steps = [f"put examples of your own into {folder / _DATASET}"] if stub else []
    steps += [f"set {' and '.join(unset)}"] if unset else []
    steps += [f"give the repository the secrets that {scheduled} names"] if scheduled is not None else []
    following = ", then ".join([*steps, "evalgate run" if gates else "evalgate curate run"])
    click.echo(f"{'' if any(written) else 'nothing to write, all of it is here; '}next: {following}")
    return 0


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return f"{', '.join(map(printable, names[:_NAMED]))}{f' and {more} more' if more > 0 else ''}"


def _project(folder: Path, found: Found) -> dict[Path, str]:
    """Return the config and the stubs of what it refers to and is not here, by their paths."""
    from evalgate.gate.scaffold import place_of, plain
    from evalgate.report.templates import environment

    render = environment().get_template
    task = found.task or {"python": f"{_TASK}:answer"}
    config = render("init/evalgate.yaml.j2").render(
        suite="answers",
        dataset=plain(found.dataset or _DATASET),
        curated=plain(found.dataset if found.dataset is not None and found.dataset.endswith(".jsonl") else _DATASET),
        prompt=plain(task["prompt"]) if "prompt" in task else None,
        function=plain(task["python"]) if "python" in task else None,
        answers=found.answers or found.dataset is None,
        answer_key=plain(found.answer_key) if found.answer_key else None if found.dataset else "answer",
        interpreter=found.interpreter if "python" in task else None,
        committed=place_of(folder).committed,
    )
    files = {folder / CONFIG_NAME: config}
    if found.dataset is None:
        files[folder / _DATASET] = render("init/golden.jsonl").render()
    if found.task is None:
        files[folder / _TASK] = render("init/task.py").render()
    return files


def _workflow(folder: Path, found: Found) -> tuple[Path, str]:
    """Return the workflow's path and text, for the config that is there by now."""
    from evalgate.gate.scaffold import hub_variables, installation, keys_of, place_of

    place = place_of(folder)
    needs_python = "prompt" not in (found.task or {})
    return place.workflow, _released(
        "init/workflow.yml.j2",
        folder=place.folder,
        branch=place.branch,
        python=needs_python,
        install=installation(folder, found.interpreter) if needs_python else None,
        keys=[*keys_of(folder / CONFIG_NAME), *hub_variables(folder / CONFIG_NAME)],
    )


def _prompts_workflow(folder: Path) -> tuple[Path, str] | None:
    """Return the path and text of the workflow that pins prompts in Phoenix; None where the config has none."""
    from evalgate.gate.scaffold import hub_variables, place_of

    variables, place = hub_variables(folder / CONFIG_NAME), place_of(folder)
    if not variables:
        return None
    return place.prompts_workflow, _released(
        "init/prompts.yml.j2",
        folder=place.folder,
        variables=variables,
    )


def _curate_workflow(folder: Path) -> tuple[Path, str] | None:
    """Return the path and text of the workflow that runs profiles of `curate:`; None where the config has none."""
    from evalgate.gate.scaffold import curate_variables, place_of

    variables, place = curate_variables(folder / CONFIG_NAME), place_of(folder)
    if variables is None:
        return None
    return place.curate_workflow, _released(
        "init/curate.yml.j2",
        folder=place.folder,
        variables=variables,
    )


def _forks_workflow(folder: Path) -> tuple[Path, str]:
    """Return the path and text of the workflow that decides again on what the runs of forks report."""
    from evalgate.gate.scaffold import place_of

    place = place_of(folder)
    return place.forks_workflow, _released(
        "init/forks.yml.j2",
        folder=place.folder,
        gate=place.workflow.name,
    )


def _released(template: str, **values: object) -> str:
    """Return a workflow that runs this version of the action, by its commit where that is known."""
    import evalgate
    from evalgate.gate.scaffold import own_commit
    from evalgate.report.templates import environment

    commit = own_commit(Path(evalgate.__file__).parent)
    return environment().get_template(template).render(version=evalgate.__version__, commit=commit, **values)


def _write(path: Path, text: str) -> bool:
    """Write a file that does not exist and say so; leave alone one that does. Raises ConfigurationError."""
    from evalgate.errors import ConfigurationError

    if path.exists():
        click.echo(f"kept     {path} (it is here already)")
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else text + "\n")
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}",
            next_step="make its folder writable, then run `evalgate init` again",
        ) from None
    click.echo(f"wrote    {path}")
    return True
