"""What is kept for Phoenix: a moment later, together, and nothing of it stops a build."""

import sqlite3
from contextlib import closing

import pytest

from evalgate.errors import ConfigurationError
from evalgate.records import ModelCall, Step, Usage
from evalgate.traces.store import Kept, TraceStore, kept_of

TRACE, OTHER = "1" * 32, "2" * 32
USAGE = Usage(model="m/small", input_tokens=3, output_tokens=2, cost=0.5, from_cache=True)
CALL = ModelCall(
    endpoint="m",
    model="small",
    asked=b'{"q": "\xc3\xa4"}',
    answered=b"ok",
    content_type="application/json",
    started=1.5,
    seconds=0.25,
    usage=USAGE,
)
STEP = Step(started=1.0, ended=2.0, calls=(CALL,))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept" / "traces.db"


async def test_what_is_kept_comes_back(path):
    store = TraceStore(path, now=lambda: 100.0)
    store.trace(STEP, trace_id=TRACE, experiment=1)
    store.trace(Step(started=2.0, ended=3.0), trace_id=TRACE, experiment=1, evaluator="judge")
    store.trace(STEP, trace_id=TRACE, experiment=2)
    store.keep(TRACE, b"first")
    store.keep(TRACE, b"second")
    assert not path.exists()  # together, a moment later
    store.flush()
    kept = kept_of(path, TRACE, 1)
    assert kept.steps == {"": STEP, "judge": Step(started=2.0, ended=3.0)}
    assert kept.received == (b"first", b"second")
    assert kept_of(path, OTHER, 1) == Kept()
    store.close()
    store.close()


async def test_a_step_that_is_done_again_stands_in_the_place_of_the_first(path):
    store = TraceStore(path, now=lambda: 100.0)
    store.trace(STEP, trace_id=TRACE, experiment=1)
    store.flush()
    store.trace(Step(started=5.0, ended=6.0), trace_id=TRACE, experiment=1)
    store.close()
    assert kept_of(path, TRACE, 1).steps[""].started == 5.0


async def test_a_run_that_is_known_under_another_trace(path):
    store = TraceStore(path, now=lambda: 100.0)
    store.keep(TRACE, b"body")
    store.rename(TRACE, OTHER)
    store.close()
    assert kept_of(path, TRACE, 1).received == ()
    assert kept_of(path, OTHER, 1).received == (b"body",)


async def test_rows_are_written_by_themselves(path, monkeypatch):
    import asyncio

    monkeypatch.setattr("evalgate.traces.store._AFTER_S", 0.05)
    store = TraceStore(path, now=lambda: 100.0)
    store.keep(TRACE, b"body")
    await asyncio.sleep(0.2)
    assert kept_of(path, TRACE, 1).received == (b"body",)
    store.close()


async def test_a_build_goes_on_where_nothing_can_be_written(path, tmp_path):
    log = []
    (tmp_path / "kept").write_text("a file in the place of the folder")
    store = TraceStore(path, now=lambda: 100.0, log=log.append)
    for _ in range(2):
        store.keep(TRACE, b"body")
        store.flush()
    store.close()
    assert store.dropped == 2
    assert len(log) == 1
    assert "Phoenix will have fewer" in log[0]


@pytest.mark.parametrize("content", [b"no database at all, only text", None])
def test_another_file_is_left_alone(tmp_path, content):
    path = tmp_path / "traces.db"
    if content is None:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE theirs (x)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError) as refused:
        TraceStore(path, now=lambda: 0.0)
    assert str(path) in refused.value.message
    assert path.read_bytes() == before
    assert kept_of(path, TRACE, 1) == Kept()


async def test_old_rows_go_when_it_closes(path):
    store = TraceStore(path, now=lambda: 0.0)
    store.keep(TRACE, b"old")
    store.trace(STEP, trace_id=TRACE, experiment=1)
    store.close()
    later = TraceStore(path, now=lambda: 31 * 86_400.0)
    later.keep(OTHER, b"new")
    later.close()
    assert kept_of(path, TRACE, 1) == Kept()
    assert kept_of(path, OTHER, 1).received == (b"new",)
