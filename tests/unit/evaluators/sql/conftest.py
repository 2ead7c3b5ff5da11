"""One small database, as a script and as files of both kinds."""

import sqlite3
from pathlib import Path

import duckdb
import pytest

from evalgate.evaluators.sql.worker import answer

SCRIPT = """
CREATE TABLE devices(id INTEGER, tenant_id INTEGER, kind TEXT, price REAL, made DATE);
CREATE TABLE readings(device_id INTEGER, tenant_id INTEGER, value REAL);
CREATE TABLE units(name TEXT);
CREATE VIEW cheap AS SELECT * FROM devices WHERE price < 5;
INSERT INTO devices VALUES (1, 1, 'web', 1.5, '2024-01-01'), (2, 1, 'app', 2.5, '2024-02-01'), (3, 2, 'web', 9, NULL);
INSERT INTO readings VALUES (1, 1, 0.1), (1, 1, 0.2), (3, 2, 5);
INSERT INTO units VALUES ('kW');
"""


def options(dialect, database, **changes):
    """Return what the config says, as the worker gets it."""
    return {
        "database": str(database),
        "dialect": dialect,
        "required_filters": [],
        "row_order": False,
        "column_names": False,
        "timeout": 5.0,
        "max_rows": 100,
        **changes,
    }


@pytest.fixture(params=["sqlite", "duckdb"])
def dialect(request) -> str:
    """Each test runs on both."""
    return request.param


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The database as an SQL script."""
    path = tmp_path / "shop.sql"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def file(tmp_path: Path, dialect: str) -> Path:
    """The database as a file."""
    path = tmp_path / f"shop.{dialect}"
    if dialect == "sqlite":
        connection = sqlite3.connect(path)
        connection.executescript(SCRIPT)
    else:
        connection = duckdb.connect(str(path))
        connection.execute(SCRIPT)
    connection.close()
    return path


@pytest.fixture(scope="session")
def shared_script(tmp_path_factory) -> Path:
    """The same script for all tests that only ask the worker's function."""
    path = tmp_path_factory.mktemp("sql") / "shop.sql"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def judge(dialect, shared_script):
    """Return the finding for a query, as (stage, explanation); None where its rows are right."""

    def judged(sql, reference="SELECT 1", **changes):
        found = answer(options(dialect, shared_script, **changes), sql, reference)
        return (found["stage"], found["explanation"]) if found else None

    return judged
