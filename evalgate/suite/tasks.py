"""The four kinds of task as the config declares them; `evalgate.tasks` implements each by its type."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, NonNegativeFloat, PositiveFloat, Tag, model_validator

from evalgate.suite.model import ConfigModel, Count, DottedPath, Parallel
from evalgate.suite.prompt_ref import PromptRef


class TaskBase(ConfigModel):
    """What every task may say."""

    timeout: PositiveFloat = 120.0
    """Seconds that one run may take; a run that takes longer is the task's own error."""
    inputs: tuple[str, ...] | None = None
    """Globs of the files that answers depend on, relative to `root`. Without it the whole tree counts."""


class HostedTask(TaskBase):
    """A task whose code runs in worker processes of its own."""

    setup: str | None = None
    """A shell command run once per side in its tree before the first worker starts, kept by its lock files' hash."""
    env: tuple[str, ...] = ()
    """Names or globs (`AWS_*`) of the environment variables that the task may see."""
    workers: Parallel = 4
    """Processes that run at once."""
    per_worker: Parallel = 1
    """Runs that one process holds at once: more than one for async functions and servers."""
    endpoint: str | None = None
    """One of `endpoints` that its own SDK calls: evalgate is between them, and the code needs no key."""
    memory_mb: Count | None = None
    """Address space that one process may have, in MiB (POSIX only); beyond it the run is the task's error."""
    span_wait: NonNegativeFloat = 2.0
    """Seconds that a run of a program that traces waits for its spans after its answer, where something reads them."""


class PythonTask(HostedTask):
    """A Python function: `path/to/file.py:function` or `package.module:function`, sync or async."""

    python: str = Field(pattern=r"^[^:]+(:\\[^:]+)?:[A-Za-z_][\w.]*$")
    """`path/to/file.py:function` or `package.module:function`."""
    interpreter: str = "python"
    """The Python that runs it, relative to `root` when it has a slash. evalgate's own environment stays out."""


class CommandTask(HostedTask):
    """A program in any language that reads and writes JSON lines."""

    command: str | tuple[str, ...]
    """The program and its arguments, without a shell."""
    per_example: bool = False
    """Start one process for each run instead of keeping a pool."""


class Serve(ConfigModel):
    """A server that evalgate starts for one side, in that side's tree."""

    command: str
    """The program and its arguments; `{port}` is a free port."""
    ready: str = "/"
    """The path that answers with a 2xx status once the server is ready."""
    ready_timeout: PositiveFloat = 60.0
    """Seconds to wait for that."""


class HttpRequest(ConfigModel):
    """One POST per run."""

    url: str | None = None
    """Where to POST; with `serve` it defaults to the server's root and may be a path."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers; `${NAME}` is read from the environment, and only names listed under `env` are."""
    body: Any = None
    """The JSON body; strings in it are Jinja templates over the example. Default: the example's input."""
    output: DottedPath | None = None
    """Where in the JSON answer the output stands; default: all of it."""
    serve: Serve | None = None
    """A server of this task's own."""


class HttpTask(HostedTask):
    """An HTTP endpoint, somewhere else or served for this run."""

    http: HttpRequest
    """The request, and the server if it is one of this task's own."""

    @model_validator(mode="after")
    def _own_server_for_endpoint(self) -> Self:
        if self.endpoint is not None and self.http.serve is None:
            raise ValueError("`endpoint` is for a server that evalgate starts: add `serve`, or leave `endpoint` out")
        return self


def _kind_of_prompt(value: Any) -> str:
    return "<hub>" if isinstance(value, dict | PromptRef) else "<file>"


Prompt = Annotated[
    Annotated[str, Tag("<file>")] | Annotated[PromptRef, Tag("<hub>")],
    Discriminator(_kind_of_prompt),
]


class PromptTask(TaskBase):
    """A prompt, in a file or in Phoenix, sent to a model."""

    prompt: Prompt
    """A YAML file with chat messages, relative to `root`, or what stands below (docs/phoenix.md for one in Phoenix)."""
    model: Annotated[str, Field(pattern=r"^[^/\s]+/\S+$")] | None = None
    """`endpoint/model`; the endpoint is one of `endpoints`. A prompt in Phoenix names a model of its own: without
    `model` that is called, at the endpoint that is called like its provider (`openai`)."""
    variables: dict[str, DottedPath] = Field(default_factory=dict)
    """What each variable of the prompt is, as a path into the example (`input.question`)."""
    output: Literal["text", "json", "tool_calls"] = "text"
    """What of the reply is the output."""
    temperature: float | None = Field(default=None, ge=0)
    """Sent where it is set; the endpoint's own otherwise. So are the next three."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    """The share of likely tokens that is drawn from."""
    max_tokens: Count | None = None
    """The longest reply, in tokens."""
    seed: int | None = None
    """For endpoints that can repeat a draw."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Anything else that the endpoint takes (reasoning effort, penalties); sent as it stands."""

    @model_validator(mode="after")
    def _some_model(self) -> Self:
        if self.model is None and isinstance(self.prompt, str):
            raise ValueError("a task with a prompt file needs `model`")
        return self

    @property
    def named_model(self) -> str:
        """Return `endpoint/model`. Asked before a prompt in Phoenix was looked up, it is a bug in the caller."""
        if self.model is None:
            raise ValueError("no model is known before the prompt is looked up")
        return self.model

    @property
    def file(self) -> str | None:
        """Return the prompt's file; None for one in Phoenix."""
        return self.prompt if isinstance(self.prompt, str) else None

    @property
    def ref(self) -> PromptRef | None:
        """Return the prompt in Phoenix; None for a file."""
        return None if isinstance(self.prompt, str) else self.prompt


def called_endpoint(task: TaskBase) -> str | None:
    """Return the name of the endpoint that a task calls through evalgate, if it calls one."""
    if isinstance(task, PromptTask):
        return task.model.partition("/")[0] if task.model is not None else None
    return task.endpoint if isinstance(task, HostedTask) else None


TASK_MODELS: dict[str, type[TaskBase]] = {
    "prompt": PromptTask,
    "python": PythonTask,
    "command": CommandTask,
    "http": HttpTask,
}
TASK_KINDS = tuple(TASK_MODELS)


def kind_of(task: Any) -> str | None:
    """Return which kind of task a raw mapping or a model is, or None when it does not say exactly one."""
    names = [kind for kind in TASK_KINDS if (kind in task if isinstance(task, dict) else hasattr(task, kind))]
    return names[0] if len(names) == 1 else None


Task = Annotated[
    Annotated[PromptTask, Tag("prompt")]
    | Annotated[PythonTask, Tag("python")]
    | Annotated[CommandTask, Tag("command")]
    | Annotated[HttpTask, Tag("http")],
    Discriminator(kind_of),
]
