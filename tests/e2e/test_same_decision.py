"""One decision, whatever the order in which its parts are written down, and wherever it is made.

The same examples, suites, checks and evaluators in shuffled orders, in folders and journals of their own: the decision
has the same bytes (rounded to nine digits, without paths, times or the store's ids), and so has what `decide --json`
says of it.
"""

import json
import random
import sys

import pytest
import yaml

from evalgate.decision import canonical, decide
from evalgate.gate.gather import Source, gathered
from evalgate.journal.store import Journal
from tests.e2e.project import Project

ANSWER = """
import hashlib

def luck(name, seed):
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big") / 2**32

def answer(input):
    q, shift = input["q"], SHIFT
    if luck(q, "breaks") < 0.03:
        raise KeyError("city")
    wrong = luck(q, f"wrong {shift}") < (0.3 if q % 3 == 0 else 0.1) + 0.1 * shift
    return {"answer": 2 * q + wrong, "near": luck(q, f"near {shift}") ** (1 + shift)}
"""
SCORES = """
def nearness(output):
    if output["near"] < 0.01:
        raise ValueError("too near to call")
    return output["near"]
"""
RULES = {
    "exact_match": {"no_regression": {"slices": ["metadata.lang", "metadata.topic"]}, "at_least": 0.5},
    "nearness": {"no_regression": {"rule_out_drop": 0.2}, "improves": 0.01},
    "exact_again": {"zero_tolerance": {}, "no_regression": {}, "equivalent": 0.2},
}
EVALUATORS = (
    {"exact_match": {"path": "answer"}},
    {"exact_match": {"path": "answer"}, "name": "exact_again"},
    {"python": "scores.py:nearness"},
)


def examples(number, prefix):
    return [
        {
            "id": f"{prefix}{n:03d}",
            "input": {"q": n},
            "output": {"answer": 2 * n},
            "metadata": {"lang": ("de", "en", "fr")[n % 3], "topic": f"t{n % 7}", "talk": f"talk {n // 4}"},
        }
        for n in range(number)
    ]


def shuffled(of, order):
    """The same mapping or list in another order, and what is in it likewise."""
    if isinstance(of, dict):
        return {key: shuffled(of[key], order) for key in order.sample(sorted(of), len(of))}
    return order.sample(of, len(of)) if isinstance(of, list) else of


def config(order):
    def suite(dataset, **more):
        return {
            "dataset": dataset,
            "task": {"python": "v2/app.py:answer", "interpreter": sys.executable, "workers": 1, "timeout": 20},
            "baseline": {"task": {"python": "v1/app.py:answer"}},
            "evaluators": order.sample(EVALUATORS, len(EVALUATORS)),
            "checks": shuffled({name: dict(rules) for name, rules in RULES.items()}, order),
            **more,
        }

    suites = {
        "first": suite("one.jsonl"),
        "talks": suite("one.jsonl", cluster="metadata.talk"),
        "second": suite("two.jsonl", repetitions=2),
    }
    return {"suites": {name: suites[name] for name in order.sample(sorted(suites), 3)}, "policy": {"max_missing": 0.1}}


def decided(folder, seed):
    """Run the gate in one shuffled order; return (the decision's bytes, what `decide --json` says of it)."""
    order = random.Random(seed)
    project = Project(folder / f"somewhere {seed}")
    project.folder.mkdir()
    project.write("evalgate.yaml", yaml.safe_dump(config(order), sort_keys=False))
    for name, rows in (("one.jsonl", examples(80, "a")), ("two.jsonl", examples(45, "b"))):
        project.write(name, "".join(json.dumps(row) + "\n" for row in shuffled(rows, order)))
    project.write("scores.py", SCORES)
    for version, shift in (("v1", 0), ("v2", 1)):
        project.write(f"{version}/app.py", ANSWER.replace("SHIFT", str(shift)))
    for _ in range(seed % 2):  # another store, with another number of builds before
        project.run("--journal", f"{seed}.db", "--limit", "2", "--quiet")
    ended = project.run("--journal", f"{seed}.db", "--quiet")
    assert ended.code in {1, 4}, ended.text
    said = project.evalgate("decide", "--json", "--journal", f"{seed}.db")
    assert said.code == ended.code
    with Journal(project.folder / f"{seed}.db", create=False) as journal:
        evidence = gathered([Source(journal=journal, build=max(build.id for build in journal.builds()))])
        return canonical(decide(evidence)), plain(json.loads(said.out))


def plain(report):
    """What a report says of the decision, its parts by name, without what is of the run and its store."""
    kept = {key: report[key] for key in ("verdict", "reason", "exit_code", "decision")}
    suites = [{key: suite[key] for key in sorted(set(suite) - OF_THE_RUN)} for suite in report["suites"]]
    return json.dumps(by_name(kept | {"suites": suites}), sort_keys=True)


OF_THE_RUN = {"sides", "errors", "examples", "dataset", "took"}


def by_name(value):
    if isinstance(value, dict):
        return {key: by_name(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((by_name(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return decided(tmp_path_factory.mktemp("first"), 0)


def test_the_build_has_something_to_be_in_order(first):
    """Draws, slices, errors, missing answers and every verdict that can hang on them."""
    decision = json.loads(first[0])
    checks = [check for suite in decision["suites"] for check in suite["checks"]]
    assert decision["flips"] > 9_999
    assert {rule["verdict"] for check in checks for rule in check["rules"]} >= {"FAIL", "INCONCLUSIVE"}
    assert any(check["missing"]["candidate"] for check in checks)
    assert any(check["missing"]["candidate_errors"] for check in checks)
    assert sum(part["tested"] for check in checks for part in check["slices"]) >= 6
    assert all(len(check["regressed"]) > 5 for check in checks)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_order_and_no_place_changes_a_byte(first, tmp_path, seed):
    canonical_bytes, said = decided(tmp_path, seed)
    assert said == first[1]
    assert canonical_bytes == first[0]
    for private in (str(tmp_path), "somewhere", f"{seed}.db", ".jsonl"):
        assert private not in canonical_bytes.decode()
