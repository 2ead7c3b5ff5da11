"""The models that suites call: whether their endpoint has them, what they cost, whether judges were held to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evalgate.decision.number_words import count
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.doctor.findings import Finding, failed, ok, problem, warning
from evalgate.gate.doctor.suites import starts
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.recording import known_judges
from evalgate.journal.store import Journal
from evalgate.llm.call import Sender
from evalgate.llm.chat import chat
from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.llm.failures import BadRequest, CallFailed
from evalgate.llm.listing import Listing, list_models, lists_models
from evalgate.llm.prices import Prices
from evalgate.llm.usage import TokenUsage
from evalgate.records import Side
from evalgate.suite.config import Config, Endpoint
from evalgate.suite.tasks import PromptTask, called_endpoint

_REFUSED = 401
_NOT_ALLOWED = frozenset({402, 403})
_NO_LISTING = frozenset({404, 405, 501})
_NAMED = 5
_MILLION = TokenUsage(input_tokens=1_000, output_tokens=1_000)
_QUESTION = "Answer with the word ok."


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """One endpoint as suites call it, and the models that they name there."""

    name: str
    declared: Endpoint
    models: tuple[str, ...]
    candidate: bool
    """Whether a run cannot begin without it: what the baseline alone calls makes a suite UNMEASURABLE."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What came of asking an endpoint, and its clock, in seconds since 1970."""

    findings: tuple[Finding, ...]
    date: float | None = None


def called(suites: Iterable[PreparedSuite], declared: Mapping[str, Endpoint]) -> list[Called]:
    """Return the endpoints that a run of these suites starts by; `declared` are those that judges are asked at.

    A baseline that is a commit is started only where it is drawn, by what its commit declares.
    """
    found: dict[tuple[str, str], Called] = {}

    def add(endpoints: Mapping[str, Endpoint], name: str, model: str, *, candidate: bool = True) -> None:
        if name in endpoints:
            place = (name, endpoints[name].identity)
            before = found.get(place) or Called(name=name, declared=endpoints[name], models=(), candidate=False)
            models = (*before.models, *([model] if model and model not in before.models else []))
            found[place] = replace(before, models=models, candidate=before.candidate or candidate)

    for suite in filter(starts, suites):
        for side in suite.sides if suite.base is None else suite.sides[:1]:
            name = called_endpoint(side.task)
            model = side.task.model if isinstance(side.task, PromptTask) else None
            if name is not None:
                add(
                    {**declared, **side.endpoints},
                    name,
                    (model or "").partition("/")[2],
                    candidate=side.side is Side.CANDIDATE,
                )
        at = suite.placed.endpoints
        for evaluator in suite.suite.evaluators:
            for model in evaluator.models:
                add(declared if at is None else at, *model.partition("/")[::2])
    return [*found.values()]


async def ask(endpoint: Called, sender: Sender, environ: Mapping[str, str], *, within: float, call: bool) -> Asked:
    """Ask an endpoint which models it has, for nothing; with `call` each of those that are named one short question."""
    about = f"endpoint {endpoint.name}"
    try:
        resolved = resolve_endpoint(endpoint.name, endpoint.declared, environ)
    except ConfigurationError as error:
        lacking = failed(about, error)
        return Asked(
            findings=(lacking if endpoint.candidate else replace(lacking, code=MeasurementError.exit_code, sure=False),)
        )
    findings, date, reached = [], None, True
    if lists_models(resolved):
        try:
            listing = await list_models(sender, resolved, within=within)
        except CallFailed as error:
            following = error.next_step or f"check endpoints.{endpoint.name}.base_url and the network"
            findings, reached = [problem(about, error.message, following, service=True)], False
        else:
            findings, date = list(_listed(about, endpoint, listing)), listing.date
    else:
        findings = [ok(about, "its key is set; where it is it lists no models")]
    if call and reached:
        for model in endpoint.models:
            findings.append(await _call(resolved, model, sender, within))
    return Asked(findings=tuple(findings), date=date)


def _listed(about: str, endpoint: Called, listing: Listing) -> Iterator[Finding]:
    status, said = listing.status, f": {listing.said}" if listing.said else ""
    key = endpoint.declared.api_key_env
    ask_them = "evalgate doctor --call asks the models themselves"
    if status == _REFUSED:
        following = f"set {key} to a key of that provider" if key else f"set endpoints.{endpoint.name}.api_key_env"
        yield problem(about, f"refused the key (401){said}", following, service=True, sure=endpoint.candidate)
    elif status in _NOT_ALLOWED:
        yield warning(about, f"the key may not list models ({status}){said}", ask_them)
    elif status >= 500 or status == 429:
        yield warning(about, f"answered {status} when it was asked for its models{said}", "try again later")
    elif listing.models is None:
        yield ok(about, f"answers, and lists no models{'' if status in _NO_LISTING else f' ({status})'}")
    else:
        lacking = [model for model in endpoint.models if model not in listing.models and not listing.more]
        if lacking:
            named = ", ".join(lacking[:_NAMED])
            yield warning(about, f"answers, and does not list {named}", f"correct `model`, or {ask_them}")
        else:
            has = f", has {', '.join(endpoint.models[:_NAMED])}" if endpoint.models and not listing.more else ""
            yield ok(about, f"answers{has}")


async def _call(endpoint: ModelEndpoint, model: str, sender: Sender, within: float) -> Finding:
    about = f"model {endpoint.name}/{model}"
    try:
        reply = await chat(
            sender,
            endpoint,
            model=model,
            messages=[{"role": "user", "content": _QUESTION}],
            sample="doctor",
            within=within,
        )
    except BadRequest as error:
        return warning(about, f"answers, and refuses a plain question: {error.message}", "evalgate run --limit 1")
    except CallFailed as error:
        following = error.next_step or "correct `model`, or set a key that may call it"
        return problem(about, error.message, following, service=True)
    return ok(about, f"answered in {reply.latency:.1f} s")


def price_findings(calls: Iterable[Called], config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether prices are known, where something rests on them: a budget in dollars or a check of the cost."""
    needed = config.budget.usd is not None or any("cost" in suite.resource_checks for suite in config.suites.values())
    prices = Prices(config.prices)
    unknown, known = [], 0
    for each in calls:
        try:
            endpoint = resolve_endpoint(each.name, each.declared, environ)
        except ConfigurationError:
            continue
        for model in each.models:
            if prices.of_call(endpoint, model, _MILLION) is None:
                unknown.append(f"{each.name}/{model}")
            else:
                known += 1
    if unknown and needed:
        named = ", ".join(unknown[:_NAMED])
        edit = f"prices: {{{unknown[0]}: {{input: …, output: …}}}} in dollars for a million tokens"
        yield warning("prices", f"nobody knows what {named} costs, and a budget or a check rests on it", edit)
    elif known:
        yield ok("prices", f"known for {count(known, 'model')}" + (f", not for {len(unknown)}" if unknown else ""))


def judge_findings(suites: Sequence[PreparedSuite], config: Config, journal: Journal | None) -> Iterator[Finding]:
    """Yield which judges were held to what people say. One that was not gates nothing where the policy says so."""
    required = config.policy.require_validated
    for suite in filter(starts, suites):
        known = {row.name: row.summary for row in known_judges(journal, suite)} if journal is not None else {}
        for name in suite.judges:
            about, summary = f"{suite.name}: {name}", known.get(name)
            if summary is not None:
                yield ok(about, f"held to {summary.get('labelled')} labelled answers on {summary.get('measured_on')}")
                continue
            step = f"evalgate judge validate LABELS --suite {suite.name} --judge {name}"
            if required:
                told = "this judge was not held to human labels, and policy.require_validated lets it gate nothing"
                yield warning(about, told, step)
            else:
                yield warning(about, "this judge was not held to human labels", step)
