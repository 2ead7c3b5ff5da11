"""Three suites of a monorepo: in one job, and in three that record while a fourth decides; the verdict is one."""

import json
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest
import yaml

from evalgate.decision import canonical, decide
from evalgate.gate.gather import Source, gathered
from evalgate.journal.store import Journal
from tests.e2e.hub import ACTION, Hub, host, report
from tests.e2e.project import REPOSITORY, golden
from tests.e2e.repository import Repo
from tests.fake_github.fixtures import fake_github
from tests.runner.event import REPOSITORY as NAME

__all__ = ["fake_github"]

SUITES = ("billing", "search", "support")
TASK = """\
import hashlib

def answer(input):
    luck = hashlib.sha256(f"{input['q']} {SHIFT}".encode()).digest()[0] / 256
    return {"answer": input["q"] * 2 if luck > SHARE else -1}
"""


class Monorepo(Repo):
    def begin(self) -> Repo:
        super().begin()
        for name in SUITES:
            self.write(f"packages/{name}/golden.jsonl", golden(60))
            self.answers(name, 0.1, shift=0)
        self.configured()
        self.commit("first")
        self.git("checkout", "-q", "-b", "change")
        return self

    def configured(self, **policy) -> None:
        suites = {
            name: {
                "root": f"packages/{name}",
                "dataset": "golden.jsonl",
                "task": {"python": "app.py:answer", "interpreter": sys.executable, "workers": 1, "inputs": ["app.py"]},
                "evaluators": [{"exact_match": {"path": "answer"}}],
                "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.3}}},
            }
            for name in SUITES
        }
        self.write("evalgate.yaml", yaml.safe_dump({"suites": suites, "policy": policy}, sort_keys=False))

    def answers(self, name: str, share: float, *, shift: int) -> None:
        text = TASK.replace("SHIFT", str(shift)).replace("SHARE", str(share))
        self.write(f"packages/{name}/app.py", text)

    def recorded(self, name: str, **env: str) -> Path:
        """Record one suite as a job of its own does: in a journal of its own."""
        ended = self.run("--record-only", "--suite", name, "--journal", f"jobs/{name}/journal.db", "--quiet", **env)
        assert ended.code == 0, ended.text
        return self.folder / "jobs" / name / "recorded" / f"{name}.db"


@pytest.fixture(scope="module")
def monorepo(tmp_path_factory):
    """One change that breaks billing outright and leaves the others to chance, measured both ways."""
    repo = Monorepo(tmp_path_factory.mktemp("many") / "repo")
    repo.begin()
    for number, name in enumerate(SUITES):
        repo.answers(name, 0.4 if name == "billing" else 0.12, shift=number + 1)
    repo.commit("change")
    repo.one_job = repo.run("--journal", "one/journal.db", "--json", "--quiet")
    repo.legs = {name: repo.recorded(name) for name in SUITES}
    return repo


def decision(*files):
    journals = [Journal(file, create=False) for file in files]
    try:
        sources = [Source(journal=each, build=each.builds()[0].id, file=str(each.path)) for each in journals]
        return canonical(decide(gathered(sources, SUITES)))
    finally:
        for each in journals:
            each.close()


def plain(report):
    """What a report says apart from which build said it and how long that took."""
    kept = {key: report[key] for key in ("verdict", "reason", "exit_code", "decision", "suites")}
    return json.loads(json.dumps(kept), object_hook=lambda read: {key: read[key] for key in read if key != "latency"})


def expecting(*names):
    return [part for name in names for part in ("--expect", name)]


def elsewhere(monorepo, tmp_path, *arguments, **env):
    """Run a command on a machine that has the journals alone: no repository, no config."""
    for name, file in monorepo.legs.items():
        (tmp_path / "legs" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "legs" / name / file.name)
    away = Repo(tmp_path)
    return away.evalgate(*arguments, **env)


def test_a_gathering_job_says_what_one_job_says(monorepo, tmp_path):
    """Byte for byte, whatever the order of the journals; the report too, apart from ids and times."""
    whole = json.loads(monorepo.one_job.out)
    assert (monorepo.one_job.code, whole["verdict"]) == (1, "FAIL")
    copies = [Path(shutil.copy(file, tmp_path)) for file in monorepo.legs.values()]
    one = Path(shutil.copy(monorepo.folder / "one" / "journal.db", tmp_path / "one.db"))
    assert decision(one) == decision(*copies) == decision(*reversed(copies))
    ended = elsewhere(monorepo, tmp_path / "there", "decide", "legs", *expecting(*SUITES), "--json")
    assert ended.code == 1, ended.text
    assert plain(json.loads(ended.out)) == plain(whole)
    assert "about 5 times in 100, over all 3 checks together" in whole["decision"]["promise"]


def test_a_suite_that_was_not_recorded_is_unmeasurable_by_name(monorepo, tmp_path):
    legs = monorepo.legs
    ended = monorepo.evalgate("decide", str(legs["search"]), str(legs["support"]), *expecting(*SUITES), "--json")
    report = json.loads(ended.out)
    assert (ended.code, report["verdict"]) == (4, "UNMEASURABLE")
    (lacking,) = (suite for suite in report["suites"] if suite["name"] == "billing")
    assert "No journal holds the suite billing, which was expected" in lacking["reason"]
    jsonschema.validate(report, json.loads((REPOSITORY / "docs" / "report.schema.json").read_text()))
    shown = monorepo.evalgate("decide", str(legs["search"]), *expecting(*SUITES), "--markdown", "out.md")
    assert shown.code == 4
    assert "billing" in (monorepo.folder / "out.md").read_text()
    nothing = elsewhere(monorepo, tmp_path, "decide", "empty", *expecting("a", "b"))
    assert (nothing.code, "there is no journal at empty" in nothing.err) == (2, True)
    assert "next: look at the jobs that were to leave it" in nothing.err
    (tmp_path / "empty").mkdir()
    nothing = elsewhere(monorepo, tmp_path, "decide", "empty", *expecting("a", "b"))
    assert (nothing.code, "the suites a, b are not measured" in nothing.err) == (4, True)


@pytest.mark.parametrize(
    ("named", "expected", "message"),
    [
        (["search", "billing"], ["search"], "holds the suite billing, which is not among those expected: search"),
        (["search", "search"], [], "the suite search is in "),
    ],
)
def test_a_suite_too_many_is_refused(monorepo, named, expected, message):
    files = [str(monorepo.legs[name]) for name in named]
    ended = monorepo.evalgate("decide", *files, *expecting(*expected))
    assert (ended.code, message in ended.err) == (2, True), ended.text


def test_a_leg_alone_is_decided_at_its_share_of_alpha(monorepo):
    """Of the suites that compare, here three: at 0.05 each, one of three would fail 3 times as often."""
    ended = monorepo.evalgate("decide", str(monorepo.legs["billing"]), "--json")
    decided = json.loads(ended.out)["decision"]
    assert decided["alpha"] == pytest.approx(0.05 / 3, abs=1e-6)
    assert "1.67 times in 100. That is their share of policy.alpha: 1 of the 3 suites" in decided["promise"]
    two = monorepo.evalgate("decide", *(str(monorepo.legs[name]) for name in ("billing", "search")), "--json")
    assert json.loads(two.out)["decision"]["alpha"] == pytest.approx(0.1 / 3, abs=1e-6)
    run = monorepo.run("--suite", "billing", "--journal", "jobs/billing/journal.db", "--json", "--quiet")
    assert json.loads(run.out)["decision"]["alpha"] == pytest.approx(0.05 / 3, abs=1e-6)


def test_journals_of_two_changes_are_not_decided_together(monorepo, tmp_path):
    """Another commit, another flag, another policy: each is named with the files."""
    other = Monorepo(tmp_path / "repo")
    shutil.copytree(monorepo.folder, other.folder)
    flag = other.folder / "jobs/flag"
    ended = other.run(
        "--record-only", "--suite", "search", "--journal", str(flag / "journal.db"), "--set", "policy.seed=7"
    )
    assert ended.code == 0, ended.text
    told = other.evalgate("decide", str(monorepo.legs["billing"]), str(flag / "recorded" / "search.db"))
    assert (told.code, "were made under different policies" in told.err) == (2, True), told.text
    other.answers("search", 0.13, shift=9)
    other.commit("more")
    told = other.evalgate("decide", str(monorepo.legs["billing"]), str(other.recorded("search")))
    assert (told.code, "are of different commits (" in told.err) == (2, True), told.text


def test_what_is_recorded_is_said_and_no_report_is_written(monorepo, tmp_path):
    file = tmp_path / "output"
    where = ("--journal", "jobs/search/journal.db")
    ended = monorepo.run("--record-only", "--suite", "search", *where, GITHUB_OUTPUT=str(file), GITHUB_ACTIONS="true")
    assert ended.code == 0
    assert "Recorded suite search, without a verdict." in ended.out
    expected = "--expect search --expect billing --expect support"
    assert f"next: evalgate decide jobs/search/recorded/search.db … {expected}" in ended.out
    written = file.read_text().split("\n")
    assert written[written.index(next(line for line in written if line.startswith("journal<<"))) + 1] == (
        "jobs/search/recorded/search.db"
    )
    assert "verdict" not in ended.out.replace("without a verdict", "")
    said = json.loads(monorepo.run("--record-only", "--suite", "search", *where, "--json").out)
    assert said["lacking"] == ["billing", "support"]
    refused = monorepo.run("--record-only", "--report-json", "report.json")
    assert (refused.code, "gives no verdict to report" in refused.err) == (2, True)


def test_names_and_lists_reach_the_command_by_variables(monorepo, tmp_path):
    """As the action hands its inputs on; an empty variable is none."""
    folder = tmp_path / "two words"
    given = {
        "EVALGATE_DECIDE_BUILDS": "legs/billing\nlegs/search/search.db\n",
        "EVALGATE_DECIDE_EXPECTED": "billing search support",
    }
    ended = elsewhere(monorepo, folder, "decide", "--json", **given)
    assert ended.code == 1, ended.text
    found = {suite["name"]: suite["verdict"] for suite in json.loads(ended.out)["suites"]}
    assert (found["billing"], found["support"], [*found]) == ("FAIL", "UNMEASURABLE", list(SUITES))
    recorded = monorepo.run("--suite", "search", "--journal", "jobs/search/journal.db", EVALGATE_RUN_RECORD_ONLY="1")
    assert "without a verdict" in recorded.out
    decided = monorepo.run("--suite", "search", "--journal", "jobs/search/journal.db", EVALGATE_RUN_RECORD_ONLY="")
    assert "without a verdict" not in decided.out


class TestForeignFiles:
    """Journals that came as artifacts, from jobs that may be anybody's."""

    def told(self, monorepo, path):
        ended = monorepo.evalgate("decide", str(path), timeout=30)
        assert "Traceback" not in ended.text
        assert "next:" in ended.err
        return ended.code, ended.err

    def changed(self, monorepo, tmp_path, *statements):
        file = Path(shutil.copy(monorepo.legs["search"], tmp_path / "leg.db"))
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            for statement in statements:
                db.execute(statement)
        return file

    @pytest.mark.parametrize(
        "planted",
        [
            "CREATE TRIGGER planted AFTER INSERT ON note BEGIN DELETE FROM run; END",
            "CREATE VIEW planted AS SELECT load_extension('/tmp/evil.so')",
            "CREATE TABLE planted (a)",
            "ALTER TABLE build ADD COLUMN planted TEXT AS (printf('%.*c', 1000000000, 'x'))",
            "DROP INDEX example_by_id",
        ],
    )
    def test_what_a_journal_has_no_place_for_is_refused(self, monorepo, tmp_path, planted):
        code, said = self.told(monorepo, self.changed(monorepo, tmp_path, planted))
        assert (code, "is not as evalgate makes a journal" in said) == (4, True), said

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            ("UPDATE build SET config = 'not JSON'", "a row of the journal is damaged"),
            ("UPDATE build SET config = '[]'", "what evalgate does not write"),
            ("UPDATE build SET config = '{}'", "is not one that evalgate"),
            ("UPDATE build SET config = '{\"family\": 3}'", "is not one that evalgate"),
            ("UPDATE build SET config = json_set(config, '$.family', 3)", "what evalgate does not write"),
            ("UPDATE experiment SET specs = '[{}]'", "what evalgate does not write"),
            ("UPDATE build SET created_at = 'a', verdict = 'GREEN'", "what evalgate does not write"),
            ("DELETE FROM build", "holds no complete build"),
            ("DELETE FROM run", "a part of it does not fit the rest"),
            ("PRAGMA user_version = 99", "written by a newer evalgate"),
            ("PRAGMA application_id = 7", "a database of another program"),
        ],
    )
    def test_rows_that_no_evalgate_wrote_are_an_error_with_the_file_in_it(
        self, monorepo, tmp_path, statement, expected
    ):
        file = self.changed(monorepo, tmp_path, statement)
        code, said = self.told(monorepo, file)
        assert (code in {2, 4}, expected in said, "leg.db" in said) == (True, True, True), said

    def test_files_that_are_no_database(self, monorepo, tmp_path):
        huge, empty, link = tmp_path / "huge.db", tmp_path / "empty.db", tmp_path / "link.db"
        with huge.open("wb") as file:
            file.write(b"x" * 4096)
            file.truncate(100 * 1024 * 1024)
        empty.touch()
        link.symlink_to(monorepo.legs["search"])
        torn = Path(shutil.copy(monorepo.legs["search"], tmp_path / "torn.db"))
        body = torn.read_bytes()
        torn.write_bytes(body[: len(body) // 2])
        for file, code, expected in (
            (huge, 4, "no journal, or a damaged one"),
            (empty, 2, "is empty, not a journal"),
            (link, 2, "is a symbolic link"),
            (torn, 4, "no journal, or a damaged one"),
        ):
            told = self.told(monorepo, file)
            assert (told[0], expected in told[1]) == (code, True), told

    def test_nothing_is_written_beside_them(self, monorepo, tmp_path):
        """Not in a folder that cannot be written to either; what a log beside the file still has is read."""
        folder = tmp_path / "kept"
        folder.mkdir()
        file = Path(shutil.copy(monorepo.legs["billing"], folder))
        before = file.read_bytes()
        folder.chmod(0o500)
        assert monorepo.evalgate("decide", str(file)).code == 1
        folder.chmod(0o700)
        assert (file.read_bytes(), [each.name for each in folder.iterdir()]) == (before, [file.name])
        source = monorepo.folder / "jobs/billing/journal.db"
        with closing(sqlite3.connect(source, isolation_level=None)) as db:
            db.execute("PRAGMA wal_autocheckpoint = 0")
            db.execute("UPDATE build SET branch = 'still in the log'")
            for each in (source, source.with_name("journal.db-wal")):
                shutil.copy(each, tmp_path)
        said = monorepo.evalgate("decide", str(tmp_path / "journal.db"), "--json")
        assert json.loads(said.out)["build"]["branch"] == "still in the log", said.text


def test_the_workflow_of_the_page_measures_in_a_matrix_and_decides_in_one_job(tmp_path, fake_github):
    """Three legs that never fail a build and say nothing, and one job that does both, with the artifacts alone."""
    page = (REPOSITORY / "docs" / "github.md").read_text("utf-8")
    found = re.search(r"<!-- workflow: matrix -->\n```yaml\n(.*?)```", page, re.DOTALL)
    assert found
    workflow = yaml.safe_load(found[1].replace("evalgate/evalgate@<sha>", ACTION))
    for job in workflow["jobs"].values():
        job["steps"][-1]["id"] = "gate"
    repo = Monorepo(tmp_path / "repo")
    repo.begin()
    for number, name in enumerate(SUITES):
        repo.answers(name, 0.4 if name == "billing" else 0.12, shift=number + 1)
    repo.commit("change")
    repo.git("checkout", "-q", "main")
    repository = fake_github.repository(NAME, private=True)
    pull = repository.pull(head=repo.git("rev-parse", "change"), number=7)
    github = host(
        tmp_path / "host",
        repo.folder,
        api_url=fake_github.url,
        server_url=fake_github.root,
        token=lambda permissions: fake_github.job_token(
            NAME, **{name.replace("-", "_"): level for name, level in permissions.items()}
        ),
    )
    hub = Hub(repo, github)
    ran = hub.workflow(workflow, hub.pull(7, "change"))
    assert ran is not None
    legs = {name: ran.job(f"measure ({name})") for name in SUITES}
    assert {job.result for job in legs.values()} == {"success"}, legs["billing"].text
    assert {job.steps["gate"].outputs["verdict"] for job in legs.values()} == {""}
    deciding = ran.job("decide")
    assert (deciding.result, deciding.steps["gate"].outputs["verdict"]) == ("failure", "FAIL"), deciding.text
    assert [suite["name"] for suite in report(deciding)["suites"]] == list(SUITES)
    assert report(deciding)["decision"]["alpha"] == 0.05
    assert all(name in deciding.summary for name in SUITES)
    (comment,) = repository.comments_of(pull.number)
    assert "FAIL" in comment.body
    assert all(name in comment.body for name in SUITES)
    assert deciding.steps["gate"].outputs["comment-url"].endswith(str(comment.id))
    # Before anything was paid the first leg looked for what would end it, in its log.
    assert "problem" not in legs["billing"].text
    assert re.search(r"ok +billing: dataset +golden.jsonl, 60 examples", legs["billing"].text)
