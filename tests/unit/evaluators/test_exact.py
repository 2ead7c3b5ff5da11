"""exact_match, contains and numeric_close."""

import pytest


@pytest.mark.parametrize(
    ("expected", "output", "score", "explanation"),
    [
        ({"answer": "web"}, {"answer": "web"}, 1, None),
        ({"answer": "web"}, {"answer": "recipes"}, 0, "at answer: expected 'web', got 'recipes'"),
        ({"answer": "web"}, '{"answer": "web"}', 1, None),
        ({"answer": "web"}, "web", 0, "expected {'answer': 'web'}, got 'web'"),
        ({"n": 1}, {"n": 1.0}, 1, None),
        ({"n": 1}, {"n": True}, 0, "at n: expected 1, got True"),
        ({"n": 1}, {"n": "1"}, 0, "at n: expected 1, got '1'"),
        ({"n": None}, {}, 0, "at n: expected None, got nothing"),
        ({}, {"n": None}, 0, "at n: expected nothing, got None"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, 0, "at a.1.b: expected 2, got 3"),
        ({"a": [1, 2]}, {"a": [1]}, 0, "at a.1: expected 2, got nothing"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, 1, None),
    ],
)
async def test_exact_match_compares_json_values(evaluate, expected, output, score, explanation):
    """Values are equal as JSON; the explanation names the first place that differs."""
    found = await evaluate("exact_match", output, expected)
    assert (found.score, found.label, found.explanation) == (score, "pass" if score else "fail", explanation)


@pytest.mark.parametrize(
    ("output", "score"), [("web", 1), ({"answer": "web"}, 1), ('{"answer": "web"}', 1), ("recipes", 0), ("Web", 0)]
)
async def test_a_path_is_read_on_both_sides_where_they_have_insides(evaluate, output, score):
    """A text that is not JSON is taken whole, everything else is looked into."""
    assert (await evaluate({"exact_match": {"path": "answer"}}, output, {"answer": "web"})).score == score


async def test_an_output_without_the_path_is_the_tasks_fault(evaluate):
    """It scores 0 and says what is missing."""
    found = await evaluate({"exact_match": {"path": "answer"}}, {"other": 1}, {"answer": "web"})
    assert (found.score, found.failure) == (0, None)
    assert found.explanation == "the output has no answer: {'other': 1}"


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"other": 1}, "example 'e1' has no answer in its expected answer"),
        (None, "example 'e1' has no expected answer; give it an `output`"),
    ],
)
async def test_an_expected_answer_without_the_path_is_the_datasets_fault(evaluate, expected, message):
    """It is the evaluator's error and names the example: no score."""
    found = await evaluate({"exact_match": {"path": "answer"}}, "web", expected)
    assert found.score is None
    assert (found.failure.kind, found.failure.type, found.failure.message) == ("evaluator", "DatasetFault", message)


async def test_exact_match_can_ignore_case_and_white_space(evaluate):
    """Each only where asked for."""
    expected = {"a": "Straße  nach Bonn"}
    assert (await evaluate({"exact_match": {"ignore_case": True}}, {"a": "STRASSE  NACH BONN"}, expected)).score == 1
    assert (await evaluate({"exact_match": {"ignore_whitespace": True}}, {"a": " Straße nach\nBonn "}, expected)).score
    assert (await evaluate("exact_match", {"a": "Straße nach Bonn"}, expected)).score == 0


async def test_long_texts_are_shown_from_where_they_part(evaluate):
    """The explanation stays short and points at the difference."""
    found = await evaluate({"exact_match": {"path": "a"}}, "x" * 500 + "left" + "y" * 500, {"a": "x" * 500 + "right"})
    assert found.explanation.startswith("from character 501 on, expected …'xxxxxxxxxxxxright', got …'xxxxxxxxxxxxleft")
    assert len(found.explanation) < 250


async def test_control_characters_of_the_output_are_escaped(evaluate):
    """A hostile output cannot write to the terminal through an explanation."""
    found = await evaluate({"exact_match": {"path": "a"}}, "\x1b[31mred\n::error::x", {"a": "red"})
    assert "\x1b" not in found.explanation
    assert "\n" not in found.explanation


async def test_nesting_beyond_comparison_scores_worst(evaluate):
    """Depth is the output's doing: a score, not an error."""
    deep = inner = []
    for _ in range(100_000):
        inner.append([])
        inner = inner[0]
    found = await evaluate("exact_match", deep, {"a": 1})
    assert found.score == 0
    found = await evaluate({"exact_match": {"path": "a"}}, {"a": deep}, {"a": deep})
    assert (found.score, found.explanation) == (0, "the output is nested too deeply to be looked at")


@pytest.mark.parametrize(
    ("config", "output", "score", "explanation"),
    [
        ({}, "the web answer", 1, None),
        ({}, "a recipe", 0, "the output lacks 'web': 'a recipe'"),
        ({"text": ["a", "z"]}, "a b", 0, "the output lacks 'z': 'a b'"),
        ({"text": ["a", "z"], "match": "any"}, "a b", 1, None),
        ({"text": ["y", "z"], "match": "any"}, "a b", 0, "the output has none of 'y', 'z': 'a b'"),
        ({"text": ["y", "z"], "match": "none"}, "a b", 1, None),
        ({"text": ["y", "a"], "match": "none"}, "a b", 0, "the output contains 'a'"),
        ({"text": "WEB", "ignore_case": True}, "the web", 1, None),
        ({"text": "web"}, {"answer": ["web"]}, 1, None),
        ({"text": "x", "match": "none"}, None, 0, "the output is null"),
    ],
)
async def test_contains(evaluate, config, output, score, explanation):
    """All, any or none of the texts; the expected answer is the text unless the config has one."""
    found = await evaluate({"contains": {"path": "answer", **config}}, output, {"answer": "web"})
    assert (found.score, found.explanation) == (score, explanation)


@pytest.mark.parametrize("expected", [{"answer": ""}, {"answer": []}, {"answer": {"a": 1}}, {"answer": ["a", 1]}])
async def test_contains_refuses_an_expected_answer_that_says_nothing(evaluate, expected):
    """An empty text is in every output: that would be green on nothing."""
    found = await evaluate({"contains": {"path": "answer"}}, "web", expected)
    assert (found.score, found.failure.type) == (None, "DatasetFault")


@pytest.mark.parametrize(
    ("config", "expected", "output", "score"),
    [
        ({}, 42, 42, 1),
        ({}, 42, "42", 1),
        ({}, "42", " +42.0 ", 1),
        ({}, 0.3, 0.1 + 0.2, 1),
        ({}, 42, 42.001, 0),
        ({"absolute": 0.01}, 42, 42.001, 1),
        ({"relative": 0.1}, 100, 91, 1),
        ({"relative": 0.1}, 100, 111, 0),
        ({}, 1e3, "1e3", 1),
        ({}, 1000, "1,000", 0),
        ({}, 42, "42 km", 0),
        ({}, 42, "４２", 0),
        ({}, 1, True, 0),
        ({}, 42, "nan", 0),
        ({}, 42, "inf", 0),
        ({}, 42, "1e99999", 0),
        ({}, 42, "9" * 100_000, 0),
        ({}, 42, 10**400, 0),
        ({}, 42, None, 0),
        ({}, 42, [42], 0),
    ],
)
async def test_numeric_close_reads_numbers_strictly(evaluate, config, expected, output, score):
    """A number, or text that is one as JSON writes it, within the larger tolerance."""
    found = await evaluate({"numeric_close": config | {"path": "n"}}, {"n": output}, {"n": expected})
    assert found.score == score
    assert (found.explanation is None) == (score == 1)


@pytest.mark.parametrize("expected", ["many", True, None, float("inf")])
async def test_numeric_close_needs_an_expected_number(evaluate, expected):
    """Else the dataset is at fault."""
    found = await evaluate({"numeric_close": {"path": "n"}}, {"n": 1}, {"n": expected})
    assert found.failure.type == "DatasetFault"
