"""Which variants lie at hot spots: literal rows, and the published table on a real study."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.errors import AnalysisError, Findings
from netgen.genomics.hotspots import Hotspots, check_hotspots_known, hotspots_of, mark_hotspots
from netgen.genomics.matrix import build_alteration_matrix
from netgen.knowledge.snapshot import Snapshot, read_snapshot
from tests.genomics.naive_matrix import table

if TYPE_CHECKING:
    from pathlib import Path

HOTSPOTS = Hotspots(
    places={
        ("BRAF", "residue"): ((600, 600, "V"),),
        ("CDKN2A", "indel"): ((27, 42, ""),),
        ("MET", "splice"): ((1010, 1010, ""),),
        ("PPP4R2", "residue"): ((418, 418, "*"),),
        ("TP53", "residue"): ((175, 175, "R"), (213, 213, "R")),
        ("TP53", "splice"): ((187, 187, ""),),
    },
    source="a table",
)


def variant(gene: str | None, variant_class: str, change: str | None = None, **more: Any) -> dict[str, Any]:
    return {"sample_id": "S1", "gene": gene, "variant_class": variant_class, "hgvsp_short": change, **more}


def marked(*rows: dict[str, Any]) -> list[bool | None]:
    found = mark_hotspots(table("variants", list(rows)), HOTSPOTS)
    assert str(found["hotspot"].dtype) == "boolean"
    return [None if pd.isna(value) else bool(value) for value in found["hotspot"]]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (variant("BRAF", "Missense_Mutation", "p.V600E"), True),
        (variant("BRAF", "Missense_Mutation", "p.V600R"), True),  # another new residue
        (variant("BRAF", "Missense_Mutation", "p.V600_K601delinsEE"), True),
        (variant("BRAF", "Missense_Mutation", "p.T599_V600delinsKE"), True),
        (variant("BRAF", "Missense_Mutation", "p.L597R"), False),
        (variant("BRAF", "Missense_Mutation", "p.L600R"), False),  # the numbering of another transcript
        (variant("BRAF", "In_Frame_Ins", "p.V600_K601insT"), False),  # no stretch of indels there
        (variant("BRAF", "Silent", "p.V600="), False),
        (variant("BRAF", "Missense_Mutation"), None),  # which residue?
        (variant("TP53", "Nonsense_Mutation", "p.R213*"), False),  # a truncation
        (variant("TP53", "Frame_Shift_Del", "p.R175fs"), False),
        (variant("TP53", "Missense_Mutation", "p.R213Q"), True),
        (variant("TP53", "Splice_Site", "p.X187_splice"), True),
        (variant("TP53", "Splice_Site", None, hgvsc="ENST00000269305.4:c.559+1G>A"), True),  # codon 187 ends at 561
        (variant("TP53", "Splice_Site", None, hgvsc="c.560-2A>G"), True),
        (variant("TP53", "Splice_Site", None, hgvsc="c.376-1G>A"), False),  # codon 126
        (variant("TP53", "Splice_Site"), None),
        (variant("MET", "Splice_Region", "p.X1010_splice"), True),
        (variant("CDKN2A", "In_Frame_Del", "p.A36_N39del"), True),
        (variant("CDKN2A", "In_Frame_Del", "p.E26_E27del"), True),  # overlaps the first residue
        (variant("CDKN2A", "In_Frame_Ins", "p.N42_S43insA"), True),
        (variant("CDKN2A", "In_Frame_Del", "p.S43del"), False),
        (variant("CDKN2A", "Missense_Mutation", "p.A36T"), False),
        (variant("PPP4R2", "Nonstop_Mutation", "p.*418Yext*3"), True),
        (variant("PPP4R2", "Missense_Mutation", "p.A418T"), False),
        (variant("MEN1", "Missense_Mutation", "p.V600E"), False),
        (variant("TERT", "5'Flank"), None),
        (variant(None, "Missense_Mutation", "p.V600E"), None),
    ],
)
def test_mark_hotspots__judges_by_kind_and_residue(row: dict[str, Any], expected: bool | None) -> None:
    assert marked(row) == [expected]


@pytest.mark.parametrize(("told", "expected"), [(True, [True, True, True]), (False, [True, False, False])])
def test_mark_hotspots__what_the_file_calls_one_stays_one(told: bool, expected: list[bool]) -> None:
    rows = [variant("BRAF", "Missense_Mutation", change, hotspot=told) for change in ("p.V600E", "p.L597R", None)]
    assert marked(*rows) == expected


def test_mark_hotspots__without_a_table_changes_nothing() -> None:
    rows = table("variants", [variant("BRAF", "Missense_Mutation", "p.V600E")])
    assert mark_hotspots(rows, None) is rows
    assert hotspots_of(None) is None
    empty = table("variants", [])
    assert mark_hotspots(empty, HOTSPOTS) is empty


def test_mark_hotspots__makes_the_feature() -> None:
    rows = table(
        "variants",
        [
            {**variant("BRAF", "Missense_Mutation", "p.V600E"), "sample_id": "S1"},
            {**variant("BRAF", "Missense_Mutation", "p.L597R"), "sample_id": "S2"},
        ],
    )
    study: dict[str, Any] = {
        "samples": table("samples", [{"sample_id": f"S{n}", "patient_id": f"P{n}"} for n in (1, 2)]),
        "profiles": table("profiles", [{"sample_id": f"S{n}", "mutations": "wes"} for n in (1, 2)]),
        "panels": table("panels", [{"panel_id": "wes", "genes_mode": "all"}]),
        "panel_genes": table("panel_genes", []),
    }
    matrix = build_alteration_matrix(**study, variants=mark_hotspots(rows, HOTSPOTS), feature_type="hotspot")
    assert matrix.status.tolist() == [[1, 0]]


def test_check_hotspots_known__refuses_when_nothing_says_so() -> None:
    rows = table("variants", [variant("BRAF", "Missense_Mutation", "p.V600E"), variant("BRAF", "Silent", "p.A1=")])
    with pytest.raises(AnalysisError, match="none of the 1 variants says whether it lies at one") as caught:
        check_hotspots_known(rows)
    assert "--knowledge DIR" in caught.value.finding.fix
    check_hotspots_known(mark_hotspots(rows, HOTSPOTS))
    check_hotspots_known(rows[1:])  # nothing that could be one
    check_hotspots_known(None)


def snapshot(folder: Path, **files: tuple[str, str]) -> Snapshot:
    """Return a snapshot of files, given by kind as name and text."""
    entries = []
    for kind, (name, text) in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        entries.append(
            {"kind": kind, "path": name, "source": "cancerhotspots.org", "version": "v3", "date": "2026-04-21",
             "licence": "ODbL", "sha256": hashlib.sha256(text.encode()).hexdigest()}
        )  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"netgen_knowledge": 1, "files": entries}), encoding="utf-8")
    findings = Findings()
    found = read_snapshot(folder, findings=findings, today=date(2026, 11, 25))
    assert not list(findings)
    return found


def test_hotspots_of__takes_current_symbols_and_says_where_they_are_from(tmp_path: Path) -> None:
    text = "Hugo_Symbol\tResidue\tQ-value\nMLL3\tR1\t0\nBRAF\tV600\t0\nBRAF\tK601\t0\n"
    found = hotspots_of(snapshot(tmp_path, hotspots=("h.txt", text)))
    assert found == Hotspots(
        places={("BRAF", "residue"): ((600, 600, "V"), (601, 601, "K")), ("KMT2C", "residue"): ((1, 1, "R"),)},
        source="cancerhotspots.org v3, 2026-04-21",
    )
    assert found.genes == {"BRAF", "KMT2C"}
