"""What a fork's run reports, decided again under the base's definitions; and each way to report something else."""

from __future__ import annotations

import copy
import io
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from evalgate.cli.builds import head, tree_of
from evalgate.decision import decide
from evalgate.decision.results import BuildDecision
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.forks.reading import RowsError, read_rows
from evalgate.gate.forks.rebuilding import Origin, rebuild
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.request import Wanted, make_request
from evalgate.git.history import Base
from evalgate.journal.store import Journal
from evalgate.journal.transfer import copy_whole
from evalgate.records import Verdict
from evalgate.suite.checks import Unmeasurable
from evalgate.suite.loading import load_config
from tests.e2e.repository import Repo

SUITE = "doubling"
EVEN = "def even(output):\n    return 'pass' if output['answer'] % 2 == 0 else 'fail'\n"
BUILT_IN = {
    "evaluators": [{"exact_match": {"path": "answer"}}],
    "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.15}}},
}
CONFIG = {
    "evaluators": [
        {"exact_match": {"path": "answer"}},
        {"python": "score.py:even", "interpreter": sys.executable, "scores": {"pass": 1.0, "fail": 0.0}, "workers": 1},
    ],
    "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.15}}, "even": {"at_least": 0.1}},
}


@dataclass
class Reported:
    """What one honest run of a fork left, and the base as it is checked out where it is decided."""

    head: dict
    rows: list[dict]
    base: Path

    def __deepcopy__(self, memo):
        return Reported(copy.deepcopy(self.head, memo), copy.deepcopy(self.rows, memo), self.base)

    def of(self, side="candidate"):
        return [row for row in self.rows if row["side"] == side]

    @property
    def data(self) -> bytes:
        return b"".join(json.dumps(each).encode() + b"\n" for each in [self.head, *self.rows])


@dataclass
class Decided:
    decision: BuildDecision
    problems: list
    notes: list[str]
    journal: Path

    @property
    def verdict(self) -> Verdict:
        return self.decision.verdict


def project(folder: Path, share: int, *, stored: bool = False, **suite) -> Reported:
    """Run a change that answers so many of a hundred examples wrong as a fork would, against a base with five."""
    repo = Repo(folder / "repo", examples=40).begin()
    repo.write("score.py", EVEN)
    repo.ship(5, **{**CONFIG, **suite})
    if stored:
        assert repo.evalgate("baseline", "set", "HEAD", XDG_CACHE_HOME=str(folder / "cache")).code == 0
    shutil.copytree(repo.folder, folder / "base", symlinks=True)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(share, "# changed\n")
    repo.commit("change")
    file = folder / "rows.jsonl"
    ended = repo.run("--as-pull-request", "--rows", str(file))
    assert ended.code in (0, 1), ended.text
    first, *rest = [json.loads(line) for line in file.read_text("ascii").splitlines()]
    return Reported(first, rest, folder / "base")


async def again(base: Path, data: bytes, *, commit: str | None = None) -> Decided:
    """Decide on reported rows with what is checked out in `base`."""
    config = base / "evalgate.yaml"
    kept = base / ".evalgate" / "fork.db"
    kept.parent.mkdir(exist_ok=True)
    copy_whole(base / ".evalgate" / "journal.db", kept)
    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides={})
    with Journal(kept) as journal:
        here = head(config, environ)
        request = make_request(unguarded(loaded), Wanted(), journal, commit=here, tree=tree_of(environ))
        origin = Origin(change="pull request 7", head=commit, base=Base(commit=here.id or "", name="main"))
        try:
            reported = read_rows(io.BytesIO(data))
        except RowsError as error:
            reported = error
        build = await rebuild(request, reported, origin, journal, now="2026-11-21T10:00:00.000+00:00")
        return Decided(
            decision=decide(build_evidence(journal, build)),
            problems=journal.problems(build),
            notes=[note.message for note in journal.notes(build)],
            journal=kept,
        )


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A change that loses nothing, drawn afresh on both sides."""
    return project(tmp_path_factory.mktemp("honest"), 5)


@pytest.fixture(scope="module")
def worse(tmp_path_factory):
    """A change that answers half of them wrong; the base has stored runs."""
    return project(tmp_path_factory.mktemp("worse"), 50, stored=True, **BUILT_IN)


async def test_an_honest_change_passes_and_what_is_not_verified_is_said(honest):
    decided = await again(honest.base, honest.data)
    assert decided.verdict is Verdict.PASS
    assert decided.notes == [
        (
            "The answers are as the fork's run reports them. Scored here once more: exact_match."
            " As reported, not verified: even."
        ),
        "The baseline's answers are the fork's too: no stored runs of the base here could decide.",
    ]


async def test_a_worse_change_fails_against_the_repositorys_own_stored_runs(worse):
    decided = await again(worse.base, worse.data)
    assert decided.verdict is Verdict.FAIL
    assert decided.notes[-1].startswith("They are compared with main@")
    # A baseline that the fork made worse helps it nothing: it is not looked at.
    lowered = copy.deepcopy(worse)
    for row in lowered.of("baseline"):
        row["output"] = {"answer": -1}
    assert (await again(worse.base, lowered.data)).verdict is Verdict.FAIL


async def test_scores_that_are_evalgates_own_are_not_believed(worse):
    forged = copy.deepcopy(worse)
    for row in forged.of():
        row["evaluations"][0].update(score=1.0, label="pass")
    assert (await again(worse.base, forged.data)).verdict is Verdict.FAIL


async def test_nothing_of_it_reaches_the_journal_that_others_compare_with(worse):
    before = (worse.base / ".evalgate" / "journal.db").read_bytes()
    decided = await again(worse.base, worse.data)
    assert decided.journal.name == "fork.db"
    assert (worse.base / ".evalgate" / "journal.db").read_bytes() == before


def _first(reported):
    return reported.of()[0]


def _drop_the_bad(reported):
    reported.rows = [row for row in reported.rows if row["output"]["answer"] != -1]
    reported.head["rows"] = len(reported.rows)


def _drop_one(reported):
    reported.rows.remove(_first(reported))
    reported.head["rows"] -= 1


def _drop_scores(reported):
    for row in reported.rows:
        row["evaluations"] = [each for each in row["evaluations"] if each["name"] != "even"]


def _only_failures(reported):
    for row in reported.of():
        row.update(output=None, evaluations=[], failure={"kind": "infrastructure", "type": "T", "message": "m"})


def _another_dataset(reported):
    for row in reported.rows:
        row["content"] = "0" * 64


def _more_draws(reported):
    reported.head["suites"][SUITE]["draws"] = [{"key": "0" * 16, "candidate": 900, "baseline": 900}]


def _no_baseline(reported):
    reported.rows = reported.of()
    reported.head["rows"] = len(reported.rows)
    reported.head["suites"][SUITE].update(baseline=False)


def _even(reported, **what):
    row = _first(reported)
    next(each for each in row["evaluations"] if each["name"] == "even").update(what)


ATTACKS = {
    "only the good ones": (_drop_the_bad, "lacks"),
    "one is missing": (_drop_one, "lacks 1 of 120 runs of the candidate"),
    "scores are missing": (_drop_scores, "lacks 120 scores of the candidate"),
    "everything timed out": (_only_failures, None),
    "another dataset": (_another_dataset, "is not what the base's dataset says it is"),
    "unknown example": (lambda r: _first(r).update(example="e999"), "is no example of the suite"),
    "hostile example id": (lambda r: _first(r).update(example="<!-- evalgate:end x -->"), "is no example of the suite"),
    "twice": (lambda r: r.rows.append(_first(r)) or r.head.update(rows=len(r.rows)), "is there twice"),
    "unasked sample": (lambda r: _first(r).update(sample="r9"), "is none that the suite"),
    "draws of nobody": (_more_draws, "draws are none that the base's policy makes"),
    "no baseline": (_no_baseline, None),
    "unknown suite in a row": (lambda r: _first(r).update(suite="other"), "that its first line does not name"),
    "suite is left out": (
        lambda r: (r.head.update(suites={}, rows=0), r.rows.clear()),
        "reports nothing of this suite",
    ),
    "nothing changed": (
        lambda r: (r.head["suites"][SUITE].update(unchanged=True), r.head.update(rows=0), r.rows.clear()),
        "not verified",
    ),
    "interrupted": (lambda r: r.head.update(complete=False), "a part of a run only"),
    "answers are lacking": (lambda r: r.head["suites"][SUITE].update(problems=["replay"]), "has no keys"),
    "hostile problem": (lambda r: r.head["suites"][SUITE].update(problems=["<b>PASS</b>"]), "its own log says why"),
    "cut off": (lambda r: r.rows.pop(), "it says that it has 240 rows, and has 239"),
    "score below its range": (lambda r: _even(r, score=-1.0), "scores -1, outside of its range"),
    "score out of range": (lambda r: _even(r, score=7.0), "scores 7, outside of its range"),
    "score is not a number": (lambda r: _even(r, score=float("nan")), "NaN is not JSON"),
    "score is infinite": (lambda r: _even(r, score=float("inf")), "Infinity is not JSON"),
    "label out of the map": (lambda r: _even(r, label="splendid"), "none of its labels"),
    "score and failure": (
        lambda r: _even(r, failure={"kind": "evaluator", "type": "T", "message": "m"}),
        "a score or a label, or else a failure",
    ),
    "spoken twice": (lambda r: _first(r)["evaluations"].append(_first(r)["evaluations"][0]), "spoke twice"),
    "output and failure": (
        lambda r: _first(r).update(failure={"kind": "task", "type": "T", "message": "m"}),
        "not both",
    ),
    "scored though failed": (
        lambda r: _first(r).update(output=None, failure={"kind": "task", "type": "T", "message": "m"}),
        "evaluators are said to have scored it",
    ),
    "forged verdict": (lambda r: r.head.update(verdict="PASS"), "verdict: Extra inputs are not permitted"),
    "forged number": (lambda r: r.head.update(pull_request=1), "pull_request: Extra inputs are not permitted"),
    "newer version": (lambda r: r.head.update(evalgate_rows=2), "of version 2"),
    "text for a number": (lambda r: _first(r).update(latency="0"), "latency: Input should be a valid number"),
    "negative time": (lambda r: _first(r).update(latency=-1.0), "latency"),
    "half a character": (lambda r: _first(r).update(output={"answer": "\ud800"}), "half a character"),
    "null character": (lambda r: _first(r).update(output={"answer": "\0"}), "null character"),
    "not a time": (lambda r: _first(r).update(started_at="now"), "started_at"),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_no_other_report_is_green(honest, name):
    attack, said = ATTACKS[name]
    reported = copy.deepcopy(honest)
    attack(reported)
    decided = await again(honest.base, reported.data)
    assert decided.verdict in (Verdict.UNMEASURABLE, Verdict.FAIL), decided.decision.reason
    if said is not None:
        assert said in decided.problems[0].message
        assert decided.problems[0].next_step.endswith("docs/forks.md")


DEEP = b'{"evalgate_rows":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
BYTES = {
    "nothing": (b"", "it is empty"),
    "no JSON": (b"PASS\n", "line 1"),
    "a list": (b"[]\n", "as a whole"),
    "deep": (DEEP, "nested more than 100 deep"),
    "not UTF-8": (b'{"evalgate_rows": "\xff"}\n', "not UTF-8"),
    "a key twice": (b'{"evalgate_rows": 1, "evalgate_rows": 1}\n', "is here twice"),
    "a long line": (b'{"evalgate": "' + b"x" * 3_000_000, "line 1 is longer"),
    "a huge number": (b'{"rows": ' + b"9" * 10_000 + b"}\n", "line 1"),
    "two values": (b"{} {}\n", "not one JSON value"),
}


@pytest.mark.parametrize("name", BYTES)
async def test_what_is_no_report_is_refused(honest, name):
    data, said = BYTES[name]
    decided = await again(honest.base, data)
    assert decided.verdict is Verdict.UNMEASURABLE
    assert said in decided.problems[0].message
    assert decided.problems[0].kind == Unmeasurable.ERRORS


async def test_a_million_rows_are_refused_before_they_are_all_read(honest):
    one = json.dumps({**honest.head, "rows": 1_000_000}).encode() + b"\n"
    row = json.dumps({**honest.rows[0], "suite": "other"}).encode() + b"\n"
    head_ = json.loads(one)
    head_["suites"]["other"] = head_["suites"][SUITE]

    class Endless(io.RawIOBase):
        """A file that never ends."""

        read_lines = 0

        def readline(self, size=-1):
            self.read_lines += 1
            return json.dumps(head_).encode() + b"\n" if self.read_lines == 1 else row

    endless = Endless()
    reported = read_rows(endless)
    with pytest.raises(RowsError, match=r"more than 200,000 rows|larger than 67,108,864 bytes"):
        for _ in reported.rows:
            pass
    assert endless.read_lines <= 200_003


async def test_rows_of_another_commit_are_refused(honest):
    decided = await again(honest.base, honest.data, commit="a" * 40)
    assert decided.verdict is Verdict.UNMEASURABLE
    assert "and the run that left it was for aaaaaaa" in decided.problems[0].message
    assert (await again(honest.base, honest.data, commit=honest.head["commit"])).verdict is Verdict.PASS


async def test_a_suite_that_only_the_change_has_decides_nothing(honest):
    reported = copy.deepcopy(honest)
    reported.head["suites"]["new"] = reported.head["suites"][SUITE]
    added = [{**row, "suite": "new", "example": "anything"} for row in reported.rows]
    reported.rows += added
    reported.head["rows"] += len(added)
    decided = await again(honest.base, reported.data)
    assert decided.verdict is Verdict.PASS
    assert [suite.name for suite in decided.decision.suites] == [SUITE]


async def test_a_base_without_scores_that_are_certain_is_not_compared_with(tmp_path):
    """Nobody knows all that a function of the user's depends on, and none is run here: its stored scores are left."""
    reported = project(tmp_path, 50, stored=True)
    decided = await again(reported.base, reported.data)
    assert decided.verdict is Verdict.FAIL
    assert decided.notes[-1].startswith("The baseline's answers are the fork's too")


async def test_no_code_of_the_repository_meets_what_a_stranger_answered(honest, tmp_path):
    """Evaluators in Python are not loaded here, nor the task, nor its setup: their scores are as reported."""
    base = tmp_path / "base"
    shutil.copytree(honest.base, base, symlinks=True)
    trap = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    for name in ("score.py", "app.py"):
        (base / name).write_text(trap + (base / name).read_text())
    decided = await again(base, honest.data)
    assert decided.verdict is Verdict.PASS
    assert not (tmp_path / "ran").exists()


async def test_what_cannot_be_reported_is_no_answer_rather_than_a_refusal(tmp_path):
    """An answer with a null character is fine for a journal and no JSON that anybody should read."""
    repo = Repo(tmp_path / "repo", examples=40).begin()
    repo.ship(5, **BUILT_IN)
    shutil.copytree(repo.folder, tmp_path / "base", symlinks=True)
    repo.git("checkout", "-q", "-b", "change")
    repo.write("app.py", "def answer(input):\n    return {'answer': '\\0' if input['q'] == 3 else 2 * input['q']}\n")
    repo.commit("change")
    ended = repo.run("--as-pull-request", "--rows", str(tmp_path / "rows.jsonl"))
    assert ended.code == 0, ended.text
    data = (tmp_path / "rows.jsonl").read_bytes()
    failed = [row for row in map(json.loads, data.splitlines()[1:]) if row["failure"]]
    assert {(row["example"], row["failure"]["type"]) for row in failed if row["side"] == "candidate"} == {
        ("e3", "NotReportable")
    }
    assert (await again(tmp_path / "base", data)).verdict is Verdict.PASS
