"""The stages parse and schema."""

import pytest


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select 1;",
        "SELECT 1 -- with a word",
        "SELECT 1; -- with a word after it",
        "WITH a AS (SELECT 1 AS b) SELECT b FROM a",
        "SELECT 1 UNION SELECT 1",
        "SELECT count(*) FROM main.units",
        "SELECT 1 FROM Units WHERE NAME = 'kW'",
        "SELECT id FROM devices WHERE rowid = 1 OR id = 1 LIMIT 1",
        "SELECT min(id) AS id FROM cheap",
        "SELECT count(*) FROM units u WHERE EXISTS (SELECT 1 FROM units WHERE name = u.name)",
        "SELECT count(*) FROM json_each('[7]')",
    ],
)
def test_a_query_that_reads_is_run(judge, sql):
    """Whatever its form."""
    assert judge(sql) is None


@pytest.mark.parametrize(
    ("sql", "explanation"),
    [
        ("", "it is empty"),
        ("  -- nothing", "it is empty"),
        ("hello there", "SQL:|is an ALIAS statement"),
        ("SELEC 1", "SQL: Invalid expression"),
        ("SELECT (1", "SQL: Expecting"),
        ("SELECT 1; SELECT 2", "it has 2 statements; only one is run"),
        ("SELECT 1; DROP TABLE devices", "it has 2 statements"),
        ("SELECT 1 /* ; */ ; -- nothing\n DELETE FROM devices", "it has 2 statements"),
        ("SELECT 1 -- \n; DROP TABLE devices", "it has 2 statements"),
        ("DELETE FROM devices", "it is a DELETE statement; only SELECT is run"),
        ("INSERT INTO devices SELECT * FROM devices", "it is an INSERT statement"),
        ("UPDATE devices SET id = 1", "it is an UPDATE statement"),
        ("CREATE TABLE a AS SELECT 1", "it is a CREATE statement"),
        ("CREATE TEMP TABLE a(b INTEGER)", "it is a CREATE statement"),
        ("DROP TABLE devices", "it is a DROP statement"),
        ("ATTACH 'x.db' AS y", "it is an ATTACH statement"),
        ("PRAGMA table_info(devices)", "it is a PRAGMA statement"),
        ("COPY devices TO '/tmp/stolen.csv'", "it is a COPY statement"),
        ("VACUUM INTO '/tmp/stolen.db'", "it is a COMMAND statement"),
        ("SET memory_limit = '64GB'", "it is a SET statement|it is a COMMAND statement"),
        ("WITH x AS (DELETE FROM devices RETURNING *) SELECT * FROM x", "it holds a DELETE"),
        ("```sql\nSELECT 1\n```", "it is wrapped in a code fence"),
        ("SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "it is nested too deeply"),
        ("SELECT 1 -- " + "x" * 100_000, "at most 100000 are read"),
    ],
)
def test_anything_but_one_query_fails_at_parse(judge, sql, explanation):
    """With what it is instead."""
    stage, told = judge(sql)
    assert stage == "parse"
    assert any(part in told for part in explanation.split("|"))


@pytest.mark.parametrize(
    ("sql", "explanation"),
    [
        ("SELECT knd FROM devices", "there is no column 'knd'; the nearest is 'kind'"),
        ("SELECT d.knd FROM devices d", "knd'; the nearest is 'kind'"),
        ("SELECT zzzzzz FROM devices", "there is no column 'zzzzzz'"),
        ("SELECT value FROM devices", "there is no column 'value'; readings has one"),
        ("SELECT * FROM device", "there is no table 'device'; the nearest is 'devices'"),
        ("SELECT * FROM other.devices", "there is no table 'other.devices', only 'devices'"),
        ("SELECT * FROM sqlite_master", "there is no table 'sqlite_master'"),
        ("SELECT * FROM information_schema.tables", "there is no table 'tables'"),
        ("SELECT * FROM '/etc/passwd'", "there is no table '/etc/passwd'"),
        ("SELECT * FROM read_csv('/etc/passwd')", "it reads from read_csv(), which is no table of the database"),
        ("SELECT * FROM read_text('/etc/passwd')", "it reads from read_text()"),
        ("SELECT * FROM glob_('/*')", "it reads from glob_()"),
        ("SELECT * FROM pragma_table_info('devices')", "it reads from pragma_table_info()"),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM duckdb_settings())", "it reads from duckdb_settings()"),
        ("SELECT id FROM devices a, devices b", "mbiguous"),
    ],
)
def test_unknown_names_fail_at_schema(judge, sql, explanation):
    """With the nearest known one."""
    stage, told = judge(sql)
    assert stage == "schema"
    assert explanation in told


def test_text_in_double_quotes_is_a_name_that_does_not_exist(judge):
    """SQLite would silently read it as text; a quoted name that exists is one."""
    stage, told = judge('SELECT 1 FROM devices WHERE kind = "web"')
    assert (stage, told.startswith("there is no column 'web'")) == ("schema", True)
    assert judge('SELECT min("id") AS "the id" FROM "devices" ORDER BY "the id"') is None
