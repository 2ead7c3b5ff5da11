"""What Presidio says as findings of ours: windows, languages, kinds, names without what stands around them."""

from __future__ import annotations

import re

import pytest

from evalgate.curate.candidates import Candidate
from evalgate.curate.cleaning.findings import Kind, Pseudonyms
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.presidio import Presidio, Said
from evalgate.curate.cleaning.recognising import Unreadable
from evalgate.curate.cleaning.redaction import Redactor
from evalgate.errors import MeasurementError

AT = "2026-01-05T12:00:00+00:00"
SAYS = {"xemna qoor": "PERSON", "12345678Z": "ES_NIF", "1BvBM": "CRYPTO", "Lyon": "LOCATION", "a@b.example": "EMAIL"}


class Reader:
    """Says what stands in a list of words, and how much it was given at once."""

    def __init__(self, says=SAYS):
        self.says = says
        self.given = []

    def __call__(self, texts, model):
        self.given.append((model, [len(each) for each in texts]))
        for text in texts:
            text.encode()  # as spaCy does, which half a pair breaks
            if "boom" in text:
                raise ValueError(text)
            found = [
                Said(entity=entity, start=each.start(), end=each.end())
                for word, entity in self.says.items()
                for each in re.finditer(re.escape(word), text, re.IGNORECASE)
            ]
            yield found


def presidio(*models, reader=None, told=("en", 0.9)):
    return Presidio(reader or Reader(), models or ("other",), lambda _: told)


def redactor(**more):
    other = more.pop("other", None) or presidio()
    return Redactor(pseudonyms=Pseudonyms(b"k" * 32), names=known_names(), other=other, **more)


def says(*texts, **more):
    return Candidate(id="span:1", input={"messages": [{"role": "user", "content": each} for each in texts]}, **more)


def contents(candidate):
    return [each["content"] for each in candidate.input["messages"]]


def test_its_kinds_are_ours_and_what_ours_know_is_left_to_them():
    (found,) = presidio().found_in(["xemna qoor in Lyon, 12345678Z, 1BvBM, a@b.example"], "other")
    assert [(each.kind, each.who, each.by) for each in found] == [
        (Kind.PERSON, "xemna qoor", "presidio"),
        (Kind.ID_NUMBER, "12345678Z", "presidio"),
        (Kind.WALLET, "1BvBM", "presidio"),
        (Kind.PLACE, "lyon", "presidio"),
    ]


def test_a_number_of_an_order_is_no_persons():
    assert presidio().found_in(["of order 12345678Z"], "other") == [()]


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("Mr. Xemna  Qoor's", ["xemna qoor"]),
        ("Xemna Qoor\n\nThanks", ["xemna qoor", "thanks"]),
        ("Frau Dr. Qoor,", ["qoor"]),
        ("“Xemna Qoor”!", ["xemna qoor"]),
        ("42 – 43", []),
        ("王小明", ["王小明"]),
    ],
)
def test_a_name_is_told_from_what_stands_around_it(said, who):
    (found,) = presidio(reader=Reader({said: "PERSON"})).found_in([f"so: {said} it is"], "other")
    assert [each.who for each in found] == who


def test_long_texts_are_read_in_windows_that_overlap_and_a_few_at_a_time():
    reader = Reader()
    whole = "".join(f"{'y' * 4_950} xemna qoor paid. " for _ in range(60))
    (found,) = presidio(reader=reader).found_in([whole], "other")
    assert len({(each.start, each.end) for each in found if each.end - each.start == 10}) == 60
    assert all(whole[each.start : each.end].strip() in "xemna qoor" for each in found)
    assert max(length for _, lengths in reader.given for length in lengths) <= 10_000
    assert max(sum(lengths) for _, lengths in reader.given) <= 50_000


def test_half_a_pair_and_null_do_not_break_it():
    (found,) = presidio().found_in(["\ud800 and \x00 xemna qoor \udc00"], "other")
    assert [(each.start, each.end) for each in found] == [(8, 18)]


@pytest.mark.parametrize(
    ("models", "told", "model"),
    [
        (("en", "de"), ("de", 0.9), "de"),
        (("en", "de"), ("fr", 0.9), None),
        (("en", "de"), ("fr", 0.3), "en"),
        (("en", "other"), ("fr", 0.9), "other"),
        (("en", "other"), ("zxx", 0.9), "other"),
        (("en", "de"), ("zxx", 0.9), "en"),
    ],
)
def test_the_language_says_which_model_reads(models, told, model):
    assert presidio(*models, told=told).reading("a text that is long enough to be told").model == model
    short = "other" if "other" in models else models[0]
    assert presidio(*models, told=told).reading("short").model == short


def test_names_written_small_and_without_spaces_are_found_again():
    other = presidio(reader=Reader({"xemna qoor": "PERSON", "王小明,": "PERSON"}))
    first = says("then xemna qoor paid", "Xemna\tQoor, and Qoor. XEMNA QOOR!", "王小明, 是", "我是王小明说")
    done = redactor(other=other).looked_through(first, AT)
    texts = contents(done.candidate)
    names = [set(re.findall(r"<PERSON_\w+>", each)) for each in texts]
    assert names[0] == names[1]
    assert names[2] == names[3]
    assert len(names[0] | names[2]) == 2
    assert "王小明" not in "".join(texts)
    assert done.by["PERSON", "presidio"] == sum(done.found.values())


def test_of_two_that_overlap_nothing_is_left_and_ours_count_for_numbers():
    other = presidio(reader=Reader({"Schmidt Qoor +49": "PERSON", "30 123456": "ES_NIF"}))
    done = redactor(other=other).looked_through(says("I am Anna Schmidt Qoor +49 30 123456 there"), AT)
    (text,) = contents(done.candidate)
    assert re.sub(r"<(PERSON|PHONE)_\w+>", r"\1", text).split() in (
        ["I", "am", "PERSON", "PHONE", "there"],
        ["I", "am", "PERSON", "PERSON", "PHONE", "there"],
    )
    assert "ID_NUMBER" not in done.found


def test_what_nobody_said_is_not_read_and_a_session_neither():
    reader = Reader({"claude": "PERSON", "get weather": "PERSON"})
    tools = [{"function": {"name": "get weather", "description": "get weather"}}]
    kept = Candidate(
        id="span:1",
        input={"messages": [{"role": "user", "content": "hello there"}], "tools": tools},
        metadata={"tier": "claude", "model": "claude"},
        source={"model": "claude", "session": "get weather"},
        marks={"out": {"reason": "get weather"}},
    )
    assert redactor(other=presidio(reader=reader)).redacted(kept, AT)[0] is kept


def test_which_model_read_it_is_kept_so_that_a_second_time_finds_nothing():
    first = redactor(other=presidio("de", "en", told=("en", 0.9))).redacted(says("hello xemna qoor, how are you"), AT)[
        0
    ]
    assert first.marks["redacted"]["model"] == "en"
    reader = Reader()
    assert redactor(other=presidio("de", "en", reader=reader, told=("de", 0.9))).redacted(first, AT)[0] is first
    assert {model for model, _ in reader.given} == {"en"}


def test_a_model_that_breaks_names_the_candidate_and_says_nothing_of_the_text():
    look = redactor()
    look.ahead([says("it works here"), says("boom goes xemna")])
    with pytest.raises(MeasurementError, match=r"^span:1 cannot be looked through .* ended with ValueError") as raised:
        look.redacted(says("boom goes xemna"), AT)
    assert "xemna" not in str(raised.value)
    with pytest.raises(Unreadable):
        presidio().found_in(["boom"], "other")


def test_many_candidates_are_read_at_once_and_each_text_once():
    reader = Reader()
    look = redactor(other=presidio(reader=reader))
    some = [says(f"hello from {number}", "the same for all") for number in range(10)]
    look.ahead(some)
    for each in some:
        assert look.redacted(each, AT)[0] is each
    assert [len(lengths) for _, lengths in reader.given] == [11]
