"""Tables of results: every cell as its format writes it, nothing cut off without a word."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from netgen.errors import CODES
from netgen.report.page.markup import tag
from netgen.report.page.tables import render_table
from netgen.report.summary import months, p_text, ratio

DASH = '<span class="na" role="img" aria-label="not available">\N{EN DASH}</span>'


def _text(values: list[object]) -> pd.Series:
    return pd.Series(values, dtype="string")


def _render(frame: pd.DataFrame, **settings: object) -> str:
    return render_table(frame, **{"columns": None, "caption": "Results", "id": "t", **settings})


def _cells(table: str) -> list[list[str]]:
    """The inner markup of the cells of the body, row by row."""
    body = table.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]


def test_render_table__writes_each_kind_of_value() -> None:
    frame = pd.DataFrame(
        {
            "gene": _text(["MEN1", "<b>", pd.NA]),
            "n": pd.array([12, 0, pd.NA], dtype="Int64"),
            "p": [0.0412, 0.5, np.nan],
            "event": pd.array([True, False, pd.NA], dtype="boolean"),
            "day": pd.to_datetime(["2024-06-30", "2023-01-02", None]),
        }
    )
    assert _cells(_render(frame, formats={"p": p_text})) == [
        ["MEN1", "12", "0.041", "yes", "2024-06-30"],
        ["&lt;b&gt;", "0", "0.50", "no", "2023-01-02"],
        [DASH] * 5,
    ]


def test_render_table__a_format_decides_what_a_missing_number_means() -> None:
    """A median that is not reached and a limit that does not exist are words; a percentage that is none is a dash."""
    frame = pd.DataFrame({"m": [np.nan], "hi": [np.nan], "p": [np.nan], "share": [np.nan]})
    formats = {"m": months, "hi": ratio, "p": p_text, "share": lambda value: f"{value:.0%}"}
    assert _cells(_render(frame, formats=formats)) == [["NR", "open", DASH, DASH]]


def test_render_table__formats_get_plain_numbers() -> None:
    got: list[object] = []

    def keep(value: object) -> str:
        got.append(value)
        return "x"

    _render(pd.DataFrame({"n": pd.array([3, pd.NA], dtype="Int64"), "x": [0.5, 1.5]}), formats={"n": keep, "x": keep})
    assert [type(value) for value in got] == [int, float, float, float]


def test_render_table__floats_need_a_format() -> None:
    with pytest.raises(TypeError, match="column hr holds floats: give it a format"):
        _render(pd.DataFrame({"hr": [0.123456789]}))


def test_render_table__names_columns_that_are_not_there() -> None:
    with pytest.raises(KeyError, match="table t: no column q; it has p"):
        _render(pd.DataFrame({"p": [0.1]}), formats={"q": p_text})


def test_render_table__has_caption_scopes_and_meanings() -> None:
    frame = pd.DataFrame({"gene": _text(["MEN1"]), "n_altered": pd.array([12], dtype="Int64")})
    table = _render(frame, columns={"n_altered": 'altered "any"', "other": "not shown"}, caption="Genes & survival")
    assert '<caption id="t-caption"><span>Genes &amp; survival</span></caption>' in table
    assert '<th scope="col">gene</th>' in table
    assert '<th scope="col" title="altered &quot;any&quot;" class="num">n altered</th>' in table
    assert '<th scope="row">MEN1</th>' in table
    assert "<dt>n altered</dt><dd>altered &quot;any&quot;</dd>" in table
    assert "not shown" not in table


def test_render_table__labels_head_the_columns() -> None:
    frame = pd.DataFrame({"p_primary": [0.01]})
    assert ">p</th>" in _render(frame, formats={"p_primary": p_text}, labels={"p_primary": "p"})


def test_render_table__numbers_are_sorted_by_their_full_value() -> None:
    frame = pd.DataFrame({"p": [0.0412345678901234, np.nan, 1e-12]})
    assert re.findall(r'data-sort="([^"]*)"', _render(frame, formats={"p": p_text})) == [
        "0.0412345678901234",
        "",
        "1e-12",
    ]


def test_render_table__composed_text_is_sorted_by_another_column_that_is_not_shown() -> None:
    frame = pd.DataFrame({"feature": _text(["a"]), "HR (95 % CI)": _text(["0.48 (0.20-1.10)"]), "hr": [0.481]})
    table = _render(frame, sort={"HR (95 % CI)": "hr"})
    assert '<td class="num" data-sort="0.481">0.48 (0.20-1.10)</td>' in table
    assert _cells(table) == [["a", "0.48 (0.20-1.10)"]]


def test_render_table__warnings_stand_in_the_row_with_their_sentence() -> None:
    frame = pd.DataFrame({"feature": _text(["a", "b", "c"]), "warnings": _text(["W_SMALL;W_NON_PH", "", pd.NA])})
    first, second, third = _cells(_render(frame, warnings_column="warnings"))
    assert first[1] == (
        f'<ul class="warnings"><li><code>W_SMALL</code> {CODES["W_SMALL"]}</li>'
        f"<li><code>W_NON_PH</code> {CODES['W_NON_PH']}</li></ul>"
    )
    assert second[1] == third[1] == ""


def test_render_table__rows_carry_their_patient() -> None:
    hostile = '"><img src=x onerror=alert(1)>'
    frame = pd.DataFrame({"patient_id": _text(["P01", hostile, pd.NA])})
    table = _render(frame, row_patient="patient_id")
    assert re.findall(r"<tr( data-patient=[^>]*)?><th scope=\"row\">", table) == [
        ' data-patient="P01"',
        ' data-patient="&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"',
        "",
    ]
    assert "<img" not in table


def test_render_table__says_how_many_rows_are_elsewhere() -> None:
    frame = pd.DataFrame({"n": pd.array(range(1500), dtype="Int64")})
    table = _render(frame, limit=2, source="tables/n.tsv")
    assert len(_cells(table)) == 2
    assert 'The first 2 of 1,500 rows are shown. All are in <a href="tables/n.tsv">tables/n.tsv</a>.' in table


def test_render_table__says_that_there_are_no_rows() -> None:
    table = _render(pd.DataFrame({"gene": _text([])}))
    assert '<p class="rows">No rows.</p>' in table


def test_render_table__cells_may_be_markup() -> None:
    frame = pd.DataFrame({"gene": [tag("i", "MEN1"), "<i>"]}, dtype=object)
    assert _cells(_render(frame)) == [["<i>MEN1</i>"], ["&lt;i&gt;"]]


def test_render_table__long_tables_scroll_under_their_heading() -> None:
    for rows, expected in ((25, 'class="scroll"'), (26, 'class="scroll tall"')):
        assert expected in _render(pd.DataFrame({"n": pd.array(range(rows), dtype="Int64")}))


def test_render_table__keeps_the_order_of_the_frame_and_ignores_its_index() -> None:
    frame = pd.DataFrame({"n": pd.array([3, 1, 2], dtype="Int64")}, index=[9, 9, 0])
    assert _cells(_render(frame)) == [["3"], ["1"], ["2"]]
