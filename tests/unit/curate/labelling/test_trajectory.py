"""What was done in a trace as a model is shown it."""

from __future__ import annotations

import json

from evalgate.curate.labelling.trajectory import steps_of
from evalgate.phoenix.spans.stored import StoredSpan


def span(number, name, kind="TOOL", status="OK", **attributes):
    return StoredSpan(
        trace_id="t",
        span_id=f"{number:016x}",
        parent=None,
        name=name,
        start=f"2026-01-01T00:00:{number:02d}+00:00",
        end="",
        status=status,
        attributes={"openinference.span.kind": kind, **attributes},
    )


def test_steps_stand_in_their_order_without_the_root_and_say_what_they_took_and_gave():
    call = {
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": "be good",
        "llm.input_messages.1.message.role": "user",
        "llm.input_messages.1.message.content": "vegan?",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "tofu",
    }
    found = steps_of(
        [
            span(3, "plan", "LLM", **call),
            span(
                2, "search", status="ERROR", **{"input.value": '{"q": "beef"}', "input.mime_type": "application/json"}
            ),
            span(1, "root", "AGENT"),
        ],
        f"{1:016x}",
    )
    assert [(each["name"], each["kind"], each.get("status")) for each in found] == [
        ("search", "TOOL", "ERROR"),
        ("plan", "LLM", None),
    ]
    assert json.loads(found[0]["input"]) == {"q": "beef"}
    assert json.loads(found[1]["input"]) == {"role": "user", "content": "vegan?"}
    assert "tofu" in found[1]["output"]


def test_of_many_long_steps_some_are_shown():
    found = steps_of([span(n, "s", **{"input.value": "x" * 9_000}) for n in range(1, 60)] * 2, "")
    assert found[30] == "58 steps are left out here"
    assert len(json.dumps(found)) < 120_000
