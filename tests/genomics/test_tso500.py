"""Illumina TSO500 sheets. Expectations on vendor files were read off the files; counts were taken with awk."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from netgen.errors import Findings, InputError
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.tso500 import read_tso500
from netgen.genomics.vendor_rows import count_reads_of, split_pair

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.genomics.sequencing_file import SequencingFile

FOLDER = "data/panel_vendor/tso500_localapp"
NAMES = load_gene_names()
VARIANTS = (
    "Gene\tChromosome\tGenomic Position\tReference Call\tAlternative Call\tAllele Frequency\tDepth\tP-Dot Notation"
    "\tC-Dot Notation\tConsequence(s)\tAffected Exon(s)"
)
FUSIONS = (
    "Gene Pair\tBreakpoint 1\tBreakpoint 2\tFusion Supporting Reads\tGene 1 Reference Reads\tGene 2 Reference Reads"
)
BRAF = (
    "BRAF\tchr7\t140453136\tA\tT\t0.25\t400\tNP_004324.2:p.(Val600Glu)\tNM_004333.4:c.1799T>A\tmissense_variant\t15/18"
)


def sheet(
    tmp_path: Path, *, dna: str = "T1", rna: str = "NA", banner: str = "", blocks: dict[str, list[str]] | None = None
) -> Path:
    """Write a small sheet; ``blocks`` replaces or adds blocks, an empty list takes one away."""
    parts = {
        "Analysis Details": ["Pair ID\tPAIR", f"DNA Sample ID\t{dna}", f"RNA Sample ID\t{rna}"],
        "TMB": ["Total TMB\tNA"],
        "MSI": ["Usable MSI Sites\t0", "Percent Unstable MSI Sites\tNA"],
        "Gene Amplifications": ["Gene\tFold Change", "NA"],
        "Fusions": [FUSIONS, "NA"],
        "Small Variants": [VARIANTS, "NA"],
        **(blocks or {}),
    }
    lines = [banner or "TruSight Oncology 500 - Combined Variant Output", ""]
    for name, rows in parts.items():
        if rows:
            lines += [f"[{name}]", *rows, ""]
    path = tmp_path / "S_CombinedVariantOutput.tsv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read(path: Path, **options: object) -> tuple[SequencingFile, Findings]:
    findings = Findings()
    return read_tso500(path, findings=findings, names=NAMES, **options), findings  # type: ignore[arg-type]


# file -> sample, which data types were looked for, variants, amplifications, events, biomarkers, dropped
EXPECTED = {
    "test_data_fusion_check__NTC-RNA_CombinedVariantOutput.tsv": ("NTC-RNA-1", "rna", 0, {}, 1, {}, {}),
    "test_data_fusion_check__sample_CombinedVariantOutput.tsv": ("21M81042-1", "rna", 0, {}, 18, {}, {}),
    "test_data_tsv2db__NTC_fake_variants.tsv": ("NTC-DNA-1", "dna", 3, {}, 0, {}, {"gene_missing": 1}),
    "test_data_tsv2db__NTC_no_var.tsv": ("NTC-DNA-1", "dna", 0, {}, 0, {}, {}),
    "test_data_tsv2db__NTC_novar_blanks.tsv": ("NTC-DNA-1", "dna", 0, {}, 0, {}, {}),
    "test_data_tsv2db__sample_CombinedVariantOutput.tsv": (
        "12345", "dna", 34, {"MET": 2.0, "MYC": 2.0, "MYCN": 2.0}, 0, {"MSI": 64.8, "TMB": 275.6}, {"gene_missing": 1},
    ),
    "test_data_tsv2db__sample_CombinedVariantOutput_blanks.tsv": (
        "12345", "dna", 34, {"MET": 2.0, "MYC": 2.0, "MYCN": 2.0}, 0, {"MSI": 64.8, "TMB": 275.6}, {"gene_missing": 1},
    ),
    "test_data_tsv2db__sample_CombinedVariantOutput_novar.tsv": (
        "12345", "dna", 0, {"MET": 2.0, "MYC": 2.0, "MYCN": 2.0}, 0, {"MSI": 64.8, "TMB": 275.6}, {},
    ),
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_read_tso500__reads_every_vendor_file(shared: Path, name: str) -> None:
    sample, ran, n_variants, copies, n_events, markers, dropped = EXPECTED[name]
    found, findings = read(shared / FOLDER / name)
    assert not findings.of("E")
    assert not findings.of("W")
    assert found.samples == (sample,)
    assert found.build == "GRCh37"
    assert len(found.variants) == n_variants
    assert dict(zip(found.copy_number["gene"], found.copy_number["value"], strict=True)) == copies
    assert len(found.fusions) == n_events
    assert dict(zip(found.biomarkers["biomarker"], found.biomarkers["value"], strict=True)) == markers
    assert dict(zip(found.dropped["reason"], found.dropped["n"], strict=True)) == dropped
    assert found.n_records == n_variants + len(copies) + n_events + sum(dropped.values())
    assert found.profiled["mutations"] == ((sample,) if ran == "dna" else ())
    assert found.profiled["structural_variants"] == ((sample,) if ran == "rna" else ())
    assert found.profiled["cna"] == ()  # these sheets list gains only: no gene is wild type for copy number


@pytest.mark.shared
def test_read_tso500__reads_variants_as_the_sheet_has_them(shared: Path) -> None:
    found, _ = read(shared / FOLDER / "test_data_tsv2db__sample_CombinedVariantOutput.tsv")
    assert found.variants["variant_class"].value_counts().to_dict() == {
        "Silent": 14, "Missense_Mutation": 11, "Intron": 3, "3'UTR": 2, "Splice_Site": 1, "Nonsense_Mutation": 1,
        "Frame_Shift_Del": 1, "5'Flank": 1,
    }  # fmt: skip
    rows = found.variants.set_index("row")
    first = rows.loc[42]  # TNFRSF14 chr1 2488153 A>G 0.3967 of 910
    assert (first["gene"], first["chrom"], first["pos"], first["ref"], first["alt"]) == (
        "TNFRSF14", "1", 2488153, "A", "G",
    )  # fmt: skip
    assert (first["hgvsp_short"], first["hgvsc"], first["transcript_id"]) == ("p.K17R", "c.50A>G", "NM_003820.3")
    assert (first["t_alt_count"], first["t_ref_count"], first["vaf"]) == (361, 549, 0.3967)
    assert (first["filter"], first["exon_number"]) == ("PASS", "1/8")
    deletion = rows.loc[70]  # EP300 chr22 41566524 CA>C
    assert (deletion["pos"], deletion["ref"], deletion["alt"], deletion["hgvsp_short"]) == (
        41566525, "A", "-", "p.M1470Cfs*26",
    )  # fmt: skip
    assert rows.loc[69, "hgvsp_short"] == "p.E1442*"
    assert rows.loc[45, "hgvsp_short"] == "p.N999="  # written NM_004958.3:c.2997C>T(p.(Asn999=))
    assert int(found.variants["t_alt_count"].notna().sum()) == 32


@pytest.mark.shared
def test_read_tso500__keeps_what_decides_a_burden(shared: Path) -> None:
    found, _ = read(shared / FOLDER / "test_data_tsv2db__sample_CombinedVariantOutput.tsv")
    markers = found.biomarkers.set_index("biomarker")
    assert (markers.loc["TMB", "unit"], markers.loc["TMB", "panel_size_mb"]) == ("mut/Mb", 1.28)
    assert markers.loc["MSI", "method"] == "TSO500, 81 of 125 sites unstable"
    assert markers["result"].isna().all()  # the sheet gives no status of microsatellites, so there is none


@pytest.mark.shared
def test_read_tso500__reads_the_fusions_of_a_control(shared: Path) -> None:
    found, findings = read(shared / FOLDER / "test_data_fusion_check__sample_CombinedVariantOutput.tsv")
    rows = found.fusions.set_index("row")
    assert rows["notation"].dropna().tolist() == [
        "TPM3::NTRK1", "LMNA::NTRK1", "SLC45A3::BRAF", "EML4::ALK", "TFG::NTRK1", "FGFR3::TACC3", "FGFR3::BAIAP2L1",
        "SLC34A2::ROS1", "CD74::ROS1", "EGFR::SEPTIN14", "KIF5B::RET", "NCOA4::RET", "CCDC6::RET", "ETV6::NTRK3",
        "TMPRSS2::ERG",
    ]  # fmt: skip
    slash = rows.loc[50]  # PPARG/AC016683.6;PAX8: the direction is not known, and a clone is no gene
    assert (slash["gene1"], slash["gene2"]) == ("PPARG", "PAX8")
    assert slash["event_info"] == "PPARG/PAX8 (AC016683.6;PAX8; chr3:12421199-chr2:113992971; 182 supporting reads)"
    assert rows["rna_support"].all()
    assert "I_FUSION_GENES" in findings.codes()  # ROS1;GOPC
    within = found.fusions[found.fusions["gene1"] == found.fusions["gene2"]].set_index("gene1")
    assert within.loc["EGFR", "event_info"].startswith("EGFR EGFRvIII (chr7:55087058-chr7:55223522; 64")
    assert within.loc["MET", "event_info"].startswith("MET exon 14 skipping (chr7:116411708-chr7:116414934; 91")
    assert within["frame"].tolist() == ["In_frame", "In_frame"]  # active products: no loss of function


def test_read_tso500__files_dna_and_rna_of_a_pair_under_the_dna_sample(tmp_path: Path) -> None:
    blocks = {"Fusions": [FUSIONS, "TPM3-NTRK1\tchr1:154142876\tchr1:156844361\t159\t0\t2"]}
    path = sheet(tmp_path, dna="T1-D", rna="T1-R", blocks=blocks)
    found, _ = read(path)
    assert found.samples == ("T1-D",)
    assert found.fusions["sample_id"].tolist() == ["T1-D"]
    assert found.profiled == {"mutations": ("T1-D",), "cna": (), "structural_variants": ("T1-D",)}
    assert read(path, known_samples={"PAIR"})[0].samples == ("PAIR",)
    assert read(path, sample_id="mine")[0].samples == ("mine",)


def test_read_tso500__tells_losses_that_may_be_of_one_copy_from_deletions(tmp_path: Path) -> None:
    header = "Gene\tFold Change\tCopy Number Variant\tAbsolute Copy Number"
    rows = [
        "ERBB2\t3.1\t<DUP>\tNA",
        "MYC\t1.6\t<DUP>\t4",
        "CDK4\t4\t<DUP>\t9",
        "PTEN\t0.4\t<DEL>\tNA",
        "RB1\t0.2\t<DEL>\t0",
    ]
    path = sheet(
        tmp_path,
        banner="DRAGEN TruSight Oncology 500 v2.6.2 Analysis Software - Combined Variant Output",
        blocks={
            "Gene Amplifications": [],
            "Copy Number Variants": ["ABSOLUTE COPY NUMBER IS A BETA FEATURE. REFER TO USER GUIDE.", header, *rows],
        },
    )
    found, _ = read(path)
    values = found.copy_number.set_index("gene")["value"]
    assert values.drop("PTEN").to_dict() == {"ERBB2": 2.0, "MYC": 1.0, "CDK4": 2.0, "RB1": -2.0}
    assert values.isna()["PTEN"]
    assert found.profiled["cna"] == ("T1",)
    assert found.build == "GRCh37"


def test_read_tso500__reads_ctdna_and_instability(tmp_path: Path) -> None:
    path = sheet(
        tmp_path,
        blocks={
            "Analysis Details": ["Sample ID\tC1"],
            "Fusions": [],
            "DNA Fusions": [FUSIONS, "EML4-ALK\tchr2:42522654\tchr2:29446394\t12\t0\t2"],
            "MSI": ["SUM_JSD\t3.5"],
            "GIS": ["Genomic Instability Score\t43", "Tumor Fraction\t0.4"],
        },
    )
    found, _ = read(path)
    assert found.samples == ("C1",)
    assert found.profiled["structural_variants"] == ("C1",)
    assert found.fusions["dna_support"].tolist() == [True]
    markers = found.biomarkers.set_index("biomarker")
    assert markers["value"].to_dict() == {"MSI": 3.5, "HRD": 43.0}
    assert markers.loc["MSI", "unit"] == "sum of Jensen-Shannon distances"


def test_read_tso500__joins_consequences_and_takes_the_worst(tmp_path: Path) -> None:
    row = BRAF.replace("missense_variant", "splice_region_variant:missense_variant")
    found, _ = read(sheet(tmp_path, blocks={"Small Variants": [VARIANTS, row]}))
    assert found.variants["variant_class"].tolist() == ["Missense_Mutation"]
    assert found.variants[["t_alt_count", "t_ref_count"]].to_numpy().tolist() == [[100, 300]]


def test_read_tso500__reports_blocks_that_it_does_not_read(tmp_path: Path) -> None:
    blocks = {"Large Rearrangements": ["Gene\tExon", "BRCA1\t3", "BRCA1\t4"], "Other": ["NA"]}
    found, findings = read(sheet(tmp_path, blocks=blocks))
    assert [(one.code, one.value) for one in findings] == [("W_SECTION_IGNORED", "Large Rearrangements")]
    assert found.dropped[["reason", "n"]].to_numpy().tolist() == [["section_not_read", 3]]


def test_read_tso500__does_not_guess_the_build_of_another_version(tmp_path: Path) -> None:
    banner = "DRAGEN TruSight Oncology 500 v3.1 Analysis Software - Combined Variant Output"
    found, findings = read(sheet(tmp_path, banner=banner))
    assert found.build is None
    assert findings.codes() == {"W_BUILD_UNKNOWN"}
    details = ["DNA Sample ID\tT1", "Genome\thg38"]
    found, findings = read(sheet(tmp_path, banner=banner, blocks={"Analysis Details": details}))
    assert (found.build, findings.codes()) == ("GRCh38", set())


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (BRAF.replace("140453136", "14045x"), "E_VALUE", "Genomic Position"),
        (BRAF.replace("0.25", "25"), "E_VALUE", "Allele Frequency"),
        (BRAF.replace("\tA\tT\t", "\tA\t<DEL>\t"), "E_VALUE", "Alternative Call"),
        ("\t".join(BRAF.split("\t")[:5]), "E_ROW_TRUNCATED", ""),
    ],
)
def test_read_tso500__reports_a_damaged_row_once(tmp_path: Path, row: str, code: str, column: str) -> None:
    found, findings = read(sheet(tmp_path, blocks={"Small Variants": [VARIANTS, row, BRAF]}))
    assert [(one.code, one.column, one.row) for one in findings] == [(code, column, 25)]
    assert found.variants["hgvsp_short"].tolist() == ["p.V600E"]
    assert found.dropped[["reason", "n"]].to_numpy().tolist() == [["malformed", 1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Small Variants": []}, r"\[Small Variants\] is needed"),
        ({"Small Variants": [VARIANTS]}, "the file ends before"),
        ({"Small Variants": [VARIANTS.replace("\tDepth", ""), BRAF]}, "needs the columns Depth"),
        ({"Analysis Details": ["DNA Sample ID\tNA"]}, "found none"),
        ({"Analysis Details": []}, r"\[Analysis Details\] is needed"),
    ],
)
def test_read_tso500__refuses_an_incomplete_sheet(tmp_path: Path, change: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(sheet(tmp_path, blocks=change))


def test_read_tso500__answers_damage_in_words(tmp_path: Path) -> None:
    """Random edits are read, reported, or refused with InputError; any other exception fails the test."""
    chance = random.Random(3)
    path = sheet(tmp_path, rna="R", blocks={"Small Variants": [VARIANTS, BRAF, BRAF], "TMB": ["Total TMB\t7.1"]})
    text, refused = path.read_text(encoding="utf-8"), 0
    for _ in range(25):
        at = chance.randrange(len(text))
        edit = chance.choice(["", "\t", "\n", "NA", "[", "]", "-1", "1e999", "9" * 30, "\x00", ";", "[TMB]"])
        path.write_text(text[:at] + edit + text[at + chance.choice([0, 1, 40, 400]) :], encoding="utf-8")
        try:
            read(path)
        except InputError:
            refused += 1
    assert 0 < refused < 25


def test_count_reads_of__gives_the_one_count_that_fits() -> None:
    for depth in (1, 7, 403, 910, 1388):
        for alt in {0, 1, depth // 3, depth}:
            assert count_reads_of(round(alt / depth, 4), depth) == (alt, depth - alt)
    assert count_reads_of(0.0936, 1240) == (None, None)  # 116 of 1240 is 0.0935
    assert count_reads_of(None, 10) == (None, None)
    assert count_reads_of(0.5, None) == (None, None)


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("TPM3-NTRK1", ("TPM3", "NTRK1", True)),
        ("SLC34A2-ROS1;GOPC", ("SLC34A2", "ROS1;GOPC", True)),
        ("PPARG/AC016683.6;PAX8", ("PPARG", "AC016683.6;PAX8", False)),
        ("NKX2-1-ALK", ("NKX2-1", "ALK", True)),
        ("ALK-NKX2-1", ("ALK", "NKX2-1", True)),
        ("MYB-HLA-A", ("MYB", "HLA-A", True)),
        ("HLA-A/MYB", ("HLA-A", "MYB", False)),
        ("ALK", None),
        ("", None),
    ],
)
def test_split_pair__knows_hyphens_within_symbols(text: str, sides: tuple[str, str, bool] | None) -> None:
    assert split_pair(text) == sides
