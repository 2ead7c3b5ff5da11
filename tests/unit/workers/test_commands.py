"""Programs in any language that speak the protocol on stdin and stdout, well or badly."""

from __future__ import annotations

import asyncio

import pytest

from evalgate.errors import CandidateError
from evalgate.records import ErrorKind, Failure, Usage

GOOD = """
    import json, os, sys
    for line in sys.stdin:
        request = json.loads(line)
        print("working on", request["id"])
        print(json.dumps({"evalgate": 1, "id": request["id"], "sample": request["sample"], "output": request["input"],
                          "context": [os.getpid()], "usage": {"model": "m", "input_tokens": 1, "output_tokens": 2}}))
"""


def answering(lines: str) -> str:
    """Return a program that does `lines` for each request, with `ok` an answer to it."""
    return f"""
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    ok = json.dumps({{"evalgate": 1, "id": request["id"], "sample": request["sample"], "output": "ok"}})
    say = lambda text, end="\\n": sys.stdout.write(text + end)
{lines}
    sys.stdout.flush()
"""


async def test_a_program_answers_and_its_other_lines_are_logs(workshop, ask):
    pool = workshop.command(GOOD)
    first, second = await ask(pool, {"q": "é\ud800"}), await ask(pool, 2, run="q2")
    assert first.output == {"q": "é�"}
    assert first.logs == "working on q1\n"
    assert first.usage == (Usage(model="m", input_tokens=1, output_tokens=2),)
    assert first.latency > 0
    assert (second.output, second.context) == (2, first.context)


async def test_it_sees_the_arguments_beside_id_and_sample(workshop, ask):
    pool = workshop.command(answering("    say(json.dumps({**json.loads(ok), 'output': request}))"))
    assert (await ask(pool, 1)).output == {"evalgate": 1, "id": "q1", "sample": "r1", "input": 1, "metadata": {}}


async def test_answers_may_come_in_any_order(workshop, ask):
    source = """
        import json, sys
        held = []
        for line in sys.stdin:
            held.append(json.loads(line))
            while len(held) >= 3:
                request = held.pop()
                print(json.dumps({"evalgate": 1, "id": request["id"], "sample": "r1", "output": request["input"]}))
                if not held:
                    break
                held.sort(key=lambda r: r["id"])
                held and print(json.dumps({"evalgate": 1, "id": held[0]["id"], "output": held.pop(0)["input"]}))
                held and print(json.dumps({"evalgate": 1, "id": held[0]["id"], "output": held.pop(0)["input"]}))
    """
    pool = workshop.command(source, per_worker=3)
    outcomes = await asyncio.gather(*(ask(pool, n, run=f"q{n}") for n in range(3)))
    assert [outcome.output for outcome in outcomes] == [0, 1, 2]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ({"message": "no"}, Failure(kind=ErrorKind.TASK, type="Error", message="no")),
        ("no", Failure(kind=ErrorKind.TASK, type="Error", message="no")),
        (
            {"kind": "infrastructure", "message": "hung", "type": "Timeout", "where": "a.js:3"},
            Failure(kind=ErrorKind.INFRASTRUCTURE, type="Timeout", message="hung", where="a.js:3"),
        ),
    ],
)
async def test_an_error_is_a_value(workshop, ask, error, failure):
    pool = workshop.command(answering("    say(json.dumps({**json.loads(ok), 'error': request['input']}))"))
    outcome = await ask(pool, error)
    assert (outcome.failure, outcome.output) == (failure, None)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("    say('{\"evalgate\": 1, rubbish')", "answered with a line that is not JSON"),
        ('    say(\'{"evalgate": 1, "id": "q1", "output": NaN}\')', "NaN is not JSON"),
        ('    say(\'{"evalgate": 1, "id": "q1", "output": 1e999}\')', "1e999 is too large"),
        ('    say(\'{"evalgate": 1, "id": "q1", "output": \' + \'[\' * 100_000)', "not JSON"),
        ('    say(\'{"evalgate": 2, "id": "q1", "output": 1}\')', "answered in protocol 2; this evalgate speaks 1"),
        ('    say(\'{"evalgate": 1, "output": 1}\')', "without the id and the sample"),
        ('    say(\'{"evalgate": 1, "id": "q1"}\')', "neither an output nor an error"),
        ("    say(ok.replace('q1', 'q9'))", "answered run 'q9' (sample 'r1'), which it was not asked"),
        ("    say(ok.replace('r1', 'r9'))", "answered run 'q1' (sample 'r9'), which it was not asked"),
        ("    say(ok + '\\n' + ok)", "answered run 'q1' twice"),
        ("    say(ok.replace('\"ok\"', '1, \"trace_id\": 5'))", "a trace_id of the type int, not text"),
        ("    say(ok.replace('\"ok\"', '1, \"usage\": 5'))", "a usage of the type int, not a list"),
        ('    say(ok.replace(\'"ok"\', \'1, "error": {"kind": "evaluator"}\'))', "an error of kind 'evaluator'"),
        ("    say(ok.replace('\"ok\"', '1, \"error\": 5'))", "an error of the type int, not an object"),
        ("    sys.stdout.buffer.write(ok.encode().replace(b'ok', b'\\xff') + b'\\n')", "a line that is not UTF-8"),
        ("    say('x' * 100_000_000)", "printed a line of more than 8 MiB"),
        (
            "    say('rubbish'); os._exit(sys.stdout.flush() or 0)",
            "exit code 0 before it answered; the last that it printed: rubbish",
        ),
        ("    sys.exit('no key')", "exit code 1 before it answered; the last that it printed: no key"),
    ],
)
async def test_what_a_program_does_wrong_is_that_runs_error(workshop, ask, lines, told):
    pool = workshop.command(answering("    if request['input'] == 'fine': print(ok); continue\n" + lines))
    outcome = await ask(pool)
    assert outcome.failure is not None
    assert told in outcome.failure.message
    assert outcome.failure.kind is ErrorKind.TASK
    assert (await ask(pool, "fine")).output == "ok"


async def test_a_second_answer_that_comes_late_is_not_silent(workshop, ask):
    pool = workshop.command(answering("    print(ok, flush=True); time.sleep(0.02); print(ok, flush=True)"))
    first = await ask(pool)
    await asyncio.sleep(0.1)
    second = await ask(pool, run="q2")
    assert first.output == "ok"
    assert "answered run 'q1' (sample 'r1'), which it was not asked or has answered already" in second.failure.message


async def test_a_program_that_goes_on_reading_loads(workshop, ask):
    pool = workshop.command(GOOD)
    await pool.start()
    assert (await ask(pool, 1)).output == 1


async def test_a_program_that_never_answers_is_told_how_to(workshop, ask):
    pool = workshop.command("import sys\nsys.stdin.read()")
    outcome = await ask(pool, timeout=0.2)
    assert "read stdin line by line, and flush" in outcome.failure.message


async def test_a_program_that_does_not_read_a_large_request_times_out(workshop, ask):
    pool = workshop.command("import time\ntime.sleep(60)")
    assert (await ask(pool, "x" * 1_000_000, timeout=0.3)).failure.type == "Timeout"


async def test_a_program_that_ends_without_reading_a_large_request_is_told_at_once(workshop, ask):
    pool = workshop.command("import time\ntime.sleep(0.1)\nraise SystemExit('no key')")
    outcome = await ask(pool, "x" * 1_000_000)
    assert outcome.failure.message.endswith("no key")
    assert outcome.latency < 3


async def test_a_program_that_ends_after_each_answer_is_started_again(workshop, ask):
    pool = workshop.command(answering("    print(ok, flush=True); break"))
    outcomes = [await ask(pool, run=str(n)) for n in range(4)]
    assert [outcome.output for outcome in outcomes] == ["ok"] * 4


async def test_a_program_that_ends_at_once_does_not_load(workshop):
    with pytest.raises(CandidateError) as caught:
        await workshop.command("raise SystemExit('no such model')").start()
    assert "exit code 1" in caught.value.message
    assert "no such model" in caught.value.message
    assert "program.py` in" in caught.value.next_step


@pytest.mark.parametrize(
    ("source", "output", "told"),
    [
        (GOOD, 5, None),
        ('print(\'{"evalgate": 1, "output": 3}\')', 3, None),
        (
            "import json\nprint(json.dumps({'evalgate': 1, 'output': json.loads(input())['id']}), end='')",
            "q1",
            None,
        ),
        ('print(\'{"evalgate": 1, "output": 3}\'); raise SystemExit(1)', 3, None),
        ("print('rubbish')", None, "exit code 0 before it answered; the last that it printed: rubbish"),
        ("raise SystemExit('broken')", None, "exit code 1 before it answered; the last that it printed: broken"),
        ('print(\'{"evalgate": 1, "output": 3}\\n\' * 2)', None, "twice"),
        (
            "import time\nfor _ in '12': print('{\"evalgate\": 1, \"output\": 3}', flush=True); time.sleep(0.05)",
            None,
            "already",
        ),
        ("import time\ntime.sleep(60)", None, "timed out after 0.3 s"),
    ],
)
async def test_one_process_per_run(workshop, ask, source, output, told):
    pool = workshop.command(source, per_example=True, workers=2)
    outcome = await ask(pool, 5, timeout=0.3 if "sleep(60)" in source else 10)
    assert outcome.output == output
    assert told is None or told in outcome.failure.message


async def test_one_process_per_run_is_at_most_so_many_at_once(workshop, ask):
    source = """
        import os, time, pathlib
        mine = pathlib.Path(f"running-{os.getpid()}")
        mine.touch()
        time.sleep(0.1)
        print('{"evalgate": 1, "output": %d}' % len(list(pathlib.Path(".").glob("running-*"))))
        mine.unlink()
    """
    pool = workshop.command(source, per_example=True, workers=2)
    outcomes = await asyncio.gather(*(ask(pool, n, run=str(n)) for n in range(5)))
    assert {outcome.output for outcome in outcomes} <= {1, 2}


async def test_a_program_that_cannot_be_started_is_the_runs_error(workshop, ask):
    pool = workshop.pool(argv=("/nonexistent/program",), target=None, per_example=True)
    await pool.start()
    assert "/nonexistent/program cannot be started" in (await ask(pool)).failure.message
