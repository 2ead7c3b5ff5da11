"""When the build of an experiment began, as far as Phoenix says it: whatever is written there, it can be compared."""

from datetime import UTC, datetime

import pytest
from aiohttp import web

from evalgate.gate.mirror.promoting import _made_at
from evalgate.phoenix.connection import connect
from evalgate.phoenix.experiments.layout import experiment_metadata
from evalgate.phoenix.experiments.records import BuildRecord, ExperimentRecord
from evalgate.records import Side
from tests.unit.phoenix.test_connection import at, serving

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def metadata(created_at):
    build = BuildRecord(id=1, created_at=created_at, config_file="evalgate.yaml", config={}, evalgate_version="0")
    record = ExperimentRecord(
        uid="u", build=build, suite="support", side=Side.BASELINE, label="main", dataset="d", dataset_version="v",
        repetitions=1, task="t", evaluators="e", specs=(),
    )  # fmt: skip
    return experiment_metadata(record, {})


@pytest.mark.parametrize(
    ("said", "made"),
    [
        (metadata("2026-01-02T13:00:00+01:00"), NOON),
        (metadata("2026-01-02T12:00:00"), NOON),
        (metadata("at noon"), None),
        ({}, None),
    ],
)
async def test_a_time_without_a_zone_is_compared_too_and_what_is_none_is_nobodys(said, made):
    async def handle(request, number):
        return web.json_response({"data": {"id": "E", "metadata": said}})

    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        assert await _made_at(connection, "E") == made
