"""`evalgate judge try`: evaluators on the reference answers and on broken twins of them."""

import asyncio
import json

import pytest

from tests.e2e.project import Project
from tests.fake_model import Rule


async def tried(project, *arguments):
    return await asyncio.to_thread(project.evalgate, "judge", "try", *arguments)


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path, examples=10)
    made.suite = {
        "evaluators": [
            {"exact_match": {"path": "answer"}},
            {"json_schema": {"schema": {"type": "object", "required": ["answer"]}}},
            {"length": {}},
            {"python": "evals.py:polite"},
        ]
    }
    made.write("evals.py", "def polite(output):\n    return True\n")
    return made.prepare()


async def test_an_evaluator_passes_what_it_must_and_notices_what_is_broken(project):
    """Each in its own lines; one that passes everything is found out."""
    ended = await tried(project, "--examples", "3")
    assert ended.code == 1, ended.text
    said, following = " ".join(ended.out.split()).split(" next: ")
    assert said == (
        "doubling"
        " exact_match: 3 of 3 reference answers pass. Of broken twins it does not pass: another example's 3 of 3,"
        " empty 3 of 3, numbers changed 3 of 3, garbled 3 of 3."
        " json_schema: 3 of 3 reference answers pass. Of broken twins it does not pass: another example's 0 of 3,"
        " empty 0 of 3, numbers changed 0 of 3, garbled 3 of 3."
        " length: not tried: its score has no better end."
        " polite: 3 of 3 reference answers pass. It passes whatever it is given: another example's 0 of 3,"
        " empty 0 of 3, numbers changed 0 of 3, garbled 0 of 3."
    )
    assert following == "mend polite, or the reference answers that fail, then evalgate judge try"


async def test_one_evaluator_alone_as_json(project):
    ended = await tried(project, "--evaluator", "exact_match", "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["sound"]) == (0, True)
    (trial,) = found["trials"]
    assert (trial["name"], trial["references"], trial["failed"]) == ("exact_match", 5, [])


async def test_a_reference_answer_that_fails_is_named(project):
    (project.folder / "evalgate.yaml").write_text(
        (project.folder / "evalgate.yaml").read_text().replace("path: answer", "path: reply")
    )
    ended = await tried(project, "--evaluator", "exact_match")
    assert ended.code == 1
    assert "0 of 5 reference answers pass." in ended.out
    assert "example 'e0' has no reply in its expected answer" in ended.out


async def test_a_judge_is_tried_too(tmp_path, fake_model):
    """One that likes everything passes its references, and is blind."""
    fake_model.rules = [Rule(reply='{"explanation": "Nice.", "label": "correct"}')]
    project = Project(tmp_path, examples=6)
    project.suite = {
        "evaluators": [{"judge": "correctness", "model": "fake/m"}],
        "checks": {"correctness": {"no_regression": {}}},
    }
    config = project.prepare().folder / "evalgate.yaml"
    endpoint = {"base_url": fake_model.base_url, "timeout": 20}
    config.write_text(config.read_text() + f"endpoints: {{fake: {json.dumps(endpoint)}}}\n")
    ended = await tried(project)
    assert ended.code == 1, ended.text
    assert "correctness: 5 of 5 reference answers pass. It passes whatever it is given" in ended.out


async def test_what_is_wrong_is_said(project):
    """Exit code 2."""
    ended = await tried(project, "--evaluator", "exact")
    assert (ended.code, "there is no evaluator exact; did you mean exact_match?" in ended.err) == (2, True)
    project.write("golden.jsonl", '{"id": "a", "input": {"q": 1}}\n')
    ended = await tried(project)
    assert (ended.code, "no example of golden.jsonl has an expected answer" in ended.err) == (2, True)
