"""A pull request can't loosen its gate: each way to try it, on a real repository, with a candidate that got worse."""

from __future__ import annotations

import copy
import json
import sqlite3
import sys
from contextlib import closing

import pytest
import yaml

from tests.e2e.project import golden
from tests.e2e.repository import Repo, without_times

SCORE = """\
def right(output, expected):
    return output["answer"] == expected["answer"]
"""
CONFIG = {
    "suites": {
        "doubling": {
            "dataset": {"file": "golden.jsonl", "split": "test"},
            "task": {"python": "app.py:answer", "interpreter": sys.executable, "workers": 1, "inputs": ["app.py"]},
            "evaluators": [{"exact_match": {"path": "answer"}}, {"python": "score.py:right"}],
            "checks": {
                "exact_match": {"no_regression": {"rule_out_drop": 0.15, "slices": ["metadata.parity"]}},
                "right": {"at_least": 0.8},
            },
            "cluster": "metadata.family",
            "baseline": "merge-base",
        }
    },
    "policy": {"baseline_runs": "fresh"},
}
PULL_REQUEST = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": "main"}


def examples(count=40):
    rows = [json.loads(line) for line in golden(count).splitlines()]
    return [
        {**row, "split": "test", "metadata": {**row["metadata"], "family": f"f{place // 2}", "kind": "all"}}
        for place, row in enumerate(rows)
    ]


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def repo(tmp_path):
    """Right but for two of forty on main; a change is checked out that answers half of them wrong."""
    repo = Repo(tmp_path / "repo").begin()
    repo.write("evalgate.yaml", yaml.safe_dump(CONFIG, sort_keys=False))
    repo.write("golden.jsonl", lines(examples()))
    repo.write("score.py", SCORE)
    repo.task(2)
    repo.commit("first")
    repo.git("checkout", "-q", "-b", "change")
    repo.task(20)
    return repo


def edited(repo, edit, name="evalgate.yaml"):
    config = copy.deepcopy(CONFIG)
    edit(config, config["suites"]["doubling"])
    repo.write(name, yaml.safe_dump(config, sort_keys=False))


def judged(repo, *arguments, **env):
    """Commit the change, run it as a pull request, and return (exit code, report)."""
    repo.commit("change")
    ended = repo.run("--json", "--as-pull-request", *arguments, **env)
    assert ended.out, ended.err
    return ended.code, json.loads(ended.out)


def said(report):
    return [
        f"{each['suite']}: {each['message']}" if each["suite"] else each["message"]
        for each in report["gate"]["differences"]
    ]


def worse(repo, *expected):
    """The change fails by the base's gate, and what it edits is listed, all of it."""
    code, report = judged(repo)
    assert (code, report["verdict"], report["gate"]["decides"]) == (1, "FAIL", "base")
    failed = {check["name"] for check in report["suites"][0]["checks"] if check["verdict"] == "FAIL"}
    assert failed == {"exact_match", "right"}
    assert [without_times(each) for each in said(report)] == list(expected)
    return report


KEYS = {
    "a lower threshold": (
        lambda config, suite: suite["checks"]["right"].update(at_least=0.1),
        "doubling: checks.right.at_least.threshold: 0.8 → 0.1",
    ),
    "a wider margin": (
        lambda config, suite: suite["checks"]["exact_match"]["no_regression"].update(
            rule_out_drop=0.9, ignore_drop_under=0.8
        ),
        "doubling: checks.exact_match.no_regression.rule_out_drop: 0.15 → 0.9",
        "doubling: checks.exact_match.no_regression.ignore_drop_under: 0.0 → 0.8",
    ),
    "a check removed": (
        lambda config, suite: suite["checks"].pop("exact_match"),
        "doubling: checks.exact_match: removed",
    ),
    "a check that only reports": (
        lambda config, suite: (
            suite["checks"]["exact_match"].update(report_only=True),
            suite["checks"]["right"].update(at_least=0.0),
        ),
        "doubling: checks.exact_match.report_only: false → true",
        "doubling: checks.right.at_least.threshold: 0.8 → 0.0",
    ),
    "a slice removed": (
        lambda config, suite: suite["checks"]["exact_match"]["no_regression"].pop("slices"),
        'doubling: checks.exact_match.no_regression.slices: [{"path": "metadata.parity", "required": false}] → []',
    ),
    "alpha raised": (
        lambda config, suite: config["policy"].update(alpha=0.3),
        "policy.alpha: 0.05 → 0.3",
    ),
    "alpha so small that nothing fails": (
        lambda config, suite: config["policy"].update(alpha=0.0001),
        "policy.alpha: 0.05 → 0.0001",
    ),
    "observing only": (
        lambda config, suite: config["policy"].update(mode="observe"),
        "policy.mode: enforce → observe",
    ),
    "doubt and absence let through": (
        lambda config, suite: config["policy"].update(on_inconclusive="warn", on_unmeasurable="warn", max_missing=0.99),
        "policy.max_missing: 0.02 → 0.99",
        "policy.on_unmeasurable: fail → warn",
    ),
    "no baseline": (
        lambda config, suite: (
            suite.update(baseline=None),
            suite["checks"]["exact_match"].pop("no_regression"),
            suite["checks"]["exact_match"].update(at_least=0),
        ),
        "doubling: checks.exact_match.no_regression: removed",
        "doubling: checks.exact_match.at_least: added",
        "doubling: baseline: merge-base → nothing",
    ),
    "itself as the baseline": (
        lambda config, suite: suite.update(baseline="git:HEAD"),
        "doubling: baseline: merge-base → git:HEAD",
    ),
    "a second task of its own as the baseline": (
        lambda config, suite: suite.update(baseline={"task": {"timeout": 5}}),
        'doubling: baseline: merge-base → {"task": {"timeout": 5}}',
    ),
    "one cluster for all": (
        lambda config, suite: suite.update(cluster="metadata.kind"),
        "doubling: cluster: metadata.family → metadata.kind",
    ),
    "more repetitions": (
        lambda config, suite: suite.update(repetitions=2),
        "doubling: repetitions: 1 → 2",
    ),
    "another split": (
        lambda config, suite: suite["dataset"].update(split="none"),
        "doubling: dataset.split: test → none",
        "doubling: the golden dataset: 40 examples removed (e0, e1, e2 and 37 more)",
    ),
    "another reading of the fields": (
        lambda config, suite: suite["dataset"].update(fields={"output.answer": "metadata.parity"}),
        "doubling: dataset.fields.output.answer: nothing → metadata.parity",
        (
            "doubling: the golden dataset: 40 answers changed (e0, e1, e2 and 37 more), metadata of 40 changed (e0,"
            " e1, e2 and 37 more)"
        ),
    ),
    "a range that makes every drop small": (
        lambda config, suite: suite["evaluators"][0].update(range=[-100.0, 100.0]),
        "doubling: evaluators.exact_match.range: nothing → [-100.0, 100.0]",
    ),
    "labels that score alike": (
        lambda config, suite: suite["evaluators"][0].update(scores={"pass": 1.0, "fail": 0.99}),
        "doubling: evaluators.exact_match.scores: added",
    ),
    "an evaluator of another kind": (
        lambda config, suite: suite["evaluators"].__setitem__(0, {"json_valid": {}, "name": "exact_match"}),
        "doubling: evaluators.exact_match.exact_match: removed",
        "doubling: evaluators.exact_match.json_valid: added",
        "doubling: evaluators.exact_match.name: nothing → exact_match",
    ),
    "permission given to itself": (
        lambda config, suite: (
            config["policy"].update(pr_may_change_gate=True),
            suite["checks"]["right"].update(at_least=0.1),
        ),
        "doubling: checks.right.at_least.threshold: 0.8 → 0.1",
        "policy.pr_may_change_gate: false → true",
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_of_the_config_that_is_edited_decides_nothing(repo, name):
    edit, *expected = KEYS[name]
    edited(repo, edit)
    worse(repo, *expected)


def same_scores(repo):
    repo.write("score.py", SCORE.replace("return ", "return True or "))


def by_a_link(repo):
    repo.write("lenient.py", SCORE.replace("return ", "return True or "))
    (repo.folder / "score.py").unlink()
    (repo.folder / "score.py").symlink_to("lenient.py")


def with_rows(change):
    def edit(repo):
        repo.write("golden.jsonl", lines(change(examples())))

    return edit


def without_failing(rows):
    return [row for row in rows if row["input"]["q"] >= 20]


def answers_as_given(rows):
    return [{**row, "output": {"answer": -1}} if row["input"]["q"] < 20 else row for row in rows]


def other_questions(rows):
    return [{**row, "input": {"q": 50}, "output": {"answer": 100}} for row in rows]


def one_family(rows):
    return [{**row, "metadata": {"parity": "x", "family": "one"}} for row in rows]


def of_another_split(rows):
    return [{**row, "split": "old"} if row["input"]["q"] < 20 else row for row in rows]


def outweighed(rows):
    return rows + [
        {
            "id": f"n{q}",
            "input": {"q": q},
            "output": {"answer": 2 * q},
            "metadata": {"family": f"n{q}"},
            "split": "test",
        }
        for q in range(120, 199)
    ]


def moved_and_edited(repo):
    """Another file name, format and content at once; git does not know it again."""
    (repo.folder / "golden.jsonl").unlink()
    repo.write("data/all.json", json.dumps([{**row, "output": {"answer": -1}} for row in examples()]))
    edited(repo, lambda config, suite: suite["dataset"].update(file="data/all.json"))


def set_aside(repo):
    entry = {"owner": "me", "reason": "flaky", "expires": "2099-01-01"}
    repo.write("aside.yaml", yaml.safe_dump({"examples": [{"id": f"e{n}", **entry} for n in range(20)]}))
    edited(repo, lambda config, suite: suite.update(quarantine="aside.yaml"))


FILES = {
    "what fails set aside": (set_aside, "doubling: quarantine: nothing → aside.yaml"),
    "the evaluator's code": (same_scores, "doubling: evaluators.right: its file score.py edited"),
    "a link in the place of the evaluator": (by_a_link, "doubling: evaluators.right: its file score.py edited"),
    "failing examples removed": (
        with_rows(without_failing),
        "doubling: the golden dataset: 20 examples removed (e0, e1, e2 and 17 more)",
    ),
    "expected answers": (
        with_rows(answers_as_given),
        "doubling: the golden dataset: 20 answers changed (e0, e1, e2 and 17 more)",
    ),
    "easier questions": (
        with_rows(other_questions),
        (
            "doubling: the golden dataset: 40 answers changed (e0, e1, e2 and 37 more), 40 inputs changed (e0, e1,"
            " e2 and 37 more)"
        ),
    ),
    "metadata that slices and clusters read": (
        with_rows(one_family),
        "doubling: the golden dataset: metadata of 40 changed (e0, e1, e2 and 37 more)",
    ),
    "examples given to another split": (
        with_rows(of_another_split),
        "doubling: the golden dataset: 20 examples removed (e0, e1, e2 and 17 more)",
    ),
    "easy examples that outweigh the others": (
        with_rows(outweighed),
        "doubling: the golden dataset: 79 examples added (n120, n121, n122 and 76 more)",
    ),
    "a dataset moved and edited": (
        moved_and_edited,
        "doubling: the golden dataset: 40 answers changed (e0, e1, e2 and 37 more)",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_edited_decides_nothing(repo, name):
    edit, expected = FILES[name]
    edit(repo)
    worse(repo, expected)


def loosened(config, suite):
    suite["checks"] = {"right": {"at_least": 0.1}}


LOOSENED = ("doubling: checks.exact_match: removed", "doubling: checks.right.at_least.threshold: 0.8 → 0.1")


def test_a_config_moved_by_git_is_held_to_what_it_was(repo):
    repo.git("mv", "evalgate.yaml", "gate.yaml")
    edited(repo, loosened, "gate.yaml")
    code, report = judged(repo, "--config", "gate.yaml")
    assert (code, report["verdict"]) == (1, "FAIL")
    assert said(report) == [*LOOSENED]


def test_a_config_that_git_does_not_know_again_is_held_to_what_it_was(repo):
    """Another name, and so much beside it that no likeness is left."""
    (repo.folder / "evalgate.yaml").unlink()
    edited(repo, loosened, "gate.yaml")
    text = (repo.folder / "gate.yaml").read_text()
    repo.write("gate.yaml", "\n".join(f"# {n} {'x' * n}" for n in range(200)) + "\n" + text)
    code, report = judged(repo, "--config", "gate.yaml")
    assert (code, report["verdict"]) == (1, "FAIL")
    assert said(report) == [*LOOSENED]


def test_a_link_in_the_place_of_the_config_is_held_to_what_it_was(repo):
    edited(repo, loosened, "lenient.yaml")
    (repo.folder / "evalgate.yaml").unlink()
    (repo.folder / "evalgate.yaml").symlink_to("lenient.yaml")
    code, report = judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    assert said(report) == [*LOOSENED]


def second_suite(config, suite):
    """Leave one suite that passes, in the place of the other."""
    config["suites"] = {
        "other": {
            **suite,
            "dataset": "other.jsonl",
            "task": {**suite["task"], "python": "other.py:answer", "inputs": ["other.py"]},
            "evaluators": ["json_valid"],
            "checks": {"json_valid": {"at_least": 1}},
            "cluster": None,
            "baseline": None,
        }
    }


def other_suite(repo):
    edited(repo, second_suite)
    repo.write("other.jsonl", lines(examples(4)))
    repo.write("other.py", "def answer(input):\n    return {}\n")


def test_a_suite_that_is_removed_is_run_and_fails(repo):
    other_suite(repo)
    code, report = judged(repo)
    verdicts = {suite["name"]: suite["verdict"] for suite in report["suites"]}
    assert (code, verdicts) == (1, {"doubling": "FAIL", "other": "PASS"})
    assert said(report) == ["doubling: the suite is removed", "other: the suite is added"]
    assert report["gate"]["own"]["verdict"] == "PASS"


def test_a_suite_that_is_removed_with_what_it_runs_is_no_pass(repo):
    other_suite(repo)
    (repo.folder / "app.py").unlink()
    code, report = judged(repo)
    gone = next(suite for suite in report["suites"] if suite["name"] == "doubling")
    assert (code, gone["verdict"]) == (4, "UNMEASURABLE")
    assert gone["reason"] == (
        "This change removes the suite and app.py, which its task runs: what it measured cannot be measured any more."
    )


def test_a_suite_called_otherwise_decides_by_its_old_name(repo):
    def renamed(config, suite):
        loosened(config, suite)
        config["suites"] = {"twice": suite}

    edited(repo, renamed)
    code, report = judged(repo, "--suite", "twice")
    assert (code, report["suites"][0]["name"], report["suites"][0]["verdict"]) == (1, "doubling", "FAIL")
    assert said(report) == ["doubling: the suite is called twice here", *LOOSENED]


def test_an_added_suite_parts_none_of_the_bases_examples(repo):
    """One cluster over the same dataset would make one unit of all that the base compares."""

    def beside(config, suite):
        config["suites"]["more"] = {
            **suite,
            "cluster": "metadata.kind",
            "checks": {"exact_match": {"no_regression": {}}},
        }

    edited(repo, beside)
    code, report = judged(repo)
    verdicts = {
        check["name"]: check["verdict"]
        for suite in report["suites"]
        if suite["name"] == "doubling"
        for check in suite["checks"]
    }
    assert (code, verdicts) == (1, {"exact_match": "FAIL", "right": "FAIL"})


def test_an_evaluator_called_like_a_check_does_not_take_its_place(repo):
    """A check of tokens, cost or latency is about what runs take, until an evaluator is called like it."""
    repo.git("checkout", "-q", "-f", "main")
    edited(repo, lambda config, suite: suite["checks"].update(latency={"at_most": 0.0000001}))
    repo.commit("a check that nothing passes")
    repo.git("checkout", "-q", "-B", "change")
    repo.task(2, "# nothing else\n")

    def shadow(config, suite):
        suite["checks"].update(fast={"at_least": 0})
        suite["evaluators"] += [{"json_valid": {}, "name": "latency"}, {"json_valid": {}, "name": "fast"}]

    edited(repo, shadow)
    code, report = judged(repo)
    verdicts = {check["name"]: check["verdict"] for check in report["suites"][0]["checks"]}
    assert (code, verdicts["latency"]) == (1, "FAIL")


def test_comparisons_that_a_change_adds_hide_no_drop(repo):
    """Forty checks beside it, and it fails by the same p as without them; the promise says what they add."""
    repo.git("checkout", "-q", "-f", "change")
    repo.task(7)
    alone = judged(repo)[1]["suites"][0]["checks"][0]["comparison"]["p_adjusted"]

    def crowded(config, suite):
        for n in range(40):
            suite["evaluators"].append({"length": {"max": 12 + n % 3}, "name": f"short{n}"})
            suite["checks"][f"short{n}"] = {"no_regression": {"slices": ["metadata.parity"]}}

    edited(repo, crowded)
    _, report = judged(repo)
    assert report["suites"][0]["checks"][0]["comparison"]["p_adjusted"] == alone
    assert report["decision"]["promise"].startswith(
        "A candidate that changed nothing fails about 5 times in 100, over all 3 comparisons together. What this change"
        " adds (120 comparisons) can fail it besides, at most as often again."
    )


def test_a_second_task_is_read_from_the_base(repo):
    """Its declaration, what it takes over from the suite's own, and its files."""
    repo.git("checkout", "-q", "-f", "main")
    repo.write("old.py", (repo.folder / "app.py").read_text())
    edited(
        repo, lambda config, suite: suite.update(baseline={"task": {"python": "old.py:answer", "inputs": ["old.py"]}})
    )
    repo.commit("a second task")
    repo.git("checkout", "-q", "-B", "change")
    repo.task(20)
    repo.write("old.py", (repo.folder / "app.py").read_text())
    repo.write("worse.py", (repo.folder / "app.py").read_text())
    edited(
        repo,
        lambda config, suite: suite.update(baseline={"task": {"python": "worse.py:answer", "inputs": ["worse.py"]}}),
    )
    code, report = judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    assert report["suites"][0]["sides"]["baseline"]["label"] == "old.py:answer"
    assert repo.calls() == {"20": 40, "2": 40}


def test_a_stored_baseline_is_the_file_that_the_base_has(repo):
    repo.git("checkout", "-q", "-f", "main")
    edited(repo, lambda config, suite: suite.update(baseline="file:stored.db"))
    repo.run("--set", "suites.doubling.baseline=merge-base")
    repo.evalgate("journal", "export", "--to", "stored.db")
    repo.commit("a stored baseline")
    repo.git("checkout", "-q", "-B", "change")
    repo.task(20)
    (repo.folder / "stored.db").unlink()
    repo.run("--set", "suites.doubling.baseline=merge-base")
    repo.evalgate("journal", "export", "--to", "stored.db")
    code, report = judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")


def test_a_python_evaluator_is_that_of_the_base_with_all_that_it_imports(repo):
    repo.git("checkout", "-q", "-f", "main")
    repo.write("rules.py", "def same(one, other):\n    return one == other\n")
    repo.write(
        "score.py",
        "import rules\ndef right(output, expected):\n    return rules.same(output['answer'], expected['answer'])\n",
    )
    repo.commit("a module of its own")
    repo.git("checkout", "-q", "-B", "change")
    repo.task(20)
    repo.write("rules.py", "def same(one, other):\n    return True\n")
    worse(repo)


@pytest.mark.parametrize(
    ("key", "edit"),
    [
        ("root", lambda config, suite: suite.update(root="..")),
        ("dataset", lambda config, suite: suite["dataset"].update(file="../golden.jsonl")),
        ("quarantine", lambda config, suite: suite.update(quarantine="../aside.yaml")),
        ("quarantine", lambda config, suite: suite.update(quarantine="/etc/passwd")),
        ("dataset", "golden.jsonl"),
        ("evaluators.right", "score.py"),
        ("task", "app.py"),
    ],
)
def test_a_change_that_leads_out_of_the_repository_is_refused(repo, tmp_path, key, edit):
    for name in ("golden.jsonl", "app.py", "score.py"):
        (tmp_path / name).write_text((repo.folder / name).read_text())
    if isinstance(edit, str):  # by a link
        (repo.folder / edit).unlink()
        (repo.folder / edit).symlink_to(tmp_path / edit)
    else:
        edited(repo, edit)
    repo.commit("out")
    ended = repo.run("--as-pull-request")
    assert (ended.code, repo.calls()) == (2, {})
    assert f"suite doubling: in a pull request `{key}` has to be in the repository, and " in ended.err
    assert f"correct `suites.doubling.{key}` in evalgate.yaml" in ended.err


def test_a_config_of_the_change_that_does_not_parse_is_refused(repo):
    repo.write("evalgate.yaml", "suites: [\n")
    repo.commit("broken")
    ended = repo.run("--as-pull-request")
    assert (ended.code, repo.calls()) == (2, {})


def test_a_base_that_cannot_be_read_gives_no_verdict(repo):
    repo.git("checkout", "-q", "-f", "main")
    text = (repo.folder / "evalgate.yaml").read_text()
    repo.write("evalgate.yaml", text.replace("cluster:", "clusters:"))
    repo.commit("broken")
    repo.git("checkout", "-q", "-B", "change")
    repo.write("evalgate.yaml", text)
    repo.commit("mended")
    ended = repo.run("--as-pull-request")
    assert (ended.code, repo.calls()) == (4, {})
    told = without_times(" ".join(ended.err.split()))
    assert "the gate of main@1a2b3c4 decides about a pull request, and it cannot be read:" in told
    assert "evalgate.yaml of main@1a2b3c4:" in told
    assert "unknown key `clusters`: did you mean `cluster`?" in told
    assert "mend it on main; the pull request that does so is merged past the gate" in told


def test_a_journal_that_is_committed_is_refused(repo):
    """Its stored runs would be what the change says that main answers."""
    repo.run()
    repo.calls()
    repo.git("add", "-f", ".evalgate/journal.db")
    repo.commit("answers of its own")
    ended = repo.run("--as-pull-request")
    assert (ended.code, repo.calls()) == (2, {})
    assert ".evalgate/journal.db is committed: a pull request would be measured by what it brings along" in " ".join(
        ended.err.split()
    )


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_the_event_of_a_workflow_makes_it_a_pull_request(repo, event):
    edited(repo, loosened)
    repo.commit("change")
    path = repo.write("../event.json", json.dumps({"merge_group": {"base_sha": repo.git("rev-parse", "main")}}))
    ended = repo.run("--json", **{**PULL_REQUEST, "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path)})
    report = json.loads(ended.out)
    assert (ended.code, report["gate"]["decides"], said(report)) == (1, "base", [*LOOSENED])


def test_a_work_tree_decides_by_its_own_and_says_what_a_pull_request_would(repo):
    edited(repo, loosened)
    ended = repo.run()
    assert ended.code == 0
    assert without_times(ended.out).startswith(
        """\
PASS: fine to merge. 1 check passed.

This change edits the gate. Here it decides by its own; in a pull request what main@1a2b3c4 defines would:
  doubling: checks.exact_match: removed
  doubling: checks.right.at_least.threshold: 0.8 → 0.1

doubling  PASS
"""
    )


def test_the_base_may_let_a_change_edit_its_gate(repo):
    repo.git("checkout", "-q", "-f", "main")
    edited(repo, lambda config, suite: config["policy"].update(pr_may_change_gate=True))
    repo.commit("may")
    repo.git("checkout", "-q", "-B", "change")
    repo.task(20)

    def own(config, suite):
        loosened(config, suite)
        config["policy"].update(pr_may_change_gate=True)

    edited(repo, own)
    code, report = judged(repo)
    assert (code, report["verdict"], report["gate"]["decides"]) == (0, "PASS", "allowed")
    assert said(report) == [*LOOSENED]


@pytest.mark.parametrize("base", [None, "policy: {mode: observe}\ncurate: {}\n"], ids=["none", "curates"])
def test_a_first_config_is_the_changes_own(tmp_path, base):
    """So is the first one that measures, where the base's curates alone."""
    repo = Repo(tmp_path / "repo").begin()
    repo.task(2)
    if base is not None:
        repo.write("evalgate.yaml", base)
    repo.commit("the application alone")
    repo.git("checkout", "-q", "-b", "change")
    repo.write("evalgate.yaml", yaml.safe_dump(CONFIG, sort_keys=False))
    repo.write("golden.jsonl", lines(examples()))
    repo.write("score.py", SCORE)
    code, report = judged(repo)
    assert (code, report["verdict"], report["gate"]["decides"], said(report)) == (0, "PASS", "first", [])
    assert report["suites"][0]["notes"][0].startswith("First baseline: main@")


def test_the_verdict_by_its_own_definitions_stands_beside_it_and_is_the_same_for_ever(repo):
    """From the journal alone; what was not evaluated is named. The whole text, in both forms."""

    def own(config, suite):
        loosened(config, suite)
        suite["checks"]["exact_match"] = {"at_least": 0.2}
        config["policy"]["alpha"] = 0.01

    edited(repo, own)
    repo.write("score.py", SCORE + "# edited\n")
    rows = examples()
    rows[3]["output"]["answer"] = -1
    repo.write("golden.jsonl", lines([*rows[:-1], {**rows[5], "id": "n1"}]))
    repo.commit("change")
    ended = repo.run("--as-pull-request", "--markdown", "summary.md")
    opening, _, _ = without_times(ended.out).partition("\n\ndoubling")
    assert opening == (
        """\
FAIL: do not merge. 2 of 2 checks failed: doubling/exact_match, doubling/right.

This change edits the gate; what main@1a2b3c4 defines decides about it:
  doubling: checks.exact_match.no_regression: removed
  doubling: checks.exact_match.at_least: added
  doubling: checks.right.at_least.threshold: 0.8 → 0.1
  doubling: evaluators.right: its file score.py edited
  doubling: the golden dataset: 1 answer changed (e3), 1 example removed (e39), 1 example added (n1)
  policy.alpha: 0.05 → 0.01
1 example is added to doubling; it decides from the next change on: exact_match 100 % on the baseline, 0 % on the
candidate; right 100 % on the baseline, 0 % on the candidate.
By its own definitions: PASS (exit 0). That is of 38 of 40 examples of doubling that it leaves as they are, 1 whose
answer it edits, and 1 that it adds. Scored by its own evaluators for that: doubling/right 93 % on the baseline, 50 % on
the candidate; doubling/exact_match 93 % on the baseline, 50 % on the candidate."""
    )
    again = repo.evalgate("decide")
    assert (again.code, again.out) == (1, ended.out)
    written = without_times((repo.folder / "summary.md").read_text())
    assert "\n- doubling: checks.exact&#95;match.no&#95;regression: removed\n" in written
    assert "\n1 example is added to doubling; it decides from the next change on: " in written
    assert "\nBy its own definitions: PASS (exit 0). That is of 38 of 40 examples of doubling that it " in written
    exported = repo.evalgate("journal", "export", "--to", "one.db")
    assert exported.code == 0
    assert repo.evalgate("decide", "one.db").out.partition("\n\ndoubling")[0] == ended.out.partition("\n\ndoubling")[0]
    # The added example was asked on both sides, and is none of those that decide.
    with closing(sqlite3.connect(repo.folder / ".evalgate" / "journal.db")) as db:
        asked = db.execute(
            "SELECT side FROM run JOIN experiment ON experiment.id = run.experiment WHERE example_id = 'n1' ORDER BY 1"
        ).fetchall()
    assert asked == [("baseline",), ("candidate",)]
    assert "\n  40 examples in 20 clusters, " in ended.out


def test_a_workflow_that_is_edited_is_listed(repo):
    repo.write(".github/workflows/evals.yml", "run: evalgate run --no-gate\n")
    repo.write(".github/workflows/other.yml", "run: true\n")
    assert said(judged(repo)[1]) == [
        ".github/workflows/evals.yml is edited, and what runs the gate is the change's own"
    ]


def test_a_build_begun_by_its_own_gate_is_not_gone_on_with_as_a_pull_request(repo):
    """The one that is unfinished was interrupted where the change's own definitions decided."""
    edited(repo, loosened)
    repo.commit("change")
    repo.run()
    with closing(sqlite3.connect(repo.folder / ".evalgate" / "journal.db")) as db, db:
        db.execute("UPDATE build SET status = 'running'")
    repo.calls()
    ended = repo.run("--as-pull-request", "--resume")
    assert (ended.code, repo.calls()) == (2, {})
    told = without_times(" ".join(ended.err.split()))
    assert "build 1 cannot go on: it was begun by another gate than that of main@1a2b3c4" in told


def test_a_pull_request_goes_on_with_its_own_build(repo):
    edited(repo, loosened)
    judged(repo)
    with closing(sqlite3.connect(repo.folder / ".evalgate" / "journal.db")) as db, db:
        db.execute("UPDATE build SET status = 'running'")
    ended = repo.run("--as-pull-request", "--resume", "--json")
    report = json.loads(ended.out)
    assert (ended.code, report["build"]["resumed"], said(report)) == (1, 1, [*LOOSENED])


def test_what_the_workflow_lays_over_holds_over_both(repo):
    """Also what only one of the two has a key for."""
    edited(repo, lambda config, suite: config.update(endpoints={"new": {"base_url": "http://127.0.0.1:9/v1"}}))
    code, report = judged(
        repo, "--set", "policy.mode=observe", "--set", "endpoints.new.concurrency=2", EVALGATE_POLICY__ALPHA="0.06"
    )
    assert (code, report["verdict"], report["build"]["mode"]) == (0, "FAIL", "observe")
    assert report["decision"]["alpha"] == 0.06
    assert said(report) == []


def test_a_plan_is_that_of_the_pull_request(repo):
    repo.write("golden.jsonl", lines(examples()[:10]))
    edited(repo, lambda config, suite: suite.update(repetitions=5))
    repo.commit("change")
    plans = [
        json.loads(repo.evalgate("plan", "--json", *flags).out)["suites"][0] for flags in ((), ("--as-pull-request",))
    ]
    assert [(plan["examples"], plan["repetitions"]) for plan in plans] == [(10, 5), (40, 1)]


def test_an_evaluators_interpreter_is_made_by_the_setup_of_its_tree(repo):
    """A clean tree has no environment: the base's `setup` makes one, which its evaluators run under."""
    repo.git("checkout", "-q", "-f", "main")
    repo.write(".gitignore", "__pycache__/\n.evalgate/\nenv/\n")
    make = f"mkdir -p env && ln -sf {sys.executable} env/python"

    def own_python(config, suite):
        suite["task"].update(setup=make, interpreter="env/python")
        suite["evaluators"][1].update(interpreter="env/python")

    repo.write("score.py", "import os\n" + SCORE + "assert 'worktrees' in os.getcwd(), os.getcwd()\n")
    edited(repo, own_python)
    repo.commit("a python of its own")
    repo.git("checkout", "-q", "-B", "change")
    repo.task(20)
    worse(repo)


@pytest.mark.parametrize("measures", [True, False], ids=["gates", "curates"])
def test_a_change_sends_no_key_to_an_address_that_the_base_sends_none_to(repo, measures):
    """Which variable holds an address and which a key is the config's to say, and the config is the change's."""
    servers = {"mine": {"endpoint_env": "ELSEWHERE", "api_key_env": "PHOENIX_API_KEY"}}
    repo.git("checkout", "-q", "main")
    if measures:
        edited(repo, lambda config, suite: config.update(phoenix={"publish": False}))
    else:
        repo.write("evalgate.yaml", "phoenix: {publish: false}\ncurate: {}\n")
    repo.commit("Phoenix")
    repo.git("checkout", "-q", "change")
    edited(repo, lambda config, suite: config.update(phoenix={"publish": False, "servers": servers}))
    repo.git("commit", "-q", "-a", "-m", "a server")
    repo.git("rebase", "-q", "-X", "theirs", "main")
    ended = repo.run("--as-pull-request", ELSEWHERE="http://127.0.0.1:9", PHOENIX_API_KEY="k3y")
    assert (ended.code, "phoenix.servers.mine: in a pull request no key goes to" in ended.err) == (2, True), ended.text
    assert "merge `phoenix.servers.mine` in a change of its own" in ended.err
