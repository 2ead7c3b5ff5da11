"""What is mirrored comes back as it was, through whatever a server's database does to numbers, keys and text."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalgate.phoenix.experiments.layout import CHANGE, NAME, evaluation_bodies, experiment_metadata, run_body, showable
from evalgate.phoenix.experiments.layout_read import LayoutError, read_experiment, read_run
from evalgate.phoenix.experiments.records import BuildRecord, DrawRecord, ExperimentRecord, JudgeRecord, RunRecord
from evalgate.records import (
    Direction,
    ErrorKind,
    Evaluation,
    EvaluatorKind,
    EvaluatorSpec,
    Failure,
    Side,
    TaskOutcome,
    Usage,
)

TEXT = st.text(st.characters(exclude_categories=[]), max_size=12)
"""Lone surrogates and NULs are among it."""
STORED = st.text(max_size=12).map(lambda text: text.replace("\x00", ""))
"""As the journal has text of its own columns."""
NUMBERS = st.one_of(st.integers(), st.integers(-(10**40), 10**40), st.floats(allow_nan=False, allow_infinity=False))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
USAGE = st.builds(
    Usage,
    model=STORED,
    input_tokens=st.integers(0, 10**12),
    output_tokens=st.integers(0, 10**12),
    cost=st.none() | st.floats(0, 1e9),
    shared=st.booleans(),
)
USAGES = st.none() | st.lists(USAGE, max_size=2).map(tuple)
FAILURES = st.builds(Failure, kind=st.sampled_from(ErrorKind), type=TEXT, message=TEXT, where=st.none() | TEXT)
ANSWERS = st.one_of(
    st.builds(
        TaskOutcome,
        output=VALUES,
        context=VALUES,
        messages=VALUES,
        usage=USAGES,
        trace_id=st.none() | STORED,
        latency=st.floats(0, 1e5),
        logs=STORED,
    ),
    st.builds(TaskOutcome, failure=FAILURES, usage=USAGES, latency=st.floats(0, 1e5)),
)
SAID = st.one_of(
    st.builds(
        Evaluation,
        name=st.just("x"),
        score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        label=st.none() | STORED,
        explanation=st.none() | STORED,
        metadata=st.dictionaries(TEXT, VALUES, max_size=3),
        usage=USAGES,
    ),
    st.builds(Evaluation, name=st.just("x"), failure=FAILURES, usage=USAGES),
)
RUNS = st.builds(
    RunRecord,
    example_id=STORED,
    position=st.integers(0, 10**6),
    content=st.just("c" * 64),
    sample=st.sampled_from(["r1", "again1", "0123abcd-2"]),
    started_at=st.sampled_from(["2026-01-02T03:04:05.678+00:00", "2026-01-02T03:04:05"]),
    outcome=ANSWERS,
    evaluations=st.lists(SAID, max_size=3).map(
        lambda found: tuple(
            replace(each, name=name) for each, name in zip(found, ["exact", NAME, CHANGE], strict=False)
        )
    ),
    copied=st.booleans(),
    drawn_as=st.none() | st.just("r2"),
)
SPECS = (EvaluatorSpec(name="exact"), EvaluatorSpec(name=NAME, kind=EvaluatorKind.LLM, direction=Direction.MINIMIZE))


def text_of(value):
    """Keep JSON as SQLite does: as text, with whole numbers of 64 bits, no lone surrogates, and few levels."""
    return json.loads(json.dumps(checked(value)))


def binary_of(value):
    """Keep JSON as PostgreSQL does: numbers as decimals without exponents, keys in another order, no NULs."""

    def number(text):
        plain = format(Decimal(text) + 0, "f")
        return float(plain) if "." in plain else int(plain)

    body = json.dumps(checked(value), sort_keys=True)
    return json.loads(body, parse_float=number, parse_int=number)


def checked(value, depth=200):
    assert depth > 0
    match value:
        case str():
            value.encode()
            assert "\x00" not in value
        case bool():
            pass
        case int():
            assert -(2**63) <= value < 2**63
        case dict():
            for key, each in value.items():
                checked(key)
                checked(each, depth - 1)
        case list():
            for each in value:
                checked(each, depth - 1)
    return value


def given_back(run, kept, *, withhold=False):
    """Return a run as the server downloads it."""
    posted = kept(run_body(run, node="RXg6MQ==", repetition=1, withhold=withhold))
    bodies = [kept(each) for each in evaluation_bodies(run, SPECS, run_id="UnVuOjE=", withhold=withhold)]
    return {
        "example_id": posted["dataset_example_id"],
        "repetition_number": posted["repetition_number"],
        "output": posted["output"],
        "error": posted["error"],
        "annotations": [
            {
                "name": body["name"],
                "annotator_kind": body["annotator_kind"],
                "metadata": body["metadata"],
                "error": body.get("error"),
                **{key: (body.get("result") or {}).get(key) for key in ("score", "label", "explanation")},
            }
            for body in reversed(bodies)
        ],
    }


@pytest.mark.parametrize("kept", [text_of, binary_of])
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=RUNS)
def test_a_run_comes_back_as_it_was(kept, run):
    found = read_run(given_back(run, kept))
    assert found == run
    assert repr(found.outcome.latency) == repr(run.outcome.latency)
    assert [repr(each.score) for each in found.evaluations] == [repr(each.score) for each in run.evaluations]


def test_an_output_that_no_database_keeps_is_kept_beside_and_comes_back_to_the_bit():
    for output in [1e300, -0.0, 10**30, "\ud800", "a\x00b", {"b": [1e-9], "a": 2}, [[["deep"]]] * 2]:
        run = a_run(output=output)
        assert repr(read_run(given_back(run, binary_of)).outcome.output) == repr(output)


def test_what_is_long_and_plain_is_not_kept_twice():
    run = a_run(output="x" * 10**6, evaluations=(Evaluation(name="exact", score=1.0, explanation="y" * 10**5),))
    bodies = evaluation_bodies(run, SPECS, run_id="UnVuOjE=")
    assert len(json.dumps(bodies)) < 10**5 + 3000
    assert read_run(given_back(run, text_of)) == run


def test_what_is_too_deep_is_shown_as_text_and_comes_back_whole():
    deep = current = []
    for _ in range(300):
        current.append([])
        current = current[0]
    run = a_run(output=deep)
    assert read_run(given_back(run, text_of)).outcome.output == deep


def test_what_is_withheld_is_a_hash_and_a_length_and_no_word_of_it_is_sent():
    run = a_run(
        output={"answer": "hunter2"},
        context=["hunter2"],
        logs="hunter2",
        evaluations=(
            Evaluation(name="exact", score=0.5, label="near", explanation="hunter2", metadata={"said": "hunter2"}),
            Evaluation(name="other", failure=Failure(kind=ErrorKind.EVALUATOR, type="E", message="hunter2")),
        ),
    )
    back = given_back(run, text_of, withhold=True)
    assert "hunter2" not in json.dumps(back)
    assert back["output"]["length"] == len('{"answer":"hunter2"}')
    assert "hunter2" not in json.dumps(given_back(replace(run, outcome=failed()), text_of, withhold=True))
    with pytest.raises(LayoutError, match="withheld"):
        read_run(back)


def test_an_evaluator_of_a_name_that_evalgate_takes_stands_beside_it():
    run = a_run(evaluations=(Evaluation(name=NAME, score=1.0, explanation="why"),))
    assert {body["name"] for body in evaluation_bodies(run, SPECS, run_id="UnVuOjE=")} == {NAME, "evalgate (evaluator)"}


def test_a_failure_is_an_error_with_its_place():
    run = replace(a_run(), outcome=failed())
    body = run_body(run, node="RXg6MQ==", repetition=3)
    assert (body["output"], body["error"]) == (None, "ValueError: hunter2 (task.py:3)")
    assert (body["start_time"], body["end_time"]) == ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:06.500000+00:00")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda back: back.update(annotations=[]), "evalgate did not make"),
        (lambda back: back.update(output="another"), "not the one that was recorded"),
        (lambda back: back["annotations"][0]["metadata"].update(format=2), "format 2"),
        (lambda back: back["annotations"][0]["metadata"].update(record="{"), "damaged"),
        (lambda back: back["annotations"][0]["metadata"].update(record="[]"), "damaged"),
        (lambda back: back["annotations"][0]["metadata"].update(record="{}"), "damaged"),
        (lambda back: back["annotations"].pop(), "damaged"),
    ],
)
def test_what_somebody_changed_is_refused(change, said):
    back = given_back(a_run(evaluations=(Evaluation(name="exact", score=1.0, explanation="why"),)), text_of)
    change(back)
    with pytest.raises(LayoutError, match=said):
        read_run(back)


@pytest.mark.parametrize("kept", [text_of, binary_of])
def test_an_experiment_comes_back_as_it_was(kept):
    record = an_experiment()
    metadata = kept(experiment_metadata(record, {"commit": "abc\x00", "models": ["m\ud800"]}))
    assert read_experiment(metadata) == record
    assert metadata["commit"] == "abc\\x00"


@pytest.mark.parametrize("kept", [None, "x", {"format": 1}, {"format": 1, "record": "{}"}, {"format": 9, "record": ""}])
def test_another_experiment_is_refused(kept):
    with pytest.raises(LayoutError):
        read_experiment({NAME: kept})
    with pytest.raises(LayoutError):
        read_experiment({})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_what_is_shown_is_what_every_server_takes(value):
    checked(showable(value))


def a_run(*, evaluations=(), output="an answer", **more):
    return RunRecord(
        example_id="a",
        position=0,
        content="c" * 64,
        sample="r1",
        started_at="2026-01-02T03:04:05",
        outcome=TaskOutcome(output=output, latency=1.5, **more),
        evaluations=evaluations,
    )


def failed():
    failure = Failure(kind=ErrorKind.TASK, type="ValueError", message="hunter2", where="task.py:3")
    return TaskOutcome(failure=failure, latency=1.5)


def an_experiment():
    return ExperimentRecord(
        uid="0123",
        build=BuildRecord(
            id=3,
            created_at="2026-01-02T03:04:05",
            config_file="evalgate.yaml",
            config={"policy": {"alpha": 1e-5}},
            evalgate_version="1",
        ),
        suite="support",
        side=Side.BASELINE,
        label="main@abc",
        dataset="d",
        dataset_version="v",
        repetitions=2,
        task="t",
        evaluators="e",
        specs=(*SPECS, EvaluatorSpec(name="free", low=None, high=None, scale=1e-9)),
        watched={"a\ud800.py": "0"},
        scorers={"exact": "1"},
        draws=(DrawRecord(key=None, candidate=2, baseline=0), DrawRecord(key="k", candidate=1, baseline=1)),
        judges=(JudgeRecord(name="exact", judge="j", summary={"n": 1e20}),),
        samples={"r1": 1, "r2": 2, "k-1": 3},
        runs=30,
        complete=True,
    )


@pytest.mark.parametrize("value", [1e20, -1e300, 2**63, -(2**70)])
def test_a_number_that_a_server_could_not_read_again_is_shown_as_text(value):
    assert showable({"a": [value]}) == {"a": [str(value)]}
