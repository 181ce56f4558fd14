"""Survival and therapy of the demo cohort through the command line do not depend on how its tables are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

from netgen.cli import main
from tests.clinical.test_endpoints_as_written import (
    as_study,
    iso_to_dmy,
    read_tables,
    with_dates,
    write_cells,
    write_iso,
    write_offsets,
    write_relabelled,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.repeats

COMMANDS = {
    "survival": ("--by", "origin", "--endpoint", "os,pfs,ttnt", "--permutations", "200"),
    "therapy": ("--permutations", "99"),
}
OF_READING = {"warnings"}  # tells how the tables were read


def tables_of(study: Path, out: Path, *extra: str) -> dict[str, pd.DataFrame]:
    found = {}
    for command, options in COMMANDS.items():
        folder = out / command
        args = [command, str(study), *options, *extra, "--out", str(folder), "--no-figures", "--quiet"]
        done = CliRunner().invoke(main, args, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        found |= {
            f"{command}/{path.stem}": pd.read_csv(path, sep="\t")
            for path in sorted(folder.glob("*.tsv"))
            if path.stem not in OF_READING
        }
    return found


def write_slashes(folder: Path) -> Path:
    """Write dd/mm/yyyy without saying so in the study file: the command line does."""
    return as_study(folder, with_dates(read_tables(), iso_to_dmy))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("iso")
    return tables_of(write_iso(folder), folder / "out")


def test_expected__is_the_demo_cohort(expected):
    tests = expected["survival/group_tests"]
    assert set(tests["grouping"]) == {"origin_group3", "origin_group2"}
    # R, in the golden tables: survdiff(Surv(os_days, os_event) ~ origin2)
    two = tests.loc[(tests["endpoint"] == "os") & (tests["grouping"] == "origin_group2")].iloc[0]
    assert two["chi2"] == pytest.approx(0.236817, abs=1e-6)
    assert len(expected["therapy/algorithm_tables"]) == 6


@pytest.mark.parametrize(
    ("write", "extra"),
    [
        (write_slashes, ("--date-order", "dmy")),
        (write_cells, ()),
        (write_offsets, ()),
        (write_relabelled, ()),
    ],
)
def test_survival_and_therapy__do_not_depend_on_how_the_tables_are_written(expected, write, extra, tmp_path):
    found = tables_of(write(tmp_path), tmp_path / "out", *extra)
    assert list(found) == list(expected)
    for name, table in expected.items():
        dates = [column for column in table.columns if column.endswith("_date")] if write is write_offsets else []
        pd.testing.assert_frame_equal(found[name].drop(columns=dates), table.drop(columns=dates), obj=name)


def test_slashes_without_an_order__are_refused(tmp_path):
    study = write_slashes(tmp_path)
    done = CliRunner().invoke(main, ["survival", str(study), "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 1
    assert "E_DATE_AMBIGUOUS" in done.output
    assert not (tmp_path / "out").exists()
