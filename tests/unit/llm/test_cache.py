"""The cache file: what is kept under which key, for how long, and what happens to files that are none."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evalgate.errors import ConfigurationError
from evalgate.llm.cache import Limits, ResponseCache, key_of
from evalgate.llm.cache_file import CacheError
from evalgate.llm.call import Request, Response
from evalgate.llm.endpoint import ModelEndpoint

DAY = 86_400.0
KEY = "sk-very-secret-0123456789"
ENDPOINT = ModelEndpoint(
    name="main",
    base_url="https://models.test/v1?signature=hidden-in-the-address",
    headers={"Authorization": f"Bearer {KEY}"},
    secrets=(KEY,),
)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000 * DAY

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(path: Path, clock: Clock, *, megabytes: float = 100, days: float = 30, frozen: bool = False):
    return ResponseCache(path, limits=Limits(megabytes=megabytes, days=days), now=clock, frozen=frozen)


def asked(text: str = "hello", **changes: object) -> Request:
    given: dict = {
        "endpoint": ENDPOINT,
        "url": ENDPOINT.url("/chat/completions"),
        "sample": "r1",
        "timeout": 5.0,
        "body": text.encode(),
        "model": "small",
        "headers": {"X-Api-Key": KEY},
        **changes,
    }
    return Request(**given)


def answered(body: bytes = b'{"choices": []}', **changes: object) -> Response:
    given: dict = {
        "status": 200,
        "headers": {"content-type": "application/json", "set-cookie": KEY},
        "body": body,
        "latency": 0.25,
        "cost": 0.002,
        **changes,
    }
    return Response(**given)


def test_an_answer_comes_back_with_its_first_latency_and_cost_and_only_its_content_type(tmp_path, clock):
    with opened(tmp_path / "cache.db", clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
    with opened(tmp_path / "cache.db", clock) as cache:
        assert cache.get(key_of(asked())) == answered(headers={"content-type": "application/json"}, from_cache=True)
        assert cache.get(key_of(asked("other"))) is None


@pytest.mark.parametrize(
    "change",
    [
        {"sample": "r2"},
        {"text": "hello "},
        {"url": "https://models.test/v2/chat/completions"},
        {"url": "https://models.test/v1/chat/completions?signature=another"},
        {"method": "GET"},
        {"headers": {"OpenAI-Beta": "assistants=v2"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_the_question_changes_the_key(change):
    assert key_of(asked(**change)) != key_of(asked())


@pytest.mark.parametrize("change", [{"timeout": 9.0}, {"headers": {"X-Api-Key": "another"}}, {"retries": False}])
def test_who_asks_and_how_long_he_waits_does_not(change):
    assert key_of(asked(**change)) == key_of(asked())


def test_parts_of_a_key_do_not_run_into_each_other():
    assert key_of(asked(sample="r1", text="2x")) != key_of(asked(sample="r12", text="x"))


def test_no_secret_is_in_the_file(tmp_path, clock):
    path = tmp_path / "cache.db"
    with opened(path, clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
        everything = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert KEY.encode() not in everything + path.read_bytes()
    assert b"signature" not in everything
    assert b"models.test" not in everything


def test_what_was_drawn_too_long_ago_is_not_used_and_goes_with_the_next_answer_that_is_stored(tmp_path, clock):
    path = tmp_path / "cache.db"
    with opened(path, clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
        clock.now += 29 * DAY
        assert cache.get(key_of(asked())) is not None
    clock.now += 2 * DAY
    with opened(path, clock) as cache:
        assert cache.get(key_of(asked())) is None
    with opened(path, clock) as cache:
        assert cache.stats().answers == 1
        cache.put(key_of(asked("new")), asked("new"), answered())
    with opened(path, clock) as cache:
        assert cache.stats().answers == 1
        assert cache.get(key_of(asked("new"))) is not None


def test_beyond_the_size_what_was_used_longest_ago_goes_first(tmp_path, clock):
    path = tmp_path / "cache.db"
    bodies = {f"q{n}": random.Random(n).randbytes(30_000) for n in range(5)}
    with opened(path, clock) as cache:
        for text, body in bodies.items():
            clock.now += 1
            cache.put(key_of(asked(text)), asked(text), answered(body))
        held = cache.stats().stored_bytes
    clock.now += 1
    with opened(path, clock, megabytes=held * 0.65 / 1e6) as cache:
        assert cache.get(key_of(asked("q0"))).body == bodies["q0"]
        clock.now += 1
        cache.put(key_of(asked("q4")), asked("q4"), answered(bodies["q4"]))
    with opened(path, clock) as cache:
        assert [text for text in bodies if cache.get(key_of(asked(text)))] == ["q0", "q3", "q4"]


def test_stats_say_what_is_held_of_each_model(tmp_path, clock):
    with opened(tmp_path / "cache.db", clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
        clock.now += 1
        cache.put(key_of(asked("b")), asked("b"), answered(cost=None))
        cache.put(key_of(asked("c", model="large")), asked("c", model="large"), answered(cost=None))
        stats = cache.stats()
    assert (stats.answers, stats.oldest, stats.newest) == (3, 1_000 * DAY, 1_000 * DAY + 1)
    assert [(each.model, each.answers, each.cost, each.unpriced) for each in stats.models] == [
        ("large", 1, 0.0, 1),
        ("small", 2, 0.002, 1),
    ]


def test_clearing_gives_the_room_back(tmp_path, clock):
    path = tmp_path / "cache.db"
    with opened(path, clock) as cache:
        for n in range(50):
            cache.put(key_of(asked(str(n))), asked(str(n)), answered(random.Random(n).randbytes(20_000)))
        clock.now += DAY
        cache.put(key_of(asked("new")), asked("new"), answered())
    large = path.stat().st_size
    with opened(path, clock) as cache:
        assert (cache.clear(older_than=timedelta(hours=12)), cache.stats().answers) == (50, 1)
    assert path.stat().st_size < large / 2
    with opened(path, clock) as cache:
        assert (cache.clear(), cache.stats().answers) == (1, 0)


def test_an_export_is_one_plain_file_that_a_replay_reads_however_old_it_is(tmp_path, clock):
    with opened(tmp_path / "cache.db", clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
        (tmp_path / "out").mkdir()
        cache.export(tmp_path / "out" / "answers.db")
        with pytest.raises(ConfigurationError, match="exists already"):
            cache.export(tmp_path / "out" / "answers.db")
    exported = tmp_path / "out" / "answers.db"
    before = exported.read_bytes()
    clock.now += 5_000 * DAY
    (tmp_path / "out").chmod(0o555)
    try:
        with opened(exported, clock, frozen=True) as cache:
            assert cache.get(key_of(asked())).body == answered().body
        assert [each.name for each in (tmp_path / "out").iterdir()] == ["answers.db"]
    finally:
        (tmp_path / "out").chmod(0o755)
    assert exported.read_bytes() == before


def test_a_replay_reads_what_another_process_has_just_written_into_its_log(tmp_path, clock):
    with opened(tmp_path / "cache.db", clock) as writing:
        writing.put(key_of(asked()), asked(), answered())
        with opened(tmp_path / "cache.db", clock, frozen=True) as reading:
            assert reading.get(key_of(asked())) is not None


def test_several_processes_write_one_file_and_lose_nothing(tmp_path):
    program = """
import sys, time
from pathlib import Path
from tests.unit.llm.test_cache import answered, asked
from evalgate.llm.cache import Limits, ResponseCache, key_of
with ResponseCache(Path(sys.argv[1]), limits=Limits(megabytes=100, days=30), now=time.time) as cache:
    for n in range(200):
        request = asked(f"{sys.argv[2]}:{n}")
        cache.put(key_of(request), request, answered())
"""
    root = Path(__file__).parents[3]
    path = tmp_path / "cache.db"
    started = [subprocess.Popen([sys.executable, "-c", program, str(path), str(n)], cwd=root) for n in range(3)]
    assert [each.wait(60) for each in started] == [0, 0, 0]
    with opened(path, Clock()) as cache:
        assert cache.stats().answers == 600


def test_a_damaged_answer_counts_as_none(tmp_path, clock):
    with opened(tmp_path / "cache.db", clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
    with closing(sqlite3.connect(tmp_path / "cache.db")) as db, db:
        db.execute("UPDATE answer SET body = x'00ff'")
    with opened(tmp_path / "cache.db", clock) as cache:
        assert cache.get(key_of(asked())) is None


@pytest.mark.parametrize("frozen", [False, True])
def test_files_that_are_no_cache_are_refused_untouched(tmp_path, clock, frozen):
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("CREATE TABLE mine (x)")
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"not a database at all" * 100)
    before = other.read_bytes(), noise.read_bytes()
    with pytest.raises(ConfigurationError, match="is not a response cache"):
        opened(other, clock, frozen=frozen)
    with pytest.raises(CacheError, match="no response cache, or a damaged one"):
        opened(noise, clock, frozen=frozen)
    assert (other.read_bytes(), noise.read_bytes()) == before


def test_a_newer_versions_cache_is_refused(tmp_path, clock):
    opened(tmp_path / "cache.db", clock).close()
    with closing(sqlite3.connect(tmp_path / "cache.db")) as db, db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="written by a newer evalgate"):
        opened(tmp_path / "cache.db", clock)


def test_a_replay_without_a_file_says_what_fills_one(tmp_path, clock):
    with pytest.raises(ConfigurationError, match=r"there is no cache at .*\n  next: evalgate run without --replay"):
        opened(tmp_path / "cache.db", clock, frozen=True)


def test_the_folder_keeps_itself_out_of_git(tmp_path, clock):
    opened(tmp_path / ".evalgate" / "cache.db", clock).close()
    assert "*\n" in (tmp_path / ".evalgate" / ".gitignore").read_text()


@pytest.mark.parametrize(
    "odd", ["cost = 9e999", "cost = -5", "cost = 1e300", "latency = 9e999", "latency = -1"], ids=lambda odd: odd
)
def test_an_answer_whose_cost_or_time_is_none_counts_as_none(tmp_path, clock, odd):
    path = tmp_path / "cache.db"
    with opened(path, clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE answer SET {odd}")
    with opened(path, clock) as cache:
        assert cache.get(key_of(asked())) is None
        assert cache.stats().models[0].cost == pytest.approx(0.0 if "cost" in odd else 0.002)
        assert cache.stats().models[0].unpriced == ("cost" in odd)


@pytest.mark.parametrize("odd", ["9e999", "-9e15", "9e15"])
def test_a_day_beyond_any_calendar_is_its_first_or_last(tmp_path, clock, odd):
    path = tmp_path / "cache.db"
    with opened(path, clock) as cache:
        cache.put(key_of(asked()), asked(), answered())
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE answer SET drawn_at = {odd}")
    with opened(path, clock) as cache:
        found = cache.stats()
    assert found.oldest == found.newest
    assert datetime.fromtimestamp(found.oldest, UTC).year in (1970, 9999)


def test_who_goes_by_young_answers_alone_takes_none_away_from_others(tmp_path, clock):
    """A release uses what is a week old at most; what is older is still a pull request's."""
    path, old, new = tmp_path / "cache.db", asked(), asked("other")
    said = Response(status=200, headers={"content-type": "application/json"}, body=b"{}", latency=0.1)
    with opened(path, clock) as cache:
        cache.put(key_of(old), old, said)
    clock.now += 10 * DAY
    with ResponseCache(path, limits=Limits(megabytes=100, days=30, used_days=7), now=clock) as strict:
        assert strict.get(key_of(old)) is None
        strict.put(key_of(new), new, said)
        assert strict.get(key_of(new)) is not None
    with opened(path, clock) as cache:
        assert cache.get(key_of(old)) is not None
        assert cache.stats().answers == 2
