"""An array that arrives in pieces is read as it would be in one, and what is none is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalgate.phoenix.elements import elements

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


async def read(text, step=7, **limits):
    async def chunks():
        for start in range(0, len(text), step):
            yield text[start : start + step]

    return [value async for value in elements(chunks(), **limits)]


@given(values=st.lists(VALUES, max_size=5), step=st.integers(1, 40), indent=st.none() | st.just(2))
async def test_pieces_of_any_size_give_the_same_elements(values, step, indent):
    assert await read(json.dumps(values, indent=indent), step) == values


@pytest.mark.parametrize("step", [1, 3, 10**6])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{}",
        "[1,2",
        "[1 2]",
        "[1]x",
        "[NaN]",
        "[1]]",
        '["a',
        "[" * 100_000,
        "x",
        "[1.",
        "[1,,2]",
        "[[1],[NaN]]",
    ],
)
async def test_what_is_no_array_is_refused(text, step):
    with pytest.raises(ValueError, match=r"\w"):
        await read(text, step)


async def test_no_element_fills_the_memory():
    with pytest.raises(ValueError, match="more than 100 characters"):
        await read(json.dumps(["x" * 1000]), 10, largest=100)
    assert len(await read(json.dumps(["x" * 50] * 100), 10, largest=100)) == 100
