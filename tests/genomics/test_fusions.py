"""Tables of structural variants: data_sv in all spellings, and the deprecated data_fusions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen import schema
from netgen.errors import Findings, InputError
from netgen.genomics.features import is_disruptive
from netgen.genomics.fusions import read_legacy_fusions, read_structural_variants
from netgen.genomics.sv_files import read_fusions_file, read_sv_file

if TYPE_CHECKING:
    from pathlib import Path

STUDY = "cbio_study_es_0/study_es_0/data_structural_variants.txt"
PAIR = ["gene1", "gene2"]


def read_sv(tmp_path: Path, *rows: dict[str, str]) -> tuple[pd.DataFrame, Findings]:
    """Write rows under the columns that they name, and read them."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(columns), *("\t".join(row.get(name, "") for name in columns) for row in rows)]
    path = tmp_path / "data_sv.txt"
    path.write_text("\n".join(lines))
    findings = Findings()
    return read_structural_variants(path, findings=findings), findings


def row(one: str = "", two: str = "", **cells: str) -> dict[str, str]:
    base = {"Sample_Id": "S1", "SV_Status": "SOMATIC", "Site1_Hugo_Symbol": one, "Site2_Hugo_Symbol": two}
    return base | cells


def values(table: pd.DataFrame, *names: str) -> list[list[object]]:
    return [[None if pd.isna(cell) else cell for cell in line] for line in table[list(names)].to_numpy(dtype=object)]


# ---------------------------------------------------------------- data_sv: real files
@pytest.mark.shared
def test_read_structural_variants__of_the_reference_study(shared: Path) -> None:
    """By cut and uniq: 48 rows, all ``Fusion``, two with one gene, one within EGFR.

    Seven annotations have exons behind the initials of their genes in order (``EML4-ALK.E13A20``); the eighth with
    exons (``PIEZO1-NCOA4.K16B10``) has the wrong initials, and ``SND1_BRAF_CUSTOMHYVE`` none.
    """
    findings = Findings()
    table = read_structural_variants(shared / "data" / STUDY, findings=findings)
    assert len(table) == 48
    assert set(table["sv_class"]) == {"FUSION"}
    assert values(table[table[PAIR].isna().any(axis=1)], *PAIR) == [["BRAF", None], [None, "TTN"]]
    assert sorted(table["notation"].dropna()) == [
        "ALK::PTPN3", "EML4::ALK", "EML4::ALK", "KIAA1549::BRAF", "NCOA4::RET", "TMPRSS2::ERG", "TMPRSS2::ETV1",
    ]  # fmt: skip
    assert values(table, "build", "chrom1", "pos1", "chrom2", "pos2", "dna_support", "rna_support", "row")[3] == [
        "GRCh37", "2", 42492091, "2", 29446394, False, True, 5,
    ]  # fmt: skip
    assert table["cbp_driver"].iloc[0] == "Putative_Driver"
    assert table["site1_region_number"].iloc[0] == "15"
    assert table["structvarns2.lorem"].iloc[0] == "ipsum"
    assert len(findings) == 0


@pytest.mark.shared
def test_read_structural_variants__of_the_api(shared: Path, tmp_path: Path) -> None:
    """By awk over site2EffectOnFrame, variantClass and eventInfo.

    65 events are called ``Protein fusion: ... (A-B)`` or ``Transcript fusion (A-B)``. Connection types and the strands
    in the site descriptions, read without the texts, say the same of every event that they speak of.
    """
    path = shared / "data" / "gnomer_cbioportal_api" / "sv.tsv"
    table = read_structural_variants(path, findings=Findings())
    assert Counter(table["frame"]) == {"Out_of_frame": 39, "In_frame": 25, "Unknown": 30}
    assert Counter(table["sv_class"]) == {"DELETION": 67, "INVERSION": 12, "TRANSLOCATION": 8, "DUPLICATION": 7}
    assert table["notation"].notna().sum() == 65
    assert (
        Counter(table["notation"])["TMPRSS2::ERG"] == 51
    )  # 28 out of frame, 18 in frame, 2 mid-exon, 3 of transcripts
    raw = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    raw.drop(columns=["eventInfo", "annotation"]).to_csv(tmp_path / "sv.tsv", sep="\t", index=False)
    wordless = read_structural_variants(tmp_path / "sv.tsv", findings=Findings())
    geometric = wordless["notation"].notna().to_numpy()
    assert geometric.sum() >= 50
    assert wordless["notation"][geometric].tolist() == table["notation"][geometric].tolist()


@pytest.mark.shared
def test_read_structural_variants__of_broken_and_other_files(shared: Path) -> None:
    broken, findings = shared / "data" / "cbio_broken_study_files", Findings()
    with pytest.raises(InputError, match="Columns site2_hugo_symbol are needed"):
        read_structural_variants(broken / "data_structural_variants_missing_columns.txt", findings=findings)
    repeated = read_structural_variants(broken / "data_structural_variants_duplicate_entry.txt", findings=findings)
    assert len(repeated) == 7
    assert [(item.code, item.row) for item in findings] == [("W_DUP_IDENTICAL", 9)]
    oncokb = shared / "data" / "maf_oddities" / "oncokb_annotator" / "example_sv.txt"
    table = read_structural_variants(oncokb, findings=findings)
    assert values(table, *PAIR, "sv_class")[:2] == [["KMT2D", "KMT2D", "DELETION"], ["ALK", "EML4", "FUSION"]]


# ---------------------------------------------------------------- data_sv: rules
@pytest.mark.parametrize(
    ("cells", "orientation", "notation"),
    [
        ({"Event_Info": "EML4::ALK"}, "gene1_gene2", "EML4::ALK"),
        ({"Event_Info": "ALK::EML4"}, "gene2_gene1", "ALK::EML4"),
        ({"Event_Info": "EML4-ALK fusion"}, None, None),
        ({"Event_Info": "Protein fusion: in frame (ALK-EML4)"}, "gene2_gene1", "ALK::EML4"),
        ({"Event_Info": "Fusion", "Annotation": "EML4-ALK.E13A20"}, "gene1_gene2", "EML4::ALK"),
        ({"Event_Info": "RET::KIF5B"}, None, None),
        ({"Connection_Type": "3to3"}, None, None),
        ({"Connection_Type": "3to3", "Site1_Strand": "+", "Site2_Strand": "-"}, "gene1_gene2", "EML4::ALK"),
        ({"Connection_Type": "5to5", "Site1_Strand": "+", "Site2_Strand": "-"}, "gene2_gene1", "ALK::EML4"),
        ({"Connection_Type": "5to5", "Site1_Strand": "+", "Site2_Strand": "+"}, None, None),
        ({"Connection_Type": "3to3", "Site1_Description": "Intron of EML4(+): 2Kb after exon 6",
          "Site2_Description": "Exon 20 of ALK(-)"}, "gene1_gene2", "EML4::ALK"),
        # The symbols of the sites are exchanged: the descriptions say which gene lies where.
        ({"Connection_Type": "3to3", "Site1_Description": "Intron of ALK(-): 1bp after exon 2",
          "Site2_Description": "Intron of EML4(+): 1bp after exon 6"}, "gene1_gene2", "EML4::ALK"),
        # A gene beside the breakpoint is not broken.
        ({"Connection_Type": "3to3", "Site1_Description": "IGR: 8Kb before EML4(+)",
          "Site2_Description": "Exon 20 of ALK(-)"}, None, None),
        # The text counts more than the connection.
        ({"Connection_Type": "3to3", "Site1_Strand": "+", "Site2_Strand": "-", "Event_Info": "ALK::EML4"},
         "gene2_gene1", "ALK::EML4"),
    ],
)  # fmt: skip
def test_read_structural_variants__orientation_only_where_it_is_stated(
    tmp_path: Path, cells: dict[str, str], orientation: str | None, notation: str | None
) -> None:
    table, _ = read_sv(tmp_path, row("EML4", "ALK", **cells))
    assert values(table, *PAIR, "orientation", "notation") == [["EML4", "ALK", orientation, notation]]


def test_read_structural_variants__orientation_by_stale_symbols(tmp_path: Path) -> None:
    table, _ = read_sv(tmp_path, row("MLL3", "DPP6", Event_Info="Protein fusion: in frame (DPP6-KMT2C)"))
    assert values(table, *PAIR, "notation") == [["KMT2C", "DPP6", "DPP6::KMT2C"]]


def test_read_structural_variants__an_annotation_that_is_the_notation_is_no_text(tmp_path: Path) -> None:
    table, _ = read_sv(
        tmp_path, row("EML4", "ALK", Annotation="ALK::EML4"), row("RET", "KIF5B", Annotation="seen twice")
    )
    assert values(table, "notation", "event_info", "annotation") == [
        ["ALK::EML4", None, None], [None, "seen twice", "seen twice"],
    ]  # fmt: skip


def test_read_structural_variants__sites_without_a_symbol(tmp_path: Path) -> None:
    """TP53 is NCBI gene 7157, RB1 5925 (both bundled); an Ensembl id alone names nothing."""
    table, findings = read_sv(
        tmp_path,
        row(Site1_Entrez_Gene_Id="7157", Site2_Entrez_Gene_Id="5925"),
        row("ALK", "", Event_Info="EML4-ALK fusion"),
        row("", "", Event_Info="KIF5B::RET"),
        row("RB1", "", Site2_Description="Intron of RB1(+): 969bp after exon 1"),
        row("RB1", "", Site2_Description="IGR: 8Kb before TP53(-)"),
        row("APC", "", Event_Info="APC-intragenic"),
        row(Site1_Ensembl_Transcript_Id="ENST00000389048", Site2_Ensembl_Transcript_Id="ENST00000318522"),
    )
    assert values(table, *PAIR, "notation") == [
        ["TP53", "RB1", None], ["ALK", "EML4", None], ["KIF5B", "RET", "KIF5B::RET"], ["RB1", "RB1", None],
        ["RB1", None, None], ["APC", "APC", None],
    ]  # fmt: skip
    assert [(item.code, item.row) for item in findings] == [("W_GENE_UNRESOLVED", 8), ("I_ROWS_IGNORED", None)]


def test_read_structural_variants__only_entrez_or_ensembl_columns(tmp_path: Path) -> None:
    entrez = {"Sample_Id": "S1", "SV_Status": "SOMATIC", "Site1_Entrez_Gene_Id": "7157", "Site2_Entrez_Gene_Id": "0"}
    assert values(read_sv(tmp_path, entrez)[0], *PAIR) == [["TP53", None]]
    ensembl = {"Sample_Id": "S1", "Site1_Ensembl_Transcript_Id": "ENST1", "Site2_Ensembl_Transcript_Id": "ENST2"}
    table, _ = read_sv(tmp_path, ensembl | {"SV_Status": "SOMATIC", "Event_Info": "EML4-ALK fusion"})
    assert values(table, *PAIR, "site1_ensembl_transcript_id") == [["EML4", "ALK", "ENST1"]]


def test_read_structural_variants__older_and_api_spellings(tmp_path: Path) -> None:
    old = {"SampleId": "S1", "Site1_Gene": "EML4", "Site1_Chrom": "chr2", "Site1_Pos": "42492091", "Site2_Gene": "ALK",
           "SV_Class_Name": "INV", "Conn_Type": "3to3", "Split_Read_Support": "9", "Paired_End_Read_Support": "-1",
           "SV_Status": "Germline", "Site1_Exon": "6"}  # fmt: skip
    table, _ = read_sv(tmp_path, old)
    names = [*PAIR, "sv_class", "status", "chrom1", "pos1", "split_reads", "pair_reads", "site1_region_number"]
    assert values(table, *names) == [["EML4", "ALK", "INVERSION", "GERMLINE", "2", 42492091, 9, None, "6"]]
    api = {"sampleId": "S1", "site1HugoSymbol": "EML4", "site2HugoSymbol": "ALK", "variantClass": "INVERSION",
           "svStatus": "SOMATIC", "ncbiBuild": "hg19", "dnaSupport": "Yes", "rnaSupport": "unknown",
           "length": "9"}  # fmt: skip
    table, _ = read_sv(tmp_path, api)
    names = [*PAIR, "sv_class", "build", "dna_support", "rna_support", "sv_length"]
    assert values(table, *names) == [["EML4", "ALK", "INVERSION", "GRCh37", True, None, "9"]]


def test_read_structural_variants__missing_status_is_somatic_and_said(tmp_path: Path) -> None:
    table, findings = read_sv(tmp_path, row("RET", "KIF5B", SV_Status=""), row("ALK", "EML4", SV_Status="maybe"))
    assert table["status"].tolist() == ["SOMATIC", "SOMATIC"]
    assert [item.code for item in findings] == ["I_STATUS_ASSUMED_SOMATIC"]
    assert "2 structural variants" in findings.items[0].message
    assert "MAYBE" in findings.items[0].message


def test_read_structural_variants__class_and_frame_from_the_text(tmp_path: Path) -> None:
    table, _ = read_sv(
        tmp_path,
        row("BRAF", "BRAF", Event_Info="Deletion of 9 exons: in frame"),
        row("KDM5A", "KDM5A", Event_Info="Duplication of 20 exons: out of frame"),
        row("FGFR3", "TACC3", Event_Info="Protein fusion: in frame (FGFR3-TACC3)", Site2_Effect_On_Frame="NA"),
        row("MEN1", "MEN1", Class="DELETION", Site2_Effect_On_Frame="Frameshift"),
        row("MEN1", "MEN1", Class="weird"),
    )
    assert values(table, "sv_class", "frame") == [
        ["DELETION", "In_frame"], ["DUPLICATION", "Out_of_frame"], ["FUSION", "In_frame"], ["DELETION", "Frameshift"],
        ["UNKNOWN", "Unknown"],
    ]  # fmt: skip
    assert is_disruptive(table).tolist() == [False, True, False, True, True]


def test_read_structural_variants__one_gene_of_two_is_enough_the_sample_is_not_optional(tmp_path: Path) -> None:
    table, findings = read_sv(tmp_path, row("RET"), row("", "RET"), row(), row("RET", "KIF5B", Sample_Id=""))
    assert values(table, *PAIR) == [["RET", None], [None, "RET"]]
    assert [item.code for item in findings] == ["I_ROWS_IGNORED"]
    assert "2 structural" in findings.items[0].message


# ---------------------------------------------------------------- data_fusions
LEGACY = [  # file, events, in frame, out of frame, with orientation, within one gene
    ("cbio_gct_msk_2016/gct_msk_2016", 10, 2, 0, 2, 4),
    ("cbio_lung_msk_2017/lung_msk_2017", 171, 80, 9, 0, 41),
    ("cbio_past_dkfz_2013/past_dkfz_heidelberg_2013", 80, 0, 0, 0, 1),
    ("cbio_small_quirky/acbc_mskcc_2015", 10, 0, 0, 0, 0),
]


@pytest.mark.shared
@pytest.mark.parametrize(("folder", "events", "in_frame", "out", "oriented", "within"), LEGACY)
def test_read_legacy_fusions__of_real_studies(
    shared: Path, folder: str, events: int, in_frame: int, out: int, oriented: int, within: int
) -> None:
    """By ``sort | uniq -c`` over sample, name and comment: lung 41 single rows (all intragenic) and 130 pairs."""
    table = read_legacy_fusions(shared / "data" / folder / "data_fusions.txt", findings=Findings())
    assert len(table) == events
    assert ((table["frame"] == "In_frame").sum(), (table["frame"] == "Out_of_frame").sum()) == (in_frame, out)
    assert table["orientation"].notna().sum() == oriented
    assert (table["gene1"] == table["gene2"]).sum() == within
    assert table["gene2"].notna().all()


@pytest.mark.shared
def test_read_legacy_fusions__every_kind_of_name_of_one_study(shared: Path) -> None:
    """Read from the file: 16 rows; FOXO4 and MED12 have a row each with their own name for one event."""
    path = shared / "data" / "cbio_gct_msk_2016" / "gct_msk_2016" / "data_fusions.txt"
    table = read_legacy_fusions(path, findings=Findings())
    assert values(table, *PAIR, "sv_class", "frame", "notation", "dna_support", "row") == [
        ["FLCN", "FLCN", "UNKNOWN", "Unknown", None, True, 2],
        ["KMT2D", "KMT2D", "UNKNOWN", "Unknown", None, True, 3],
        ["EP300", "EP300", "UNKNOWN", "Unknown", None, True, 4],
        ["CBL", "CBL", "DELETION", "In_frame", None, None, 5],
        ["FOXO4", "MED12", "FUSION", "Unknown", None, True, 6],
        ["KMT2C", "LOC647309", "UNKNOWN", "Unknown", None, None, 8],
        ["MCPH1", "KMT2C", "FUSION", "Unknown", "MCPH1::KMT2C", None, 10],
        ["LOC647309", "KMT2C", "FUSION", "Unknown", None, True, 13],
        ["MCPH1", "KMT2C", "FUSION", "Unknown", None, True, 14],
        ["FGFR3", "TACC3", "FUSION", "In_frame", "FGFR3::TACC3", None, 16],
    ]


def write_legacy(tmp_path: Path, *rows: str) -> Path:
    columns = "Hugo_Symbol Entrez_Gene_Id Center Tumor_Sample_Barcode Fusion DNA_support RNA_support Method Frame"
    header = columns.replace(" ", "\t")
    path = tmp_path / "data_fusions.txt"
    path.write_text("\n".join([header, *rows]))
    return path


def test_read_legacy_fusions__two_rows_of_each_gene_are_two_events(tmp_path: Path) -> None:
    rows = [f"{gene}\t\tX\tS1\tALK-EML4 fusion\tyes\tno\t{method}\tin frame"
            for method in ("WGS", "FISH") for gene in ("ALK", "EML4")]  # fmt: skip
    findings = Findings()
    assert len(read_legacy_fusions(write_legacy(tmp_path, *rows), findings=findings)) == 2
    assert len(read_legacy_fusions(write_legacy(tmp_path, *rows[:2], *rows[:2]), findings=findings)) == 1
    assert findings.codes() == {"W_DUP_IDENTICAL", "I_STATUS_ASSUMED_SOMATIC"}


def test_read_legacy_fusions__reciprocal_products_are_two_events(tmp_path: Path) -> None:
    names, genes = ("EML4::ALK", "ALK::EML4"), ("EML4", "ALK")
    rows = [f"{gene}\t\tX\tS1\t{name}\tyes\tyes\tNA\tNA" for name in names for gene in genes]
    table = read_legacy_fusions(write_legacy(tmp_path, *rows), findings=Findings())
    assert values(table, "notation", "rna_support") == [["EML4::ALK", True], ["ALK::EML4", True]]


@pytest.mark.shared
def test_read_legacy_fusions__does_not_depend_on_the_order_of_rows(tmp_path: Path, shared: Path) -> None:
    text = (shared / "data" / "cbio_gct_msk_2016" / "gct_msk_2016" / "data_fusions.txt").read_text().splitlines()
    names = [*PAIR, "sv_class", "frame", "notation"]
    found = []
    for rows in (text[1:], text[:0:-1]):
        path = write_legacy(tmp_path, *rows)
        table = read_legacy_fusions(path, findings=Findings())
        found.append(sorted(values(table.fillna({"gene2": "", "notation": ""}), *names)))
    assert found[0] == found[1]


# ---------------------------------------------------------------- as single files
@pytest.mark.shared
def test_read_sv_file__says_who_was_looked_at(shared: Path) -> None:
    found = read_sv_file(shared / "data" / STUDY, findings=Findings())
    assert (found.kind, found.n_records, found.build, len(found.fusions)) == ("structural_variants", 48, "GRCh37", 48)
    assert found.profiled == {"structural_variants": found.samples}
    assert list(found.fusions.columns[: len(schema.FUSIONS.names)]) == schema.FUSIONS.names
    legacy = shared / "data" / "cbio_small_quirky" / "acbc_mskcc_2015" / "data_fusions.txt"
    old = read_fusions_file(legacy, findings=Findings())
    assert (old.kind, old.n_records, len(old.samples), len(old.fusions)) == ("legacy_fusions", 20, 10, 10)


def test_read_sv_file__of_one_sample_takes_the_declared_name(tmp_path: Path) -> None:
    path = tmp_path / "sv.txt"
    path.write_text("Sample_Id\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\nX\tEML4\tALK\n")
    found = read_sv_file(path, findings=Findings(), sample_id="P1-T")
    assert found.samples == ("P1-T",)
    assert found.fusions["sample_id"].tolist() == ["P1-T"]
