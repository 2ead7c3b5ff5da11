"""The whole of `evalgate.yaml` as models: suites, policy, endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PrivateAttr, model_validator

from evalgate.suite.addresses import for_services
from evalgate.suite.baselines import BaselineKind, BaselineRef, read_baseline
from evalgate.suite.checks import COMPARISONS, Check, Policy
from evalgate.suite.curate import Curate
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.model import ConfigModel, Count, DottedPath, Parallel, Repetitions, exactly_one
from evalgate.suite.notify import Mlflow, Notify
from evalgate.suite.phoenix import PhoenixSettings, ServerName
from evalgate.suite.release import Release
from evalgate.suite.resources import Resource, applicable, resource_named
from evalgate.suite.tasks import TASK_KINDS, TASK_MODELS, Task, kind_of

_A_TOKEN_A_DOLLAR: Final = 1e6
"""The highest price: what is above it was meant for something else than a million tokens."""


class DatasetRef(ConfigModel):
    """A golden dataset, a file or one in Phoenix, and how to read it."""

    file: str | None = None
    """JSONL, JSON, CSV or YAML, relative to `root`."""
    phoenix: str | None = Field(default=None, min_length=1)
    """The name of a dataset in Phoenix, instead of a file."""
    version: str | None = Field(default=None, min_length=1)
    """Which version of it: an id as Phoenix shows it, or `latest`, which is looked up once a build."""
    server: ServerName | None = None
    """Which of `phoenix.servers` has it."""
    split: str | None = None
    """Only the examples of this split."""
    fields: dict[DottedPath, DottedPath] = Field(default_factory=dict)
    """Where things stand in a dataset that names them differently: {input.question: input.query}."""
    _pulled: Path | None = PrivateAttr(default=None)
    _declared: str | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, data: Any) -> Any:
        if isinstance(data, dict):
            exactly_one(data, ("file", "phoenix"), "a dataset")
            if "file" in data and (beside := [key for key in ("version", "server") if data.get(key) is not None]):
                raise ValueError(f"`{beside[0]}` is for a dataset in Phoenix, and this one is a file")
        return data

    @property
    def shown(self) -> str:
        """Return what people call it."""
        return self.file if self.file is not None else f"{self.phoenix} (Phoenix)"

    @property
    def looked_at_by(self) -> str:
        """Return the command that says what is in it."""
        return f"evalgate dataset {f'validate {self.file}' if self.file is not None else f'history {self.phoenix}'}"

    def path(self, root: Path) -> Path:
        """Return the file that its examples are read from; of a dataset in Phoenix, the copy that was pulled.

        A dataset in Phoenix that was not pulled is a bug in the caller.
        """
        if self.file is not None:
            return root / self.file
        if self._pulled is None:
            raise ValueError(f"the dataset {self.phoenix!r} was not pulled")
        return self._pulled

    def pulled(self, copy: Path, version: str) -> DatasetRef:
        """Return it with the file that holds its examples, and the version that they are."""
        ref = self.model_copy(update={"version": version})
        ref._pulled, ref._declared = copy, self.version  # noqa: SLF001  # of the same class; the copy is not out yet
        return ref

    @property
    def declared(self) -> str | None:
        """Return the version as the config has it: of what was pulled, not the one that `latest` turned out to be."""
        return self._declared if self._pulled is not None else self.version


class BaselineTask(ConfigModel):
    """A second task as the baseline; what it does not say is the candidate's."""

    task: dict[str, Any]
    """What differs from the suite's own task."""


class Suite(ConfigModel):
    """One dataset, one task, its evaluators and its checks."""

    root: str = "."
    """Every path of the suite is relative to it, and it to the config file."""
    dataset: DatasetRef
    """The golden dataset: a file's name, or what stands below (docs/phoenix.md for one in Phoenix)."""
    task: Task
    """Exactly one of prompt, python, command and http (docs/tasks.md)."""
    evaluators: tuple[Evaluator, ...] = Field(min_length=1)
    """What scores the answers (docs/evaluators.md)."""
    checks: dict[str, Check] = Field(min_length=1)
    """By the name of an evaluator, or `cost`, `tokens`, `latency`, which every run has (docs/cost-and-latency.md)."""
    cluster: DottedPath | None = None
    """A metadata path: examples with one value belong together."""
    repetitions: Repetitions = 1
    """How many times each side answers each example."""
    baseline: BaselineTask | str | None = None
    """merge-base, git:<ref>, {task: …}, build:<id>, file:<path>, phoenix-tag:<name>, experiment:<id> or null
    (docs/baselines.md). Where a check compares: merge-base."""
    quarantine: str | None = None
    """A YAML file of examples that run and do not decide, each with an owner, a reason and a last day
    (docs/quarantine.md)."""

    @model_validator(mode="before")
    @classmethod
    def _short_dataset(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("dataset"), str):
            data = {**data, "dataset": {"file": data["dataset"]}}
        return data

    @model_validator(mode="before")
    @classmethod
    def _default_baseline(cls, data: Any) -> Any:
        """Compare with the merge base where a check compares and nobody says with what; `null` says with nothing."""
        if isinstance(data, dict) and "baseline" not in data and isinstance(data.get("checks"), dict):
            rules = {rule for check in data["checks"].values() if isinstance(check, dict) for rule in check}
            if rules & COMPARISONS:
                data = {**data, "baseline": BaselineKind.MERGE_BASE.value}
        return data

    @property
    def baseline_ref(self) -> BaselineRef | None:
        """Return the baseline that is named in one word; None where it is a task, or there is none."""
        return read_baseline(self.baseline) if isinstance(self.baseline, str) else None

    def resource(self, check: str) -> Resource | None:
        """Return what the check of this name is about, where that is no evaluator's score: an evaluator comes first."""
        scored = any(evaluator.label == check for evaluator in self.evaluators)
        return None if scored else resource_named(check)

    @property
    def scored_checks(self) -> dict[str, Check]:
        """Return the checks of evaluators' scores."""
        return {name: check for name, check in self.checks.items() if self.resource(name) is None}

    @property
    def resource_checks(self) -> dict[str, tuple[Resource, Check]]:
        """Return the checks of what runs take."""
        found = {name: (self.resource(name), check) for name, check in self.checks.items()}
        return {name: (resource, check) for name, (resource, check) in found.items() if resource is not None}

    @property
    def baseline_task(self) -> dict[str, Any] | None:
        """Return the raw second task with those of the candidate's values that it can have below its own, or None."""
        if not isinstance(self.baseline, BaselineTask):
            return None
        own = self.baseline.task
        inherited = self.task.model_dump(mode="json", by_alias=True, exclude_unset=True)
        kind = kind_of(own)
        if any(name in own for name in TASK_KINDS):
            inherited = {key: value for key, value in inherited.items() if key not in TASK_KINDS}
        if kind is not None:
            inherited = {key: value for key, value in inherited.items() if key in TASK_MODELS[kind].model_fields}
        return {**inherited, **own}


Api = Literal["chat", "responses", "anthropic", "gemini", "bedrock"]
"""A protocol that endpoints speak."""


class Endpoint(ConfigModel):
    """Where models are called, and how."""

    base_url: str
    """Its address up to `/v1`; for Azure OpenAI `https://NAME.openai.azure.com/openai/deployments/{model}?api-version=…`."""
    api: Api = "chat"
    """What it speaks: OpenAI's chat completions or responses, Anthropic's messages, Gemini's generateContent, Bedrock's
    Converse (docs/models.md)."""
    api_key_env: Annotated[str, AfterValidator(for_services)] | None = None
    """The environment variable that holds the key; the key itself is never written down."""
    api_key_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """The header that carries the key (`api-key` for Azure OpenAI); without it the one that `api` has."""
    aws_region: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$")
    """Sign calls for this region of AWS, with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."""
    concurrency: Parallel = 32
    """Calls in flight at once, at most: fewer while the endpoint throttles."""
    timeout: PositiveFloat = 60.0
    """Seconds for one call, its retries included."""
    requests_per_minute: Count | None = None
    """Calls started within any minute; what the endpoint itself says of its limits is followed besides."""
    tokens_per_minute: Count | None = None
    """The same for tokens, of questions and answers together."""
    provider: str | None = None
    """Whose list prices hold (`openai`, `azure`, `anthropic`), where the address is not the provider's own."""

    @property
    def identity(self) -> str:
        """Return what answers depend on: where it is, and what it speaks where that is not chat completions."""
        return self.base_url if self.api == "chat" else f"{self.api} {self.base_url}"


class Price(ConfigModel):
    """What a model costs, in US dollars for a million tokens."""

    input: float = Field(ge=0, le=_A_TOKEN_A_DOLLAR)
    """Of the question."""
    output: float = Field(ge=0, le=_A_TOKEN_A_DOLLAR)
    """Of the answer, its reasoning included."""
    cached_input: float | None = Field(default=None, ge=0, le=_A_TOKEN_A_DOLLAR)
    """Of what the provider had in its own cache; without it as `input`."""


class Budget(ConfigModel):
    """What one build may take, over all its continuations. Reached, the run stops and `--resume` goes on."""

    usd: PositiveFloat | None = None
    """US dollars paid to models."""
    tokens: Count | None = None
    """Tokens of questions and answers."""
    calls: Count | None = None
    """Calls of models that were answered; what comes from the response cache is none."""
    minutes: PositiveFloat | None = None
    """Time."""


class ResponseCache(ConfigModel):
    """How long answers of models are kept, so that nothing is paid for twice."""

    max_mb: PositiveFloat = 1000.0
    """Beyond it, answers that were used longest ago go first."""
    max_age_days: PositiveFloat = 30.0
    """Counted from when an answer was drawn: behind one name, endpoints change their models."""


SuiteName = Annotated[str, Field(pattern=r"^[\w.-]+$")]
"""Letters, digits, `_`, `.` and `-`: it stands in commands, reports and file names."""


class Config(ConfigModel):
    """evalgate.yaml."""

    suites: dict[SuiteName, Suite] = Field(default_factory=dict, min_length=1)
    """By a name of your own: what is measured. What only curates needs none."""
    policy: Policy = Policy()
    """What a verdict does, for all suites."""
    endpoints: dict[str, Endpoint] = Field(default_factory=dict)
    """By the name that stands before the slash of `model`."""
    prices: dict[str, Price] = Field(default_factory=dict)
    """By model, as `endpoint/model`: where the list of genai-prices has none, or another one."""
    budget: Budget = Budget()
    """What a build may take before it is stopped."""
    cache: ResponseCache = ResponseCache()
    """The response cache, a file of its own (`evalgate cache stats`)."""
    phoenix: PhoenixSettings | None = None
    """A Phoenix server as the system of record; without it nothing goes there (docs/phoenix.md)."""
    release: Release = Release()
    """What `evalgate release` asks for beyond a merge (docs/release.md)."""
    notify: Notify | None = None
    """A message to a channel about a verdict; without it nobody is told (docs/github.md)."""
    mlflow: Mlflow | None = None
    """Summary metrics in MLflow; without it nothing goes there (docs/github.md)."""

    curate: Curate | None = None
    """How golden datasets grow from production; nothing that is measured depends on it (docs/curation.md)."""

    def snapshot(self) -> dict[str, Any]:
        """Return it as JSON, with the defaults of whatever decides written out.

        A later version's default then changes no recorded decision. How datasets grow decides nothing and is left out.
        """
        written: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"curate"})
        written["policy"] = self.policy.model_dump(mode="json")
        for name, suite in self.suites.items():
            checks = {
                key: applicable(check.model_dump(mode="json", exclude_none=True), suite.resource(key))
                for key, check in suite.checks.items()
            }
            written["suites"][name] |= {"checks": checks, "repetitions": suite.repetitions}
        return written
