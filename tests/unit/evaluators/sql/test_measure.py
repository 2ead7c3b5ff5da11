"""sql from end to end, in its worker, with queries that mean harm."""

import time

import pytest

from evalgate.errors import ConfigurationError
from tests.unit.evaluators.conftest import subject

NUMBERS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c{limit}) "
ENDLESS = NUMBERS.format(limit="") + "SELECT count(*) FROM c"

HARM = {
    "sqlite": [
        ("SELECT load_extension('x')", "not authorized"),
        ("SELECT readfile('/etc/passwd')", "no such function|not authorized"),
        (ENDLESS, "over 0.4 s"),
        (NUMBERS.format(limit=" LIMIT 100000") + "SELECT sum(a.x * b.x) FROM c a, c b", "over 0.4 s"),
        ("SELECT length(hex(zeroblob(1000000000)))", "too big"),
        ("SELECT replace(hex(zeroblob(4000000)), '0', '1234567890')", "too big"),
        (NUMBERS.format(limit=" LIMIT 90") + "SELECT hex(zeroblob(7000000)) FROM c", "MB|over 0.4 s"),
    ],
    "duckdb": [
        (ENDLESS, "over 0.4 s"),
        ("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0", "over 0.4 s"),
        ("SELECT length(repeat('x', 1000000000))", "512 MB|timed out"),
        ("SELECT string_agg(repeat('x', 1000000) || r.range, '') FROM range(100000) r", "512 MB|over 0.4 s|timed out"),
        ("SELECT getenv('HOME')", "does not exist"),
        ("SELECT current_setting('nothing')", "nothing"),
    ],
}


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
async def test_harm_is_a_zero_and_the_worker_lives_on(runner, script, dialect):
    """Files, endless loops and memory: each fails in bounded time, says so, and the next query is answered."""
    built = runner({"sql": {"database": script.name, "dialect": dialect, "path": "sql", "timeout": 0.4}})
    try:
        await built.start()
        for sql, explanation in HARM[dialect]:
            began = time.monotonic()
            found = await built.evaluate(subject(sql, {"sql": "SELECT 1"}))
            assert (sql, found.score, found.failure) == (sql, 0, None)
            assert any(part in found.explanation for part in explanation.split("|")), found.explanation
            assert time.monotonic() - began < 30
        found = await built.evaluate(subject({"sql": "SELECT count(*) FROM devices"}, {"sql": [[3]]}))
        assert (found.score, found.label, found.explanation) == (1, "pass", None)
    finally:
        await built.close()


async def test_each_failure_names_its_stage(runner, script):
    """In the explanation and in the metadata; a broken reference is an error that names the example."""
    config = {"database": script.name, "path": "sql", "required_filters": ["tenant_id"]}
    built = runner({"sql": config})
    queries = {
        "parse": "DROP TABLE devices",
        "schema": "SELECT a FROM devices",
        "filter": "SELECT id FROM devices",
        "execute": "SELECT nofunction(id) FROM devices WHERE tenant_id = 1",
        "rows": "SELECT id FROM devices WHERE tenant_id = 2",
    }
    try:
        await built.start()
        for stage, sql in queries.items():
            found = await built.evaluate(subject(sql, {"sql": "SELECT id FROM devices WHERE tenant_id = 1"}))
            assert (found.score, found.label, found.metadata) == (0, "fail", {"stage": stage})
            assert found.explanation.startswith(f"{stage}: ")
        found = await built.evaluate(subject(queries["rows"], {"sql": "SELEC"}))
        assert (found.failure.type, found.failure.message[:13]) == ("BrokenReferenceFault", "example 'e1':")
        found = await built.evaluate(subject(queries["rows"], {"sql": {"a": 1}}))
        assert found.failure.type == "DatasetFault"
        found = await built.evaluate(subject(None, {"sql": "SELECT 1"}))
        assert (found.score, found.explanation) == (0, "the output is not SQL text: None")
    finally:
        await built.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"database": "none.sql"}, "the database none.sql does not exist"),
        ({"required_filters": ["tenant"]}, "no table of the database has tenant"),
        ({"database": "broken.sql"}, "cannot be opened as SQLite: near"),
    ],
)
async def test_a_database_that_cannot_be_used_is_a_configuration_error(runner, script, changes, message):
    """Before anything is run, with what to correct."""
    script.with_name("broken.sql").write_text("CREATE TABL a(b)")
    built = runner({"sql": {"database": script.name, **changes}})
    with pytest.raises(ConfigurationError, match=message) as caught:
        await built.start()
    await built.close()
    assert caught.value.next_step
