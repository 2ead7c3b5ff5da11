"""A value put into a YAML text changes nothing else, or nothing at all."""

import pytest

from evalgate.suite.pinning import with_value

PATH = ("suites", "s", "dataset", "version")


def pinned(text, value="RGF0YXNldFZlcnNpb246Mg=="):
    return with_value(text, PATH, value, after="phoenix")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{phoenix: golden}  # ours", "{phoenix: golden, version: NEW}  # ours"),
        ("{ split: a, phoenix: 'a, b' , server: m }", "{ split: a, phoenix: 'a, b', version: NEW , server: m }"),
        ("{phoenix: golden, version: latest}", "{phoenix: golden, version: NEW}"),
        ('{phoenix: golden, version: "old"}', "{phoenix: golden, version: NEW}"),
        (
            "\n      phoenix: größe 1 # which\n      split: a",
            "\n      phoenix: größe 1 # which\n      version: NEW\n      split: a",
        ),
        ("\n      version: old   # pinned\n      phoenix: x", "\n      version: NEW   # pinned\n      phoenix: x"),
        ('\n      phoenix: "x: \\"y\\""', '\n      phoenix: "x: \\"y\\""\n      version: NEW'),
    ],
)
def test_the_value_stands_in_its_place_and_the_rest_as_it_was(before, after):
    text = f"# all\nsuites:\n  t: {{a: 1}}\n  s:\n    dataset: {before}\n    task: x  # end\n"
    assert pinned(text, "NEW") == text.replace(before, after)


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_line_ends_stay_what_they_are(ending):
    text = ending.join(["suites:", "  s:", "    dataset:", "      phoenix: x", "    task: y", ""])
    assert pinned(text) == text.replace("phoenix: x", f"phoenix: x{ending}      version: RGF0YXNldFZlcnNpb246Mg==")


def test_a_file_that_ends_with_the_place_gets_a_line():
    assert pinned("suites:\n  s:\n    dataset:\n      phoenix: x", "V") == (
        "suites:\n  s:\n    dataset:\n      phoenix: x\n      version: V"
    )


@pytest.mark.parametrize("value", ["12", "1e3", "true", "null", "a: b", "# no", "", "{x}", "with space"])
def test_a_value_that_would_read_as_something_else_is_quoted(value):
    text = pinned("suites: {s: {dataset: {phoenix: x}}}", value)
    assert text is not None
    assert pinned(text, value) == text


@pytest.mark.parametrize(
    "text",
    [
        "suites:\n  t: {dataset: &d {phoenix: x}}\n  s:\n    dataset: *d\n",
        "suites:\n  t: &t {dataset: {phoenix: x}}\n  s:\n    <<: *t\n",
        "suites:\n  s:\n    dataset:\n      phoenix: |\n        x\n",
        "suites:\n  s:\n    dataset:\n      phoenix: x\n      version: |\n        old\n",
        "suites:\n  s:\n    dataset:\n      phoenix: x\n      version:\n      split: b\n",
        "suites:\n  s:\n    dataset:\n      phoenix: &p x\n      version: *p\n",
        "suites:\n  s:\n    dataset: golden.jsonl\n",
        "suites: {}\n",
        "",
        "suites: [",
    ],
)
def test_what_only_a_person_can_edit_is_left_alone(text):
    edited = pinned(text, "NEW")
    assert edited is None or edited.replace("NEW", "old") == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{phoenix: p, tag: production}  # ours", "{phoenix: p, version: 13}  # ours"),
        ("{tag: a, phoenix: p}", "{version: 13, phoenix: p}"),
        ("{phoenix: p}", "{phoenix: p, version: 13}"),
        ("{phoenix: p, version: 12}", "{phoenix: p, version: 13}"),
        ("\n      phoenix: p\n      tag: 'x'  # ships", "\n      phoenix: p\n      version: 13  # ships"),
    ],
)
def test_a_number_takes_the_place_of_another_key(before, after):
    text = f"suites:\n  s:\n    dataset: {before}\n"
    made = with_value(text, PATH, 13, after="phoenix", instead_of="tag")
    assert made == text.replace(before, after)


def test_a_key_that_cannot_be_replaced_alone_is_left_to_a_person():
    text = "suites: {s: {dataset: {phoenix: p, tag: |-\n    x\n}}}"
    assert with_value(text, PATH, 13, after="phoenix", instead_of="tag") is None
    text = "x: &t a\nsuites: {s: {dataset: {phoenix: p, tag: *t}}}"
    assert with_value(text, PATH, 13, after="phoenix", instead_of="tag") is None
