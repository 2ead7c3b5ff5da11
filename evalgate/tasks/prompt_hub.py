"""What a version of a prompt in Phoenix sends: as Phoenix's own client makes it, as far as the task leaves it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evalgate.errors import CandidateError
from evalgate.paths import MISSING, resolve
from evalgate.records import Example, JsonObject
from evalgate.suite.config import Api
from evalgate.suite.hub_messages import HubMessages, problem_words, read_messages
from evalgate.suite.hub_prompt import HubPrompt
from evalgate.suite.hub_request import hub_request
from evalgate.suite.hub_template import value_text
from evalgate.suite.tasks import PromptTask
from evalgate.suite.template import TemplateProblem, example_document
from evalgate.tasks.prompt_source import PromptSource, own_parameters


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSource(PromptSource):
    """A version whose variables are all mapped."""

    template: HubMessages
    variables: Mapping[str, str]

    def messages(self, example: Example) -> list[JsonObject]:
        """Return the messages for `example`. Raises TemplateProblem that names the example and what is missing."""
        document = example_document(example)
        found = {name: resolve(path, document) for name, path in self.variables.items()}
        absent = [f"{name} = {self.variables[name]}" for name, value in found.items() if value is MISSING]
        if absent:
            raise TemplateProblem(f"example {example.id!r} has nothing at {', '.join(absent)}, for {self.shown}")
        return self.template.fill({name: value_text(value) for name, value in found.items()})


def hub_source(task: PromptTask, prompt: HubPrompt, api: Api) -> HubSource:
    """Return what a version sends at an endpoint that speaks `api`.

    Raises CandidateError for a version that cannot be sent exactly, and for variables that do not meet the mapping.
    """
    own_parameters(task)
    try:
        template = read_messages(prompt)
    except TemplateProblem as problem:
        raise CandidateError(
            problem_words(prompt, problem), next_step="change it in Phoenix, and name the version that it becomes"
        ) from None
    _check_variables(prompt, template.names, task.variables)
    sent = hub_request(prompt, task, api)
    return HubSource(
        shown=prompt.shown,
        tools=sent.tools,
        tool_choice=sent.tool_choice,
        response_format=sent.response_format,
        parameters=sent.parameters,
        template=template,
        variables=task.variables,
    )


def _check_variables(prompt: HubPrompt, names: frozenset[str], mapped: Mapping[str, str]) -> None:
    """Raise CandidateError for a variable without a mapping, and for a mapping that nothing uses."""
    if lacking := sorted(names - mapped.keys()):
        example = ", ".join(f"{name}: input.{name}" for name in lacking)
        raise CandidateError(
            f"{prompt.shown} has variables that nothing is put in for: {', '.join(lacking)}",
            next_step=f"say what they are in the task: variables: {{{example}}}",
        )
    if idle := sorted(mapped.keys() - names):
        known = f"it has {', '.join(sorted(names))}" if names else "it has none"
        form = str(prompt.content.get("template_format") or "MUSTACHE")
        raise CandidateError(
            f"{prompt.shown} has no variable {', '.join(idle)}, which `variables` maps: {known} ({form})",
            next_step="take it out of the task's variables:, or put it into the prompt in Phoenix",
        )
