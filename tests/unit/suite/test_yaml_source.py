"""YAML with places, and what hostile YAML gets."""

import math

import pytest

from evalgate.yaml_source import MAX_DEPTH, read_yaml


def problems(text: str) -> list[str]:
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in read_yaml(text).problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("007", "007"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1e-9", 1e-9),
        (".5", 0.5),
        ("1.", 1.0),
        ("0x1f", "0x1f"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("-.inf", -math.inf),
        ("=", "="),
    ],
)
def test_plain_scalars_are_read_as_json_would(text, value):
    root = read_yaml(f"a: {text}").root
    assert root is not None
    assert root.plain() == {"a": value}
    assert type(root.plain()["a"]) is type(value)


def test_every_value_and_key_has_its_place():
    root = read_yaml("a:\n  b: [1, {c: 2}]\n").root
    assert root is not None
    assert root.place_of(("a", "b", 1, "c")) == (2, 14)
    assert root.place_of(("a", "b", 1, "c"), key=True) == (2, 11)
    assert root.place_of(("a", "b", 0)) == (2, 7)
    assert root.place_of(("a", "absent")) == (1, 1)
    assert root.place_of(()) == (1, 1)


def test_own_keys_win_over_merged_ones():
    root = read_yaml("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], c: 3}\n").root
    assert root is not None
    assert root.plain()["z"] == {"a": 1, "b": 1, "c": 3}


def test_alias_bombs_are_refused_before_they_grow():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert problems("\n".join(lines)) == ["5:45: aliases add more than 100,000 values: write them out or use fewer"]


def test_what_cannot_be_is_refused_with_its_place():
    assert problems("a: &a [1, *a]") == ["1:11: *a stands inside itself"]
    assert problems("a: *b") == ["1:4: *b stands for nothing: no &b comes before it"]
    assert problems("a: 1\n---\nb: 2\n") == ["2:1: a second document begins here: keep one per file"]
    assert problems("a: " + "[" * 5000) == [f"1:{4 + MAX_DEPTH}: values are nested more than {MAX_DEPTH} deep"]
    assert problems("a: !!python/object/apply:os.system [ls]") == [
        "1:4: the tag tag:yaml.org,2002:python/object/apply:os.system is not read: remove it"
    ]
    assert problems("? [1, 2]\n: 3\n") == ["1:3: a key must be text, and this is a list: write text"]
    assert problems("true: 3\n1: 2\n") == [
        '1:1: a key must be text, and this is true or false: write "true" in quotes',
        '2:1: a key must be text, and this is a number: write "1" in quotes',
    ]
    assert problems("a: {<<: 3}") == ["1:5: << merges mappings, and this is none"]
    assert problems("a: 1\nb: x\x07y\n") == ["2:5: the character U+0007 is not allowed in YAML: remove it"]


def test_several_problems_come_in_the_order_of_the_text():
    assert [problem[:3] for problem in problems("a: 1\n1: 2\na: 3\nb: [oops\n")] == ["2:1", "3:1", "5:1"]
