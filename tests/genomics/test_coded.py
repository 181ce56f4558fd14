from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from netgen.genomics.coded import (
    coalesce,
    decode,
    encode,
    first_rows,
    missing,
    pair,
    recode,
    replace_some,
    take,
    texts,
    used_values,
)

COLUMN = st.lists(st.one_of(st.none(), st.sampled_from(["a", "A", "b", " b", ""])), max_size=12)


@given(COLUMN)
def test_encode__texts_gives_back_what_went_in(cells):
    assert texts(encode(cells)).tolist() == cells


@given(COLUMN)
def test_recode__applies_the_function_to_every_row_and_merges_equal_values(cells):
    def clean(text: str) -> str | None:
        return text.strip().lower() or None

    out = recode(encode(cells), clean)
    assert texts(out).tolist() == [None if cell is None else clean(cell) for cell in cells]
    assert len(set(out.values)) == len(out.values)


@given(st.lists(st.tuples(st.sampled_from([None, "x", "y"]), st.sampled_from([None, "x", "z"])), max_size=12))
def test_coalesce__fills_gaps_of_the_first_from_the_second(rows):
    first, second = encode(row[0] for row in rows), encode(row[1] for row in rows)
    assert texts(coalesce(first, second)).tolist() == [a if a is not None else b for a, b in rows]


@given(st.lists(st.tuples(st.sampled_from([None, "x", "y"]), st.sampled_from([None, "u", "v"])), max_size=12))
def test_pair__names_the_distinct_pairs(rows):
    first, second = encode(row[0] for row in rows), encode(row[1] for row in rows)
    which, in_first, in_second = pair(first, second)
    left = [None if code < 0 else first.values[code] for code in in_first]
    right = [None if code < 0 else second.values[code] for code in in_second]
    assert [(left[place], right[place]) for place in which] == rows
    assert len(set(zip(left, right, strict=True))) == len(left)


def test_replace_some__changes_a_few_values():
    column = encode(["a", "b", None, "c", "a"])
    places = {value: place for place, value in enumerate(column.values)}
    out = replace_some(column, {places["a"]: None, places["c"]: "b"})
    assert texts(out).tolist() == [None, "b", None, "b", None]
    assert texts(column).tolist() == ["a", "b", None, "c", "a"]


def test_decode__is_a_string_array_with_na():
    out = pd.Series(decode(encode(["x", None, "x"])))
    assert out.dtype == "string"
    assert out.tolist() == ["x", pd.NA, "x"]
    assert pd.Series(decode(missing(2))).isna().all()


def test_first_rows__and_used_values_ignore_values_that_no_row_has():
    column = take(encode(["x", "y", None, "y", "z"]), np.array([1, 2, 3]))
    first, count = first_rows(column)
    assert dict(zip(column.values, zip(first.tolist(), count.tolist(), strict=True), strict=True)) == {
        "x": (-1, 0),
        "y": (0, 2),
        "z": (-1, 0),
    }
    assert used_values(column) == ["y"]
