"""When a profile is due, and what is remembered of its last time."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from evalgate.curate.beside import state_file
from evalgate.curate.candidates import Candidate, Step
from evalgate.curate.scheduling.due import (
    Arrived,
    Last,
    arrived,
    digest_of,
    read_last,
    too_early,
    write_last,
)
from evalgate.errors import ConfigurationError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def last(began=NOON, until=NOON):
    return Last(began=began, until=until)


@pytest.mark.parametrize(
    ("after", "every", "early"),
    [
        (timedelta(hours=22, minutes=59), DAY, True),
        (timedelta(hours=23, minutes=1), DAY, False),  # yesterday's was an hour late
        (timedelta(minutes=53), timedelta(hours=1), True),
        (timedelta(minutes=55), timedelta(hours=1), False),
        (timedelta(hours=23), DAY, False),
        (timedelta(minutes=54), timedelta(hours=1), False),
        (timedelta(), DAY, True),
        (timedelta(), None, False),
        (-timedelta(days=3), DAY, False),  # a clock that was wrong
    ],
)
def test_a_schedule_may_be_a_little_early(after, every, early):
    assert too_early(last(), every, NOON + after) is early


def test_what_never_ran_is_due():
    assert not too_early(None, DAY, NOON)


def came(number, at, project="shop"):
    history = (Step(at=at.isoformat(), what="pulled", by="evalgate"),) if at else ()
    return Candidate(id=f"span:{number}", input={"q": 1}, source={"project": project}, history=history)


def test_what_came_since_is_counted_in_the_file():
    later = NOON + timedelta(minutes=1)
    candidates = [came(1, NOON), came(2, later), came(3, later, "other"), came(4, None)]
    assert arrived(candidates, project="shop", last=None) == Arrived(count=2, until=later)
    assert arrived(candidates, project="shop", last=last()) == Arrived(count=1, until=later)
    assert arrived(candidates, project="shop", last=last(until=later)) == Arrived(count=0, until=later)
    assert arrived(candidates, project="none", last=None) == Arrived(count=0, until=None)
    assert arrived(reversed(candidates), project="shop", last=None).until == later, (
        "a pull may have come before another"
    )


def test_each_profile_has_its_own_last_time(tmp_path):
    path = state_file(tmp_path / "support.candidates.jsonl")
    assert path.name == "support.candidates.state.json"
    assert read_last(path, "shop") is None
    write_last(path, "shop", last())
    write_last(path, "eu", last(began=NOON + DAY))
    assert (read_last(path, "shop"), read_last(path, "eu")) == (last(), last(began=NOON + DAY))
    assert path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize(
    "content", ["<<<<<<< ours", "[]", '{"shop": 1}', '{"shop": {"began": "today"}}', "\ud800", "[" * 100_000]
)
def test_a_file_that_is_none_is_said_with_what_to_do(tmp_path, content):
    path = tmp_path / "support.candidates.state.json"
    path.write_text(content, "utf-8", "surrogatepass")
    with pytest.raises(ConfigurationError, match=r"state\.json says when profiles last ran") as said:
        read_last(path, "shop")
    assert said.value.next_step == "take it as it was committed, or delete it: every profile is then due"


def test_the_digest_of_a_file_for_review_is_remembered(tmp_path):
    now = datetime(2026, 1, 5, tzinfo=UTC)
    for last in (Last(began=now, until=now, sheet="a" * 24), Last(began=now, until=now)):
        write_last(tmp_path / "some.state.json", "shop", last)
        assert read_last(tmp_path / "some.state.json", "shop") == last


def test_a_digest_that_is_none_is_as_if_nothing_was_written(tmp_path):
    path = tmp_path / "some.state.json"
    times = {"began": "2026-01-05T00:00:00+00:00", "until": "2026-01-05T00:00:00+00:00"}
    path.write_text(json.dumps({"shop": {**times, "sheet": 5}}))
    found = read_last(path, "shop")
    assert found is not None
    assert found.sheet is None


def test_how_lines_end_makes_no_other_file(tmp_path):
    plain, other, changed = (tmp_path / name for name in "abc")
    plain.write_bytes(b"- [ ] one\n- [ ] two\n")
    other.write_bytes(b"- [ ] one\r\n- [ ] two\r\n")
    changed.write_bytes(b"- [x] one\n- [ ] two\n")
    assert digest_of(plain) == digest_of(other) != digest_of(changed)
