"""The pool: time limits, crashes, leftovers, samples, growth, and the end, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalgate.errors import CandidateError
from evalgate.records import ErrorKind
from evalgate.workers.programs import HOST

REPOSITORY = Path(__file__).parents[3]

UNRULY = """
    import asyncio, ctypes, os, signal, subprocess, sys, time
    def answer(input, metadata):
        if input == "loop":
            while True: pass
        if input == "sleep": time.sleep(60)
        if input == "segfault": ctypes.string_at(0)
        if input == "exit": os._exit(7)
        if input == "kill": os.kill(os.getpid(), signal.SIGKILL)
        if input == "closed": os.closerange(3, 64); return "unheard"
        if input == "child": return subprocess.Popen(["sleep", "60"]).pid
        if isinstance(input, (int, float)): time.sleep(input)
        return os.getpid()
"""


def is_running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def group(leader: int) -> list[int]:
    """Return the processes that run in a process group."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if is_running(pid) and group_of(pid) == leader]


def group_of(pid: int) -> int | None:
    """Return the process group of a process, None when it is gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


async def gone(pid: int, within: float = 30.0) -> bool:
    """Whether a process ends in time."""
    until = time.monotonic() + within
    while is_running(pid) and time.monotonic() < until:  # noqa: ASYNC110 - a process that is not ours tells nobody
        await asyncio.sleep(0.01)
    return not is_running(pid)


@pytest.mark.parametrize("how", ["loop", "sleep"])
async def test_a_run_that_takes_too_long_is_its_own_error_and_the_process_is_replaced(workshop, ask, how):
    pool = await workshop.python(UNRULY)
    first = (await ask(pool)).output
    outcome = await ask(pool, how, timeout=0.2)
    assert outcome.failure.message == "timed out after 0.2 s"
    assert (outcome.failure.kind, outcome.failure.type, outcome.latency) == (ErrorKind.TASK, "Timeout", 0.2)
    assert await gone(first)
    assert (await ask(pool)).output != first


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("segfault", "the worker died: SIGSEGV"),
        ("kill", "the worker died: SIGKILL (out of memory, or killed from outside)"),
        ("exit", "the worker ended with exit code 7 before it answered"),
        ("closed", "before it answered"),
    ],
)
async def test_a_worker_that_dies_is_the_runs_error_and_is_replaced(workshop, ask, how, told):
    pool = await workshop.python(UNRULY)
    outcome = await ask(pool, how)
    assert told in outcome.failure.message
    assert outcome.failure.type == "WorkerDied"
    assert isinstance((await ask(pool)).output, int)


async def test_what_a_dying_worker_printed_is_in_its_error_and_logs(workshop, ask):
    pool = await workshop.python(
        "import os\ndef answer(input): print('x' * 10); os.write(2, b'last words\\n'); os._exit(1)"
    )
    outcome = await ask(pool)
    assert outcome.failure.message.endswith("the last that it printed: last words")
    assert "xxxxxxxxxx" in outcome.logs


async def test_others_that_a_killed_worker_held_are_asked_again(workshop, ask):
    pool = await workshop.python(UNRULY, per_worker=3)
    slow, *others = await asyncio.gather(
        ask(pool, "sleep", run="slow", timeout=0.1), ask(pool, 0.3, run="a"), ask(pool, 0.3, run="b")
    )
    assert slow.failure.type == "Timeout"
    assert [other.failure for other in others] == [None, None]


async def test_of_several_in_a_crash_only_the_guilty_one_is_blamed(workshop, ask):
    pool = await workshop.python(UNRULY, per_worker=4)
    outcomes = await asyncio.gather(
        *(ask(pool, what, run=str(n)) for n, what in enumerate((0.2, 0.2, "segfault", 0.2)))
    )
    assert ["died" if outcome.failure else "fine" for outcome in outcomes] == ["fine", "fine", "died", "fine"]
    assert "SIGSEGV" in outcomes[2].failure.message


async def test_an_async_run_that_takes_too_long_is_cancelled_and_the_worker_lives(workshop, ask):
    pool = await workshop.python(
        """
        import asyncio, os
        async def answer(input):
            await asyncio.sleep(input)
            return os.getpid()
        """,
        per_worker=2,
    )
    first = await ask(pool, 0)
    slow, other = await asyncio.gather(ask(pool, 30, run="slow", timeout=0.1), ask(pool, 0.3, run="other"))
    assert slow.failure.message == "timed out after 0.1 s"
    assert other.output == first.output


async def test_an_async_function_that_blocks_is_killed(workshop, ask):
    pool = await workshop.python("import time\nasync def answer(input): time.sleep(input)", per_worker=2)
    outcome = await ask(pool, 30, timeout=0.1)
    assert outcome.failure.type == "Timeout"
    assert (await ask(pool, 0)).failure is None


async def test_children_left_behind_end_with_their_worker(workshop, ask):
    pool = await workshop.python(UNRULY)
    child = (await ask(pool, "child")).output
    assert is_running(child)
    await pool.close()
    assert await gone(child)


async def test_children_end_when_their_worker_is_killed(workshop, ask):
    pool = await workshop.python(UNRULY)
    child = (await ask(pool, "child")).output
    await ask(pool, "exit")
    assert await gone(child)


async def test_a_child_that_fled_its_group_does_not_hold_the_run(workshop, ask):
    pool = await workshop.python("""
        import os, subprocess
        def answer(input):
            subprocess.Popen(["sleep", "2"], start_new_session=True)
            os._exit(1)
    """)
    assert (await ask(pool)).latency < 1.5


async def test_a_fork_bomb_ends_with_its_worker(workshop, ask):
    pool = await workshop.python("""
        import os, time
        def answer(input):
            for _ in range(20):
                if os.fork() == 0:
                    time.sleep(60)
            time.sleep(60)
    """)
    worker = pool._workers[0]._transport.get_pid()
    await ask(pool, timeout=0.3)
    await pool.close()
    await gone(worker)
    assert [pid for pid in group(worker) if not await gone(pid)] == []


async def test_memory_beyond_the_limit_is_the_runs_error_and_the_worker_is_replaced(workshop, ask):
    pool = await workshop.python(
        "import os\ndef answer(input): return len(bytearray(input)) and os.getpid()", memory_mb=512
    )
    first = (await ask(pool, 10)).output
    outcome = await ask(pool, 2**30)
    assert outcome.failure.type == "MemoryError"
    assert "512 MiB" in outcome.failure.message
    assert await gone(first)
    assert (await ask(pool, 10)).failure is None


async def test_a_worker_holds_runs_of_one_sample_at_a_time(workshop, ask):
    pool = await workshop.python(
        """
        import asyncio
        held = []
        async def answer(input):
            held.append(input)
            await asyncio.sleep(0.02)
            together = sorted(set(held))
            held.remove(input)
            return together
        """,
        per_worker=4,
    )
    samples = ["r1", "r2", "r1", "r2", "r1", "r1"]
    outcomes = await asyncio.gather(*(ask(pool, s, run=f"q{n}", sample=s) for n, s in enumerate(samples)))
    assert [outcome.output for outcome in outcomes] == [[sample] for sample in samples]


async def test_one_run_asked_twice_at_once_is_never_held_twice_by_one_worker(workshop, ask):
    pool = await workshop.python(
        """
        import asyncio
        held = []
        async def answer(input):
            held.append(1)
            await asyncio.sleep(0.1)
            return len(held)
        """,
        per_worker=2,
    )
    together = await asyncio.gather(ask(pool, run="a"), ask(pool, run="b"))
    assert [outcome.output for outcome in together] == [2, 2]
    alone = await asyncio.gather(ask(pool, run="c"), ask(pool, run="c"))
    assert [outcome.output for outcome in alone] == [3, 4]


async def test_the_pool_grows_to_its_limit_for_slow_runs_and_not_for_quick_ones(workshop, ask):
    quick = await workshop.python("def answer(input): return __import__('os').getpid()", workers=3)
    assert len({outcome.output for outcome in await asyncio.gather(*(ask(quick, run=str(n)) for n in range(4)))}) == 1
    slow = await workshop.python(UNRULY, workers=3)
    outcomes = await asyncio.gather(*(ask(slow, 0.3, run=str(n)) for n in range(6)))
    assert len({outcome.output for outcome in outcomes}) == 3


async def test_a_cancelled_call_ends_its_process_and_frees_its_place(workshop, ask):
    pool = await workshop.python(UNRULY)
    first = (await ask(pool)).output
    call = asyncio.create_task(ask(pool, "sleep"))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await gone(first)
    assert (await ask(pool)).failure is None


async def test_a_cancelled_call_of_an_async_function_leaves_its_neighbours_alone(workshop, ask):
    pool = await workshop.python("import asyncio\nasync def answer(input): await asyncio.sleep(input)", per_worker=2)
    neighbour = asyncio.create_task(ask(pool, 0.2, run="neighbour"))
    call = asyncio.create_task(ask(pool, 30))
    await asyncio.sleep(0.05)
    call.cancel()
    await asyncio.wait({call, neighbour})
    assert neighbour.result().failure is None
    assert len(pool._workers) == 1


async def test_a_worker_that_cannot_be_replaced_is_the_runs_error(workshop, ask):
    pool = await workshop.python(UNRULY)
    (workshop.root / "task.py").unlink()
    assert (await ask(pool, "exit")).failure.type == "WorkerDied"
    outcome = await ask(pool)
    assert outcome.failure.kind is ErrorKind.TASK
    assert "task.py does not exist" in outcome.failure.message


async def test_closing_ends_what_runs_and_may_be_repeated(workshop, ask):
    pool = await workshop.python(UNRULY)
    pid = (await ask(pool)).output
    call = asyncio.create_task(ask(pool, "sleep"))
    waiting = asyncio.create_task(ask(pool, 1, run="waiting"))
    await asyncio.sleep(0.05)
    await pool.close()
    await pool.close()
    assert [(await task).failure.kind for task in (call, waiting)] == [ErrorKind.INFRASTRUCTURE] * 2
    assert not is_running(pid)
    assert (await ask(pool)).failure.kind is ErrorKind.INFRASTRUCTURE


async def test_exit_hooks_of_an_idle_worker_run(workshop, ask):
    pool = await workshop.python(
        "import atexit, pathlib\natexit.register(pathlib.Path('flushed').touch)\ndef answer(input): 1"
    )
    await ask(pool)
    await pool.close()
    assert (workshop.root / "flushed").exists()


async def test_closing_while_being_cancelled_leaves_no_process(workshop, ask):
    pool = await workshop.python("""
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        def answer(input): return time.sleep(input) or os.getpid()
    """)
    pid = (await ask(pool, 0)).output
    call = asyncio.create_task(ask(pool, 60))
    await asyncio.sleep(0.05)
    closing = asyncio.create_task(pool.close())
    await asyncio.sleep(0.05)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await call
    assert not is_running(pid)


async def test_only_the_given_environment_is_seen(workshop, ask, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "x")
    pool = await workshop.python(
        "import os\ndef answer(input): return sorted(os.environ)", environment={"PATH": "/bin"}
    )
    assert set((await ask(pool)).output) <= {"PATH", "LC_CTYPE"}


async def test_a_flood_of_logs_is_kept_by_its_end(workshop, ask):
    pool = await workshop.python("def answer(input):\n    for n in range(200_000): print('line', n)")
    outcome = await ask(pool)
    assert outcome.logs.endswith("line 199999\n")
    assert len(outcome.logs) <= 16 * 1024


def test_a_python_host_is_never_for_one_run_only(workshop):
    with pytest.raises(ValueError, match="per_example is for commands"):
        workshop.pool(argv=("python",), target="task.py:answer", per_example=True)


async def test_arguments_that_are_no_json_are_the_runs_error(workshop, ask):
    pool = await workshop.python(UNRULY)
    assert "not JSON" in (await ask(pool, float("nan"))).failure.message


async def test_an_interpreter_that_cannot_be_started_does_not_load(workshop):
    pool = workshop.pool(argv=("/nonexistent/python", str(HOST)), target="task.py:answer")
    with pytest.raises(CandidateError, match="cannot be started"):
        await pool.start()


@pytest.mark.parametrize("then", ["ask('sleep')", "asyncio.sleep(60)"])
async def test_workers_end_when_evalgate_is_killed(workshop, then):
    workshop.write(UNRULY)
    program = workshop.write(
        f"""
        import asyncio, os, sys
        from pathlib import Path
        from evalgate.workers.pool import WorkerPool, WorkerSpec
        async def main():
            argv = (sys.executable, {str(HOST)!r})
            spec = WorkerSpec(argv=argv, target="task.py:answer", cwd=Path.cwd(), environment=dict(os.environ))
            pool = WorkerPool(spec)
            ask = lambda value: pool.call({{"input": value, "metadata": {{}}}}, run_id="a", sample="r1", timeout=60)
            print((await ask(0)).output, (await ask("child")).output, flush=True)
            await {then}
        asyncio.run(main())
        """,
        "main.py",
    )
    parent = subprocess.Popen(  # noqa: ASYNC220 - it is killed, not awaited
        [sys.executable, str(program)],
        cwd=workshop.root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        await asyncio.sleep(0.1)
        parent.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    assert [await gone(pid, within=30) for pid in pids] == [True, True]
