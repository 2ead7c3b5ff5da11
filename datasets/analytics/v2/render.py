"""Writes a Query as SQL: the tables that it needs, the tenant's share of them, and its clauses."""

from __future__ import annotations

from lexicon import ALIASES

# A journey with its minutes, so that clauses can speak of duration_min instead of repeating the computation.
_TRIPS = (
    "trips AS (SELECT *, ROUND((julianday(ended_at) - julianday(started_at)) * 1440) AS duration_min FROM journeys)"
)


def quoted(text):
    """Return `text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def render(query, tenant_id):
    """Return the SQL text that answers `query` for one tenant."""
    tenant = quoted(tenant_id)
    tables = _tables(query)
    conditions = [f"{ALIASES[table]}.tenant_id = {tenant}" for table in tables if table in ALIASES]
    conditions += query.conditions
    if query.nothing_in:
        conditions.append(_nothing(query.nothing_in, tenant))
    clauses = [
        f"WITH {_TRIPS}" if "trips" in tables else "",
        f"SELECT {'DISTINCT ' if query.distinct else ''}{', '.join(query.select)}",
        _from(query.table, tables),
        f"WHERE {' AND '.join(conditions)}" if conditions else "",
        f"GROUP BY {query.group}" if query.group else "",
        f"HAVING {query.having}" if query.having else "",
        f"ORDER BY {query.order}" if query.order else "",
        f"LIMIT {query.limit}" if query.limit else "",
    ]
    return " ".join(clause for clause in clauses if clause)


def _tables(query):
    """Return the tables and views that the query's expressions speak of, its own one first."""
    expressions = " ".join(query.expressions())
    main = "trips" if "j.duration_min" in expressions else query.table
    return [main, "devices"] if main != "devices" and "d." in expressions else [main]


def _from(table, tables):
    alias = ALIASES[table]
    joined = f" JOIN devices d ON d.id = {alias}.device_id" if len(tables) > 1 else ""
    return f"FROM {tables[0]} {alias}{joined}"


def _nothing(table, tenant):
    alias = ALIASES[table]
    where = f"{alias}.device_id = d.id AND {alias}.tenant_id = {tenant}"
    return f"NOT EXISTS (SELECT 1 FROM {table} {alias} WHERE {where})"  # noqa: S608 - parts are ours or quoted
