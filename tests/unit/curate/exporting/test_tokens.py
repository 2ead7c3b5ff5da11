"""Tokens: the figures of the page are those of the estimate as it is; a tokenizer counts where there is one."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import pytest

from evalgate.cli.curate.tokens import tokenizer
from evalgate.curate.exporting.tokens import ESTIMATED, estimated, tokens_of
from tests.bench.token_estimates import BEGIN, END, PAGE, records, table

LINE = {"messages": [{"role": "user", "content": "one two"}, {"role": "assistant", "content": "three", "weight": 1}]}


def test_the_table_of_the_page_is_of_this_estimate():
    there = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()
    assert there == table(records())
    assert {each["kind"] for each in records()} >= {"English", "German", "Chinese"}


def test_of_what_was_measured_the_estimate_is_at_most_a_third_off():
    for each in records():
        assert estimated(each["text"]) == pytest.approx(each["tokens"]["o200k_base"], rel=0.34)


def test_without_a_tokenizer_they_are_estimated(monkeypatch):
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    assert tokenizer() == (None, ESTIMATED)
    assert tokens_of(LINE) == 4 + 2 + 4 + 2


def test_with_one_they_are_counted_and_special_tokens_are_text(monkeypatch):
    """The package is large, and only what is used of it stands here."""
    asked = []

    class Encoding:
        def encode_ordinary(self, text):
            return text.split()

    installed = ModuleType("bpe_openai")
    installed.__version__ = "1.2"
    installed.get_encoding = lambda name: asked.append(name) or Encoding()
    monkeypatch.setitem(sys.modules, "bpe_openai", installed)
    count, said = tokenizer()
    assert (asked, said) == (["o200k_base"], "counted by o200k_base (bpe-openai 1.2), 4 more a message")
    assert tokens_of(LINE, count) == 4 + 2 + 4 + 1
    assert tokens_of({**LINE, "tools": [{"a": 1}]}, count) == 4 + 2 + 4 + 1 + len(json.dumps([{"a": 1}]).split())
