"""The report as a page, in a real browser: what people do with it, and what nobody may do by it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from evalgate.report.html.page import render_html
from tests.e2e.browser import page
from tests.e2e.project import Project
from tests.unit.report.explorations import explored
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.test_html_page import everywhere_hostile

TASK = """
def answer(input):
    n, second = input["n"], {second}
    if second and n == 7:
        raise KeyError("carrier")
    worse, better = second and n % 5 == 0, second and n % 11 == 2
    print("looked up", n)
    words = f"Your parcel {{n}} left the harbour" + ("." if worse else " and will be with you on Thursday.")
    return {{"text": words + (" You can follow it." if better else ""), "carrier": "van" if worse else "post"}}
"""
EVALS = """
def tone(output):
    score = 5 if "follow" in output["text"] else 4 if "Thursday" in output["text"] else 2
    return score, {2: "curt", 4: "good", 5: "excellent"}[score], f"it names {'the' if score > 2 else 'no'} day"
"""
CONFIG = {
    "suites": {
        "support": {
            "dataset": "golden.jsonl",
            "task": {"python": "v2/app.py:answer", "interpreter": sys.executable, "workers": 1},
            "baseline": {"task": {"python": "v1/app.py:answer"}},
            "repetitions": 2,
            "evaluators": [
                {"exact_match": {"path": "carrier"}, "name": "carrier"},
                {"python": "evals.py:tone", "range": [1, 5], "interpreter": sys.executable},
            ],
            "checks": {
                "carrier": {"no_regression": {"slices": ["metadata.lang"]}, "at_least": 0.5},
                "tone": {"no_regression": {"rule_out_drop": 0.05}},
                "latency": {"report_only": True},
            },
        }
    },
    "policy": {"max_missing": 0.1},
}


CHOOSE = """
(select => {{ select.value = {value!r}; select.dispatchEvent(new Event('change')) }})(document.querySelector({which!r}))
"""


def golden(examples: int) -> str:
    lines = (
        {
            "id": f"parcel-{n:03}",
            "input": {"n": n, "question": f"Where is parcel {n}?"},
            "output": {"carrier": "post"},
            "metadata": {"lang": "de" if n % 5 == 0 else "en"},
        }
        for n in range(examples)
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A build that fails, with its page, by the variable that a workflow's step sets."""
    project = Project(tmp_path_factory.mktemp("page"))
    for name, content in (
        ("evalgate.yaml", yaml.safe_dump(CONFIG, sort_keys=False)),
        ("golden.jsonl", golden(60)),
        ("v1/app.py", TASK.format(second=False)),
        ("v2/app.py", TASK.format(second=True)),
        ("evals.py", EVALS),
    ):
        project.write(name, content)
    ended = project.run(EVALGATE_RUN_HTML="out/report.html")
    assert ended.code == 1, ended.text
    return project


@pytest.fixture(scope="module")
def site(project):
    """The address of its page."""
    return (project.folder / "out/report.html").as_uri()


def test_a_suite_that_nobody_recorded_is_on_the_page(project):
    ended = project.evalgate("decide", "--expect", "support", "--expect", "lost", "--html", "lost.html")
    assert ended.code == 1, ended.text
    assert "No journal holds the suite lost" in (project.folder / "lost.html").read_text("utf-8")


async def told(browser, selector="#detail"):
    return await browser.value(f"document.querySelector({selector!r}).innerText")


async def listed(browser):
    return await browser.value("[...document.querySelectorAll('#list .id')].map(each => each.textContent)")


async def pressed_kind(browser):
    return await browser.value("document.querySelector('#kinds [aria-pressed=true]').textContent")


def asked(browser):
    """Every address that the page asked for."""
    events = (each for name, each in browser.events if name == "Network.requestWillBeSent")
    return {each["request"]["url"].partition("#")[0] for each in events}


async def test_examples_are_found_by_keys_filters_and_text(site, tmp_path):
    async with page(tmp_path / "browser") as browser:
        await browser.watch()
        await browser.opens(site)
        assert await pressed_kind(browser) == "worse 13", "that is what people look for first"
        assert (await listed(browser))[:3] == ["parcel-000", "parcel-005", "parcel-007"]
        await browser.press("j", "j")
        assert "KeyError: 'carrier'" in await told(browser)
        await browser.press("k", "k")
        first = await told(browser)
        assert first.startswith("parcel-000\n")
        for said in ("pass\tfail\t▼ worse", "Where is parcel 0?", "expected.carrier\npost", "curt it names no day"):
            assert said in first
        marked = "[...document.querySelectorAll('#detail :is(del, ins)')].map(each => each.tagName + each.textContent)"
        assert await browser.value(marked) == ["DEL and will be with you on Thursday", "DELpost", "INSvan"]
        await browser.press("d")
        assert await browser.value(marked) == []
        await browser.press("]")
        assert await browser.value("document.querySelector('#detail [aria-pressed=true]').textContent") == "r2"
        await browser.press("k", "b")
        assert await pressed_kind(browser) == "better 6"
        await browser.press("a", "/", *"follow", "Enter")
        await asyncio.sleep(0.3)
        assert len(await listed(browser)) == 6
        assert "6 examples with “follow”" in await told(browser, ".list")
        await browser.press("Escape", "Escape", "?")
        assert await browser.value("document.querySelector('#keys').open")
        await browser.press("Escape")
        assert not await browser.value("document.querySelector('#keys').open")
        await browser.value(CHOOSE.format(which="#slice", value="0,0"))
        assert await pressed_kind(browser) == "all 12", "every fifth is German"
        await browser.value(CHOOSE.format(which="#check", value="1"))
        await browser.press("w")
        assert await pressed_kind(browser) == "worse 11", "and one of those reads better"
        assert [name for name, _ in browser.events if name in {"Runtime.exceptionThrown", "Log.entryAdded"}] == []
        assert asked(browser) <= {site, "data:,"}


async def test_a_picture_leads_to_the_example_behind_it_and_the_address_to_it_again(site, tmp_path):
    async with page(tmp_path / "browser") as browser:
        await browser.opens(site)
        await browser.value("document.querySelector('svg.changes[data-check=\"1\"]').focus()")
        await browser.press("End")
        readout = await browser.value("document.activeElement.nextElementSibling.textContent")
        assert re.fullmatch(r"parcel-\d+: 4 → 5", readout.replace(" ", ": ", 1)), readout
        await browser.press("Enter")
        address = await browser.value("location.href")
        assert address == f"{site}#support/{readout.split()[0]}"
        await browser.opens("about:blank")
        await browser.opens(address)
        assert (await told(browser)).startswith(readout.split()[0])


async def test_the_name_of_a_slice_leads_to_its_examples(site, tmp_path):
    async with page(tmp_path / "browser") as browser:
        await browser.opens(site)
        await browser.value("document.querySelector('th[data-value=de] button').click()")
        assert await pressed_kind(browser) == "worse 12"
        shown = "['#check', '#slice'].map(each => document.querySelector(each).selectedOptions[0].text)"
        assert await browser.value(shown) == ["carrier", "metadata.lang = de"]


async def test_light_and_dark_by_preference_and_by_hand(site, tmp_path):
    ground = "getComputedStyle(document.body).backgroundColor"
    async with page(tmp_path / "browser") as browser:
        await browser.prefers("dark")
        await browser.opens(site)
        assert await browser.value(ground) == "rgb(13, 17, 23)"
        await browser.press("t")
        assert await browser.value(ground) == "rgb(246, 248, 250)"
        await browser.press("t", "t")
        assert await browser.value(ground) == "rgb(13, 17, 23)"


async def test_nothing_is_wider_than_a_phone(site, tmp_path):
    async with page(tmp_path / "browser") as browser:
        await browser.size(390, 800)
        await browser.opens(site)
        every = "[...document.querySelectorAll('main :not(.wide *)')]"
        wide = f"{every}.filter(each => each.getBoundingClientRect().right > 391).length"
        assert await browser.value("document.documentElement.scrollWidth") == 390
        assert await browser.value(wide) == 0


async def test_without_programs_verdict_tables_pictures_and_what_got_worse_are_there(site, tmp_path):
    async with page(tmp_path / "browser") as browser:
        await browser.without_programs()
        text = await browser.shows(
            site, "FAIL do not merge.", "13 examples worse in carrier", "The numbers behind this"
        )
        assert "Keys" not in text
        assert "better" in text


async def test_nothing_that_an_answer_says_is_obeyed(tmp_path):
    """Every hostile text in every place, each example looked at: no dialog, no request, no element, no complaint."""
    report = everywhere_hostile()
    file = tmp_path / "hostile.html"
    file.write_text(render_html(report, explored(report, differs=tuple(HOSTILE))), "utf-8")
    async with page(tmp_path / "browser") as browser:
        await browser.watch()
        await browser.opens(file.as_uri())
        await browser.press("a")
        examples = await listed(browser)
        assert len(examples) >= len({text[:300] for text in HOSTILE})
        for _ in examples:
            await browser.press("j")
            await browser.press("d")
        loads = "img, iframe, object, embed, base, link:not([rel=icon]), script:not(.data)"
        assert await browser.value(f"document.querySelectorAll({loads!r}).length") == 1, "the page's own program alone"
        assert await browser.value("[...document.links].every(each => /^(https?:|file:)/.test(each.href))")
        assert await browser.value("document.querySelectorAll('main article#detail *').length") > 10
        happened = {name for name, _ in browser.events}
        assert not happened & {"Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
        assert [said for name, said in browser.events if name == "Log.entryAdded"] == []
        assert asked(browser) <= {file.as_uri(), "data:,"}


@pytest.fixture
def forged(site, tmp_path):
    """The page with a program in it that nobody of us wrote."""
    text = Path(site.removeprefix("file://")).read_text("utf-8")
    program = "<script>document.title = 'forged'</script><img src=x onerror=\"document.title='forged'\">"
    file = tmp_path / "forged.html"
    file.write_text(text.replace("<main>", f"<main>{program}"), "utf-8")
    return file.as_uri()


async def test_a_program_that_got_into_the_page_would_not_run(forged, tmp_path):
    """The policy is the second wall: what is put into the file by hand is refused, and nothing else changes."""
    async with page(tmp_path / "browser") as browser:
        await browser.watch()
        await browser.opens(forged)
        assert await browser.value("document.title") != "forged"
        assert (await listed(browser))[:3] == ["parcel-000", "parcel-005", "parcel-007"]
        refused = [said["entry"]["text"] for name, said in browser.events if name == "Log.entryAdded"]
        assert any("script" in each for each in refused)
        assert any("image" in each for each in refused)
