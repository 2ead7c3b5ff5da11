"""Fingerprints: equal exactly where content is equal, and honest about what they do not watch."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from evalgate.errors import ConfigurationError
from evalgate.suite.checks import Check, Policy
from evalgate.suite.config import Endpoint
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.fingerprint import (
    checks_fingerprint,
    evaluator_fingerprint,
    evaluators_fingerprint,
    judge_fingerprint,
    judge_surroundings,
    task_fingerprint,
)
from evalgate.suite.inputs import evaluator_files, hash_files, matching_files, task_files
from evalgate.suite.tasks import Task, TaskBase


def task(**parameters) -> TaskBase:
    return TypeAdapter(Task).validate_python(parameters)


PYTHON = {"python": "app.py:answer"}


def test_what_changes_answers_changes_the_fingerprint_and_nothing_else_does():
    base = task_fingerprint(task(**PYTHON), {"app.py": "1", "lib.py": "2"})
    assert task_fingerprint(task(**PYTHON), {"lib.py": "2", "app.py": "1"}) == base
    assert (
        task_fingerprint(task(**PYTHON, timeout=3, workers=9, per_worker=2, interpreter="python"), base_files()) == base
    )
    others = [
        task_fingerprint(task(python="app.py:other"), base_files()),
        task_fingerprint(task(**PYTHON, interpreter="python3"), base_files()),
        task_fingerprint(task(**PYTHON, setup="make"), base_files()),
        task_fingerprint(task(**PYTHON), {"app.py": "1", "lib.py": "3"}),
        task_fingerprint(task(**PYTHON), {"app.py": "1", "lib2.py": "2"}),
        task_fingerprint(task(**PYTHON), {"app.py": "1"}),
    ]
    assert len({other.digest for other in [base, *others]}) == 7


def base_files() -> dict[str, str]:
    return {"app.py": "1", "lib.py": "2"}


def test_a_fingerprint_is_the_same_for_ever():
    assert (
        task_fingerprint(task(**PYTHON), {"app.py": "1"}).digest
        == "3c1974336055cfd0013f075e4667082de33805885f50c1ec65a747111376193d"
    )
    assert (
        evaluator_fingerprint(Evaluator.model_validate("json_valid"), {}).digest
        == "5f458c9e6e8a6e96d73802f700e7a10a8e456b692a9a417167c750f1a451323c"
    )


def test_only_declared_inputs_and_prompt_files_make_it_complete():
    assert not task_fingerprint(task(**PYTHON), {}).complete
    assert task_fingerprint(task(**PYTHON, inputs=["*.py"]), {}).complete
    assert task_fingerprint(task(prompt="p.yaml", model="a/b"), {"p.yaml": "1"}).complete
    assert not task_fingerprint(task(http={"url": "http://localhost/"}, inputs=["*.py"]), {}).complete
    assert task_fingerprint(task(http={"serve": {"command": "x"}}, inputs=["*.py"]), {}).complete
    assert "http://localhost/" in task_fingerprint(task(http={"url": "http://localhost/"}), {}).unwatched[0]


def test_a_prompt_depends_on_where_its_model_is_served():
    prompt = task(prompt="p.yaml", model="a/b")
    one, other = (Endpoint(base_url=url) for url in ("http://one", "http://other"))
    assert task_fingerprint(prompt, {}, endpoint=one) != task_fingerprint(prompt, {}, endpoint=other)
    busier = Endpoint(base_url="http://one", concurrency=1)
    assert task_fingerprint(prompt, {}, endpoint=one) == task_fingerprint(prompt, {}, endpoint=busier)


def test_evaluators_count_by_parameters_version_and_their_own_files():
    schema = Evaluator.model_validate({"json_schema": {"schema": "s.json"}})
    exact = Evaluator.model_validate("exact_match")
    user = Evaluator.model_validate({"python": "evals.py:cites"})
    files = {"s.json": "1", "evals.py": "2", "other.py": "3"}
    base = evaluators_fingerprint([schema, exact, user], files)
    assert evaluators_fingerprint([user, schema, exact], {**files, "other.py": "4"}) == base
    assert base.watched == ("evals.py", "s.json")
    assert not base.complete
    assert evaluator_fingerprint(exact, files).complete
    assert evaluators_fingerprint([schema, exact, user], {**files, "s.json": "4"}) != base
    assert evaluators_fingerprint([schema, exact, user], {**files, "evals.py": "4"}) != base
    newer = Evaluator.model_validate({"exact_match": {}, "version": "2"})
    spelled = Evaluator.model_validate({"exact_match": {"ignore_case": False}, "version": "1"})
    assert evaluator_fingerprint(newer, {}) != evaluator_fingerprint(exact, {})
    assert evaluator_fingerprint(spelled, {}) == evaluator_fingerprint(exact, {})
    named = Evaluator.model_validate({"exact_match": {}, "name": "x"})
    assert evaluator_fingerprint(named, {}) != evaluator_fingerprint(exact, {})


ENDPOINTS = {"a": Endpoint(base_url="http://one"), "b": Endpoint(base_url="http://two")}
VERSIONS = {"arize-phoenix-evals": "3.9.4"}


def judge(**config) -> Evaluator:
    return Evaluator.model_validate({"judge": "faithfulness", "model": "a/m", **config})


def around(evaluator: Evaluator, **more) -> dict[str, str]:
    return judge_surroundings([evaluator], {**ENDPOINTS, **more.pop("endpoints", {})}, {**VERSIONS, **more})


def test_a_judge_counts_by_its_prompt_its_models_its_parameters_and_its_library():
    base = judge()
    assert around(base) == {"arize-phoenix-evals": "3.9.4", "endpoint a": "http://one"}
    others = [
        judge(judge="toxicity"),
        judge(model="a/n"),
        judge(model=["a/m", "b/m"]),
        judge(temperature=1),
        judge(seed=2),
        judge(repetitions=3),
        judge(explain=False),
        judge(vote="mean"),
        judge(parameters={"reasoning_effort": "low"}),
        judge(input_mapping={"context": "metadata.context"}),
        judge(version="2"),
    ]
    digests = {judge_fingerprint(each, {}, around(each)) for each in [base, *others]}
    digests.add(judge_fingerprint(base, {}, {**around(base), "arize-phoenix-evals": "3.9.5"}))
    digests.add(judge_fingerprint(base, {}, around(base, endpoints={"a": Endpoint(base_url="http://elsewhere")})))
    assert len(digests) == len(others) + 3
    same = [judge(timeout=3), judge(name="other"), judge(temperature=0, seed=1, explain=True)]
    assert {judge_fingerprint(each, {}, around(each)) for each in same} == {judge_fingerprint(base, {}, around(base))}
    assert evaluator_fingerprint(judge(name="other"), {}) != evaluator_fingerprint(base, {})


def test_a_judge_file_counts_by_its_content_and_no_library_by_its_version():
    own = judge(judge="tone.yaml")
    assert evaluator_files(own) == ["tone.yaml"]
    assert around(own) == {"endpoint a": "http://one"}
    one, other = ({"tone.yaml": digest, "unrelated": digest} for digest in "12")
    assert judge_fingerprint(own, one, {}) != judge_fingerprint(own, other, {})
    assert judge_fingerprint(judge(judge="correctness"), one, {}) == judge_fingerprint(
        judge(judge="correctness"), other, {}
    )


def test_a_guard_or_a_prompt_of_ours_that_changes_makes_another_judge():
    """Read this as: you changed what judges are told, so what was found out about them is to be found out again."""
    assert judge_fingerprint(judge(judge="correctness"), {}, {}).startswith("429beac7")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small tree with what running leaves behind in it."""
    for name in ("app.py", "src/a.py", "src/deep/b.py", "src/deep/c.txt", "src/__pycache__/a.pyc", ".git/HEAD"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_globs_name_files_under_root(root):
    assert matching_files(root, ["*.py"]) == ["app.py"]
    assert matching_files(root, ["**/*.py"]) == ["app.py", "src/a.py", "src/deep/b.py"]
    everything_in_src = ["src/a.py", "src/deep/b.py", "src/deep/c.txt"]
    assert matching_files(root, ["src"]) == everything_in_src
    assert matching_files(root, ["src/**"]) == everything_in_src
    assert matching_files(root, ["src/", "app.py"]) == ["app.py", *everything_in_src]
    assert matching_files(root, ["src/*/*"]) == ["src/deep/b.py", "src/deep/c.txt"]


@pytest.mark.parametrize("pattern", ["../*.py", "/etc/*", "src/../../x", ""])
def test_a_glob_cannot_leave_root(root, pattern):
    with pytest.raises(ConfigurationError, match="leads out of `root`"):
        matching_files(root, [pattern])


def test_a_link_cannot_leave_root(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.py"
    outside.write_text("secret")
    (root / "src/link.py").symlink_to(outside)
    (root / "src/inner.py").symlink_to(root / "app.py")
    with pytest.raises(ConfigurationError, match=r"'src/link\.py', a link that leads out of `root`"):
        matching_files(root, ["src/*.py"])
    (root / "src/away").symlink_to(outside.parent)
    assert matching_files(root, ["src/inner.py"]) == ["src/inner.py"]
    with pytest.raises(ConfigurationError, match="matches no file"):
        matching_files(root, ["src/away"])
    before = hash_files(root, ["src/link.py", "src/inner.py"])
    outside.write_text("changed")
    assert hash_files(root, ["src/link.py", "src/inner.py"]) == before
    (root / "app.py").write_text("changed")
    assert hash_files(root, ["src/link.py", "src/inner.py"]) != before


def test_a_glob_that_matches_nothing_is_a_mistake(root):
    with pytest.raises(ConfigurationError, match=r"'\*\.js' matches no file"):
        matching_files(root, ["*.py", "*.js"])


def test_files_are_hashed_by_content_alone(root):
    files = ["src", "app.py", "gone.py"]
    hashes = hash_files(root, files)
    assert list(hashes) == ["app.py", "src/a.py", "src/deep/b.py", "src/deep/c.txt"]
    (root / "app.py").touch()
    assert hash_files(root, files) == hashes
    assert hash_files(root, [*files, ".git/HEAD", "src/__pycache__/a.pyc"]) == hashes
    (root / "app.py").write_text("changed")
    assert hash_files(root, files)["app.py"] != hashes["app.py"]


def test_a_task_depends_on_its_inputs_and_itself_or_on_the_whole_tree(root):
    tree = ["src/a.py", "app.py"]
    assert task_files(task(**PYTHON), root, tree) == ["app.py", "src/a.py"]
    assert task_files(task(**PYTHON, inputs=["src/deep"]), root, tree) == ["app.py", "src/deep/b.py", "src/deep/c.txt"]
    assert task_files(task(python="app.main:f", inputs=["src/*.py"]), root, tree) == ["src/a.py"]
    assert task_files(task(prompt="p.yaml", model="a/b"), root, tree) == ["p.yaml"]
    assert task_files(task(command="node x"), root, tree) == ["app.py", "src/a.py"]


def test_an_evaluator_names_its_files():
    assert evaluator_files(Evaluator.model_validate({"sql": {"database": "db.sql"}})) == ["db.sql"]
    assert evaluator_files(Evaluator.model_validate({"json_schema": {"schema": {}}})) == []
    assert evaluator_files(Evaluator.model_validate({"python": "pkg.module:f"})) == []
    assert evaluator_files(Evaluator.model_validate("json_valid")) == []


def test_checks_count_whatever_their_order():
    strict, loose = Check.model_validate({"at_least": 0.9}), Check.model_validate({"at_least": 0.1})
    base = checks_fingerprint({"a": strict, "b": loose}, Policy())
    assert checks_fingerprint({"b": loose, "a": strict}, Policy(alpha=0.05)) == base
    assert checks_fingerprint({"a": loose, "b": loose}, Policy()) != base
    assert checks_fingerprint({"a": strict, "b": loose}, Policy(alpha=0.1)) != base
