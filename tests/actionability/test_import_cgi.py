"""Biomarkers of the Cancer Genome Interpreter: the grammar by hand, and the real table recounted row by row."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import pytest

from netgen.actionability.import_cgi import COLUMNS, import_cgi
from netgen.actionability.import_cgi_alterations import read_biomarker
from netgen.actionability.imported import UnrepresentableError
from netgen.errors import InputError
from netgen.knowledge.oncotree import load_oncotree
from netgen.knowledge.snapshot import SnapshotFile

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.actionability.imported import ImportedTable

TREE = load_oncotree()
USUAL = {
    "Alteration": "ABL1:T315I", "Alteration type": "MUT", "Association": "Resistant", "Biomarker": "ABL1 (T315I)",
    "Drug": "Nilotinib", "Evidence level": "NCCN guidelines", "Primary Tumor acronym": "CML",
    "Primary Tumor type": "Chronic myeloid leukemia", "Source": "PMID:21562040;FDA", "gDNA": "chr9:g.133748283C>T",
    "individual_mutation": "ABL1:T315I",
}  # fmt: skip


def source(path: Path) -> SnapshotFile:
    return SnapshotFile(
        kind="cgi", path=path, source="CGI", version="2017", date="2017-12-29", licence="CGI terms", sha256=""
    )


def written(folder: Path, *rows: dict[str, str], **cells: str) -> ImportedTable:
    path = folder / "cgi.tsv"
    lines = ["\t".join({**USUAL, **cells, **row}.get(name, "") for name in COLUMNS) for row in rows or ({},)]
    path.write_text("\n".join(["\t".join(COLUMNS), *lines]) + "\n", encoding="utf-8")
    return import_cgi(source(path), TREE)


def told(text: str, kinds: str) -> list[list[tuple[Any, ...]]]:
    """Return kind, genes and the fields that are set, of each alternative of each part."""
    out = []
    for part in read_biomarker(text, kinds)[0]:
        out.append([])
        for one in part:
            fields = {key: value for key, value in vars(one.alteration).items() if value not in ((), None, "", "any")}
            out[-1].append((fields.pop("kind"), *one.genes, fields))
    return out


@pytest.mark.parametrize(
    ("text", "kinds", "expected"),
    [
        ("BRAF:.", "MUT", [[("any_oncogenic", "BRAF", {})]]),
        ("ABL1:T315I", "MUT", [[("exact_hgvsp", "ABL1", {"changes": ("T315I",)})]]),
        ("TSC2:Q1178*", "MUT", [[("exact_hgvsp", "TSC2", {"changes": ("Q1178*",)})]]),
        ("BRAF:V600E,V600K", "MUT", [[("exact_hgvsp", "BRAF", {"changes": ("V600E", "V600K")})]]),
        ("BRAF:V600.", "MUT", [[("codon", "BRAF", {"codons": ("V600",)})]]),
        (
            "EGFR:L858R,L861.,G719.",
            "MUT",
            [[("exact_hgvsp", "EGFR", {"changes": ("L858R",)}), ("codon", "EGFR", {"codons": ("L861", "G719")})]],
        ),
        ("RET:.618.", "MUT", [[("codon_range", "RET", {"first": 618, "last": 618})]]),
        (
            "KIT:550-592,449-514",
            "MUT",
            [
                [
                    ("codon_range", "KIT", {"first": 550, "last": 592}),
                    ("codon_range", "KIT", {"first": 449, "last": 514}),
                ]
            ],
        ),
        (
            "EGFR::consequence::inframe_deletion:729-761",
            "MUT",
            [[("codon_range", "EGFR", {"first": 729, "last": 761, "change_types": ("inframe_del", "delins")})]],
        ),
        (
            "IL7R::consequence::inframe_insertion:237-255,::inframe_deletion:237-255;SH2B3:del",
            "MUT;CNA",
            [
                [
                    ("codon_range", "IL7R", {"first": 237, "last": 255, "change_types": ("inframe_ins",)}),
                    ("codon_range", "IL7R", {"first": 237, "last": 255, "change_types": ("inframe_del", "delins")}),
                ],
                [("homdel", "SH2B3", {})],
            ],
        ),
        (
            "CSF3R::consequence::frameshift_variant:D771.",
            "MUT",
            [[("codon_range", "CSF3R", {"first": 771, "last": 771, "change_types": ("frameshift",)})]],
        ),
        ("PTEN:.", "BIA", [[("biallelic_lof", "PTEN", {})]]),
        ("ERBB2:amp", "CNA", [[("amplification", "ERBB2", {})]]),
        ("ALK__EML4", "FUS", [[("fusion", "ALK", {"partners": ("EML4",)})]]),
        ("ALK__.", "FUS", [[("fusion", "ALK", {})]]),
        ("MLL__.", "FUS", [[("fusion", "KMT2A", {})]]),
        ("ERBB2:over", "EXPR", [[("expression", {"marker": "HER2", "results": ("3+", "positive")})]]),
        ("AR:F877L;AR:T878A", "MUT;MUT", [[("exact_hgvsp", "AR", {"changes": (one,)})] for one in ("F877L", "T878A")]),
    ],
)
def test_read_biomarker__reads_the_grammar(text: str, kinds: str, expected: list[list[tuple[Any, ...]]]) -> None:
    assert told(text, kinds) == expected


@pytest.mark.parametrize(
    ("text", "kinds", "reason"),
    [
        ("KIT::wildtype:.", "MUT", "absence"),
        ("TERT::consequence::promoters_core:.", "MUT", "unread"),
        ("ERBB2::consequence::inframe_insertion:A775YVMA", "MUT", "unread"),
        ("JAK1:S646F;R683.", "MUT", "ambiguous"),
        ("CD274:over", "EXPR", "expression"),
        ("ERBB2:norm;ESR1:over", "EXPR;EXPR", "expression"),
        ("MET:gain", "CNA", "unread"),
        ("ALK-EML4", "FUS", "unread"),
        ("X:.", "NEW", "unread"),
    ],
)
def test_read_biomarker__refuses_the_rest_with_a_reason(text: str, kinds: str, reason: str) -> None:
    with pytest.raises(UnrepresentableError) as caught:
        read_biomarker(text, kinds)
    assert caught.value.reason == reason


def test_import_cgi__a_biomarker(tmp_path: Path) -> None:
    table = written(tmp_path)
    assert [(rule.id, rule.alteration.kind, rule.alteration.changes) for rule in table.rules] == [
        ("CGI:2", "exact_hgvsp", ("T315I",)),
        ("CGI:2/2", "exact_genomic", ("GRCh37:9:133748283:C:T",)),
    ]
    assert {(rule.genes, rule.include, rule.direction, rule.level) for rule in table.rules} == {
        (("ABL1",), ("CML",), "resistance", "NX")
    }
    detail = table.details.loc["CGI:2"]
    assert detail[["therapy", "native_direction", "native_level", "citation", "url"]].tolist() == [
        "Nilotinib", "Resistant", "NCCN guidelines", "PMID:21562040;FDA", "https://pubmed.ncbi.nlm.nih.gov/21562040/",
    ]  # fmt: skip


def test_import_cgi__rows_that_differ_in_the_variant_only_are_one_record(tmp_path: Path) -> None:
    same = {"Alteration": "ABL1:T315I,V299L"}
    second = {"individual_mutation": "ABL1:V299L", "gDNA": "chr9:g.133747588G>C"}
    table = written(tmp_path, same, {**same, **second}, {**same, **second, "Drug": "Bosutinib"})
    assert table.details.groupby("record")["rows"].first().to_dict() == {"CGI:2": "2;3", "CGI:4": "4"}
    genomic = [rule.alteration.changes for rule in table.rules if rule.alteration.kind == "exact_genomic"]
    assert genomic == [("GRCh37:9:133748283:C:T", "GRCh37:9:133747588:G:C"), ("GRCh37:9:133747588:G:C",)]
    assert table.records == 3


@pytest.mark.parametrize(
    ("cells", "therapy"),
    [
        ({"Drug": "Afatinib;Cetuximab"}, ("Afatinib + Cetuximab",)),
        ({"Drug": "[Nilotinib,Dasatinib]"}, ("Nilotinib", "Dasatinib")),
        ({"Drug": "[]", "Drug full name": "MEK inhibitors"}, ("MEK inhibitors",)),
        ({"Drug": "[]", "Drug family": "[MEK inhibitor]"}, ("MEK inhibitor",)),
        ({"Drug": "[]"}, ()),
    ],
)
def test_import_cgi__drugs(tmp_path: Path, cells: dict[str, str], therapy: tuple[str, ...]) -> None:
    assert written(tmp_path, **cells).rules[0].therapy == therapy


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"Association": "Increased Toxicity (Ototoxicity)"}, "toxicity"),
        ({"Association": "Interesting"}, "no_direction"),
        ({"Alteration": "CA9:over", "Alteration type": "EXPR"}, "expression"),
    ],
)
def test_import_cgi__what_is_not_applied_is_listed(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    table = written(tmp_path, cells, {**cells, "gDNA": ""})
    assert table.rules == ()
    assert table.rejected[["id", "row", "reason"]].to_dict("records") == [
        {"id": "CGI:2", "row": row, "reason": reason} for row in (2, 3)
    ]


def test_import_cgi__a_part_of_a_biomarker_that_is_left_out_is_told(tmp_path: Path) -> None:
    table = written(tmp_path, Alteration="EGFR::consequence::inframe_deletion:L747.,::inframe_insertion:P753PS")
    assert [(rule.alteration.first, rule.alteration.change_types) for rule in table.rules] == [
        (747, ("inframe_del", "delins"))
    ]
    assert table.details["left_out"].tolist() == ["::inframe_insertion:P753PS"]


def test_import_cgi__a_change_that_leaves_the_residue_as_it_is_is_left_out(tmp_path: Path) -> None:
    table = written(tmp_path, Alteration="RAF1:S257P,P261P")
    assert [rule.alteration.changes for rule in table.rules] == [("S257P",)]
    assert table.details["left_out"].tolist() == ["P261P"]


def test_import_cgi__another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.tsv"
    path.write_text("Alteration\tDrug\nBRAF:.\tx\n", encoding="utf-8")
    with pytest.raises(InputError, match="Association"):
        import_cgi(source(path), TREE)


@pytest.mark.shared
def test_import_cgi__real_table_recounted(shared: Path) -> None:
    path = shared / "data" / "kb_cgi" / "cgi_biomarkers_per_variant.tsv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    table = import_cgi(source(path), TREE)
    shown = {int(row): name for name, rows_ in table.details["rows"].items() for row in rows_.split(";")}
    reasons = dict(zip(table.rejected["row"], table.rejected["reason"], strict=True))
    rules = {rule.id: rule for rule in table.rules}
    assert table.records == len(rows) == 1442
    plain = re.compile(r"[A-Z0-9]+:(?:[A-Z]\d+[A-Z*],?)+")
    counted = 0
    for line, row in enumerate(rows, start=2):
        if row["Association"].startswith("Increased Toxicity"):
            assert reasons[line] == "toxicity"
        elif "EXPR" in row["Alteration type"] and row["Alteration"] != "ERBB2:over":
            assert reasons[line] == "expression"
        elif "wildtype" in row["Alteration"]:
            assert reasons[line] == "absence"
        elif plain.fullmatch(row["Alteration"]):
            counted += 1
            record = shown[line].partition("/")[0]
            assert set(rules[record].alteration.changes) == set(row["Alteration"].partition(":")[2].split(","))
        elif row["Alteration type"] in ("CNA", "FUS", "BIA") or re.fullmatch(r"\w+:\.", row["Alteration"]):
            assert line in shown
    assert counted > 500
    assert set(reasons.values()) == {"toxicity", "expression", "absence", "ambiguous", "unread"}
