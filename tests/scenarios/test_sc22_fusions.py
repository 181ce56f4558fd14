"""SC22, fusions from files: names, partners and orientation decide which rules are met (DOMAIN 1.6, 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen import schema
from netgen.actionability.alterations import gather_alterations
from netgen.actionability.matching import match_rules
from netgen.actionability.rules_file import read_rules
from netgen.errors import Findings
from netgen.genomics.fusions import read_legacy_fusions, read_structural_variants
from netgen.knowledge.oncotree import load_oncotree

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.actionability.rules import Rule

TREE = load_oncotree()


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return read_rules(findings=Findings()).rules


def match(fusions: pd.DataFrame, code: str, rules: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return alterations and hits of one patient who has all the fusions."""
    samples = schema.conform(
        pd.DataFrame({"sample_id": fusions["sample_id"].unique(), "patient_id": "P1"}), schema.SAMPLES
    )
    altered = gather_alterations(samples, None, None, None, fusions, findings=Findings())
    altered["alteration_id"] = range(len(altered))
    patients = pd.DataFrame({"oncotree_code": [code]}, index=["P1"], dtype="string")
    return altered, match_rules(altered, patients, rules, TREE)


def read_sv(tmp_path: Path, **cells: str) -> pd.DataFrame:
    row = {"Sample_Id": "S1", "SV_Status": "SOMATIC", **cells}
    (tmp_path / "data_sv.txt").write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
    return read_structural_variants(tmp_path / "data_sv.txt", findings=Findings())


@pytest.mark.shared
def test_sc22_fgfr3_tacc3_is_read_from_the_text_of_a_legacy_fusion(shared: Path, rules: Any) -> None:
    """``Protein fusion: in frame (FGFR3-TACC3)``, two rows of a study of germ cell tumours: FGFR3 is five-prime."""
    path = shared / "data" / "cbio_gct_msk_2016" / "gct_msk_2016" / "data_fusions.txt"
    table = read_legacy_fusions(path, findings=Findings())
    one = table[table["gene1"] == "FGFR3"]
    assert one[["sample_id", "gene2", "frame", "notation"]].to_numpy().tolist() == [
        ["P-0001181-T01-IM3", "TACC3", "In_frame", "FGFR3::TACC3"]
    ]
    altered, hits = match(one, "BLCA", rules)
    assert altered.set_index("gene")["place"].to_dict() == {"FGFR3": "five_prime", "TACC3": "three_prime"}
    assert set(altered["flags"]) == {""}
    assert "NG-FGFR3-FUS-ERDA" in set(hits["rule_id"])


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("TPM3::NTRK1", True),
        ("Protein fusion: in frame (TPM3-NTRK1)", True),
        ("TPM3-NTRK1 fusion", True),  # orientation unknown: either order
        ("NTRK1-TPM3 fusion", True),
        ("NTRK1::TPM3", False),
        ("Protein fusion: in frame (NTRK1-TPM3)", False),
        ("Protein fusion: out of frame (TPM3-NTRK1)", False),
    ],
)
def test_sc22_text_of_data_sv_decides_orientation_and_frame(tmp_path: Path, rules: Any, text: str, met: bool) -> None:
    table = read_sv(tmp_path, Site1_Hugo_Symbol="NTRK1", Site2_Hugo_Symbol="TPM3", Class="DELETION", Event_Info=text)
    hits = match(table, "PANET", rules)[1]
    assert {row for row in (3, 4, 5) if row in set(hits["row"])} == ({3, 4, 5} if met else set())


@pytest.mark.parametrize(("connection", "met"), [("3to5", False), ("5to3", True), ("3to3", True)])
def test_sc22_connection_type_and_strands_decide_orientation(
    tmp_path: Path, rules: Any, connection: str, met: bool
) -> None:
    """NTRK1 and TPM3 on the forward strand in this example.

    ``3to5`` keeps what lies left in NTRK1, its head: NTRK1::TPM3, no target. ``5to3`` keeps its tail: TPM3::NTRK1.
    ``3to3`` keeps two heads and states nothing: matched in either order, and flagged.
    """
    table = read_sv(
        tmp_path,
        Site1_Hugo_Symbol="NTRK1",
        Site2_Hugo_Symbol="TPM3",
        Connection_Type=connection,
        Site1_Description="Intron of NTRK1(+): 9bp after exon 9",
        Site2_Description="Intron of TPM3(+): 9bp after exon 7",
    )
    altered, hits = match(table, "PANET", rules)
    assert (3 in set(hits["row"])) is met
    unknown = altered["flags"].str.contains("orientation_unknown").all()
    assert unknown == (connection == "3to3")


def test_sc22_alk_breakpoint_of_either_column_order(tmp_path: Path, rules: Any) -> None:
    found = []
    for one, two in (("EML4", "ALK"), ("ALK", "EML4")):
        table = read_sv(tmp_path, Site1_Hugo_Symbol=one, Site2_Hugo_Symbol=two, Event_Info="EML4::ALK")
        hits = match(table, "ALUCA", rules)[1]
        found.append(sorted(hits["rule_id"]))
    assert found[0] == found[1]
    assert "NG-ALK-FUS-LNET" in found[0]
