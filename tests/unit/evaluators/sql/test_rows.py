"""The stage rows, and references."""

import pytest

from evalgate.evaluators.sql.worker import answer
from tests.unit.evaluators.sql.conftest import options

KINDS = "SELECT kind, count(*) AS n FROM devices GROUP BY kind"


@pytest.mark.parametrize(
    ("sql", "reference"),
    [
        (KINDS + " ORDER BY n", KINDS + " ORDER BY n DESC"),
        (KINDS, [["web", 2], ["app", 1.0]]),
        (KINDS, [{"kind": "web", "n": 2}, {"n": 1, "kind": "app"}]),
        ("SELECT kind FROM devices", ["app", "web", "web"]),
        ("SELECT sum(value) FROM readings WHERE device_id = 1", [[0.3]]),
        ("SELECT value * 3 FROM readings WHERE device_id = 1", [[0.6], [0.3]]),
        ("SELECT made FROM devices WHERE id = 1", [["2024-01-01"]]),
        ("SELECT made FROM devices WHERE id = 3", [[None]]),
        ("SELECT 1 = 1", [[True]]),
        ("SELECT id FROM devices WHERE id > 5", []),
        ("SELECT id FROM devices WHERE id > 5", "SELECT id FROM devices WHERE kind = 'none'"),
    ],
)
def test_rows_are_a_multiset_of_values(judge, sql, reference):
    """Order, column names and the last digits of floats do not count."""
    assert judge(sql, reference) is None


@pytest.mark.parametrize(
    ("sql", "reference", "explanation"),
    [
        ("SELECT kind FROM devices", KINDS, "it returns 1 column, expected 2 columns"),
        (KINDS, [["web", 2], ["app", 2]], "1 row missing: ('app', 2); 1 row not expected: ('app', 1)"),
        ("SELECT kind FROM devices", ["web"], "it returns 3 rows, expected 1; 2 rows not expected, such as ('web')"),
        (
            "SELECT DISTINCT kind FROM devices",
            ["web", "web", "app"],
            "it returns 2 rows, expected 3; 1 row missing: ('web')",
        ),
        ("SELECT id FROM devices WHERE id > 5", ["a"], "it returns 0 rows, expected 1; 1 row missing: ('a')"),
        ("SELECT NULL", [["NULL"]], "1 row missing: ('NULL'); 1 row not expected: (NULL)"),
        ("SELECT '1'", [[1]], "1 row missing: (1); 1 row not expected: ('1')"),
    ],
)
def test_wrong_rows_are_named(judge, sql, reference, explanation):
    """By count and by one of each sort."""
    assert judge(sql, reference) == ("rows", explanation)


def test_order_counts_where_asked_for(judge):
    """The first row that differs is named."""
    sql = "SELECT id FROM devices ORDER BY id"
    assert judge(sql, [1, 2, 3], row_order=True) is None
    assert judge(sql, [1, 3, 2], row_order=True) == ("rows", "row 2 is (2), expected (3)")
    assert judge(sql, [1, 2], row_order=True) == ("rows", "it returns 3 rows, expected 2")


def test_column_names_count_where_asked_for(judge):
    """Whatever their case."""
    assert judge("SELECT 1 AS A", "SELECT 1 AS a", column_names=True) is None
    assert judge("SELECT 1 AS a", [{"a": 1}], column_names=True) is None
    assert judge("SELECT 1 AS b", [{"a": 1}], column_names=True) == ("rows", "it names its columns b, expected a")


def test_more_rows_than_the_limit_are_wrong(judge):
    """They are not fetched to the end."""
    sql = "SELECT 1 FROM devices a, devices b, devices c, devices d, devices e"
    assert judge(sql) == ("rows", "it returns more than 100 rows")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("SELECT absent FROM devices", "the reference query fails (schema)"),
        ("SELEC 1", "the reference query fails (parse)"),
        ("DROP TABLE devices", "the reference query fails (parse): it is a DROP statement"),
        ([[1], [1, 2]], "do not all have the same number of columns"),
        ([{"a": 1}, {"b": 1}], "do not all have the same columns"),
        ([[1]] * 101, "the reference has 101 rows; `max_rows` is 100"),
        (7, "neither a query nor rows"),
    ],
)
def test_a_broken_reference_is_nobodys_score(dialect, shared_script, reference, message):
    """It is the dataset's fault, told before the query is looked at."""
    found = answer(options(dialect, shared_script), "SELEC", reference)
    assert found["fault"] == "BrokenReference"
    assert message in found["message"]


def test_rows_without_names_cannot_be_compared_by_name(dialect, shared_script):
    """A contradiction of config and dataset."""
    assert answer(options(dialect, shared_script, column_names=True), "SELECT 1", [[1]])["fault"] == "BrokenReference"


def test_a_file_is_read_like_a_script_and_never_changed(dialect, file):
    """Not a byte of it."""
    before = file.read_bytes()
    assert answer(options(dialect, file)) == {}
    assert answer(options(dialect, file), KINDS, [["web", 2], ["app", 1]]) == {}
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", ["CREATE TABLE a(", "", "\udcff"])
def test_a_broken_script_is_the_databases_fault(dialect, tmp_path, content):
    """Also one that makes no table."""
    path = tmp_path / "broken.sql"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert answer(options(dialect, path))["fault"] == "Database"


def test_a_file_of_another_kind_is_the_databases_fault(dialect, tmp_path):
    """It is not a database."""
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    assert answer(options(dialect, path))["fault"] == "Database"
