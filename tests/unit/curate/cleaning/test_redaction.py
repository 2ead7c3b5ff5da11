"""A candidate without personal data and secrets, wherever they stand, and the same person the same everywhere."""

from __future__ import annotations

import json
import random
import re
from functools import cache

import pytest

from evalgate.curate.candidates import Candidate, State, as_line
from evalgate.curate.cleaning.findings import Pseudonyms
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.redaction import Redactor

AT = "2026-01-05T12:00:00+00:00"


def redactor(**more):
    return Redactor(**{"pseudonyms": Pseudonyms(b"k" * 32), "names": known_names(), **more})


@cache
def redactor_once():
    return redactor()


def says(text, **more):
    return Candidate(id="span:1", input={"messages": [{"role": "user", "content": text}]}, **more)


def content(candidate):
    return candidate.input["messages"][0]["content"]


CALL = {"customer_name": "Xqzt Brmpf", "phone": "+49 30 123456", "note": "for Anna Schmidt", "count": 3}
FULL = Candidate(
    id="span:00000000000000aa",
    input={
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "My name is Anna Schmidt, anna@example.com"}]},
            {
                "role": "assistant",
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "find", "arguments": json.dumps(CALL)}}
                ],
            },
            {
                "role": "tool",
                "tool_call_id": "call_1",
                "content": '[{"street": "Ring 5", "owner": {"name": "A. Schmidt"}}]',
            },
        ]
    },
    output={"messages": [{"role": "assistant", "content": "Dear Anna, Schmidt's box is there."}]},
    metadata={"user": {"email": "anna@example.com", "phone": 4930123456}, "api_key": "abcdef", "tier": "gold"},
    source={"session": "anna@example.com", "project": "anna@example.com", "span": "00000000000000aa"},
    marks={"annotations": [{"name": "note", "label": "ask anna@example.com"}]},
)


def test_nothing_of_it_is_left_in_messages_arguments_results_metadata_session_and_marks():
    clean, found = redactor().redacted(FULL, AT)
    line = as_line(clean).decode().replace('"project": "anna@example.com"', "")
    for gone in ("Anna", "Schmidt", "anna@", "123456", "Xqzt", "abcdef", "Ring 5"):
        assert gone not in line, gone
    assert clean.source["project"] == "anna@example.com"
    assert clean.metadata["tier"] == "gold"
    arguments = json.loads(clean.input["messages"][1]["tool_calls"][0]["function"]["arguments"])
    assert arguments["count"] == 3
    assert found["EMAIL"] == 4
    assert clean.history[-1].what == "redacted"
    assert clean.history[-1].by == "evalgate"
    assert "4 EMAIL" in clean.history[-1].why


def test_a_person_has_one_name_in_the_whole_dataset():
    texts = [
        "My name is Anna Schmidt",
        "Please tell ANNA SCHMIDT",
        "my name is anna schmidt",
        "Anna Schmidt called. Did you hear from Anna? Schmidt's box is there.",
    ]
    names = set()
    for text in texts:
        clean, _ = redactor().redacted(says(text), AT)
        names.update(re.findall(r"<PERSON_\w+>", content(clean)))
    other, _ = redactor().redacted(says("My name is Anna Weber"), AT)
    assert len(names) == 1
    assert not names & set(re.findall(r"<PERSON_\w+>", content(other)))


def test_a_second_time_changes_nothing():
    clean, _ = redactor().redacted(FULL, AT)
    again, found = redactor().redacted(clean, "2026-02-05T12:00:00+00:00")
    assert again is clean
    assert not found


def test_what_has_nothing_is_itself():
    plain = says("How do I cook leeks?", metadata={"lang": "en", "n": 12, "f": 1.5, "b": True, "none": None})
    assert redactor().redacted(plain, AT)[0] is plain


def test_secrets_alone_need_no_names_and_no_key():
    clean, found = Redactor().redacted(says("I am Anna Schmidt, password: hunter22"), AT)
    assert content(clean) == "I am Anna Schmidt, password: <SECRET>"
    assert dict(found) == {"SECRET": 1}
    assert clean.marks["redacted"] == {"SECRET": 1}


def test_what_is_to_be_kept_is():
    text = "Ask help@shop.example.com or Anna Schmidt"
    clean, _ = redactor(keep=("*@shop.example.com", "anna schmidt")).redacted(says(text), AT)
    assert content(clean) == text


def test_what_was_found_adds_up_and_says_by_which_key():
    first, _ = redactor().redacted(says("anna@example.com"), AT)
    more = says(f"{content(first)} bob@example.com", marks=first.marks, history=first.history, state=State.OUT)
    second, _ = redactor().redacted(more, AT)
    assert second.marks["redacted"]["EMAIL"] == 2
    assert second.marks["redacted"]["key"] == Pseudonyms(b"k" * 32).check
    assert second.state is State.OUT
    assert len(second.history) == 2


@pytest.mark.parametrize("text", ['{"a": ', "[" * 500, '{"email": "a@example.com"', '"x"', "{}"])
def test_text_that_only_begins_like_json_is_text(text):
    clean, _ = redactor().redacted(says(text), AT)
    assert content(clean) == text.replace("a@example.com", Pseudonyms(b"k" * 32).name(_mail()))


def _mail():
    return redactor().findings("a@example.com")[0]


def test_hostile_text_breaks_nothing():
    nested = "x"
    for _ in range(12):
        nested = json.dumps([nested])
    for text in ("\ud800 anna@example.com", "<PERSON_", "<SECRET>" * 3, "\x00", nested, "Ａnna Schmidt"):
        clean, _ = redactor().redacted(says(text), AT)
        assert "anna@" not in content(clean)


def test_json_that_is_nested_deep_is_looked_through_and_breaks_nothing():
    secret = "sk-proj-Q7wZx9Kd83mTpLq20VbRt6Y"
    nested = f"{'[' * 60}1{']' * 60}"
    for _ in range(9):
        nested = f"{'[' * 60}{json.dumps(nested)}{']' * 60}"
    for text in (f"{'[' * 450}1{']' * 450}", '{"a":' * 300 + "1" + "}" * 300, nested):
        assert content(redactor().redacted(says(text), AT)[0]) == text
    clean, found = redactor().redacted(says(f'{"[" * 450}"{secret}"{"]" * 450}'), AT)
    assert (secret in content(clean), found["SECRET"]) == (False, 1)


def test_what_stands_in_json_under_a_key_that_is_there_twice_is_found():
    secret = "sk-proj-Q7wZx9Kd83mTpLq20VbRt6Y"
    clean, found = redactor().redacted(says(f'{{"key": "{secret}", "key": "x"}}'), AT)
    assert (secret in content(clean), found["SECRET"]) == (False, 1)


def test_keys_that_name_no_field_and_json_behind_a_space_are_looked_into():
    told = {"+49 30 1234567": 1, "mailto:anna@example.com": 2, "customer_name": "Xqzt Brmpf", "note.de": "kept"}
    clean, found = redactor().redacted(says(f" {json.dumps(told)}"), AT)
    assert not [gone for gone in ("1234567", "anna@", "Xqzt") if gone in content(clean)]
    assert ("note.de" in content(clean), found["PHONE"], found["EMAIL"], found["PERSON"]) == (True, 1, 1, 1)


def test_sessions_whose_ids_are_secrets_are_told_apart():
    ids = ["Zq3vX9LmT0aRb7KcW2nYp5HdF8sGjU1eViO4xBzQ6Mk", "aRb7KcW2nYp5HdF8sGjU1eViO4xBzQ6MkZq3vX9LmT0"]
    found = [says("hi", source={"session": each}) for each in (*ids, ids[0])]
    first, second, again = (redactor().redacted(Redactor().redacted(each, AT)[0], AT)[0] for each in found)
    assert first.source == again.source != second.source
    assert ids[0][:8] not in first.source["session"]
    assert re.fullmatch(r"<SESSION_[A-Z2-9]{6}>", first.source["session"])


CARD = 4111111111111111
MIXED = [{"card": CARD}, {"card_number": float(CARD)}, {"x": CARD}, {"x": float(CARD)}, {"cards": [CARD, float(CARD)]}]
NAMED = [{"creditCard": {"number": CARD + 1}}, {"card": "4111 1111 1111 1112"}, {"cc": 378282246310006.0}]
PHONES = [
    {"phone": 4930123456.0},
    {"mobilePhone": 4915123456789},
    {"phones": [2125550123]},
    {"phone": {"value": 2125550123}},
]
ARGUMENTS = [{"messages": json.dumps({"card": float(CARD), "tel": 4930123456.0})}, {"ssn": 123456789}]


@pytest.mark.parametrize("metadata", [*MIXED, *NAMED, *PHONES, *ARGUMENTS], ids=str)
def test_numbers_of_people_are_found_where_json_has_numbers(metadata):
    line = as_line(redactor().redacted(says("hi", metadata=metadata), AT)[0]).decode()
    assert not re.search(r"\d{7}", line.partition('"metadata": ')[2].partition(', "split"')[0]), line


def test_a_card_has_one_name_however_json_has_it():
    said = {"a": CARD, "b": float(CARD), "card": "4111 1111 1111 1111", "d": f"it is {CARD}"}
    found = redactor().redacted(says("hi", metadata=said), AT)[0].metadata
    assert len({each.removeprefix("it is ") for each in found.values()}) == 1


def test_ids_prices_and_times_stay_numbers():
    """Keys that say so, with digits that check as a card's; and times and prices under any key."""
    names = [
        "id",
        "order_id",
        "orderId",
        "order_number",
        "sku",
        "trace_id",
        "created",
        "timestamp",
        "total",
        "price",
        "amount",
        "seed",
        "tokens",
        "start_ns",
    ]
    rng = random.Random(4)
    for _ in range(500):
        at, price = rng.uniform(1.5e9, 2e9), rng.randrange(10**9) / 100
        number = {"n": int(at), "ms": int(at * 1e3), "us": int(at * 1e6), "x": int(at * 1e9), "y": price, "z": at}
        said = {**{name: rng.choice((CARD, float(CARD), 5500000000000004)) for name in names}, "more": number}
        assert redactor_once().redacted(says("hi", metadata=said), AT)[0].metadata == said
