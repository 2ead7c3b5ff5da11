from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evalgate.curate.moments import between, moment, time_of


@pytest.mark.parametrize(
    "text", ["2026-01-05T12:00:00+00:00", "2026-01-05T12:00:00Z", "2026-01-05T14:00:00+02:00", "2026-01-05T12:00:00"]
)
def test_a_time_is_told_in_utc_whatever_zone_it_is_written_in(text):
    assert moment(text) == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert moment(text).utcoffset().total_seconds() == 0


@pytest.mark.parametrize("text", ["", "soon", None, 5, "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_none(text):
    assert moment(text) is None


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7d", NOW - timedelta(days=7)),
        ("0s", NOW),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01-05T12:00Z", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("2026-01-05 14:00+0200", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("2026-01-05T12:00:00.5", datetime(2026, 1, 5, 12, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_period_before_now_or_a_date(text, time):
    assert time_of(text, NOW) == time


@pytest.mark.parametrize(
    "text", ["", "soon", "7", "-1d", "7y", "2026-02-31", "20260131", "2026-W05", "2026-1-5", "12:00"]
)
def test_what_is_neither_is_said_once_and_for_all(text):
    with pytest.raises(
        ValueError, match="is no time: write how long ago it was, like 7d or 12h, or when, like 2026-01-31"
    ):
        time_of(text, NOW)


def test_a_time_ends_after_it_begins():
    assert between("14d", "2026-01-24", NOW) == (NOW - timedelta(days=14), datetime(2026, 1, 24, tzinfo=UTC))
    assert between("14d", None, NOW) == (NOW - timedelta(days=14), None)
    with pytest.raises(ValueError, match="since 7d is not before until 8d: nothing lies between"):
        between("7d", "8d", NOW)
    for since in ("0d", "2026-12-01"):
        with pytest.raises(ValueError, match=f"since {since} is not before now: nothing lies between"):
            between(since, None, NOW)
