"""What is wrong with `--annotations` and `--from` is said before anything is read."""

import pytest
from click.testing import CliRunner

from evalgate.cli.annotations import Place
from evalgate.cli.judge import validate

FROM = ("--from", "phoenix:project:support")
WRONG = [
    (("--annotations", "quality", "--from", "experiment:RXhw"), "is no place: write phoenix:experiment:ID or phoenix:"),
    (("--annotations", "quality", "--from", "phoenix:experiment:../x"), "is no place"),
    (("--annotations", "quality", "--from", "phoenix:project:"), "is no place"),
    (("--annotations", "quality"), "--annotations NAME and --from PLACE go together"),
    (FROM, "--annotations NAME and --from PLACE go together"),
    (("labels.jsonl", "--annotations", "quality", *FROM), "and not both"),
    ((), "give a file of labelled answers, or --annotations and --from"),
    (("--annotations", "quality", *FROM, "--save", "labels.csv"), "a file that ends in .jsonl, .ndjson"),
    (("labels.jsonl", "--server", "main"), "go with --annotations and --from"),
    (("labels.jsonl", "--save", "more.jsonl"), "go with --annotations and --from"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=str)
def test_what_is_wrong_with_the_options_is_said(tmp_path, monkeypatch, arguments, says):
    """Exit code 2, in a folder without a config."""
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(validate, arguments)
    assert ended.exit_code == 2, ended.output
    assert says in ended.output


def test_an_id_may_be_copied_from_an_address():
    """In the address of its page `=` is `%3D`."""
    copied = Place().convert("phoenix:experiment:RXhwZXJpbWVudDoxMA%3D%3D", None, None)
    assert copied == "phoenix:experiment:RXhwZXJpbWVudDoxMA=="
    assert Place().convert("phoenix:project:a%20b", None, None) == "phoenix:project:a%20b"
