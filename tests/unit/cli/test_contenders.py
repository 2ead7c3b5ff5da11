"""What `evalgate compare` makes of its arguments."""

import pytest

from evalgate.cli.contenders import Address, build_of, matrix, named, read_address
from evalgate.errors import ConfigurationError
from evalgate.journal.builds import BuildRow
from evalgate.journal.store import Journal
from evalgate.records import Side

BASELINE, CANDIDATE = Side.BASELINE, Side.CANDIDATE


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("12", (None, "12", CANDIDATE)),
        ("12:baseline", (None, "12", BASELINE)),
        ("12:candidate", (None, "12", CANDIDATE)),
        ("latest", (None, "latest", CANDIDATE)),
        ("mini=12", ("mini", "12", CANDIDATE)),
        ("gpt 4.1-mini=runs/a=b.db:baseline", ("gpt 4.1-mini", "runs/a=b.db", BASELINE)),
        ("./a=b.db", (None, "./a=b.db", CANDIDATE)),
        ("C:\\runs\\a.db", (None, "C:\\runs\\a.db", CANDIDATE)),
        (":baseline", (None, ":baseline", CANDIDATE)),
        (".", (None, ".", CANDIDATE)),
    ],
)
def test_an_argument_is_a_name_a_target_and_a_side(argument, expected):
    """A slash before `=` makes it a path; only what a side is called ends one."""
    address = read_address(argument)
    assert (address.name, address.target, address.side) == expected
    assert (address.change is not None) == (argument == ".")


@pytest.mark.parametrize("argument", ["mini=", "", " =12"])
def test_an_argument_that_names_nothing_is_refused(argument):
    """With how to write one."""
    with pytest.raises(ConfigurationError, match="names nothing to compare"):
        read_address(argument)


def test_a_task_file_is_read_with_its_places(tmp_path):
    """Alone or below `task:`; what is no mapping is refused at its place."""
    (tmp_path / "a.yaml").write_text("model: x/y\n")
    (tmp_path / "b.yml").write_text("task:\n  model: x/y\n")
    (tmp_path / "c.yaml").write_text("- model\n")
    assert [read_address(f"{tmp_path}/{name}").change.values for name in ("a.yaml", "b.yml")] == [{"model": "x/y"}] * 2
    with pytest.raises(ConfigurationError, match=r"c.yaml:1:1: a task was expected"):
        read_address(f"{tmp_path}/c.yaml")
    with pytest.raises(ConfigurationError, match="there is no file"):
        read_address(f"{tmp_path}/d.yaml")


def test_names_are_short_and_whole_where_two_are_alike():
    """Files by their stem, builds by their number, the other side said."""
    given = [read_address(text) for text in ("3", "3:baseline", "runs/a.db", "old/a.db", "b.db", "x=7", ".")]
    assert [name for name, _ in named(given)] == [
        "build 3",
        "build 3 baseline",
        "runs/a.db",
        "old/a.db",
        "b",
        "x",
        "own task",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "there is nothing to compare"),
        (["5"], "its other side is 5:baseline"),
        (["5:baseline"], "its other side is 5, "),
        (["."], "compare with the config's own task"),
        (["5", "x=5"], "5 is named twice"),
        (["a=5", "a=6"], "two of those to compare are called a"),
    ],
)
def test_what_cannot_be_compared_is_refused(given, said):
    """One alone, one twice, one name for two."""
    with pytest.raises(ConfigurationError) as caught:
        named([read_address(text) for text in given])
    assert said in str(caught.value)


def test_models_and_prompts_are_every_combination():
    """Named by what differs; the whole name where the last part does not tell them apart."""
    pairs = [(each.name, dict(each.change.values)) for each in matrix(["o/gpt", "o/mini"], ["p/a.yaml", "p/b.yaml"])]
    assert pairs == [
        ("a on gpt", {"prompt": "p/a.yaml", "model": "o/gpt"}),
        ("a on mini", {"prompt": "p/a.yaml", "model": "o/mini"}),
        ("b on gpt", {"prompt": "p/b.yaml", "model": "o/gpt"}),
        ("b on mini", {"prompt": "p/b.yaml", "model": "o/mini"}),
    ]
    assert [each.name for each in matrix(["o/gpt", "azure/gpt"], [])] == ["o/gpt", "azure/gpt"]
    assert [each.name for each in matrix([], ["v1/a.yaml", "v2/a.yaml"])] == ["v1/a.yaml", "v2/a.yaml"]
    assert matrix([], []) == []


def test_the_build_that_is_meant(tmp_path):
    """The latest is complete and no sample; a file holds one build; what is not there is said."""
    row = BuildRow(created_at="2026-11-21T08:00:00.000+00:00", config_file="e.yaml", config={}, evalgate_version="1")

    def number(target, journal):
        return build_of(Address(name=None, target=target), journal)

    with Journal(tmp_path / "j.db") as journal:
        with pytest.raises(ConfigurationError, match="holds no complete build"):
            number("latest", journal)
        first = journal.create_build(row)
        journal.add_seconds(first, 1.0, complete=True)
        assert number("one.db", journal) == first
        second = journal.create_build(row)
        assert number("latest", journal) == first
        assert number(str(second), journal) == second
        with pytest.raises(ConfigurationError, match="holds 2 builds, not one"):
            number("j.db", journal)
        with pytest.raises(ConfigurationError, match="there is no build 9"):
            number("9", journal)
