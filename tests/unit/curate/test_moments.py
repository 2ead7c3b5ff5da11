from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evalgate.curate.moments import moment


@pytest.mark.parametrize(
    "text", ["2026-01-05T12:00:00+00:00", "2026-01-05T12:00:00Z", "2026-01-05T14:00:00+02:00", "2026-01-05T12:00:00"]
)
def test_a_time_is_told_in_utc_whatever_zone_it_is_written_in(text):
    assert moment(text) == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert moment(text).utcoffset().total_seconds() == 0


@pytest.mark.parametrize("text", ["", "soon", None, 5, "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_none(text):
    assert moment(text) is None
