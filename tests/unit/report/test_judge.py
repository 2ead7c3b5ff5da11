"""A judge held to human labels, as people read it and as machines do."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from evalgate.decision.validation import JudgedAnswer, Verdict, validated
from evalgate.records import Direction
from evalgate.report.console import Console
from evalgate.report.judge import render_validation
from evalgate.report.judge_json import ValidationInfo, validation_json
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.hostile import HOSTILE

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "validation.schema.json").read_text("utf-8"))
INFO = ValidationInfo(
    name="correctness",
    suite="support",
    judge="correctness",
    models=("openai/gpt-4.1",),
    repetitions=1,
    pairwise=False,
    from_cache=0,
    fingerprint="f" * 64,
    file="support.labels.jsonl",
    created_at="2026-03-01T10:00:00+00:00",
    evalgate_version="0.1.0",
    calls=320,
    input_tokens=64_000,
    output_tokens=9_000,
    cost=0.1234,
)
YES_NO = {"correct": 1.0, "incorrect": 0.0}


def answer(n, label, said, *, draws=None, reversed_=None, text="It is Paris.", people=None):
    verdicts = [Verdict(label=each, explanation=f"because of {n}") for each in draws or [said] * 3]
    return JudgedAnswer(
        id=f"e{n}",
        input={"question": f"Question {n}?"},
        expected={"answer": "Paris"},
        answer=text,
        people=people or (label,),
        label=label,
        verdicts=tuple(verdicts),
        orders=(verdicts[0], Verdict(label=reversed_ or said)),
    )


def found(answers, *, scores=None, info=INFO, examples=120, ordered=False):
    validation = validated(
        answers,
        scores=scores or YES_NO,
        direction=Direction.MAXIMIZE,
        ordered=ordered,
        examples=examples,
        alpha=0.05,
        min_kappa=0.4,
        max_missing=0.02,
    )
    return validation_json(validation, info)


def good_judge():
    right = [answer(n, "correct", "correct") for n in range(48)] + [
        answer(n, "incorrect", "incorrect") for n in range(48, 76)
    ]
    wrong = [answer(76, "correct", "incorrect"), answer(77, "incorrect", "correct", reversed_="incorrect")]
    shaky = [answer(78, "correct", "correct", draws=["correct", "incorrect", "correct"])]
    return found([*right, *wrong, *shaky])


def generous_judge():
    """It calls everything good that is long, and half of the rest."""
    long = "It is Lyon, as everybody knows. " * 9
    answers = [
        answer(
            n,
            "correct" if n % 2 else "incorrect",
            "correct" if n >= 30 or n % 4 else "incorrect",
            reversed_="correct",
            text=long + str(n) if n >= 30 else "It is Lyon.",
            people=("correct", "incorrect", "correct") if n % 2 else ("incorrect", "correct", "incorrect"),
        )
        for n in range(60)
    ]
    split = [answer(n, None, "correct", people=("correct", "incorrect")) for n in range(60, 62)]
    return found([*answers, *split])


def scale_judge():
    scores = {str(step): float(step) for step in range(1, 6)}
    answers = [answer(n, str(1 + n % 5), str(min(5, 2 + n % 5)), draws=[str(min(5, 2 + n % 5))]) for n in range(40)]
    info = ValidationInfo(
        **{**{f: getattr(INFO, f) for f in INFO.__slots__}, "judge": "judges/tone.yaml", "cost": None}
    )
    return found(answers, scores=scores, ordered=True, info=info)


def silent_judge():
    lost = replace(answer(0, "correct", "correct"), verdicts=(Verdict(label=None, explanation="answered 503"),))
    return found([lost, lost, answer(1, "correct", "correct")])


def one_sided():
    return found([answer(n, "correct", "correct") for n in range(12)], examples=None)


CASES = {
    "judge_good": good_judge,
    "judge_generous": generous_judge,
    "judge_scale": scale_judge,
    "judge_silent": silent_judge,
    "judge_one_sided": one_sided,
}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", CASES)
def test_what_people_read(name, width):
    """Whole texts."""
    assert_golden(f"{name}.terminal{width}.txt", render_validation(CASES[name](), Console(width=width)))


@pytest.mark.parametrize("name", CASES)
def test_what_machines_read_is_what_is_published(name):
    """Every report fits the schema, and is JSON without surprises."""
    report = CASES[name]()
    jsonschema.validate(report, SCHEMA)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_every_key_of_the_schema_is_in_every_report():
    """Nothing published is left out."""
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(good_judge())


def test_text_from_outside_stays_where_it_is():
    """Answers and explanations are hostile; labels come from a file of the user's."""
    rows = [answer(n, "correct", "incorrect", text=text) for n, text in enumerate(HOSTILE)]
    text = render_validation(found(rows), Console(width=100), everything=True)
    assert "\x1b" not in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_all_disagreements_are_listed_on_request():
    """The first ten else."""
    report = found([answer(n, "correct", "incorrect") for n in range(14)])
    assert "e13" not in render_validation(report, Console(width=100))
    assert "the first 10" in render_validation(report, Console(width=100))
    assert "e13" in render_validation(report, Console(width=100), everything=True)
