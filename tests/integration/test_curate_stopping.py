"""Every step of curation, stopped at its longest: one line says what is kept, and the same again goes on."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web

from evalgate.curate.candidates import Candidate, State, read_candidates, write_candidates
from evalgate.curate.holding import held
from tests.e2e.project import environment
from tests.fake_model import Rule
from tests.fake_model.apart import served
from tests.integration.test_curate_label import TAXONOMY, chosen, reply

CONFIG = """\
suites:
  s:
    dataset: some.jsonl
    task: {{python: 'a.py:b'}}
    evaluators: [exact_match]
    checks: {{exact_match: {{at_least: 1.0}}}}
endpoints:
  fake: {{base_url: '{model}', concurrency: 4}}
phoenix: {{servers: {{main: {{endpoint_env: HERE}}}}}}
curate:
  profiles:
    shop:
      project: shop
      server: main
      dataset: some.jsonl
      label: {{model: fake/m, taxonomy: mine.yaml, answers: false}}
"""
PATIENCE_S = 60


class Endless:
    """A server with a project whose spans never end, ten a page; `slow` seconds a page."""

    def __init__(self):
        self.pages, self.first, self.slow = 0, [], 0.02
        self.silent, self.heard = False, 0
        self.base_url = ""

    async def answer(self, request):
        self.heard += 1
        if self.silent:
            await asyncio.sleep(PATIENCE_S)
        if request.method == "POST":
            return web.json_response(
                {"data": {"getProjectByName": {"id": "P", "name": "shop", "spanAnnotationNames": []}}}
            )
        if "/spans" not in request.path:
            return web.json_response({"data": [], "next_cursor": None})
        await asyncio.sleep(self.slow)
        self.pages += 1
        start = int(request.query.get("cursor", 0))
        self.first.append(start)
        page = [self.span(number) for number in range(start, start + 10)]
        return web.json_response({"data": page, "next_cursor": str(start + 10)})

    @staticmethod
    def span(number):
        return {
            "name": "ask",
            "context": {"trace_id": f"{number:032x}", "span_id": f"{number:016x}"},
            "span_kind": "LLM",
            "start_time": "2026-01-01T00:00:00Z",
            "end_time": "2026-01-01T00:00:01Z",
            "attributes": {"input.value": f"question {number}", "output.value": "an answer"},
        }


@contextmanager
def phoenix():
    """Serve the endless project from a thread."""
    endless, loop = Endless(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", endless.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)

    async def begin():
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()

    try:
        asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
        endless.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield endless
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class Desk:
    """A folder in which steps are begun and stopped."""

    def __init__(self, folder, model, server):
        self.folder, self.model, self.server = folder, model, server
        self.file = folder / "some.candidates.jsonl"
        (folder / "evalgate.yaml").write_text(CONFIG.format(model=model.base_url))
        (folder / "mine.yaml").write_text(TAXONOMY)

    def begin(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "evalgate", "curate", *arguments],
            cwd=self.folder,
            env=environment(HERE=self.server.base_url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stopped(self, sent, until, *arguments):
        """Begin a step, send it a signal once `until` holds, and return what it said."""
        process = self.begin(*arguments)
        try:
            wait(until, process)
            process.send_signal(sent)
            out, said = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == 130, (process.returncode, out, said)
        assert "Traceback" not in said
        assert "bug in evalgate" not in said
        typed = " ".join(("evalgate", "curate", *arguments))
        *_, kept, following = said.splitlines()
        assert kept.startswith("evalgate: stopped; "), said
        assert typed in following or following.startswith("  next: evalgate curate"), said
        return kept


def is_open(path):
    """Whether some process has it open at this moment."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it ended meanwhile
            if link.readlink() == path:
                return True
    return False


def wait(until, process):
    limit = time.monotonic() + PATIENCE_S
    while not until() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()


@pytest.fixture
def desk(tmp_path):
    with served(Rule(reply=reply("Search"), latency=0.2)) as model, phoenix() as server:
        yield Desk(tmp_path, model, server)


def questions(count):
    """Candidates that ask different things, with an answer."""
    for number in range(count):
        text = " ".join(f"{number * 7919 + place * 104729:x}" for place in range(12))
        asked = {"messages": [{"role": "user", "content": text}]}
        yield Candidate(id=f"span:{number}", input=asked, output={"messages": [{"role": "assistant", "content": "a"}]})


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_pull_of_spans_without_an_end_is_stopped_and_goes_on(desk, sent):
    kept = desk.stopped(sent, lambda: desk.server.pages >= 5, "pull", "--profile", "shop", "--since", "2025-01-01")
    assert kept == "evalgate: stopped; what was read so far is kept"
    assert not desk.file.exists()
    read, before = len(desk.server.first), max(desk.server.first)
    desk.stopped(sent, lambda: desk.server.pages >= read + 3, "pull", "--profile", "shop", "--since", "2025-01-01")
    assert desk.server.first[read] in (before, before + 10)  # where it was
    assert len(set(desk.server.first)) >= len(desk.server.first) - 2


def test_a_run_of_profiles_says_what_to_type_again(desk):
    kept = desk.stopped(signal.SIGTERM, lambda: desk.server.pages >= 3, "run")
    assert kept == "evalgate: stopped; what was done is kept"


@pytest.mark.parametrize(
    ("step", "sent"), [("sample", signal.SIGINT), ("drift", signal.SIGTERM), ("clean", signal.SIGINT)]
)
def test_what_an_embedding_model_answered_is_kept(desk, sent, step):
    write_candidates(desk.file, questions(900))
    desk.model.rules = [Rule(latency=1.0)]
    (desk.folder / "some.jsonl").write_text('{"id": "g", "input": {"question": "what?"}}\n')
    untouched = [each.state for each in read_candidates(desk.file)]
    more = ("--since", "3650d") if step == "drift" else ()
    if step == "drift":
        now = {"start": "2026-01-01T00:00:00+00:00"}
        write_candidates(desk.file, (Candidate(id=e.id, input=e.input, source=now) for e in questions(900)))
    typed = (step, "--profile", "shop", "--embedding", "fake/m", *more)
    kept = desk.stopped(sent, lambda: desk.model.calls >= 2, *typed)
    assert kept == "evalgate: stopped; what fake/m answered by then is kept"
    assert [each.state for each in read_candidates(desk.file)] == untouched
    paid = desk.model.calls
    assert paid < 10
    ended = desk.begin(*typed)
    _, said = ended.communicate(timeout=PATIENCE_S)
    assert ended.returncode == 0, said
    # Nothing that was on its way was lost: a batch is 96 texts.
    assert desk.model.calls <= 11


def test_an_analysis_is_stopped_softly(desk):
    labels = ("Search", "Compose")

    def labelled(number):
        mark = {"taxonomy": "state", "labels": [labels[number % 2]], "explanation": "", "model": "m", "asked": "x"}
        return chosen(number).marked("proposed", mark)

    write_candidates(desk.file, map(labelled, range(6)))
    desk.model.rules = [Rule(reply="no JSON", latency=2.0)]
    kept = desk.stopped(signal.SIGINT, lambda: desk.model.calls >= 2, "analyze", "--profile", "shop")
    assert kept == "evalgate: stopped; answers that were paid for are kept"
    assert desk.model.calls == 2  # no second time of asking


def test_labelling_is_stopped_softly(desk):
    write_candidates(desk.file, map(chosen, range(40)))
    kept = desk.stopped(signal.SIGTERM, lambda: desk.model.calls >= 6, "label", "--profile", "shop")
    marked = sum("proposed" in each.marks for each in read_candidates(desk.file))
    assert kept == f"evalgate: stopped; {marked} of 40 were labelled and are kept"
    assert marked == desk.model.calls


@pytest.mark.parametrize(
    ("step", "sent"), [(("clean", "--write"), signal.SIGTERM), (("sample", "--size", "5"), signal.SIGINT)]
)
def test_work_of_this_machine_alone_leaves_the_file_as_it_was(desk, sent, step):
    write_candidates(desk.file, questions(6_000))
    before = desk.file.read_bytes()
    note = desk.folder / ".curate" / f"{desk.file.name}.holder"
    kept = desk.stopped(sent, note.exists, *step, "--profile", "shop")
    said = {
        "clean": "candidates that were not cleaned are as they were",
        "sample": "the candidates are as they were",
    }[step[0]]
    assert kept == f"evalgate: stopped; {said}"
    assert desk.file.read_bytes() == before
    assert sorted(each.name for each in desk.folder.glob(".some*")) == []


def test_a_push_that_waits_for_a_server_is_stopped(desk):
    write_candidates(desk.file, [Candidate(id="span:1", input={"question": "q"}, state=State.ACCEPTED)])
    (desk.folder / "some.jsonl").write_text('{"id": "g", "input": {"question": "what?"}}\n')
    desk.server.silent = True
    typed = ("push", "--profile", "shop", "--phoenix", "golden", "--yes")
    kept = desk.stopped(signal.SIGINT, lambda: desk.server.heard, *typed)
    assert kept == "evalgate: stopped; what was written stays, and nothing is there twice"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_export_that_is_stopped_leaves_the_files_of_the_last_one(desk, sent):
    """Waiting for a server, and at its own work."""
    out = desk.folder / "out"
    out.mkdir()
    (out / "train.jsonl").write_text("as it was\n")
    desk.server.silent = True
    far = ("export", "--dataset", "phoenix:golden", "--server", "main", "--to", "out")
    assert desk.stopped(sent, lambda: desk.server.heard, *far) == "evalgate: stopped; files that were written are whole"
    golden = desk.folder / "some.jsonl"
    with golden.open("w") as file:
        file.writelines(f'{{"id": "{n}", "input": {{"q": "{n}"}}, "output": {{"a": "{n}"}}}}\n' for n in range(60_000))
    near = ("export", "--profile", "shop", "--to", "out")
    kept = desk.stopped(sent, lambda: is_open(golden), *near)
    assert kept == "evalgate: stopped; files that were written are whole"
    assert {each.name: each.read_text() for each in out.iterdir()} == {"train.jsonl": "as it was\n"}


def test_of_two_steps_that_ask_models_one_pays_until_it_is_killed(desk):
    write_candidates(desk.file, map(chosen, range(12)))
    desk.model.rules = [Rule(reply=reply("Search"), latency=2 * PATIENCE_S)]
    first = desk.begin("label", "--profile", "shop")
    wait(lambda: desk.model.calls >= 4, first)
    second = desk.begin("label", "--profile", "shop")
    _, said = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 2
    assert f"another step is at work on {desk.file.name}: " in said.replace(f"{desk.folder}/", "")
    assert f"(process {first.pid}), since 20" in said
    assert desk.model.calls == 4
    first.kill()
    first.communicate()
    desk.model.rules = [Rule(reply=reply("Search"))]
    third = desk.begin("label", "--profile", "shop")
    _, said = third.communicate(timeout=PATIENCE_S)
    assert third.returncode == 0, said
    # What was on its way when the first was killed has no answer: those alone are asked for again.
    assert desk.model.calls == 4 + 12
    assert all("proposed" in each.marks for each in read_candidates(desk.file))


def test_what_was_answered_waits_for_whoever_writes(desk):
    write_candidates(desk.file, map(chosen, range(8)))
    with held(desk.file):
        asking = desk.begin("label", "--profile", "shop", "--json")
        wait(lambda: desk.model.calls >= 8, asking)
        time.sleep(2)
        assert asking.poll() is None
    out, said = asking.communicate(timeout=PATIENCE_S)
    assert asking.returncode == 0, said
    assert json.loads(out)["new"] == 8
