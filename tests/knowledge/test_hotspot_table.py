"""Hot spots of cancerhotspots.org: residues, stretches, splice sites, and tables that are none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from netgen.errors import InputError
from netgen.knowledge.hotspot_table import HOTSPOT_COLUMNS, read_hotspots

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Hugo_Symbol\tResidue\tQ-value\tIndel_Size\tTranscript_Id\n"


def read(folder: Path, text: str) -> list[list[object]]:
    path = folder / "hotspots.txt"
    path.write_text(text, encoding="utf-8")
    found = read_hotspots(path)
    assert list(found.columns) == list(HOTSPOT_COLUMNS)
    return found.drop(columns="transcript_id").to_numpy().tolist()


def test_read_hotspots__takes_residues_stretches_and_splice_sites(tmp_path: Path) -> None:
    rows = (
        "BRAF\tV600\t0\t\tENST00000288602\n"
        "PPP4R2\t*418\t0.0652\t\tENST00000356692\n"
        "MET\tX1010\t3.3e-36\t\tENST00000397752\n"
        "TP53\tY126_splice\t0\t\tENST00000269305\n"
        "CDKN2A\t27-42\t8.8e-05\t15\tENST00000304494\n"
        "SMARCA4\t546\t0.00023\t1\tENST00000358026\n"
    )
    assert read(tmp_path, HEADER + rows) == [
        ["BRAF", "residue", 600, 600, "V", 0.0],
        ["PPP4R2", "residue", 418, 418, "*", 0.0652],
        ["MET", "splice", 1010, 1010, "", 3.3e-36],
        ["TP53", "splice", 126, 126, "", 0.0],
        ["CDKN2A", "indel", 27, 42, "", 8.8e-05],
        ["SMARCA4", "indel", 546, 546, "", 0.00023],
    ]


def test_read_hotspots__passes_over_rows_without_a_q_value(tmp_path: Path) -> None:
    assert [row[:3] for row in read(tmp_path, HEADER + "PTEN\tA34\t\t\t\nPTEN\tR130\t0\t\t\n")] == [
        ["PTEN", "residue", 130]
    ]
    with pytest.raises(InputError, match="need a q-value, found none"):
        read(tmp_path, HEADER + "PTEN\tA34\t\t\t\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1\t2491289\tG\tA\tTNFRSF14\n", "need the columns hugo_symbol, residue, q-value; found no hugo_symbol"),
        ("", "cannot be read"),
        (HEADER + "BRAF\tV600\t0\t\t\nBRAF\tfirst\t0\t\t\n", "a residue such as V600, X1010 or 27-42 is needed"),
        (HEADER + "BRAF\t42-27\t0\t9\t\n", "found '42-27'"),
    ],
)
def test_read_hotspots__refuses_what_is_no_such_table(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read(tmp_path, text)


def test_read_hotspots__names_the_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + "BRAF\tV600\t0\t\t\nBRAF\tfirst\t0\t\t\n")
    assert caught.value.finding.row == 3


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "n", "kinds", "limit"),
    [
        # by awk: rows below the header; rows with Indel_Size; residues X with digits, or with _splice (version 1)
        ("v2_multi_type_residue.txt", 1165, {"residue": 1024, "indel": 55, "splice": 86}, 0.1),
        ("v3_multi_type_residue.txt", 1329, {"residue": 1188, "indel": 55, "splice": 86}, 0.1),
        ("single_residue_hotspot_mutations.txt", 634, {"residue": 621, "splice": 13}, 0.01),
    ],
)
def test_read_hotspots__of_cancerhotspots(shared: Path, name: str, n: int, kinds: dict[str, int], limit: float) -> None:
    found = read_hotspots(shared / "data" / "kb_cancerhotspots" / name)
    assert found["q_value"].max() < limit
    assert len(found) == n
    assert found["kind"].value_counts().to_dict() == kinds
    braf = found[(found["gene"] == "BRAF") & (found["start"] == 600)]
    assert braf[["kind", "reference"]].to_numpy().tolist() == [["residue", "V"]]


@pytest.mark.shared
def test_read_hotspots__refuses_three_dimensional_clusters(shared: Path) -> None:
    with pytest.raises(InputError, match="need a q-value, found none"):
        read_hotspots(shared / "data" / "kb_cancerhotspots" / "3d_hotspots.txt")
