"""Bad input through the real command line: one clear message, the exit code of the kind, and nothing lost."""

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest

from tests.e2e.project import environment, golden

SLOW = "import time\n\ndef answer(input):\n    time.sleep(0.2)\n    return {'answer': input['q'] * 2}\n"


def refused(ended, code, *words):
    """One message with the next command, no traceback, the code."""
    assert ended.code == code, ended.text
    assert "Traceback" not in ended.text
    assert "a bug in evalgate" not in ended.text
    assert "next:" in ended.text
    for word in words:
        assert word in ended.text


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"- 1\n", "mapping"),
        (b"suites: [", "not YAML"),
        ("suites: é".encode("latin-1"), "UTF-8"),
        (b"\xff\xfes\x00", "UTF-16"),
        (b"suites: {}\nsuites: {}\n", "twice"),
        (b'suites: !!python/object/apply:os.system ["touch pwned"]\n', "tag"),
    ],
)
def test_a_config_that_cannot_be_read(project, content, word):
    """Exit 2, with the file's name."""
    (project.folder / "evalgate.yaml").write_bytes(content)
    refused(project.run(), 2, "evalgate.yaml", word)
    assert not (project.folder / "pwned").exists()


def test_no_config_at_all(project):
    """Exit 2, and how to get one."""
    refused(project.run(), 2, "evalgate init")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (None, "does not exist"),
        (golden(2).encode() + b'{"id":', "not JSON"),
        (golden(2).encode() + '{"id": "é"}'.encode("latin-1"), "UTF-8"),
        (golden(2).encode() * 2, "is taken"),
        (b'{"id": "a", "input": {"q": NaN}}\n', "NaN"),
        (b'{"id": "a", "input": {"q": 1e999}}\n', "too large"),
        (b'{"id": "a\\nb", "input": {"q": 1}}\n', "control character"),
        (b'{"input": {"q": 1}}\n', "no id"),
    ],
)
def test_a_dataset_that_cannot_be_read(project, content, word):
    """Exit 2, with the file's name and what is wrong in it; no build is made of it."""
    project.prepare()
    path = project.folder / "golden.jsonl"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    refused(project.run(), 2, "golden.jsonl", word)
    assert "evalgate.yaml" not in project.evalgate("journal", "list").out


@pytest.mark.parametrize(
    ("evaluator", "file"),
    [
        ({"json_schema": {"schema": "/etc/passwd"}}, "/etc/passwd"),
        ({"json_schema": {"schema": "../schema.json"}}, "../schema.json"),
        ({"sql": {"database": "/etc/passwd"}}, "/etc/passwd"),
        ({"python": "../evals.py:e", "name": "e"}, "../evals.py"),
    ],
)
def test_what_decides_stands_under_the_root(project, evaluator, file):
    """A file outside is in no fingerprint: exit 2 at its place, and nothing of it in the message."""
    name = next(iter(evaluator)) if "name" not in evaluator else "e"
    project.suite = {"evaluators": [evaluator], "checks": {name: {"zero_tolerance": {}}}}
    ended = project.prepare().run()
    refused(ended, 2, "evalgate.yaml:", file, "leads out")
    assert "root:" not in ended.text.replace("`root`", "")


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
def test_a_database_script_reaches_no_other_file(project, dialect):
    """Neither to read nor to write: exit 2 before anything is paid."""
    out = project.folder / "made.db"
    script = f"ATTACH '{out}' AS other; CREATE TABLE other.t (a INTEGER);"
    project.write("data.sql", script)
    project.suite = {
        "evaluators": [{"sql": {"database": "data.sql", "dialect": dialect}}],
        "checks": {"sql": {"zero_tolerance": {}}},
    }
    refused(project.prepare().run(), 2, "data.sql")
    assert not out.exists()


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("import nothing_of_this_name\n", "nothing_of_this_name"),
        ("def answer(input:\n", "SyntaxError"),
        ("x = 1\n", "has no answer"),
        ("import sys\nsys.exit(0)\n", "SystemExit"),
        ("def answer(input, nonsense):\n    return 1\n", "nonsense"),
    ],
)
def test_a_task_that_does_not_load(project, code, word):
    """Exit 2, with its own error."""
    project.write("v2/app.py", code)
    refused(project.prepare().run(), 2, "v2/app.py", word)


@pytest.mark.parametrize(
    "body",
    [
        "return {1, 2}",
        "return float('nan')",
        "return b'x'",
        "return {1: 2}",
        "return 10**5000",
        "a = []; a.append(a); return a",
        "import os; os._exit(0)",
        "import os; os.closerange(0, 100); return 1",
        "raise KeyboardInterrupt",
    ],
)
def test_a_task_that_returns_no_json_or_ends_its_process(project, body):
    """An error of the task on every example, the worst score, and each run is recorded: FAIL."""
    project.examples = 6
    project.write("v2/app.py", f"def answer(input):\n    {body}\n")
    ended = project.prepare().run()
    refused(ended, 1, "6 runs of the candidate failed")
    assert "12 runs" in ended.text


@pytest.mark.parametrize(
    ("command", "code"),
    [(["no-such-program"], 2), (["true"], 2), (["sh", "-c", "head -c 9999 /dev/urandom"], 2), (["cat"], 1)],
)
def test_a_command_that_does_not_exist_or_prints_rubbish(project, command, code):
    """What never answers does not load; what answers nonsense is wrong on every example."""
    project.examples = 3
    project.suite = {
        "task": {"command": command, "workers": 1, "timeout": 5},
        "baseline": None,
        "checks": {"exact_match": {"at_least": 0.5}},
    }
    ended = project.prepare().run()
    refused(ended, code, command[0])
    assert "\x1b" not in ended.text


@contextmanager
def rude_server(manner):
    """A real socket that closes, hangs or answers with rubbish."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                if manner == "rubbish":
                    connection.recv(65536)
                    connection.sendall(b"\xff\x00 \x1b[31m rubbish\r\n\r\n")
                if manner != "hang":
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
            for connection in kept:
                connection.close()


@pytest.mark.parametrize("manner", ["close", "hang", "rubbish"])
def test_an_endpoint_that_hangs_closes_or_talks_rubbish(project, manner):
    """Nobody's proven fault: exit 4 in seconds, with what the endpoint last said and what to mend."""
    project.examples = 3
    project.write("prompt.yaml", "messages: [{role: user, content: '{{ q }}'}]\n")
    with rude_server(manner) as url:
        project.suite = {
            "task": {"prompt": "prompt.yaml", "model": "main/m"},
            "baseline": None,
            "checks": {"exact_match": {"at_least": 0.5}},
        }
        project.prepare()
        path = project.folder / "evalgate.yaml"
        path.write_text(path.read_text() + f"endpoints: {{main: {{base_url: '{url}', timeout: 1}}}}\n")
        ended = project.run()
    refused(ended, 4, "main/m answers no call at all: 5 in a row failed", "mend endpoints.main")
    assert "\x1b" not in ended.text


def test_a_journal_of_a_newer_version(project):
    """Exit 2 from every command that opens it, and not a row of it changes."""
    project.examples = 4
    project.prepare().run()
    path = project.folder / ".evalgate" / "journal.db"
    with closing(sqlite3.connect(path)) as journal:
        journal.execute("PRAGMA user_version = 99")
    for arguments in (("run",), ("decide",), ("show",), ("journal", "list")):
        refused(project.evalgate(*arguments), 2, "newer evalgate", "--journal")
    with closing(sqlite3.connect(path)) as journal:
        assert journal.execute("SELECT count(*) FROM run").fetchone() == (8,)


@pytest.mark.parametrize("content", [b"rubbish" * 500, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_journal_that_is_none(project, content):
    """Exit 4, and the file stays as it was: it may be somebody's."""
    project.prepare()
    path = project.write("other.db", "")
    path.write_bytes(content)
    refused(project.run("--journal", "other.db"), 4, "other.db")
    assert path.read_bytes() == content


def test_a_disk_that_runs_full_loses_nothing(project):
    """Exit 4 in the middle of a run; with room again, --resume goes on with what was recorded."""
    project.write("v2/app.py", "def answer(input):\n    return {'answer': input['q'] * 2, 'text': 'y' * 5000}\n")
    project.suite = {"task": {"python": "v2/app.py:answer", "interpreter": sys.executable, "inputs": ["v*/app.py"]}}
    project.examples = 60
    project.prepare()
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 400; exec "$0" -m evalgate run', sys.executable],
        cwd=project.folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert limited.returncode == 4, limited.stderr
    assert "what was recorded before is kept" in limited.stderr
    assert "evalgate run --resume" in limited.stderr
    with closing(sqlite3.connect(project.folder / ".evalgate" / "journal.db")) as journal:
        assert journal.execute("SELECT count(*) FROM run").fetchone()[0] > 0
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ended = project.run("--resume")
    assert ended.code == 0, ended.text


def test_two_runs_on_one_journal_and_a_resume_of_what_is_being_written(project):
    """Each run has a build of its own and its own verdict; nobody goes on with what another still writes."""
    project.write("v2/app.py", SLOW)
    project.examples = 80
    project.prepare()
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "evalgate", "run"],
            cwd=project.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    deadline = time.monotonic() + 120
    while project.evalgate("journal", "list").out.count("evalgate.yaml") < 2:
        assert time.monotonic() < deadline
    refused(project.run("--resume"), 2, "being written")
    for run in runs:
        out, err = run.communicate(timeout=60)
        assert run.returncode == 0, out.decode() + err.decode()
    listed = project.evalgate("journal", "list").out
    assert listed.count("complete") == 2
    assert sorted(path.name for path in (project.folder / ".evalgate").iterdir()) == [".gitignore", "journal.db"]


@pytest.mark.parametrize(
    ("redirection", "code"), [(">/dev/full", 4), (">&-", 1), ("2>&-", 1), ("| head -1", 1), ("<&-", 1)]
)
def test_where_the_output_goes_never_changes_a_fail_to_a_pass(project, redirection, code):
    """A full disk behind it is exit 4; a closed one or a reader who left keeps the verdict's own code."""
    project.examples = 12
    project.write("v2/app.py", "def answer(input):\n    return {'answer': -1}\n")
    project.prepare()
    script = f'"$0" -m evalgate run {redirection}; exit ${{PIPESTATUS[0]}}'
    ended = subprocess.run(
        ["bash", "-c", script, sys.executable],
        cwd=project.folder,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert b"Exception ignored" not in ended.stderr
    assert redirection != "2>&-" or b"FAIL" in ended.stdout


def test_an_error_that_a_steps_files_cannot_take_is_still_said(project):
    """The first error is on standard error with its own code, whatever became of the files."""
    ended = project.prepare().run("--suite", "nope", GITHUB_ACTIONS="true", GITHUB_OUTPUT="/dev/full")
    refused(ended, 2, "there is no suite nope", "/dev/full")


def test_secrets_reach_no_worker_no_journal_and_no_report(project):
    """What the environment holds and the suite does not name is in no byte that is written."""
    secret = "sk-4f1d2c3b5a69"
    project.examples = 4
    project.write(
        "v2/app.py", "import os\n\ndef answer(input):\n    print(dict(os.environ))\n    return str(os.environ)\n"
    )
    project.write("evals.py", "import os\n\ndef e(output):\n    return 1.0, 'seen', str(dict(os.environ))\n")
    project.suite = {"evaluators": [{"python": "evals.py:e"}], "checks": {"e": {"no_regression": {}}}}
    names = ("OPENAI_API_KEY", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AWS_SECRET_ACCESS_KEY", "INPUT_TOKEN")
    reports = ("--report-json", "r.json", "--junit", "r.xml", "--markdown", "r.md", "--html", "r.html")
    ended = project.prepare().run(*reports, **dict.fromkeys(names, secret))
    assert ended.code == 0, ended.text
    assert secret not in ended.text
    written = [path for path in project.folder.rglob("*") if path.is_file()]
    assert {"r.json", "r.xml", "r.md", "r.html", "journal.db"} <= {path.name for path in written}
    assert not [path for path in written if secret.encode() in path.read_bytes()]


def test_a_worker_that_a_signal_ends_is_that_runs_error(project):
    """SIGKILL from outside, as the kernel sends it when memory ends, costs one answer, not the run."""
    project.examples = 4
    code = f"import os\n\ndef answer(input):\n    if input['q'] == 2:\n        os.kill(os.getpid(), {signal.SIGKILL})\n"
    project.write("v2/app.py", code + "    return {'answer': input['q'] * 2}\n")
    ended = project.prepare().run()
    assert "1 run of the candidate failed" in ended.text
    assert ended.code in {0, 1}


@pytest.mark.parametrize("name", ["9" * 30, "9" * 5_000, "²"])
def test_a_number_that_no_build_has(project, name):
    """Larger than any row's, longer than Python reads, or a digit that is no number: exit 2."""
    project.examples = 4
    assert project.prepare().run().code == 0
    for command in (("decide", name), ("show", "--build", name), ("compare", name, "1")):
        ended = project.evalgate(*command)
        assert ended.code == 2, ended.text
        assert "a bug in evalgate" not in ended.text


@pytest.mark.parametrize("command", ["run --config", "decide", "show --build"])
def test_a_name_that_is_too_long_for_a_file(project, command):
    """Wherever it is looked at first: exit 2, and a part of the name."""
    project.examples = 4
    project.prepare()
    ended = project.evalgate(*command.split(), "a" * 5_000)
    assert ended.code == 2, ended.text
    assert "a bug in evalgate" not in ended.text


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("plan", "--catch", "nan"), "nan' is not a number"),
        (("cache", "clear", "--older-than", "nan"), "nan' is no period"),
    ],
)
def test_nan_is_no_amount(project, command, said):
    """A database reads it as nothing given, and would clear everything."""
    ended = project.prepare().evalgate(*command)
    assert ended.code == 2, ended.text
    assert said in ended.err


def test_an_error_never_steers_the_terminal(project):
    """The names in it come from anywhere: a flag, a file, a branch."""
    project.examples = 4
    assert project.prepare().run().code == 0
    ended = project.evalgate("compare", "1", "\x1b[31mred\x1b[2J")
    assert ended.code == 2, ended.text
    assert "\x1b" not in ended.text
    assert "\\x1b[31mred" in ended.err


def test_more_comparisons_than_a_decision_holds_are_refused_before_anything_is_paid(project):
    """No task is started, no build recorded."""
    project.write(
        "golden.jsonl",
        "".join(
            json.dumps({"id": f"e{n}", "input": {"q": n}, "output": {"answer": 2 * n}, "metadata": {"own": f"v{n}"}})
            + "\n"
            for n in range(2_001)
        ),
    )
    project.suite = {"checks": {"exact_match": {"no_regression": {"slices": ["metadata.own"]}}}}
    ended = project.prepare().run()
    assert ended.code == 2, ended.text
    assert "2,002 comparisons" in ended.err
    assert "runs" not in ended.err
    assert "no builds" in project.evalgate("journal", "list").out
