"""Foundation Medicine reports. Expectations on the two files of the vendor's layout were read off them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.errors import Findings, InputError
from netgen.genomics import foundation_xml
from netgen.genomics.foundationone import read_foundationone
from netgen.genomics.gene_names import load_gene_names

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.genomics.sequencing_file import SequencingFile

NAMES = load_gene_names()
FOLDER = "data/panel_vendor/foundationone_xml"
# Everything here that names a patient must not come out again.
PATIENT = ("Doe-Example", "Janet", "MRN-7788", "1951-02-03")


def report(tmp_path: Path, body: str, *, prolog: str = "", attributes: str = 'test-request="ORD-1"') -> Path:
    """Write a report: the two namespaces, a clinical part with a patient, and ``body`` within the variant report."""
    path = tmp_path / "R1.xml"
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>{prolog}
<rr:ResultsReport xmlns:rr="http://integration.foundationmedicine.com/reporting">
 <rr:CustomerInformation><rr:MRN>{PATIENT[2]}</rr:MRN></rr:CustomerInformation>
 <rr:ResultsPayload>
  <FinalReport><PMI name="{PATIENT[0]}"><LastName>{PATIENT[0]}</LastName><FirstName>{PATIENT[1]}</FirstName>
   <DOB>{PATIENT[3]}</DOB></PMI></FinalReport>
  <variant-report xmlns="http://foundationmedicine.com/compbio/variant-report-external" {attributes}>
{body}
  </variant-report>
 </rr:ResultsPayload>
</rr:ResultsReport>
""",
        encoding="utf-8",
    )
    return path


def read(path: Path, **options: object) -> tuple[SequencingFile, Findings]:
    findings = Findings()
    return read_foundationone(path, findings=findings, names=NAMES, **options), findings  # type: ignore[arg-type]


def variant(**attributes: str) -> str:
    values = {
        "gene": "TP53", "cds-effect": "524G>A", "protein-effect": "R175H", "position": "chr17:7578406", "strand": "-",
        "functional-effect": "missense", "status": "known", "allele-fraction": "0.42", "depth": "500", **attributes,
    }  # fmt: skip
    text = " ".join(f'{name.replace("_", "-")}="{value.replace(">", "&gt;")}"' for name, value in values.items())
    return f"<short-variants><short-variant {text}/></short-variants>"


def copies(**attributes: str) -> str:
    text = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<copy-number-alterations><copy-number-alteration {text}/></copy-number-alterations>"


@pytest.mark.shared
def test_read_foundationone__reads_the_first_vendor_file(shared: Path) -> None:
    found, findings = read(shared / FOLDER / "SYN-F1-0001.xml")
    assert not list(findings)
    assert (found.samples, found.build, found.n_records) == (("SQ-SYN0000001-1",), "GRCh37", 7)
    columns = ["gene", "chrom", "pos", "ref", "alt", "variant_class", "hgvsp_short", "hgvsc", "vaf", "flags", "row"]
    assert [["" if value is pd.NA else value for value in row] for row in found.variants[columns].to_numpy()] == [
        ["KRAS", "12", 25398284, "C", "T", "Missense_Mutation", "p.G12D", "c.35G>A", 0.312, "lab_known", 18],
        ["APC", "5", 112175639, "C", "T", "Nonsense_Mutation", "p.R1450*", "c.4348C>T", 0.441, "lab_known", 21],
        ["TP53", "17", 7578406, "C", "T", "Missense_Mutation", "p.R175H", "c.524G>A", 0.523, "lab_known", 24],
        ["SMAD4", "18", 48586290, "G", "A", "Splice_Site", "", "c.904+1G>A", 0.287, "lab_likely", 27],
        ["TERT", "5", 1295228, "G", "A", "5'Flank", "", "c.-124C>T", 0.221, "lab_likely", 30],
        ["FBXW7", "4", 153249384, "C", "T", "Missense_Mutation", "p.R465H", "c.1394G>A", 0.185, "lab_known", 33],
    ]
    amplified = found.copy_number.iloc[0]
    assert (amplified["gene"], amplified["value"], amplified["total_copy_number"]) == ("MYC", 2.0, 11.0)
    assert amplified["log2"] == pytest.approx(math.log2(2.41))
    assert found.fusions.empty
    markers = found.biomarkers.set_index("biomarker")
    assert markers["result"].to_dict() == {"MSI": "MSS", "TMB": "low"}
    assert (markers.loc["TMB", "value"], markers.loc["TMB", "unit"]) == (6.3, "mut/Mb")


@pytest.mark.shared
def test_read_foundationone__reads_the_second_vendor_file(shared: Path) -> None:
    found, findings = read(shared / FOLDER / "SYN-F1-0002.xml", known_samples={"SYN-F1-0002"})
    assert not list(findings)
    assert (found.samples, found.n_records) == (("SYN-F1-0002",), 5)
    rows = found.variants.set_index("gene")
    egfr = rows.loc["EGFR"]
    assert (egfr["variant_class"], egfr["hgvsp_short"], egfr["pos"]) == ("In_Frame_Del", "p.E746_A750del", 55242465)
    assert rows[["ref", "alt"]].isna().all(axis=1).to_dict() == {"EGFR": True, "TP53": False, "STK11": False}
    assert rows["flags"].to_dict() == {"EGFR": "lab_known", "TP53": "lab_known", "STK11": "vus"}
    assert found.copy_number[["gene", "value", "total_copy_number"]].to_numpy().tolist() == [["CDKN2A", -2.0, 0.0]]
    fusion = found.fusions.iloc[0]
    assert (fusion["gene1"], fusion["gene2"], fusion["sv_class"], fusion["frame"]) == (
        "EML4",
        "ALK",
        "FUSION",
        "In_frame",
    )
    assert (fusion["pos1"], fusion["pos2"], fusion["pair_reads"]) == (42522656, 29446394, 118)
    assert fusion[["orientation", "notation"]].isna().all()  # the order of two attributes says nothing of 5' and 3'
    assert found.profiled == dict.fromkeys(("mutations", "cna", "structural_variants"), ("SYN-F1-0002",))


@pytest.mark.parametrize(
    ("effect", "coding", "expected"),
    [
        ("frameshift", "4835_4835delT", "Frame_Shift_Del"),
        ("frameshift", "386_387insGC", "Frame_Shift_Ins"),
        ("nonframeshift", "386_387insGCAGCAGCA", "In_Frame_Ins"),
        ("nonframeshift", "1322_1336>ATG", "In_Frame_Del"),
        ("nonframeshift", "2310_2311ins36", "In_Frame_Ins"),
        ("splice", "375+2T>G", "Splice_Site"),
        ("splice", "375+5G>A", "Splice_Region"),
        ("splice", "1009-12_1010del14", "Splice_Site"),
        ("splice", "1009-12_1200+9del300", "Splice_Site"),
        ("nonsense", "523C>T", "Nonsense_Mutation"),
        ("synonymous", "522C>T", "Silent"),
    ],
)
def test_read_foundationone__classifies_by_effect_and_length(
    tmp_path: Path, effect: str, coding: str, expected: str
) -> None:
    body = variant(**{"functional-effect": effect, "cds-effect": coding, "protein-effect": ""})
    assert read(report(tmp_path, body))[0].variants["variant_class"].tolist() == [expected]


def test_read_foundationone__reads_older_attributes(tmp_path: Path) -> None:
    body = variant(**{
        "allele-fraction": "", "percent-reads": "5.0", "depth": "1080", "status": "unknown", "subclonal": "true",
        "germline-status": "germline", "position": "chr14:95599715", "cds-effect": "81C>G", "gene": "DICER1",
        "protein-effect": "F27L",
    })  # fmt: skip
    row = read(report(tmp_path, body))[0].variants.iloc[0]
    assert (row["vaf"], row["t_alt_count"], row["t_ref_count"]) == (0.05, 54, 1026)
    assert (row["ref"], row["alt"], row["flags"], row["mutation_status"]) == ("G", "C", "vus;subclonal", "germline")


def test_read_foundationone__keeps_an_unknown_effect_apart(tmp_path: Path) -> None:
    found, findings = read(report(tmp_path, variant(**{"functional-effect": "odd"})))
    assert found.variants["variant_class"].tolist() == ["Unknown"]
    assert [(one.code, one.value) for one in findings] == [("W_VARIANT_CLASS_UNKNOWN", "odd")]


@pytest.mark.parametrize(
    ("attributes", "value", "warned"),
    [
        ({"type": "amplification", "copy_number": "12"}, 2.0, False),
        ({"type": "loss", "copy_number": "0"}, -2.0, False),
        ({"type": "partial loss", "copy_number": "0"}, -2.0, False),
        ({"type": "partial amplification", "copy_number": "9"}, None, False),
        ({"type": "amplification", "copy_number": "7", "equivocal": "true"}, None, True),
        ({"type": "loss", "copy_number": "1"}, None, True),
        ({"type": "amplification", "copy_number": "2"}, None, True),
    ],
)
def test_read_foundationone__codes_copy_number(
    tmp_path: Path, attributes: dict[str, str], value: float | None, warned: bool
) -> None:
    found, findings = read(report(tmp_path, copies(gene="ERBB2", **attributes)))
    row = found.copy_number.iloc[0]
    assert row["value"] == value if value is not None else math.isnan(row["value"])
    assert bool(row["partial"]) == (attributes["type"] == "partial amplification")
    assert findings.codes() == ({"W_COPY_NUMBER_EQUIVOCAL"} if warned else set())


def test_read_foundationone__reads_rearrangements_of_one_gene(tmp_path: Path) -> None:
    body = """<rearrangements>
<rearrangement description="truncation" in-frame="No" other-gene="N/A" pos1="chr17:29500000-29500100"
 pos2="chr17:29600000" status="likely" supporting-read-pairs="16" targeted-gene="NF1"/>
<rearrangement description="TMPRSS2-ERG fusion" in-frame="unknown" other-gene="ERG" pos1="chr21:42868152-42868305"
 pos2="chr21:39872810" targeted-gene="TMPRSS2" type="fusion"><rna-evidence sample="R"/></rearrangement>
</rearrangements>"""
    first, second = (row for _, row in read(report(tmp_path, body))[0].fusions.iterrows())
    assert (first["gene1"], first["sv_class"], first["frame"]) == ("NF1", "UNKNOWN", "Out_of_frame")
    assert (
        first["event_info"]
        == "NF1 rearrangement (chr17:29500000-29500100-chr17:29600000; 16 supporting reads); lab_likely"
    )
    assert (first["pos1"], first["pair_reads"], first["dna_support"]) == (29500000, 16, True)
    assert (second["frame"], second["dna_support"], second["rna_support"]) == ("Unknown", False, True)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("MSI-H", "MSI-H"), ("MSS", "MSS"), ("unknown", "indeterminate"), ("MSI-H not detected", "indeterminate"),
        ("ambiguous", "indeterminate"),
    ],
)  # fmt: skip
def test_read_foundationone__keeps_the_laboratorys_verdict(tmp_path: Path, status: str, result: str) -> None:
    body = f"""<biomarkers><microsatellite-instability status="{status}"/>
<tumor-mutation-burden score="22" status="high" unit="mutations-per-megabase"/><loss-of-heterozygosity score="17.5"/>
<new-signature status="positive"/></biomarkers>"""
    rows = read(report(tmp_path, body))[0].biomarkers.set_index("biomarker")
    assert rows["result"].fillna("").to_dict() == {"MSI": result, "TMB": "high", "LOH": "", "new-signature": "positive"}
    assert rows.loc[["TMB", "LOH"], "value"].tolist() == [22.0, 17.5]


def test_read_foundationone__does_not_call_a_failed_sample_wild_type(tmp_path: Path) -> None:
    found, findings = read(report(tmp_path, '<quality-control status="Fail"/>' + variant()))
    assert found.profiled == dict.fromkeys(("mutations", "cna", "structural_variants"), ())
    assert found.variants.empty
    assert found.dropped[["reason", "n"]].to_numpy().tolist() == [["quality_control", 1]]
    assert findings.codes() == {"W_SEQUENCING_LEFT_OUT"}


def test_read_foundationone__counts_what_is_not_human_or_not_known(tmp_path: Path) -> None:
    body = '<non-human-content><non-human organism="HPV-16"/></non-human-content><expression gene="A"/>'
    found, findings = read(report(tmp_path, body))
    assert dict(zip(found.dropped["reason"], found.dropped["n"], strict=True)) == {
        "non_human": 1,
        "section_not_read": 1,
    }
    assert [(one.code, one.value) for one in findings] == [("W_SECTION_IGNORED", "expression")]


def test_read_foundationone__names_the_sample(tmp_path: Path) -> None:
    samples = '<samples><sample name="RNA-1" nucleic-acid-type="RNA"/><sample name="DNA-1"/></samples>'
    path = report(tmp_path, samples, attributes='test-request="ORD-1" specimen="ORD-1*SP"')
    assert read(path)[0].samples == ("DNA-1",)
    assert read(path, known_samples={"ORD-1", "R1"})[0].samples == ("ORD-1",)
    assert read(path, sample_id="mine")[0].samples == ("mine",)
    assert read(report(tmp_path, ""))[0].samples == ("ORD-1",)


def test_read_foundationone__lets_nothing_out_that_names_a_patient(tmp_path: Path) -> None:
    body = variant(gene="", status=PATIENT[1]) + variant() + copies(gene="MYC", type="odd") + "<expression/>"
    found, findings = read(report(tmp_path, body))
    tables = (found.variants, found.copy_number, found.fusions, found.biomarkers, found.dropped, findings.to_frame())
    told = " ".join(table.to_csv() for table in tables) + repr(found.samples)
    assert len(findings) == 3
    assert not [word for word in PATIENT if word in told]
    elements = foundation_xml.read_report(tmp_path / "R1.xml")
    kept = repr([one for one in elements if one.name != "short-variant"])
    assert not [word for word in PATIENT if word in kept]


@pytest.mark.parametrize(
    ("body", "column"),
    [
        (variant(position="17"), "position"),
        (variant(**{"allele-fraction": "42%"}), "allele-fraction"),
        (variant(depth="many"), "depth"),
        (copies(gene="MYC", type="gain?"), "type"),
        (copies(gene="MYC", type="loss", copy_number="few"), "copy-number"),
    ],
)
def test_read_foundationone__reports_a_bad_attribute_once(tmp_path: Path, body: str, column: str) -> None:
    found, findings = read(report(tmp_path, body))
    assert [(one.code, one.column, one.row) for one in findings] == [("E_VALUE", column, 8)]
    assert found.dropped[["reason", "n"]].to_numpy().tolist() == [["malformed", 1]]


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "prolog",
    [
        f'<!DOCTYPE r [<!ENTITY a0 "ha">{LAUGHS}]>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE r SYSTEM "http://localhost/r.dtd">',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://localhost/r.dtd"> %p;]>',
    ],
)
def test_read_report__refuses_documents_that_declare_anything(tmp_path: Path, prolog: str) -> None:
    with pytest.raises(InputError, match="declares a document type or an entity") as caught:
        read(report(tmp_path, "&a9;&x;", prolog=prolog))
    assert caught.value.finding.code == "E_FILE_FORMAT"


def test_read_report__refuses_a_document_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foundation_xml, "LIMIT", 500)
    with pytest.raises(InputError, match="larger than 500 bytes"):
        read(report(tmp_path, variant()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<rr:ResultsReport", "well-formed XML"),
        ("<html><body/></html>", "the document is a html"),
        ("<ResultsReport><FinalReport/></ResultsReport>", "one variant-report, found 0"),
        ("<variant-reports><variant-report/><variant-report/></variant-reports>", "one variant-report, found 2"),
        ("", "empty"),
    ],
)
def test_read_report__says_what_is_wrong_with_a_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read(path)


@pytest.mark.shared
def test_read_report__refuses_a_file_that_breaks_off(shared: Path, tmp_path: Path) -> None:
    text = (shared / FOLDER / "SYN-F1-0001.xml").read_text(encoding="utf-8")
    path = tmp_path / "cut.xml"
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(InputError, match="well-formed XML, found"):
        read(path)
