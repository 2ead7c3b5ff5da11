"""The data of the page: what people look for first, within its room, and nothing that could end the element."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np

from evalgate.records import Evaluation, Example
from evalgate.report.html.embedding import embedded
from evalgate.report.html.explored import ExploredExample, Sample
from evalgate.report.model import SideView
from tests.unit.report import builds
from tests.unit.report.explorations import explored


def parts(report=None, **changes):
    report = report or builds.failing_one_of_many()
    ((suite, shown),) = report.each_suite()
    return suite, shown, explored(report, **changes)[suite.name]


def test_every_score_and_every_example_is_there() -> None:
    suite, shown, of = parts()
    held = embedded(suite, shown, of)
    data = json.loads(held.json)
    assert held.left_out == 0
    assert (data["name"], data["build"], data["baseline"]) == ("sql", 7, "second task")
    assert len(data["ids"]) == len(data["examples"]) == 80
    rows = data["checks"][0]
    assert rows["worse"] == [0, 1, 2, 3, 4, 5]
    assert rows["better"] == [data["ids"].index("q-044")]
    assert rows["delta"][:6] == [-1] * 6
    assert (rows["gating"], rows["binary"], rows["unit"]) == (True, True, None)
    assert data["slices"] == [{"path": "metadata.lang", "values": ["de", "en"], "of": [1, 0] * 40}]
    first = data["examples"]["0"]
    assert first["input"] == [["question", "How many devices were active in Berlin last week?"]]
    assert first["candidate"][0]["said"] == [["rows", "0", "returns 412 where 17 is expected"]]
    assert first["candidate"][0]["logs"] == "loaded schema\nquestion 17"
    assert data["examples"]["1"]["candidate"][0]["failure"] == "KeyError: 'city' (router.py:31)"


def test_where_nothing_was_run_nothing_failed() -> None:
    suite, shown, of = parts()
    (first, *others) = of.each.scores
    each = replace(of.each, scores=(replace(first, failed=np.full(80, fill_value=True)), *others))
    assert len(json.loads(embedded(suite, shown, replace(of, each=each)).json)["failed"]) == 80
    assert json.loads(embedded(replace(suite, checks=()), shown, replace(of, each=each)).json)["failed"] == []


def test_an_answer_that_both_sides_gave_is_there_once() -> None:
    data = json.loads(embedded(*parts()).json)
    assert (data["examples"]["70"]["candidate"][0]["output"], data["examples"]["70"]["baseline"][0]["output"]) == (
        "1",
        True,
    )


def test_where_room_is_short_those_are_there_that_got_worse() -> None:
    suite, shown, of = parts()
    held = embedded(suite, shown, of, room=2_000)
    data = json.loads(held.json)
    assert list(data["examples"])[:3] == ["0", "1", "2"]
    assert len(data["ids"]) == 80
    assert held.left_out == 80 - len(data["examples"]) > 60
    assert sum(len(json.dumps(each)) for each in data["examples"].values()) < 2_500


def test_a_long_text_says_how_much_of_it_is_left_out() -> None:
    long = ExploredExample(
        example=Example(id="x", input={"text": "a" * 1_000_000}),
        candidate=(Sample(view=SideView(output="b" * 30_000)),),
    )
    suite, shown, of = parts(read=lambda _: long)
    example = json.loads(embedded(suite, shown, of).json)["examples"]["0"]
    assert example["input"][0][1] == "a" * 20_000 + "\n… 980,000 more characters"
    assert example["candidate"][0]["output"].endswith("\n… 10,000 more characters")


def test_what_an_answer_took_is_in_words_and_its_trace_is_a_link() -> None:
    said = "http://phoenix.example/redirects/traces/1a2b"
    view = SideView(
        output="x", latency=0.31, trace=said, evaluations=(Evaluation(name="tone", score=4.0, label="good"),)
    )
    sample = Sample(view=view, cost=0.0021, tokens=812, more=(("context", ["a", "b"]),))
    suite, shown, of = parts(read=lambda name: ExploredExample(example=Example(id=name, input={}), candidate=(sample,)))
    (candidate,) = json.loads(embedded(suite, shown, of).json)["examples"]["0"]["candidate"]
    assert candidate == {
        "sample": "r1",
        "output": "x",
        "said": [["tone", "4 good", ""]],
        "took": "0.3 s · $0.0021 · 812 tokens",
        "more": [["context", '[\n  "a",\n  "b"\n]']],
        "trace": said,
    }


def test_json_is_read_part_by_part_and_short_parts_in_one_line() -> None:
    output = {"sql": "SELECT 1", "rows": [[number, "x" * 10] for number in range(6)], "empty": {}}
    view = SideView(output=output)
    suite, shown, of = parts(
        read=lambda name: ExploredExample(example=Example(id=name, input={}), candidate=(Sample(view=view),))
    )
    text = json.loads(embedded(suite, shown, of).json)["examples"]["0"]["candidate"][0]["output"]
    assert text.splitlines()[:4] == ["{", '  "sql": "SELECT 1",', '  "rows": [', '    [0, "xxxxxxxxxx"],']
    assert json.loads(text) == output


def test_no_character_of_markup_is_in_the_text_of_the_data() -> None:
    report = builds.hostile()
    ((suite, shown),) = report.each_suite()
    text = str(embedded(suite, shown, explored(report)[suite.name]).json)
    assert not set(text) & set("<>&\u2028\u2029\x00")


def test_a_number_that_is_none_is_null() -> None:
    suite, shown, of = parts()
    (first, *others) = of.each.scores
    delta = np.where(np.arange(80) == 3, math.inf, first.delta)
    each = replace(of.each, scores=(replace(first, delta=delta, candidate=np.full(80, math.nan)), *others))
    rows = json.loads(embedded(suite, shown, replace(of, each=each)).json)["checks"][0]
    assert rows["delta"][3] is None
    assert set(rows["candidate"]) == {None}


def test_ten_thousand_examples_with_long_answers_stay_a_file_that_opens() -> None:
    report = builds.failing_one_of_many()
    (suite,) = report.decision.suites
    large = replace(report, decision=replace(report.decision, suites=(replace(suite, examples=10_000),)))
    answer = Sample(view=SideView(output="the answer <b> é " * 2_000))
    suite, shown, of = parts(
        large, read=lambda name: ExploredExample(example=Example(id=name, input={"q": name}), candidate=(answer,) * 3)
    )
    held = embedded(suite, shown, of)
    assert len(json.loads(held.json)["ids"]) == 10_000
    assert 0 < held.left_out < 10_000
    assert len(held.json.encode()) < 20_000_000
