"""A suite of an application's three answers at one endpoint, and what became of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from evalgate.journal.store import Journal
from evalgate.records import TaskOutcome
from tests.e2e.project import Project

PROGRAMS = Path(__file__).parent / "programs"


def write_suite(project: Project, endpoint: dict, suite: dict, *, program: str, model: str = "small") -> Project:
    """Write one suite whose only side is its task, with three examples whose answer is their question.

    `program` is the file of PROGRAMS that stands beside it; `model`, at the endpoint `fake`, is what has a price.
    """
    project.suite = {
        "evaluators": [{"exact_match": {"path": "answer"}}],
        "checks": {"exact_match": {"at_least": 1.0}},
        "baseline": ...,
        **suite,
    }
    shutil.copy(PROGRAMS / program, project.folder / program)
    questions = {f"e{n}": f"word{n} more" for n in range(3)}
    rows = ({"id": name, "input": {"q": q}, "output": {"answer": q}} for name, q in questions.items())
    project.write("golden.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    project.prepare()
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["endpoints"] = {"fake": endpoint}
    config["prices"] = {f"fake/{model}": {"input": 1, "output": 1}}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return project


def outcomes(project: Project) -> dict[tuple[str, str], TaskOutcome]:
    """Return what each run of the latest build is recorded as, by example and sample."""
    with Journal(project.folder / ".evalgate" / "journal.db") as journal:
        row = journal.experiments(journal.builds()[0].id)[0]
        return {
            (example, sample): journal.run(row.id, example, sample) for example, sample, *_ in journal.run_facts(row.id)
        }
