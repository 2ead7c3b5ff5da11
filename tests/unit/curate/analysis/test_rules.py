"""Rules and the tests that are written from them: what breaks which, and that pytest says the same."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from evalgate.curate.analysis.rules import KINDS, Rule, broken, checked_rule
from evalgate.curate.analysis.written_tests import file_name, file_of_tests
from evalgate.curate.candidates import Candidate
from evalgate.llm.failures import Unparseable

CALL = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "tofu"}'}}
ANSWERS = {
    "span:text": {"messages": [{"role": "assistant", "content": "Use BEEF, 500 g."}]},
    "span:call": {"messages": [{"role": "assistant", "content": None, "tool_calls": [CALL]}]},
    "span:json": {"answer": '{"dish": "soup"}'},
    "span:none": None,
    'span:"""\nimport os; os._exit(3) #': {"answer": '"""\')\nimport os; os._exit(3)\nRULES = []\nTRACES = {}\n\u202e'},
}
VALUES = {
    "contains": "tofu",
    "contains_not": "beef",
    "matches": r"\d{2,} g",
    "matches_not": r"os\._exit",
    "calls": "search",
    "calls_not": "search",
    "at_most": "10",
    "is_json": "",
    "has_key": "dish",
}


def rule(kind, value=None, **more):
    given = VALUES[kind] if value is None else value
    return Rule(name=f"rule of {kind}", why='since """it\\', kind=kind, value=given, **more)


BROKEN = {kind: [each for each in ANSWERS if broken(rule(kind), ANSWERS[each])] for kind in KINDS}


def test_which_answers_break_which_rules():
    odd = 'span:"""\nimport os; os._exit(3) #'
    assert {
        "contains": ["span:text", "span:json", "span:none", odd],
        "contains_not": ["span:text"],
        "matches": ["span:call", "span:json", "span:none", odd],
        "matches_not": [odd],
        "calls": ["span:text", "span:json", "span:none", odd],
        "calls_not": ["span:call"],
        "at_most": ["span:text", "span:call", "span:json", odd],
        "is_json": ["span:text", "span:call", "span:none", odd],
        "has_key": ["span:text", "span:call", "span:none", odd],
    } == BROKEN


@pytest.fixture
def written(tmp_path):
    rules = [(rule(kind), BROKEN[kind]) for kind in KINDS]
    traces = {identity: Candidate(id=identity, input={"n": 1}, output=output) for identity, output in ANSWERS.items()}
    path = tmp_path / file_name("GetRecipes")
    path.write_text(file_of_tests('Get"""Recipes\\', rules, traces), encoding="utf-8")
    return path


def run(path, **env):
    environ = {"PATH": os.environ["PATH"], **env}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:phoenix", "-p", "no:cacheprovider", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=path.parent, env=environ, check=False)
    return ended.returncode, ended.stdout.strip().splitlines()[-1]


def test_every_test_that_is_written_is_collected_and_fails_now(written):
    number = sum(map(len, BROKEN.values()))
    code, last = run(written)
    assert (code, last.partition(" in ")[0]) == (1, f"{number} failed")


def test_they_pass_once_a_program_answers_well(written, tmp_path):
    good = '{"messages": [{"content": "{\\"dish\\": \\"tofu\\"}", "tool_calls": [{"name": "search"}]}]}'
    (tmp_path / "app.py").write_text(f"import json\ndef answer(input):\n    return json.loads({good!r})\n")
    code, last = run(written, EVALGATE_ANSWER="app.py:answer")
    # It calls a tool, is long and names no weight: of three kinds its answers break the rules still.
    still = sum(len(BROKEN[kind]) for kind in ("calls_not", "at_most", "matches"))
    more = sum(len(BROKEN[kind]) for kind in ("is_json", "has_key"))
    assert code == 1
    assert f"{still + more} failed" in last


def test_what_others_said_is_no_code(written):
    tree = ast.parse(written.read_text(encoding="utf-8"))
    assigned = {node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(assigned["TRACES"])["span:text"] == {"input": {"n": 1}, "output": ANSWERS["span:text"]}
    assert [each["kind"] for each in ast.literal_eval(assigned["RULES"])] == list(KINDS)
    assert {type(node).__name__ for node in tree.body} == {
        "Expr", "ImportFrom", "Import", "Assign", "FunctionDef"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("matches", "("),
        ("matches", "a" * 301),
        ("contains", " "),
        ("at_most", "-1"),
        ("at_most", "٣"),
        ("calls", ""),
    ],
)
def test_a_rule_that_cannot_be_checked_is_refused(kind, value):
    with pytest.raises(Unparseable, match="rule"):
        checked_rule(rule(kind, value))


def test_a_pattern_that_takes_too_long_is_stopped():
    slow = checked_rule(rule("matches", r"(a|aa)+$"))
    with pytest.raises(TimeoutError):
        broken(slow, {"answer": "a" * 5_000 + "b"})


def test_a_rule_is_for_all_or_for_those_that_it_names():
    assert rule("contains").is_for("span:1")
    assert not rule("contains", traces=("span:2",)).is_for("span:1")


def test_names_of_files_differ_where_labels_differ():
    labels = ["GetRecipes", "get recipes", "getrecipes", "GETRECIPES", "Größe", "../../x", "a/b", "a b", "…"]
    names = [file_name(each) for each in labels]
    assert names[0] == "test_get_recipes.py"
    assert len({each.lower() for each in names}) == len(labels)
    assert all("/" not in each and each.startswith("test_") for each in names)
