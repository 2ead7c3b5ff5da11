"""The links of reports in a real browser: each page loads, and shows what it is about."""

import json

import pytest
import yaml

from evalgate.report.html.embedding import inert
from evalgate.report.html.page import escaped
from tests.e2e.browser import page
from tests.e2e.project import Project

SIDES = ("baseline", "candidate")
WORSE = "def answer(input):\n    return {'answer': 'worse' if input['q'] == 1 else input['q'] * 2}\n"


@pytest.fixture(scope="module", params=["phoenix", "phoenix_prefix"])
def mirrored(request, tmp_path_factory):
    """The report of a mirrored build, for machines: a server at the root of its address, and one below a path."""
    server = request.getfixturevalue(request.param)
    project = Project(tmp_path_factory.mktemp("pages"), examples=3)
    project.write("v2/app.py", WORSE)
    config = project.prepare().folder / "evalgate.yaml"
    said = yaml.safe_load(config.read_text()) | {"phoenix": {"dataset": server.unique("pages") + " {suite}"}}
    config.write_text(yaml.safe_dump(said))
    ended = project.run("--json", "--no-gate", "--html", "report.html", PHOENIX_ENDPOINT=server.base_url)
    assert ended.code == 0, ended.text
    (suite,) = json.loads(ended.out)["suites"]
    assert suite["phoenix"]["lacking"] is None
    return suite | {"page": project.folder / "report.html"}


async def test_every_link_of_a_report_shows_what_it_is_about(mirrored, tmp_path):
    links, (worse,) = mirrored["phoenix"], mirrored["examples"]
    assert worse["id"] == "e1"
    async with page(tmp_path / "browser") as browser:
        baseline, candidate = "doubling baseline: v1/app.py:answer", "doubling candidate: v2/app.py:answer"
        await browser.shows(links["compare"], baseline, candidate, "worse", "evalgate.change", "regressed")
        for side, name in (("baseline", baseline), ("candidate", candidate)):
            await browser.shows(links["experiments"][side], f"{name}\n", "Runs\n3 / 3", "exact_match")
        await browser.shows(worse["link"], "Example\n", "e1", "parity")
        for side, answer in (("baseline", "2"), ("candidate", "worse")):
            trace = worse[side]["trace"]
            await browser.shows(trace, trace.rpartition("/")[2], "task", answer)


def test_the_page_has_the_same_links(mirrored):
    text = mirrored["page"].read_text("utf-8")
    (worse,) = mirrored["examples"]
    links = (*mirrored["phoenix"]["experiments"].values(), worse["link"], *(worse[side]["trace"] for side in SIDES))
    for link in links:
        assert inert(link)[1:-1] in text or escaped(link) in text, link
    assert escaped(mirrored["phoenix"]["compare"]) in text
