"""What models took, from the calls to the journal, the report and the next plan."""

import pytest
import yaml

from evalgate.gate.spending import spent, suite_spending
from evalgate.records import Side
from evalgate.report.spending import spending_line
from tests.fake_model import Rule
from tests.integration.build import measured
from tests.integration.test_tasks import with_model


def priced(project):
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["prices"] = {"fake/m": {"input": 1, "output": 1}, "fake/old": {"input": 2, "output": 2}}
    path.write_text(yaml.safe_dump(config, sort_keys=False))


async def test_sides_are_priced_and_a_second_build_pays_nothing(project, journal, fake_model):
    fake_model.rules = [Rule(usage={"prompt_tokens": 900, "completion_tokens": 100})]
    with_model(project, fake_model)
    priced(project)
    first = await measured(project, journal)
    assert spending_line(first.report.suites[0]) == (
        "Models: 24 calls; 24,000 tokens; $0.036 (candidate $0.012, baseline $0.024)."
    )
    assert spent(journal, first.ended.build).usd == pytest.approx(0.036)
    second = await measured(project, journal)
    assert fake_model.calls == 24
    (suite,) = second.report.suites
    assert spending_line(suite) == (
        "Models: 24 calls, all of them from the cache; 24,000 tokens; $0.036, nothing of it paid now (candidate"
        " $0.012, baseline $0.024)."
    )
    assert {side: counts.cached for side, counts in suite.counts.items()} == dict.fromkeys(Side, 12)
    assert (spent(journal, second.ended.build).usd, spent(journal, second.ended.build).calls) == (0, 0)


async def test_the_dearest_example_is_named(project, journal, fake_model):
    few, many = ({"prompt_tokens": count, "completion_tokens": 0} for count in (100, 90_000))
    fake_model.rules = [Rule(when='"answer": 14 ', usage=many), Rule(usage=few)]
    with_model(project, fake_model)
    priced(project)
    build = await measured(project, journal)
    assert spending_line(build.report.suites[0]).endswith(" The dearest: e7 ($0.27).")


async def test_a_judge_is_a_part_of_its_own(project, journal, fake_model):
    fake_model.rules = [
        Rule(model="judge", reply='{"explanation": "fine", "label": "correct"}', usage={"prompt_tokens": 9}),
        Rule(usage={"prompt_tokens": 5}),
    ]
    with_model(project, fake_model)
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    judge = {"judge": "correctness", "model": "fake/judge"}
    config["suites"]["doubling"]["evaluators"].append(judge)
    config["suites"]["doubling"]["checks"]["correctness"] = {"at_least": 0.5}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    build = await measured(project, journal)
    rows = journal.experiments(build.ended.build)
    found = {part.who: (part.calls, part.tokens) for part in suite_spending(journal, rows).parts}
    assert found == {"candidate": (12, 60), "baseline": (12, 60), "correctness": (24, 216)}
