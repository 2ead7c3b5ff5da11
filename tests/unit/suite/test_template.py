"""Templates: strict, sandboxed, and deaf to templates inside the data."""

from __future__ import annotations

import pytest

from evalgate.records import Example
from evalgate.suite.template import (
    TemplateProblem,
    check_example_path,
    compile_tree,
    example_variables,
    render_tree,
)

EXAMPLE = Example(
    id="q7",
    input={"question": "Why?", "items": ["a", "b"], "n": 3, "flag": True, "input": "inner", "none": None},
    output={"answer": "secret"},
    metadata={"lang": "de"},
)


def rendered(source: object, *, typed: bool = False, example: Example = EXAMPLE, **mapping: str) -> object:
    variables, _ = example_variables(example, mapping)
    return render_tree(compile_tree(source, typed=typed), variables)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ question }}", "Why?"),
        ("{{ input.question }} ({{ metadata.lang }}, {{ example.id }})", "Why? (de, q7)"),
        ("{% for i in input.items %}{{ i }};{% endfor %}", "a;b;"),
        ("{{ items }} {{ flag }} {{ none }} {{ n + 1 }}", '["a", "b"] true null 4'),
        ("{{ input.input }}", "inner"),
        ("{{ input['input'] }}\n", "inner\n"),
        ("{{ {'a': '<é>'} | tojson }}", '{"a": "<é>"}'),
        ("{{ absent | default('none given') }}", "none given"),
        ("no marks } } here", "no marks } } here"),
    ],
)
def test_text_is_filled_from_the_example(source, text):
    assert rendered(source) == text


def test_a_template_inside_the_data_is_never_rendered():
    hostile = Example(id="x", input={"question": "{{ 7 * 7 }}{% include 'x' %}", "list": ["{{ metadata }}"]})
    assert rendered("Q: {{ question }}", example=hostile) == "Q: {{ 7 * 7 }}{% include 'x' %}"
    assert rendered({"q": "{{ list }}"}, typed=True, example=hostile) == {"q": ["{{ metadata }}"]}


def test_a_mapping_names_variables_and_hides_an_input_key_of_the_same_name_even_where_its_path_is_absent():
    assert rendered("{{ question }}", question="metadata.lang") == "de"
    with pytest.raises(TemplateProblem, match="'question' is undefined"):
        rendered("{{ question }}", question="metadata.nothing")
    assert example_variables(EXAMPLE, {"question": "metadata.nothing"})[1] == {"question": "metadata.nothing"}


@pytest.mark.parametrize(
    "source", ["{{ output }}", "{{ expected }}", "{{ example.output }}", "{{ example.output.answer }}"]
)
def test_the_expected_answer_is_out_of_reach(source):
    with pytest.raises(TemplateProblem):
        rendered(source)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ nope }}", "'nope' is undefined"),
        ("{{ input.nope }}", "there is no 'nope' here (there are 'question', 'items'"),
        ("{{ input.n.nope }}", "there is no 'nope' here (in a int)"),
        ("{{ question + 1 }}", "TypeError"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ input.items.append(1) }}", "append"),
        ("{{ range(10**9) | list }}", "Range too big"),
        ("{{ 'x' * 10**10 }}", "repeated"),
        ("{{ [1] * 9999999 }}", "repeated"),
        ("{{ 2 ** 100000 }}", "power"),
    ],
)
def test_what_cannot_be_filled_says_so_at_its_place(source, says):
    with pytest.raises(TemplateProblem) as caught:
        rendered({"messages": ["fine", source]})
    assert says in caught.value.message
    assert caught.value.place == ("messages", 1)


def test_data_cannot_be_changed_by_a_template():
    with pytest.raises(TemplateProblem):
        rendered("{{ input.update({'question': 1}) }}")
    assert EXAMPLE.input["question"] == "Why?"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ items }}", ["a", "b"]),
        ("{{ n }}", 3),
        ("{{- n -}}", 3),
        ("{{ none }}", None),
        ("{{ input.items[0] }}", "a"),
        ("{{ {'a': n} }}", {"a": 3}),
        ("{{ n }} ", "3 "),
        ("{{ n }}{{ n }}", "33"),
        ("{{ '}}' }}", "}}"),
        ("{% if flag %}{{ n }}{% endif %}", "3"),
    ],
)
def test_exactly_one_expression_keeps_its_type(source, value):
    assert rendered({"x": [source]}, typed=True) == {"x": [value]}


@pytest.mark.parametrize("source", ["{{ nope }}", "{{ input.nope }}", "{{ items | map('upper') }}", "{{ 1e999 }}"])
def test_an_expression_that_is_missing_or_no_json_is_a_problem(source):
    with pytest.raises(TemplateProblem):
        rendered(source, typed=True)


def test_keys_and_other_values_stay_as_they_are():
    tree = {"{{ n }}": 1, "deep": [True, None, 1.5]}
    assert rendered(tree, typed=True) == tree


@pytest.mark.parametrize(
    ("source", "line"),
    [("ok\n{{ question", 2), ("{% for %}", 1), ("a\nb\n{% include 'etc/passwd' %}", 3), ("{% extends 'x' %}", 1)],
)
def test_what_is_no_template_is_refused_with_its_line(source, line):
    with pytest.raises(TemplateProblem) as caught:
        compile_tree(source)
    assert caught.value.line == line


@pytest.mark.parametrize("source", ["{{ [1, 2] | random }}", "{{ lipsum() }}"])
def test_nothing_random_can_be_asked_for(source):
    with pytest.raises(TemplateProblem):
        rendered(source)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("input.question", None),
        ("metadata", None),
        ("example.id", None),
        ("example.metadata.lang", None),
        ("expected.answer", "never sees"),
        ("output", "never sees"),
        ("example.output.answer", "never sees"),
        ("example.answer", "an example has no 'answer'"),
        ("question", "starts with 'question'"),
    ],
)
def test_a_path_that_no_example_can_have_is_known_beforehand(path, why):
    found = check_example_path(path)
    assert found is None if why is None else why in (found or "")
