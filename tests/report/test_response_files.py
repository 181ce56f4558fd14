"""What ``netgen response`` leaves behind and prints."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.association.response import response
from netgen.association.response_results import RESPONSE_COLUMNS, ResponseResult
from netgen.errors import AnalysisError
from netgen.report.response_files import summarise_response, write_response
from netgen.report.write import MARK, list_files
from tests.demo_run import demo_cohort

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {
    "best_responses.tsv", "exclusions.tsv", "response.tsv", "response_by_class.tsv", "response_durations.tsv",
    "warnings.tsv", "waterfall.tsv",
}  # fmt: skip
TEXTS = {"analysis_plan.json", "flow.json", "provenance.json"}


@cache
def _result() -> ResponseResult:
    return response(demo_cohort(), lines=(1, "all"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("response") / "out"
    write_response(_result(), demo_cohort(), out, command="netgen response demo")
    return out


def test_write_response__writes_every_file(folder: Path) -> None:
    stems = ["bor_line1_origin_group2", "bor_line1_origin_group3", "bor_line1_regimen_class", "waterfall_line1"]
    figures = {f"figures/{stem}.{kind}" for stem in stems for kind in ("pdf", "png")}
    assert set(list_files(folder)) == TABLES | TEXTS | figures | {MARK}


def test_write_response__the_table_comes_back_as_it_was(folder: Path) -> None:
    rows = pd.read_csv(folder / "response.tsv", sep="\t", float_precision="round_trip")
    assert list(rows.columns) == list(RESPONSE_COLUMNS)
    for name in ("rate", "cp_lo", "diff_hi", "or", "firth_or", "p_primary", "q_bh", "a", "n"):
        expected = _result().table[name].astype(float)
        pd.testing.assert_series_equal(rows[name].astype(float), expected, check_exact=True)


def test_write_response__warnings_and_plan_say_what_was_done(folder: Path) -> None:
    warnings = pd.read_csv(folder / "warnings.tsv", sep="\t")
    assert {"W_SMALL", "W_NO_EQUIVALENCE", "W_DOT_ONGOING"} <= set(warnings["code"])
    plan = json.loads((folder / "analysis_plan.json").read_text())
    assert (plan["denominator"], plan["cluster"], plan["confirm_days"]) == ("started", "patient", 28)
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["command"] == "netgen response demo"
    assert provenance["matrix_hash"] == _result().matrix_hash


def test_write_response__refuses_a_folder_that_holds_something(folder: Path) -> None:
    with pytest.raises(AnalysisError, match="E_OUTPUT_EXISTS"):
        write_response(_result(), demo_cohort(), folder)


def test_summarise_response__gives_the_rates_with_their_limits_and_denominators() -> None:
    text = summarise_response(_result())
    assert "ORR 5/34 = 14.7 % (5.0-31.1; Wilson 6.4-30.1)" in text
    assert "denominator: all who started" in text
    assert "[evaluable: sensitivity]" in text
    assert "ORR: Freeman-Halton exact p = 0.063" in text
    assert "65 lines of 34 patients" in text
    assert "TP53: 2/10 against 3/24" in text
    assert max(len(row) for row in text.splitlines()) <= 130


def test_summarise_response__never_calls_groups_alike(folder: Path) -> None:
    texts = [summarise_response(_result()), *((folder / name).read_text() for name in TABLES | TEXTS)]
    for text in texts:
        assert not re.search(r"\b(no difference|similar)\b", text, flags=re.IGNORECASE)
        assert "inf" not in re.findall(r"\b-?inf\b", text)
