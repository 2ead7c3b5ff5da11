"""Loads one function of the user's and answers calls to it, under the user's own interpreter.

Started as `<interpreter> <this file>`: standard library only, Python 3.9 and later, and evalgate need not be installed
there. The protocol (docs of `evalgate.workers.protocol`) runs on private copies of stdin and stdout, so that whatever
the user's code prints, from Python or from C, goes to the captured logs and never into an answer.
"""

# ruff: noqa: PTH100, PTH113, PTH118, PTH119, PTH120, PTH123, PTH109
# A worker must start in a blink: pathlib, asyncio and traceback are imported by those who need them, or not at all.

from __future__ import annotations

import atexit
import importlib
import importlib.machinery
import importlib.util
import inspect
import json
import os
import queue
import signal
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import ModuleType
    from typing import Any

PROTOCOL = 1
DEPTH_LIMIT = 100  # deeper values are cycles or would break readers that recurse
MESSAGE_LIMIT = 4_000  # characters of an exception's message that are worth keeping
EXIT_GRACE = 5.0  # seconds that the user's exit hooks have once nobody asks any more
FLUSH_LIMIT = 2.0  # seconds that sending a run's spans may hold its answer back
ORPHAN_GRACE = 1.0  # seconds that a run has whose answer nobody waits for: evalgate itself was killed
SCORE_FIELDS = ("name", "score", "label", "explanation", "metadata", "direction", "kind")
RESULT_FIELDS = ("context", "messages", "tool_calls", "steps", "usage", "trace_id")


class LoadError(Exception):
    """The target cannot be used. `reason` names the sort of trouble, from which the caller says what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotJsonError(Exception):
    """A returned value is not JSON; the message names its type and where it stands."""


class Example(dict[str, object]):
    """The example as Phoenix hands it to user functions: a mapping whose keys are attributes too."""

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the example has no {name}; it has {', '.join(self)}") from None


# --- what a function takes ------------------------------------------------------------------------------------------


class Function:
    """The user's function and what of the sent arguments it takes."""

    def __init__(self, function: Any, name: str) -> None:
        self.name = name
        self.call: Callable[..., Any] = function
        self.is_async = False
        self.positional: list[str] = []
        self.named: list[str] = []
        self.required: list[str] = []
        self.takes_all = False
        if hasattr(function, "input_schema") and hasattr(function, "evaluate"):
            self._read_phoenix_evaluator(function)
        else:
            self._read_signature(function)

    def _read_phoenix_evaluator(self, evaluator: Any) -> None:
        """Read an evaluator object of phoenix-evals: it says what it takes by a pydantic model, and takes one dict."""
        self.is_async = inspect.iscoroutinefunction(type(evaluator).__call__)
        evaluate = evaluator.async_evaluate if self.is_async else evaluator.evaluate
        self.call = lambda **arguments: evaluate(arguments)
        fields = evaluator.input_schema.model_fields
        self.named = list(fields)
        self.required = [name for name, field in fields.items() if field.is_required()]

    def _read_signature(self, function: Any) -> None:
        self.is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - not whether it can be called but what that would be
        )
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except ValueError:  # a builtin that does not say: hand it the one thing it can be for
            parameters = [inspect.Parameter("input", inspect.Parameter.POSITIONAL_ONLY)]
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                self.takes_all = True
            elif parameter.kind is not parameter.VAR_POSITIONAL:
                places = self.positional if parameter.kind is parameter.POSITIONAL_ONLY else self.named
                places.append(parameter.name)
                if parameter.default is parameter.empty:
                    self.required.append(parameter.name)

    def sources(self, sent: list[str]) -> dict[str, str]:
        """Return which of the `sent` names each parameter gets, or raise LoadError for one that nobody sends."""
        names = self.positional + self.named
        if len(names) == 1 and not self.takes_all and names[0] not in sent:
            # Phoenix: a function's only parameter may have any name.
            for usual in ("output", "input"):
                if usual in sent:
                    return {names[0]: usual}
        absent = [name for name in self.required if name not in sent]
        if absent:
            needs = ", ".join(f"`{name}`" for name in absent)
            raise LoadError("parameters", f"{self.name}() needs {needs}; what it may take is {', '.join(sent)}")
        return {name: name for name in names if name in sent}

    def bind(self, arguments: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and named arguments of one call."""
        sources = self.sources(list(arguments))
        if "example" in arguments and isinstance(arguments["example"], dict):
            arguments = {**arguments, "example": Example(arguments["example"])}
        if self.takes_all:
            named = {name: value for name, value in arguments.items() if name not in self.positional}
        else:
            named = {name: arguments[sources[name]] for name in self.named if name in sources}
        return [arguments[sources[name]] for name in self.positional if name in sources], named


# --- loading --------------------------------------------------------------------------------------------------------


class EvalgateForUsers:
    """Finds `evalgate` for user code when nothing else does: a package that has `Result` and nothing more.

    It stands last among the finders, so an evalgate that is installed there wins.
    """

    result_file = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "result.py")

    def find_spec(
        self,
        name: str,
        path: object = None,
        target: object = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return how to load `evalgate` and `evalgate.result`; None for anything else."""
        if name == "evalgate.result":
            return importlib.util.spec_from_file_location(name, self.result_file)
        if name == "evalgate":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]  # by duck
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        """Leave making the module to the import system."""

    def exec_module(self, module: Any) -> None:
        """Fill the package in."""
        module.Result = importlib.import_module("evalgate.result").Result


def load(target: str) -> Function:
    """Return the Function that `path/to/file.py:name` or `package.module:name` means, relative to the directory."""
    place, _, name = target.rpartition(":")
    module = load_file(place) if place.endswith(".py") else load_module(place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            import difflib

            near = difflib.get_close_matches(part, [known for known in vars(found) if not known.startswith("_")], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise LoadError("function", f"{place} has no {part}{hint}")
        found = getattr(found, part)
    if not callable(found):
        raise LoadError("function", f"{name} in {place} is no function: its type is {type(found).__name__}")
    return Function(found, name)


def load_file(path: str) -> ModuleType:
    """Import a file by path under its own name; within a package, as the module of it that it is."""
    full = os.path.abspath(path)
    if not os.path.isfile(full):
        raise LoadError("file", f"{path} does not exist in {os.getcwd()}")
    directory, stem = os.path.dirname(full), os.path.basename(full)[:-3]
    sys.path.insert(0, directory)
    name, top = stem, directory
    while os.path.isfile(os.path.join(top, "__init__.py")) and os.path.basename(top).isidentifier():
        top, name = os.path.dirname(top), f"{os.path.basename(top)}.{name}"
    if top != directory:
        sys.path.insert(0, top)
        return importlib.import_module(name)
    if name in sys.modules or not name.isidentifier():  # json.py, my-task.py
        name = f"evalgate_target_{name}"
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise LoadError("file", f"{path} is not Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_module(name: str) -> ModuleType:
    """Import a module by name; a name that leads nowhere is told from an import that failed inside it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise LoadError("file", f"no module named {error.name} in {os.getcwd()} or its environment") from None
        raise


# --- values ---------------------------------------------------------------------------------------------------------


def to_json(value: Any, path: str, depth: int = 0) -> Any:
    """Return `value` as what JSON can say, or raise NotJsonError naming the type and the path that cannot be said."""
    if value is None or value is True or value is False or type(value) in (str, int):
        return value
    if depth > DEPTH_LIMIT:
        raise NotJsonError(f"{path} is nested more than {DEPTH_LIMIT} deep, or contains itself")
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - only NaN differs from itself
            raise NotJsonError(f"{path} is {float.__repr__(value)}, which JSON cannot say")
        return float(value)
    if isinstance(value, (str, int)):
        return str.__str__(value) if isinstance(value, str) else int(value)
    if isinstance(value, dict):
        return {to_key(key, path): to_json(item, f"{path}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    return to_json(unwrap(value, path), path, depth + 1)


def to_key(key: Any, path: str) -> str:
    """Return a dict's key, which JSON wants as a string."""
    if not isinstance(key, str):
        raise NotJsonError(
            f"{path} has the key {key!r} of the type {type(key).__name__}; keys of JSON objects are strings"
        )
    return str.__str__(key)


def unwrap(value: Any, path: str) -> Any:
    """Return the plain value inside a model, a dataclass, a score, an enum, a mapping, a number or an array."""
    kind = type(value)
    if kind.__name__ == "Score" and all(hasattr(value, name) for name in SCORE_FIELDS):
        return {"evalgate.score": {name: getattr(value, name) for name in SCORE_FIELDS}}
    if hasattr(kind, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "evalgate_result"):
        return {name: getattr(value, name) for name in kind.__dataclass_fields__}
    if hasattr(value, "dtype") and hasattr(value, "tolist"):  # numpy, pandas, torch
        return value.tolist()
    if "enum" in sys.modules and isinstance(value, sys.modules["enum"].Enum):
        return value.value
    if hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        return {key: value[key] for key in value.keys()}  # noqa: SIM118 - not every mapping iterates over its keys
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    raise NotJsonError(f"{path} has the type {name}, which JSON cannot say")


def answer_fields(value: Any) -> dict[str, Any]:
    """Return the fields of the answer line that a returned value makes."""
    if getattr(type(value), "evalgate_result", False) is not True:
        return {"output": to_json(value, "output")}
    fields = {"output": to_json(value.output, "output")}
    for name in RESULT_FIELDS:
        found = getattr(value, name, None)
        if found is not None:
            fields[name] = to_json(found, name)
    return fields


# --- errors ---------------------------------------------------------------------------------------------------------


def error_fields(error: BaseException) -> dict[str, Any]:
    """Return what is told of an exception, and print its whole traceback to the logs."""
    try:
        message = str(error)
    except Exception as second:  # noqa: BLE001 - __str__ is the user's code too
        message = f"(its message cannot be read: {type(second).__name__})"
    try:
        where = last_own_frame(error)
        print_traceback(error)
    except Exception:  # noqa: BLE001 - out of memory while telling of it: the type and the message matter most
        where = None
    reason = error.reason if isinstance(error, LoadError) else "exception"
    return {
        "kind": "task",
        "type": type(error).__name__,
        "message": message[:MESSAGE_LIMIT],
        "where": where,
        "reason": reason,
    }


def print_traceback(error: BaseException) -> None:
    """Print what happened, from the user's first frame on."""
    if isinstance(error, (LoadError, NotJsonError)):
        return
    import traceback

    first = error.__traceback__
    while first is not None and first.tb_frame.f_code.co_filename == __file__:
        first = first.tb_next
    traceback.print_exception(type(error), error, first)


def last_own_frame(error: BaseException) -> str | None:
    """Return `file.py:12 in answer`: the last frame in the user's own files, or the last one of all."""
    if isinstance(error, (LoadError, NotJsonError)):
        return None
    if isinstance(error, SyntaxError) and error.filename:
        return f"{relative(error.filename)}:{error.lineno}"
    frames = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename != __file__ and not code.co_filename.startswith("<frozen "):
            frames.append((code.co_filename, step.tb_lineno, code.co_name))
        step = step.tb_next
    own = [frame for frame in frames if is_own(frame[0])] or frames
    if not own:
        return None
    name, line, function = own[-1]
    return f"{relative(name)}:{line} in {function}"


def is_own(name: str) -> bool:
    """Whether a source file is the user's own rather than a library's."""
    full, here = os.path.realpath(name), os.path.realpath(os.getcwd())
    environment = os.path.realpath(sys.prefix)
    in_library = "site-packages" in full or "dist-packages" in full
    in_environment = environment != here and full.startswith(environment + os.sep)
    return full.startswith(here + os.sep) and not in_library and not in_environment


def relative(name: str) -> str:
    """Return a file's path as the user would write it."""
    full, here = os.path.realpath(name), os.path.realpath(os.getcwd())
    return os.path.relpath(full, here) if full.startswith(here + os.sep) else name


# --- the conversation -----------------------------------------------------------------------------------------------


class Conversation:
    """Requests in, answers out, on private copies of stdin and stdout."""

    def __init__(self) -> None:
        self._requests = os.fdopen(os.dup(0), "rb")
        self._answers = os.dup(1)
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._unanswered = 0
        self.abandoned = False
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(  # type: ignore[union-attr]  # nothing has replaced them yet
                encoding="utf-8", errors="backslashreplace", line_buffering=True
            )

    def read(self) -> dict[str, Any] | None:
        """Return the next request, or None when nobody asks any more: told so, or `abandoned` by a death."""
        line = self._requests.readline()
        if not line.endswith(b"\n"):
            self.abandoned = True
            return None
        request: dict[str, Any] = json.loads(line)
        if "end" in request:
            return None
        if "arguments" in request:
            with self._lock:
                self._unanswered += 1
        return request

    @property
    def grace(self) -> float:
        """Seconds that remain to this process once its stdin has ended."""
        return ORPHAN_GRACE if self._unanswered else EXIT_GRACE

    def write(self, message: Mapping[str, Any]) -> None:
        """Send one message, after everything that was printed before it."""
        if os.getpid() != self._process:
            os._exit(0)  # the user's code forked and its child came back here: only the parent may answer
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):  # the user's code closed or replaced it
                continue
        data = (json.dumps({"evalgate": PROTOCOL, **message}, allow_nan=False) + "\n").encode("ascii")
        with self._lock:
            while data:
                data = data[os.write(self._answers, data) :]

    def answer(self, request: Mapping[str, Any], fields: Mapping[str, Any], seconds: float) -> None:
        """Answer one request."""
        with self._lock:
            self._unanswered -= 1
        self.write({"id": request["id"], "sample": request["sample"], "seconds": seconds, **fields})


def finished(returned: Any, error: BaseException | None) -> dict[str, Any]:
    """Return the answer's fields for what a call returned or raised."""
    try:
        return {"error": error_fields(error)} if error is not None else answer_fields(returned)
    except BaseException as unsayable:  # noqa: BLE001 - properties and model_dump are the user's code
        return {"error": error_fields(unsayable)}


class Tracing:
    """Hangs what a run traces below the run, and sends it before the answer, where the user's code traces at all."""

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._providers: list[Any] = []
        self._searches = 3
        self._trust = 2

    def begin(self, request: Mapping[str, Any]) -> Any:
        """Make the run the parent of whatever is traced from here on. Returns what `end` takes."""
        parent = request.get("traceparent")
        if parent is None:
            return None
        if self._alone:
            os.environ["TRACEPARENT"] = parent
        if "opentelemetry.context" not in sys.modules:
            return None
        try:
            from opentelemetry import context
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

            carried = TraceContextTextMapPropagator().extract({"traceparent": parent}, context=context.Context())
            return context.attach(carried)
        except Exception:  # noqa: BLE001 - whatever version of it is there must not fail a run
            return None

    def end(self, token: Any) -> None:
        """Leave the run."""
        if token is not None:
            from opentelemetry import context

            context.detach(token)

    def sends(self, request: Mapping[str, Any]) -> bool:
        """Whether there may be spans to send before this request is answered."""
        return "traceparent" in request and "opentelemetry.sdk.trace" in sys.modules and self._trust > 0

    def flush(self) -> None:
        """Send what batches hold back, for no longer than a while: an exporter may wait for whom nobody answers."""
        thread = threading.Thread(target=self._flush, daemon=True)
        thread.start()
        thread.join(FLUSH_LIMIT)
        if thread.is_alive():
            self._trust -= 1

    def _flush(self) -> None:
        try:
            for provider in self._found():
                provider.force_flush(int(FLUSH_LIMIT * 1000))
        except Exception:  # noqa: BLE001 - the user's own exporter: the run itself went well
            return

    def _found(self) -> list[Any]:
        """Return the providers of tracers: the global one, or those that nobody made global."""
        from opentelemetry import trace

        common = trace.get_tracer_provider()
        if hasattr(common, "force_flush"):
            return [common]
        if not self._providers and self._searches > 0:
            import gc

            from opentelemetry.sdk.trace import TracerProvider

            self._searches -= 1
            self._providers = [each for each in gc.get_objects() if issubclass(type(each), TracerProvider)]
        return self._providers


def call(function: Function, request: dict[str, Any], conversation: Conversation, tracing: Tracing) -> None:
    """Answer one request in this thread."""
    began = time.perf_counter()
    returned = error = None
    token = tracing.begin(request)
    try:
        positional, named = function.bind(request["arguments"])
        returned = function.call(*positional, **named)
        if hasattr(returned, "__await__"):
            import asyncio

            returned = asyncio.run(awaited(returned))
    except BaseException as raised:  # noqa: BLE001 - SystemExit too is the run's error, not the worker's end
        error = raised
    seconds = time.perf_counter() - began
    tracing.end(token)
    if tracing.sends(request):
        tracing.flush()
    conversation.answer(request, finished(returned, error), seconds)


async def awaited(value: Awaitable[Any]) -> Any:
    """Wait for any awaitable."""
    return await value


def serve_sync(function: Function, conversation: Conversation, per_worker: int) -> None:
    """Answer in the main thread, or in `per_worker` threads."""
    requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    tracing = Tracing(alone=per_worker == 1)

    def work() -> None:
        while True:
            request = requests.get()
            if request is None:
                requests.put(None)
                return
            call(function, request, conversation, tracing)

    def listen(request: dict[str, Any] | None) -> None:
        if request is None or "cancel" not in request:
            requests.put(request)

    threading.Thread(target=read_all, args=(conversation, listen), daemon=True).start()
    if per_worker == 1:
        work()
        return
    threads = [threading.Thread(target=work, daemon=True) for _ in range(per_worker)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def serve_async(function: Function, conversation: Conversation, per_worker: int) -> None:
    """Answer on one event loop; a request may be cancelled."""
    import asyncio

    tracing = Tracing(alone=per_worker == 1)

    async def answer(request: dict[str, Any]) -> None:
        began = time.perf_counter()
        returned = error = None
        token = tracing.begin(request)
        try:
            positional, named = function.bind(request["arguments"])
            returned = await function.call(*positional, **named)
        except BaseException as raised:  # noqa: BLE001 - SystemExit too is the run's error, not the worker's end
            error = raised
        seconds = time.perf_counter() - began
        tracing.end(token)
        if tracing.sends(request):
            await asyncio.get_running_loop().run_in_executor(None, tracing.flush)
        conversation.answer(request, finished(returned, error), seconds)

    async def serve() -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        running: dict[tuple[str, str], asyncio.Task[None]] = {}

        def heard(request: dict[str, Any] | None) -> None:
            if request is None:
                end.set()
            elif "cancel" in request:
                task = running.get((request["cancel"], request["sample"]))
                if task is not None:
                    task.cancel()
            else:
                key = (request["id"], request["sample"])
                running[key] = loop.create_task(answer(request))
                running[key].add_done_callback(lambda _: running.pop(key, None))

        def listen(request: dict[str, Any] | None) -> None:
            loop.call_soon_threadsafe(heard, request)

        threading.Thread(target=read_all, args=(conversation, listen), daemon=True).start()
        await end.wait()

    asyncio.run(serve())


def read_all(conversation: Conversation, listen: Callable[[dict[str, Any] | None], None]) -> None:
    """Pass every request on; once nobody asks any more let the user's exit hooks run, then end whatever is left."""
    request: dict[str, Any] | None = {}
    while request is not None:
        try:
            request = conversation.read()
        except (OSError, ValueError):
            request = None
        try:
            listen(request)
        except RuntimeError:  # the loop is closed
            break
    time.sleep(conversation.grace)
    end_group()
    os._exit(1)


def end_group() -> None:
    """End this process with every child that the user's code left behind."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)


def end_group_of_orphan(conversation: Conversation) -> None:
    """Do so as the last exit hook when evalgate, which would have done it, is gone.

    Its end of stdin says so, not the parent's number: that changes only after the dying process has closed its files.
    """
    if conversation.abandoned:
        end_group()


def main() -> None:
    """Load what the first line names, say whether that worked, then answer until stdin ends."""
    conversation = Conversation()
    atexit.register(end_group_of_orphan, conversation)  # first in, last out: after the user's hooks
    order = conversation.read()
    if order is None:
        return
    if sys.path[:1] == [os.path.dirname(os.path.abspath(__file__))]:
        del sys.path[0]  # its modules are none of the user's business
    sys.path.insert(0, os.getcwd())
    sys.argv = [order["load"].rpartition(":")[0]]
    sys.meta_path.append(EvalgateForUsers())
    try:
        function = load(order["load"])
        if order.get("names") is not None:
            function.sources(order["names"])
    except BaseException as error:  # noqa: BLE001 - SystemExit at import is a module that does not load
        conversation.write({"ready": False, "error": error_fields(error)})
        return
    conversation.write({"ready": True, "async": function.is_async})
    if function.is_async:
        serve_async(function, conversation, order["per_worker"])
    else:
        serve_sync(function, conversation, order["per_worker"])


if __name__ == "__main__":
    main()
