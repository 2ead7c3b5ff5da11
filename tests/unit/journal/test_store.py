"""The journal keeps every row from the moment it returns, for any process that reads."""

import multiprocessing
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from evalgate.errors import ConfigurationError, JournalError
from evalgate.journal.builds import BuildRow, ExperimentRow, NoiseRow, ProblemRow
from evalgate.journal.lock import held, writing
from evalgate.journal.migrations import MIGRATIONS
from evalgate.journal.schema import APPLICATION_ID, VERSION
from evalgate.journal.store import Journal
from evalgate.journal.transfer import Drawn, copy_drawn, copy_scores, export_build
from evalgate.records import (
    Direction,
    ErrorKind,
    Evaluation,
    EvaluatorSpec,
    Example,
    Failure,
    Side,
    TaskOutcome,
    Usage,
)

BUILD = BuildRow(
    created_at="2026-01-01T00:00:00Z",
    config_file="evalgate.yaml",
    config={"suites": {"s": {"root": "."}}},
    evalgate_version="0",
    commit="abc",
    branch="main",
    dirty=True,
)
SPEC = EvaluatorSpec(name="exact", direction=Direction.MINIMIZE, low=None, high=None, scale=3.0, version="7")


def experiment(side: Side = Side.CANDIDATE, **changes) -> ExperimentRow:
    return ExperimentRow(
        suite="s",
        side=side,
        label="candidate",
        dataset="d",
        dataset_version="v",
        repetitions=1,
        task="t",
        evaluators="e",
        specs=(SPEC,),
        watched={"a.py": "1"},
        **changes,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".evalgate" / "journal.db"


_OPENED: list[Journal] = []


@pytest.fixture(autouse=True)
def every_journal_is_closed():
    """Those of `filled` and `studied`, after each test: Python 3.13 warns of what is left open."""
    yield
    while _OPENED:
        _OPENED.pop().close()


def _opened(path: Path) -> Journal:
    _OPENED.append(Journal(path))
    return _OPENED[-1]


def filled(path: Path, examples: int = 3) -> tuple[Journal, int, int]:
    journal = _opened(path)
    build = journal.create_build(BUILD)
    journal.add_examples(build, "s", (Example(id=f"e{n}", input={"n": n}) for n in range(examples)))
    return journal, build, journal.add_experiment(build, experiment())


def test_everything_that_is_written_reads_back_equal(path):
    """Builds, experiments, examples, runs, evaluations and problems survive the round trip."""
    journal, build, exp = filled(path)
    outcome = TaskOutcome(
        output={"a": [1, None, "ü"]},
        context=["c"],
        tool_calls=[{"name": "f"}],
        usage=(Usage(model="m", input_tokens=1, output_tokens=2),),
        trace_id="t",
        latency=0.25,
        logs="hello\n",
    )
    evaluation = Evaluation(name="exact", score=0.5, label="half", explanation="why", metadata={"k": [1]})
    broken = Evaluation(
        name="other", failure=Failure(kind=ErrorKind.EVALUATOR, type="ValueError", message="no", where="e.py:3 in f")
    )
    journal.record(experiment=exp, example_id="e1", sample="r1", outcome=outcome, started_at="now")
    journal.record_evaluations(experiment=exp, example_id="e1", sample="r1", evaluations=[evaluation, broken])
    journal.add_problem(build, ProblemRow(suite="s", kind="baseline", message="none", next_step="make one"))
    journal.close()

    with Journal(path, create=False) as again:
        assert again.run(exp, "e1", "r1") == outcome
        assert again.evaluations(exp, "e1", "r1") == [evaluation, broken]
        assert again.problems(build) == [ProblemRow(suite="s", kind="baseline", message="none", next_step="make one")]
        (found,) = again.experiments(build)
        assert found == experiment(id=exp, build=build)
        stored = again.build(build)
        assert (stored.commit, stored.dirty, stored.complete, stored.config) == ("abc", True, False, BUILD.config)
        assert [example.input for example in again.examples(build, "s")] == [{"n": 0}, {"n": 1}, {"n": 2}]
        assert again.example(build, "s", "e2") == Example(id="e2", input={"n": 2})
        assert again.evaluator_failures(exp) == [("other", "ValueError: no", "e.py:3 in f", 1)]


@pytest.mark.parametrize("hostile", ["\ud800", "nul\x00byte", "\x1b[31m", "x" * 1_000_000, "مرحبا"])
def test_hostile_text_does_not_break_a_row(path, hostile):
    """Lone surrogates, NUL and a megabyte are stored; outputs come back exactly, texts with escapes spelled out."""
    journal, _, exp = filled(path)
    outcome = TaskOutcome(output=hostile, logs=hostile)
    journal.record(experiment=exp, example_id="e0", sample="r1", outcome=outcome, started_at="now")
    failure = Failure(kind=ErrorKind.TASK, type="E", message=hostile)
    journal.record(experiment=exp, example_id="e1", sample="r1", outcome=TaskOutcome(failure=failure), started_at="now")
    evaluation = Evaluation(name="exact", label=hostile, explanation=hostile)
    journal.record_evaluations(experiment=exp, example_id="e0", sample="r1", evaluations=[evaluation])
    found, failed = journal.run(exp, "e0", "r1"), journal.run(exp, "e1", "r1")
    assert found is not None
    assert found.output == hostile
    assert failed is not None
    assert failed.failure == failure
    journal.close()


def test_what_is_left_to_do_is_what_has_no_row(path):
    """Runs done are not undone; runs that only infrastructure failed are; unevaluated runs are found."""
    journal, _, exp = filled(path, examples=1_203)
    ok, task_error = TaskOutcome(output=1), TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="E", message="m"))
    outside = TaskOutcome(failure=Failure(kind=ErrorKind.INFRASTRUCTURE, type="E", message="m"))
    for example_id, outcome in (("e0", ok), ("e1", ok), ("e2", task_error), ("e3", outside)):
        journal.record(experiment=exp, example_id=example_id, sample="r1", outcome=outcome, started_at="now")
    journal.record_evaluations(
        experiment=exp, example_id="e0", sample="r1", evaluations=[Evaluation(name="exact", score=1.0)]
    )
    undone = [example.id for example in journal.undone(exp, "r1")]
    assert len(undone) == 1_200
    assert undone[0] == "e3"
    assert len(list(journal.undone(exp, "r2"))) == 1_203
    assert [(example.id, outcome) for example, outcome in journal.unevaluated(exp, "r1")] == [("e1", ok)]
    assert journal.failures(exp) == [("infrastructure", "E: m", None, 1), ("task", "E: m", None, 1)]
    journal.close()


def test_rows_survive_kill_9(path):
    """A process killed in the middle of writing loses nothing that was returned."""
    program = textwrap.dedent(
        """
        import os, signal, sys
        sys.path.insert(0, os.getcwd())
        from pathlib import Path
        from tests.unit.journal.test_store import filled
        from evalgate.records import TaskOutcome
        journal, build, exp = filled(Path(sys.argv[1]), 100)
        for n in range(50):
            outcome = TaskOutcome(output=n)
            journal.record(experiment=exp, example_id=f"e{n}", sample="r1", outcome=outcome, started_at="n")
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Journal(path, create=False) as journal:
        (exp,) = journal.experiments(1)
        assert len(list(journal.undone(exp.id, "r1"))) == 50


def _write_runs(path: Path, name: str) -> None:
    with Journal(path) as journal:
        build = journal.create_build(BUILD)
        journal.add_examples(build, "s", (Example(id=f"{name}{n}", input={}) for n in range(100)))
        exp = journal.add_experiment(build, experiment())
        for n in range(100):
            journal.record(
                experiment=exp, example_id=f"{name}{n}", sample="r1", outcome=TaskOutcome(output=n), started_at="n"
            )


def test_two_processes_write_two_builds_of_one_journal_at_once(path):
    """Both builds are whole, although the file was made by both at the same moment."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_runs, args=(path, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    with Journal(path, create=False) as journal:
        assert len(journal.builds()) == 2
        for build in journal.builds():
            (exp,) = journal.experiments(build.id)
            assert len(list(journal.run_facts(exp.id))) == 100


def test_one_build_has_one_writer_and_a_dead_one_holds_nothing(path):
    """A second writer is refused with the next command; a lock whose process was killed is free."""
    Journal(path).close()
    with writing(path, 1):
        assert held(path, 1)
        with pytest.raises(ConfigurationError, match="build 1 is being written by another process"), writing(path, 1):
            pass
    assert not held(path, 1)
    program = (
        "import os,signal,sys; sys.path.insert(0, os.getcwd())\n"
        "from pathlib import Path\nfrom evalgate.journal.lock import writing\n"
        "with writing(Path(sys.argv[1]), 1): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    with writing(path, 1):
        assert held(path, 1)


def test_a_newer_version_is_refused_and_not_touched(path):
    """A journal of a newer evalgate: one message, exit 2, the file as it was."""
    Journal(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match=r"newer evalgate \(journal version 99") as caught:
        Journal(path)
    assert caught.value.exit_code == 2
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("PRAGMA user_version").fetchone() == (99,)


def test_another_programs_database_and_garbage_are_refused(tmp_path):
    """Neither is overwritten."""
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as db, db:
        db.execute("CREATE TABLE t (x)")
    with pytest.raises(ConfigurationError, match="another program"):
        Journal(foreign)
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(JournalError, match="damaged"):
        Journal(garbage)
    assert garbage.read_bytes().startswith(b"not a database")


def test_a_missing_journal_names_the_command_that_makes_one(tmp_path):
    """Reading what is not there is exit 2 and ends with a command."""
    with pytest.raises(ConfigurationError, match="there is no journal") as caught:
        Journal(tmp_path / "none.db", create=False)
    assert caught.value.next_step == "evalgate run"


def test_a_full_disk_is_said_and_what_was_recorded_stays(path):
    """SQLite's own page limit stands for the disk's: the same error code reaches the journal."""
    journal, _, exp = filled(path)
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal.record(experiment=exp, example_id="e0", sample="r1", outcome=TaskOutcome(output=1), started_at="n")
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    big = TaskOutcome(output="x" * 1_000_000)
    with pytest.raises(JournalError, match="disk is full") as caught:
        journal.record(experiment=exp, example_id="e1", sample="r1", outcome=big, started_at="n")
    assert caught.value.exit_code == 4
    assert "--resume" in (caught.value.next_step or "")
    journal.close()
    with Journal(path, create=False) as again:
        assert again.run(exp, "e0", "r1") == TaskOutcome(output=1)
        assert again.run(exp, "e1", "r1") is None


@pytest.mark.parametrize("blocked", ["file in the way", "read-only file"])
def test_a_place_that_cannot_be_written_is_said(tmp_path, blocked):
    """A folder that is a file, and a journal that may not be written."""
    if blocked == "file in the way":
        (tmp_path / "f").write_text("")
        target = tmp_path / "f" / "journal.db"
    else:
        target = tmp_path / "j.db"
        target.mkdir()
    with pytest.raises(JournalError) as caught:
        Journal(target)
    assert "--journal" in (caught.value.next_step or "")


def test_an_export_is_one_file_with_one_build(path, tmp_path):
    """The export decides alone: every row of the build, none of others, no log file beside it."""
    journal, build, exp = filled(path)
    journal.record(experiment=exp, example_id="e0", sample="r1", outcome=TaskOutcome(output=1), started_at="n")
    journal.create_build(BUILD)
    journal.close()
    folder = tmp_path / "out"
    folder.mkdir()
    export_build(path, build, folder / "one.db")
    assert [entry.name for entry in folder.iterdir()] == ["one.db"]
    with Journal(folder / "one.db", create=False) as one:
        assert [row.id for row in one.builds()] == [build]
        assert one.run(exp, "e0", "r1") == TaskOutcome(output=1)
    with pytest.raises(ConfigurationError, match="exists already"):
        export_build(path, build, folder / "one.db")


def test_a_stored_experiment_is_copied_whole(path, tmp_path):
    """Runs and evaluations arrive under the new experiment; the source is untouched."""
    journal, _, exp = filled(path)
    journal.record(experiment=exp, example_id="e0", sample="r1", outcome=TaskOutcome(output=1), started_at="n")
    evaluation = Evaluation(name="exact", score=1.0)
    journal.record_evaluations(experiment=exp, example_id="e0", sample="r1", evaluations=[evaluation])
    journal.close()
    other = tmp_path / "other.db"
    target, build, _ = filled(other)
    copied = target.add_experiment(build, experiment(Side.BASELINE, stored=True))
    target.close()
    drawn = Drawn(experiment=exp, names={"r1": "r1"}, examples=["e0"])
    copy_drawn(path, drawn, other, copied)
    copy_scores(path, drawn, other, copied, [EvaluatorSpec(name="exact")])
    with Journal(other, create=False) as again:
        assert again.run(copied, "e0", "r1") == TaskOutcome(output=1)
        assert again.evaluations(copied, "e0", "r1") == [evaluation]


NOISE = NoiseRow(
    suite="s",
    name="exact",
    study=1,
    measured_on="2026-01-01",
    label="app.py:answer",
    runs=5,
    examples=3,
    flip=0.1,
    flip_low=0.05,
    flip_high=0.2,
    icc=0.0,
    is_binary=True,
    shift_p=0.4,
    shift=0.0,
)
"""What a study found of one check."""


def studied(path: Path, *, complete: bool = True) -> tuple[Journal, int]:
    """A journal with one noise study of the experiment's task."""
    journal = _opened(path)
    study = journal.create_build(replace(BUILD, study_runs=5))
    journal.add_experiment(study, experiment(Side.BASELINE))
    journal.add_noise(study, [NOISE])
    journal.add_seconds(study, 1.0, complete=complete)
    return journal, study


def test_a_noise_study_is_no_build(path):
    """It has an id among them and is found as a study alone."""
    journal, study = studied(path)
    build = journal.create_build(BUILD)
    assert [row.id for row in journal.builds()] == [build]
    assert [(row.id, row.study_runs) for row in journal.studies()] == [(study, 5)]
    assert journal.build(build).study_runs is None
    assert journal.noise(study) == [NOISE]
    assert journal.noise(build) == []
    journal.add_noise(study, [replace(NOISE, flip=0.3)])
    assert [row.flip for row in journal.noise(study)] == [0.3]
    journal.close()


def test_a_study_is_found_by_exactly_what_it_studied(path):
    """The latest one, and none that is unfinished, of another task, of other evaluators or of other examples."""
    journal, first = studied(path)
    same = {"suite": "s", "task": "t", "evaluators": "e", "dataset_version": "v"}
    assert journal.study_of(**same) == first
    for name in same:
        assert journal.study_of(**same | {name: "another"}) is None
    second = studied(path)[1]
    studied(path, complete=False)
    assert journal.study_of(**same) == second
    journal.close()


def test_an_export_takes_the_noise_along(path, tmp_path):
    """What a build knew of its noise is in its file, and a study is exported like a build."""
    journal, build, _ = filled(path)
    journal.add_noise(build, [NOISE])
    journal.close()
    export_build(path, build, tmp_path / "one.db")
    _, study = studied(path)
    export_build(path, study, tmp_path / "study.db")
    with Journal(tmp_path / "one.db", create=False) as one, Journal(tmp_path / "study.db", create=False) as two:
        assert one.noise(build) == [NOISE]
        assert [row.id for row in two.studies()] == [study]


def test_a_second_evaluation_is_asked_for_where_it_lacks(path):
    """By evaluator and by its own sample name, of runs that answered; the first evaluation is as it was."""
    journal, _, exp = filled(path)
    for number in range(2):
        key = {"experiment": exp, "example_id": f"e{number}", "sample": "noise1-k"}
        journal.record(**key, outcome=TaskOutcome(output=number), started_at="now")
        journal.record_evaluations(**key, evaluations=[Evaluation(name="exact", score=1.0)])
    again = {"experiment": exp, "example_id": "e0", "sample": "noise1-k~2"}
    journal.record_evaluations(**again, evaluations=[Evaluation(name="exact", score=0.0)])

    def lacking(evaluator: str) -> list[str]:
        found = journal.unevaluated(exp, "noise1-k", again="noise1-k~2", evaluator=evaluator)
        return [example.id for example, _ in found]

    assert lacking("exact") == ["e1"]
    assert lacking("judge") == ["e0", "e1"]
    assert list(journal.unevaluated(exp, "noise1-k")) == []
    journal.close()


def test_the_store_keeps_itself_out_of_git(path):
    """The folder has an ignore file of its own, which lets accepted regressions through."""
    Journal(path).close()
    assert "!accepted/" in (path.parent / ".gitignore").read_text()


def test_what_evaluations_used_of_models_comes_back_and_most_used_none(path):
    """() is no model at all, None is what nobody saw."""
    used = (Usage(model="m/judge", input_tokens=9, output_tokens=2, cost=0.5, calls=3, from_cache=True),)
    evaluations = [
        Evaluation(name="blind", score=1.0, usage=None),
        Evaluation(name="code", score=1.0),
        Evaluation(name="judge", score=1.0, usage=used),
    ]
    with Journal(path) as journal:
        build = journal.create_build(BUILD)
        one = journal.add_experiment(build, experiment())
        for example, usage in (("a", used), ("b", None), ("c", ())):
            outcome = TaskOutcome(output=1, usage=usage)
            journal.record(experiment=one, example_id=example, sample="r1", outcome=outcome, started_at="2026")
        journal.record_evaluations(experiment=one, example_id="a", sample="r1", evaluations=evaluations)
        assert journal.evaluations(one, "a", "r1") == evaluations
        assert sorted(journal.usages(one), key=lambda row: row[:3]) == [
            ("a", "r1", "", used, False),
            ("a", "r1", "blind", None, False),
            ("a", "r1", "judge", used, False),
            ("b", "r1", "", None, False),
            ("c", "r1", "", (), False),
        ]


def test_a_journal_of_each_older_version_is_brought_up_and_read(tmp_path):
    """Its rows are what they were."""
    for version in range(1, VERSION):
        path = tmp_path / f"v{version}.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as db, db:
            for step in range(version):
                db.executescript(MIGRATIONS[step])
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {version}")
            db.execute(
                "INSERT INTO build (id, created_at, status, config_file, config, evalgate_version)"
                " VALUES (1, '2026', 'complete', 'evalgate.yaml', '{}', '0')"
            )
            db.execute(
                "INSERT INTO experiment (id, build, suite, side, label, dataset, dataset_version, repetitions, task,"
                " evaluators, specs, watched) VALUES (1, 1, 's', 'candidate', 'l', 'd', 'v', 1, 't', 'e', '[]', '{}')"
            )
            db.execute("INSERT INTO evaluation (experiment, example_id, sample, name, score) VALUES (1,'a','r1','x',1)")
        with Journal(path) as journal:
            assert journal.evaluations(1, "a", "r1") == [Evaluation(name="x", score=1.0)]
            assert [build.id for build in journal.builds()] == [1]


@pytest.mark.parametrize(
    "planted",
    [
        "TRIGGER planted AFTER INSERT ON evaluation BEGIN UPDATE evaluation SET score = 1; END",
        "VIEW planted AS SELECT 1",
    ],
)
def test_a_journal_in_which_something_acts_by_itself_is_refused(tmp_path, planted):
    """Code of an earlier push may have left it in the cache, and the push that is reviewed shows nothing of it."""
    path = tmp_path / "journal.db"
    Journal(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"CREATE {planted}")
    with pytest.raises(JournalError, match="has a trigger or a view"):
        Journal(path)
