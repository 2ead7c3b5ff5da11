"""The stage filter."""

import pytest

from evalgate.evaluators.sql.worker import answer
from tests.unit.evaluators.sql.conftest import options

GOOD = [
    "SELECT id FROM devices WHERE tenant_id = 1",
    "SELECT id FROM devices WHERE 1 = tenant_id",
    "SELECT id FROM devices WHERE (tenant_id = 1) AND id > 0",
    "SELECT id FROM devices WHERE tenant_id = 1 OR tenant_id = 2",
    "SELECT id FROM devices WHERE tenant_id IN (1, 2)",
    "SELECT id FROM devices WHERE tenant_id IN (SELECT 1)",
    "SELECT id FROM devices WHERE tenant_id BETWEEN 1 AND 1",
    "SELECT id FROM devices WHERE CAST(tenant_id AS TEXT) = '1'",
    "SELECT name FROM units",
    "SELECT d.id FROM devices d JOIN readings r ON r.value > 0 AND r.tenant_id = d.tenant_id WHERE d.tenant_id = 1",
    "SELECT d.id FROM devices d JOIN readings r USING (tenant_id) WHERE d.tenant_id = 1",
    "SELECT d.id FROM devices d, readings r WHERE d.tenant_id = 1 AND r.tenant_id = d.tenant_id",
    "SELECT d.id FROM devices d LEFT JOIN readings r ON r.tenant_id = d.tenant_id WHERE d.tenant_id = 1",
    "SELECT d.id FROM units JOIN devices d ON d.tenant_id = 1",
    "WITH a AS (SELECT * FROM devices WHERE tenant_id = 1) SELECT id FROM a",
    "SELECT id FROM devices d WHERE tenant_id = 1 AND EXISTS (SELECT 1 FROM readings r WHERE tenant_id = d.tenant_id)",
    "SELECT id FROM devices WHERE tenant_id = 1 UNION SELECT device_id FROM readings WHERE tenant_id = 1",
]

BAD = [
    ("SELECT id FROM devices", "devices"),
    ("SELECT id FROM cheap", "cheap"),
    ("SELECT id FROM devices WHERE tenant_id = 1 OR 1 = 1", "devices"),
    ("SELECT id FROM devices WHERE tenant_id = tenant_id", "devices"),
    ("SELECT id FROM devices WHERE tenant_id = id", "devices"),
    ("SELECT id FROM devices WHERE NOT tenant_id = 1", "devices"),
    ("SELECT id FROM devices WHERE tenant_id <> 1", "devices"),
    ("SELECT id FROM devices WHERE tenant_id IS NOT NULL", "devices"),
    ("SELECT id FROM devices WHERE tenant_id IN (1, tenant_id)", "devices"),
    ("SELECT id FROM devices WHERE coalesce(tenant_id, 1) = 1", "devices"),
    ("SELECT id FROM devices WHERE 'tenant_id = 1' = 'tenant_id = 1'", "devices"),
    ("SELECT id FROM devices -- WHERE tenant_id = 1", "devices"),
    ("SELECT tenant_id = 1, id FROM devices", "devices"),
    ("SELECT d.id FROM devices d JOIN readings r ON r.device_id = d.id WHERE d.tenant_id = 1", "readings"),
    ("SELECT d.id FROM devices d JOIN readings r ON r.tenant_id = d.tenant_id", "devices"),
    ("SELECT d.id FROM devices d LEFT JOIN readings r ON r.tenant_id = 1 AND d.tenant_id = 1", "devices"),
    ("SELECT r.value FROM readings r RIGHT JOIN devices d ON r.tenant_id = 1 AND d.tenant_id = 1", "devices"),
    ("SELECT r.value FROM readings r FULL JOIN devices d ON r.tenant_id = 1 AND d.tenant_id = 1", "readings"),
    ("WITH a AS (SELECT * FROM devices) SELECT id FROM a WHERE tenant_id = 1", "devices"),
    ("SELECT id FROM devices WHERE tenant_id = 1 UNION SELECT device_id FROM readings", "readings"),
    ("SELECT id FROM devices WHERE tenant_id = 1 AND id IN (SELECT device_id FROM readings)", "readings"),
    ("SELECT (SELECT count(*) FROM readings) FROM devices WHERE tenant_id = 1", "readings"),
    ("SELECT count(*) FROM (SELECT * FROM devices) AS a WHERE a.tenant_id = 1", "devices"),
]


@pytest.mark.parametrize("sql", GOOD)
def test_a_query_that_filters_everywhere_gets_to_its_rows(judge, sql):
    """In WHERE or ON, directly or through an equal column."""
    found = judge(sql, required_filters=["tenant_id"])
    assert found is None or found[0] == "rows"


@pytest.mark.parametrize(("sql", "table"), BAD)
def test_a_select_that_reads_without_the_filter_fails(judge, sql, table):
    """It is named by its table, wherever it stands in the query."""
    assert judge(sql, required_filters=["tenant_id"]) == ("filter", f"it reads {table} without a filter on tenant_id")


def test_a_filter_may_be_required_of_one_table_only(judge):
    """`table.column`."""
    sql = "SELECT count(*) FROM devices"
    assert judge(sql, [[3]], required_filters=["readings.tenant_id"]) is None
    assert judge(sql, [[3]], required_filters=["Devices.Tenant_ID"])[0] == "filter"


def test_a_filter_that_no_table_could_need_is_a_mistake_in_the_config(dialect, shared_script):
    """It is found before anything is run."""
    found = answer(options(dialect, shared_script, required_filters=["tenant", "units.tenant_id"]))
    assert found == {"fault": "RequiredFilter", "message": "no table of the database has tenant, units.tenant_id"}
