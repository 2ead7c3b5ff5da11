"""`evalgate init`: a first config, dataset and workflow from what is here; nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import click

from evalgate.cli.options import CONFIG_NAME

_DATASET = "datasets/golden.jsonl"
_TASK = "evals/task.py"
_WORKFLOW = ".github/workflows/evalgate.yml"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
def command(folder: Path) -> int:
    """Write a first config, dataset and workflow from what is here; overwrite nothing."""
    from evalgate import __version__
    from evalgate.gate.scaffold import look
    from evalgate.report.templates import environment

    found = look(folder)
    task = found.task or {"python": f"{_TASK}:answer"}
    render = environment().get_template
    files = {
        CONFIG_NAME: render("init/evalgate.yaml.j2").render(
            suite="answers",
            dataset=found.dataset or _DATASET,
            task=task,
            answer_key=found.answer_key if found.dataset else "answer",
            interpreter=found.interpreter,
        ),
        _WORKFLOW: render("init/workflow.yml").render(version=__version__),
    }
    if found.dataset is None:
        files[_DATASET] = render("init/golden.jsonl").render()
    if found.task is None:
        files[_TASK] = render("init/task.py").render()
    written = [_write(folder / name, text) for name, text in files.items()]
    click.echo("next: evalgate run" if any(written) else "nothing to write: all of it is here; next: evalgate run")
    return 0


def _write(path: Path, text: str) -> bool:
    """Write a file that does not exist and say so; leave alone one that does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else text + "\n")
    except FileExistsError:
        click.echo(f"kept     {path} (it is here already)")
        return False
    click.echo(f"wrote    {path}")
    return True
