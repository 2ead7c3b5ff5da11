"""The host under the user's interpreter: loading, arguments, values, errors, and what user code prints."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time

import pytest

from evalgate.errors import CandidateError
from evalgate.records import Usage
from evalgate.workers.programs import HOST


@pytest.mark.parametrize(
    ("signature", "seen"),
    [
        ("input", {"q": 1}),
        ("question", {"q": 1}),
        ("question=None", {"q": 1}),
        ("example", {"id": "e1", "input": {"q": 1}}),
        ("metadata, /", {"lang": "en"}),
        ("input, *, metadata", [{"q": 1}, {"lang": "en"}]),
        ("metadata, style='plain'", [{"lang": "en"}, "plain"]),
        ("input, *rest", [{"q": 1}, []]),
        ("**everything", {"input": {"q": 1}, "metadata": {"lang": "en"}, "example": {"id": "e1", "input": {"q": 1}}}),
        ("", []),
    ],
)
async def test_a_function_gets_the_names_that_it_takes(workshop, signature, seen):
    names = [name.strip("*/ ").partition("=")[0] for name in signature.split(",")]
    names = [name for name in names if name]
    returned = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    pool = await workshop.python(f"def answer({signature}):\n    return {returned}\n", parameters=("input", "metadata"))
    arguments = {"input": {"q": 1}, "metadata": {"lang": "en"}, "example": {"id": "e1", "input": {"q": 1}}}
    outcome = await pool.call(arguments, run_id="e1", sample="r1", timeout=10)
    assert outcome.output == seen, outcome


async def test_the_only_parameter_of_an_evaluator_is_the_output(workshop):
    pool = await workshop.python("def answer(text): return text")
    outcome = await pool.call({"input": "question", "output": "reply"}, run_id="e1", sample="r1", timeout=10)
    assert outcome.output == "reply"


async def test_mapped_names_may_be_any_even_those_of_the_protocol(workshop):
    pool = await workshop.python("def answer(id, sample, evalgate): return [id, sample, evalgate]")
    outcome = await pool.call({"id": 1, "sample": 2, "evalgate": 3}, run_id="e1", sample="r1", timeout=10)
    assert outcome.output == [1, 2, 3]


async def test_the_example_has_attributes_as_in_phoenix(workshop):
    pool = await workshop.python("def answer(example): return [example.id, example['id'], hasattr(example, 'output')]")
    outcome = await pool.call({"example": {"id": "e1"}}, run_id="e1", sample="r1", timeout=10)
    assert outcome.output == ["e1", "e1", False]


@pytest.mark.parametrize(
    ("source", "target", "told", "step"),
    [
        ("def answer(input, expected): ...", "task.py:answer", "needs `expected`; what it may take is input", "rename"),
        ("def answer(input): ...", "task.py:anwser", "has no anwser; did you mean answer?", "after the colon"),
        ("answer = 3", "task.py:answer", "is no function: its type is int", "after the colon"),
        ("import nosuchmodule", "task.py:answer", "ModuleNotFoundError: No module named 'nosuchmodule'", "install it"),
        (
            "def load():\n    return {}['key']\nload()",
            "task.py:answer",
            "KeyError: 'key' (task.py:2 in load)",
            "correct it",
        ),
        ("def answer(:", "task.py:answer", "SyntaxError: invalid syntax (task.py, line 1) (task.py:1)", "correct it"),
        ("import sys; sys.exit(3)", "task.py:answer", "SystemExit: 3 (task.py:1 in <module>)", "correct it"),
        ("import os; os.write(2, b'no licence\\n'); os._exit(3)", "task.py:answer", "exit code 3", "see why it ends"),
        ("", "nothere.py:answer", "nothere.py does not exist in", "correct the path"),
        ("", "nosuch.module:answer", "no module named nosuch", "correct the path"),
    ],
)
async def test_code_that_does_not_load_says_why_and_what_comes_next(workshop, source, target, told, step):
    with pytest.raises(CandidateError) as caught:
        await workshop.python(source, target, parameters=("input", "metadata"))
    assert told in caught.value.message
    assert step in caught.value.next_step


async def test_what_it_printed_before_it_ended_is_told(workshop):
    with pytest.raises(CandidateError, match="no licence"):
        await workshop.python("import os; os.write(2, b'no licence\\n'); os._exit(3)")


async def test_a_file_imports_its_neighbours_and_the_root(workshop, ask):
    workshop.write("WORD = 'neighbour'", "src/near.py")
    workshop.write("WORD = 'root'", "far.py")
    pool = await workshop.python(
        "import near, far\ndef answer(input): return [near.WORD, far.WORD]", "src/task.py:answer"
    )
    assert (await ask(pool)).output == ["neighbour", "root"]


async def test_a_file_in_a_package_uses_relative_imports(workshop, ask):
    workshop.write("", "app/__init__.py")
    workshop.write("WORD = 'inside'", "app/near.py")
    pool = await workshop.python("from .near import WORD\ndef answer(input): return WORD", "app/task.py:answer")
    assert (await ask(pool)).output == "inside"


async def test_a_module_by_name_and_a_method(workshop, ask):
    workshop.write("class Agent:\n    @staticmethod\n    def answer(input): return __name__", "app/agent.py")
    pool = await workshop.python("", "app.agent:Agent.answer")
    assert (await ask(pool)).output == "app.agent"


async def test_a_file_named_like_a_library_hides_none(workshop, ask):
    pool = await workshop.python("import json\ndef answer(input): return json.dumps(input)", "json.py:answer")
    assert (await ask(pool, [1])).output == "[1]"


async def test_two_versions_of_one_module_run_side_by_side(workshop, ask):
    workshop.write("VERSION = 1", "old/engine.py")
    workshop.write("VERSION = 2", "new/engine.py")
    source = "import engine\ndef answer(input): return engine.VERSION"
    pools = [await workshop.python(source, f"{side}/task.py:answer") for side in ("old", "new")]
    assert [(await ask(pool)).output for pool in pools] == [1, 2]


async def test_results_carry_more_than_the_output_without_evalgate_installed(workshop, ask):
    pool = await workshop.python("""
        import evalgate
        from evalgate import Result
        from evalgate.result import Result as Same
        def answer(input):
            assert Result is Same is evalgate.Result
            usage = [{"model": "m", "input_tokens": 3, "output_tokens": 4}]
            more = {"context": ["c"], "messages": [], "tool_calls": [{"name": "t"}], "steps": [1], "trace_id": "x"}
            return Result(("a", 1), usage=usage, **more)
    """)
    outcome = await ask(pool)
    assert outcome.output == ["a", 1]
    assert (outcome.context, outcome.messages, outcome.tool_calls) == (["c"], [], [{"name": "t"}])
    assert (outcome.steps, outcome.trace_id) == ([1], "x")
    assert outcome.usage == (Usage(model="m", input_tokens=3, output_tokens=4),)


async def test_usage_that_nobody_saw_is_not_usage_of_nothing(workshop, ask):
    pool = await workshop.python("from evalgate import Result\ndef answer(input): return Result(1, usage=input)")
    assert (await ask(pool, None)).usage is None
    assert (await ask(pool, [])).usage == ()
    counted = {"model": "m", "input_tokens": 3, "output_tokens": 4}
    whole = {**counted, "cached_tokens": 2, "reasoning_tokens": 1, "cost": 0.25}
    assert (await ask(pool, [whole])).usage == (Usage(**whole),)
    for wrong in ({"input_tokens": -1}, {"cached_tokens": None}, {"cost": -0.1}, {"cost": "0.1"}, {"model": 1}):
        assert "usage that is not" in (await ask(pool, [counted | wrong])).failure.message


async def test_values_of_libraries_become_json(workshop, ask):
    pool = await workshop.python("""
        import collections, dataclasses, enum, types
        import numpy, pydantic
        class Colour(enum.Enum):
            RED = "red"
        class Level(enum.IntEnum):
            LOW = 1
        class Model(pydantic.BaseModel):
            name: str
        @dataclasses.dataclass
        class Point:
            x: float
        Pair = collections.namedtuple("Pair", "a b")
        def answer(input):
            return {
                "model": Model(name="n"), "point": Point(1.5), "pair": Pair(1, 2), "enum": [Colour.RED, Level.LOW],
                "numpy": [numpy.float32(0.5), numpy.int64(3), numpy.bool_(True), numpy.float64(2), numpy.arange(2)],
                "mapping": types.MappingProxyType({"k": 1}),
            }
    """)
    assert (await ask(pool)).output == {
        "model": {"name": "n"},
        "point": {"x": 1.5},
        "pair": [1, 2],
        "enum": ["red", 1],
        "numpy": [0.5, 3, True, 2.0, [0, 1]],
        "mapping": {"k": 1},
    }


async def test_phoenix_evaluators_and_scores_are_tagged(workshop):
    pool = await workshop.python("""
        from phoenix.evals import create_evaluator
        @create_evaluator(name="short", kind="code", direction="minimize")
        def answer(output, limit=3):
            return (len(output), "long" if len(output) > limit else "short")
    """)
    arguments = {"input": "q", "output": "hello", "expected": None}
    outcome = await pool.call(arguments, run_id="e1", sample="r1", timeout=10)
    (score,) = outcome.output
    assert score.keys() == {"evalgate.score"}
    told = score["evalgate.score"]
    assert (told["name"], told["score"], told["label"]) == ("short", 5, "long")
    assert (told["direction"], told["kind"]) == ("minimize", "code")


NO_JSON = {
    "{'a': [1, float('nan')]}": "output.a[1] is nan, which JSON cannot say",
    "float('-inf')": "output is -inf",
    "__import__('numpy').float64('nan')": "output is nan",
    "{'when': __import__('datetime').date(2026, 1, 1)}": "output.when has the type datetime.date, which",
    "{1, 2}": "output has the type set",
    "b'raw'": "output has the type bytes",
    "{1: 2}": "output has the key 1 of the type int",
    "(lambda: 1)": "output has the type function",
    "(i for i in [1])": "output has the type generator",
    "(lambda a: a.append(a) or a)([])": "contains itself",
}


async def test_values_that_are_no_json_are_named_with_their_place(workshop, ask):
    pool = await workshop.python("def answer(input): return eval(input)")
    for expression, told in NO_JSON.items():
        outcome = await ask(pool, expression)
        assert told in outcome.failure.message
        assert outcome.failure.kind == "task"


async def test_an_exception_is_told_with_the_last_own_frame_and_its_traceback_logged(workshop, ask):
    pool = await workshop.python("""
        import json
        def answer(input):
            return json.loads("{")
    """)
    outcome = await ask(pool)
    assert outcome.failure.type == "JSONDecodeError"
    assert outcome.failure.where == "task.py:4 in answer"
    assert "Traceback" in outcome.logs
    assert "decoder.py" in outcome.logs
    assert "host.py" not in outcome.logs


RAISING = {
    "import builtins; builtins.input()": "EOFError",
    "raise SystemExit(2)": "SystemExit",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "exit()": "SystemExit",
    "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd": "Odd",
    "input.nothing": "AttributeError",
    "answer(input)": "RecursionError",
}


async def test_whatever_is_raised_is_the_runs_error_and_the_worker_goes_on(workshop, ask):
    pool = await workshop.python(
        "import os\ndef answer(input):\n    exec(input, {'input': input, 'answer': answer})\n    return os.getpid()"
    )
    first = await ask(pool, "")
    for body, kind in RAISING.items():
        assert (await ask(pool, body)).failure.type == kind
        assert (await ask(pool, "")).output == first.output


async def test_nothing_printed_gets_into_the_answer(workshop, ask):
    pool = await workshop.python("""
        import os, subprocess, sys
        print("at import")
        def answer(input):
            print("from print, unfinished", end="")
            os.write(1, b"from C\\n")
            subprocess.run(["echo", "from a child"])
            print('{"evalgate": 1, "id": "q1", "sample": "r1", "output": "forged"}')
            print("to stderr \\ud800 \\x1b[31m", file=sys.stderr)
            sys.stdout.buffer.write(b"\\xff\\n")
            return input
    """)
    outcome = await ask(pool, "real")
    assert outcome.output == "real"
    for printed in ("from print, unfinished", "from C", "from a child", "forged", "to stderr \\ud800", "�"):
        assert printed in outcome.logs
    assert "at import" not in outcome.logs
    assert "\x1b" not in outcome.logs


async def test_logs_are_the_runs_own(workshop, ask):
    pool = await workshop.python("def answer(input): print('said', input)")
    assert [(await ask(pool, word)).logs for word in ("one", "two")] == ["said one\n", "said two\n"]


async def test_async_functions_run_concurrently_on_one_loop(workshop, ask):
    pool = await workshop.python(
        """
        import asyncio, os
        here = []
        async def answer(input):
            here.append(1)
            while len(here) < 3:
                await asyncio.sleep(0.001)
            return os.getpid()
        """,
        per_worker=3,
    )
    outcomes = await asyncio.gather(*(ask(pool, run=str(n)) for n in range(3)))
    assert len({outcome.output for outcome in outcomes}) == 1


async def test_sync_functions_run_in_threads(workshop, ask):
    pool = await workshop.python(
        "import threading\nbarrier = threading.Barrier(3)\ndef answer(input): return barrier.wait(5) >= 0", per_worker=3
    )
    outcomes = await asyncio.gather(*(ask(pool, run=str(n)) for n in range(3)))
    assert [outcome.output for outcome in outcomes] == [True, True, True]


async def test_a_sync_function_runs_in_the_main_thread_and_may_return_an_awaitable(workshop, ask):
    pool = await workshop.python("""
        import asyncio, threading
        async def later():
            await asyncio.sleep(0)
            return threading.current_thread() is threading.main_thread()
        def answer(input):
            return later()
    """)
    assert (await ask(pool)).output is True


async def test_a_child_forked_by_the_users_code_never_answers(workshop, ask):
    pool = await workshop.python("import os\ndef answer(input): return 'parent' if os.fork() else 'child'")
    assert [(await ask(pool)).output for _ in range(3)] == ["parent"] * 3


async def test_latency_is_the_functions_own(workshop, ask):
    pool = await workshop.python("import time\ndef answer(input): time.sleep(0.05)")
    began = time.perf_counter()
    latency = (await ask(pool)).latency
    assert 0.05 <= latency <= time.perf_counter() - began


def processor_seconds():
    """What children that ended have used: a busy machine makes them wait, not work."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_starting_costs_little_and_imports_no_heavy_module(workshop):
    workshop.write("import sys\ndef answer(input): return sorted(sys.modules)")
    request = {"id": "q1", "sample": "r1", "arguments": {"input": 1}}
    lines = "".join(json.dumps(line) + "\n" for line in ({"load": "task.py:answer", "per_worker": 1}, request))
    took = []
    for _ in range(3):
        began = processor_seconds()
        done = subprocess.run(
            [sys.executable, str(HOST)], input=lines, capture_output=True, text=True, cwd=workshop.root, check=True
        )
        took.append(processor_seconds() - began)
    loaded = json.loads(done.stdout.splitlines()[1])["output"]
    assert not {"asyncio", "traceback", "pathlib", "dataclasses", "typing"} & set(loaded)
    assert min(took) < 0.3


HUNG = """
import time
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

class Hung(SpanExporter):
    def export(self, spans):
        time.sleep(600)

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Hung()))
trace.set_tracer_provider(provider)

def answer(input):
    with trace.get_tracer("app").start_as_current_span("s") as span:
        return [f"{span.get_span_context().trace_id:032x}", f"{span.parent.span_id:016x}"]
"""


async def test_an_exporter_that_nobody_answers_holds_two_answers_back_and_no_more(workshop):
    """What is traced hangs below the run that the request names, whatever becomes of it."""
    pool = await workshop.python(HUNG)
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    took = []
    for number in range(4):
        began = time.monotonic()
        outcome = await pool.call({"input": 1}, run_id=str(number), sample="r1", timeout=30, trace=trace)
        took.append(time.monotonic() - began)
        assert outcome.output == ["a" * 32, "b" * 16], outcome
        assert outcome.latency < 1
    assert max(took[:2]) < 6
    assert max(took[2:]) < 1
