"""The rule table that ships: complete, sound, true to its records, and each rule takes and leaves what it should.

The cases of ``rule_cases.tsv`` go the whole way: text of a pathologist, alterations and biomarkers, matching.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from netgen.actionability.alterations import gather_alterations
from netgen.actionability.biomarkers import gather_biomarkers
from netgen.actionability.functional import TABLE, load_functions
from netgen.actionability.levels import COUNTED
from netgen.actionability.matching import match_rules
from netgen.actionability.rules import AGNOSTIC, Rule
from netgen.actionability.rules_check import PROVEN, check_rules
from netgen.actionability.rules_file import read_rules
from netgen.data import load_table
from netgen.errors import Findings
from netgen.genomics.notation import parse_alterations
from netgen.knowledge.oncotree import load_oncotree, read_tree_json
from netgen.schema import BIOMARKERS, IMAGING, PATIENTS, SAMPLES, TREATMENTS, conform

CASES = Path(__file__).with_name("rule_cases.tsv")
ROWS = range(1, 53)
SCANS = {"SSTR_PET": "SSTR_PET", "octreoscan": "octreoscan"}
# Records of an indication without any date: ours is that of the source beside it.
UNDATED = {"ind:fda.keytruda:4", "ind:fda.keytruda:13", "ind:fda.mekinist:5"}
# The records that DOMAIN 4.5 names (fda, but for one).
NAMED = (
    "retevmo:1", "retevmo:3", "vitrakvi:0", "rozlytrek:0", "rozlytrek:1", "augtyro:0", "augtyro:1", "tafinlar:5",
    "mekinist:5", "keytruda:4", "keytruda:13", "jemperli:2", "enhertu:2", "enhertu:4", "hernexeos:0", "hyrnuo:0",
    "welireg:0", "afinitor:1", "afinitor:2", "piqray:0", "truqap:0", "alecensa:1", "lorbrena:0", "ibtrozi:0",
    "tabrecta:0", "tepmetko:0", "tagrisso:1", "rybrevant:0", "zegfrovy:0", "lumakras:0", "krazati:0", "bizengri:0",
    "bizengri:1", "pemazyre:0", "lytgobi:0", "balversa:0", "tibsovo:3", "lynparza:5", "lynparza:6",
)  # fmt: skip
DATES = ("initial_approval_date", "date_accelerated_approval", "date_regular_approval")
NSCLC_ROWS = {14, 31, 32, 33, 34, 35, 36}


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    findings = Findings()
    table = read_rules(findings=findings)
    assert not [item.code for item in findings if item.code.startswith("E_")]
    return table.rules


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    return pd.read_csv(CASES, sep="\t", comment="#", dtype="string", keep_default_na=False)


def of_row(rules: tuple[Rule, ...], row: int) -> list[Rule]:
    return [rule for rule in rules if rule.row == row]


# ---------------------------------------------------------------- the table


def test_rule_list__passes_its_own_check(rules):
    findings = Findings()
    table = read_rules(findings=findings)
    check_rules(table, tree=load_oncotree(), known_genes=None, today=date(2026, 11, 30), findings=findings)
    assert {item.code for item in findings} <= {"W_RULE_UNVERIFIED"}
    assert {rule.snapshot for rule in rules} == {"2026-11"}
    assert {rule.expires for rule in rules} == {"2027-05"}
    assert {rule.reviewed_by for rule in rules} == {"netgen team, desk review"}


def test_rule_list__is_stale_after_its_expiry():
    findings = Findings()
    table = read_rules(findings=findings)
    check_rules(table, tree=load_oncotree(), known_genes=None, today=date(2027, 6, 1), findings=findings)
    assert Counter(item.code for item in findings)["W_RULE_STALE"] == len(table.rules)


def test_rule_list__has_every_row_of_the_starter_list(rules):
    assert {rule.row for rule in rules} == set(ROWS)


def test_rule_list__ids_are_unique_and_stable_in_form(rules):
    assert len({rule.id for rule in rules}) == len(rules)
    assert not [rule.id for rule in rules if not re.fullmatch(r"NG(-[A-Z0-9]+){2,3}", rule.id)]


def test_rule_list__proven_levels_stand_on_a_source_that_was_looked_up(rules):
    for rule in rules:
        if rule.level in PROVEN:
            assert any(source.verified and source.date for source in rule.sources), rule.id


def test_rule_list__what_the_specification_marks_unverified_is_not_proven(rules):
    for row in (9, 47, 48, 51):
        assert {rule.level for rule in of_row(rules, row)} == {"N4"}
        assert not all(source.verified for rule in of_row(rules, row) for source in rule.sources)


def test_rule_list__rows_without_a_drug_name_none(rules):
    for row in (*range(21, 29), 30, 43, 49, 50, 52):
        assert {rule.therapy for rule in of_row(rules, row)} == {()}
        assert {rule.level for rule in of_row(rules, row)} <= {"NDx", "NPx", "NX"}


def test_rule_list__everolimus_never_counts_in_a_neuroendocrine_tumour(rules):
    for rule in rules:
        if "everolimus" in rule.therapy and rule.include != ("RAML",):
            assert (rule.level, rule.level_out_of_scope) == ("N4", "NX")


def test_rule_list__labels_of_lung_cancer_are_scoped_to_nsclc(rules):
    tree = load_oncotree()
    for rule in rules:
        if rule.row in NSCLC_ROWS and rule.level == "N1":
            assert rule.include == ("NSCLC",)
            assert rule.level_out_of_scope == "N3B"
    assert not any(tree.is_within(code, "NSCLC") for code in ("LNET", "LUCA", "ALUCA", "LUNE", "SCLC", "CSCLC"))


def test_rule_list__any_net_leaves_the_carcinomas_below_it_out(rules):
    tree = load_oncotree()
    for rule in rules:
        if {"PANET", "GINET"} <= set(rule.include) and rule.direction != "diagnostic":
            assert {"HGNEC", "HGNES", "HGNEE"} <= set(rule.exclude), rule.id
    assert tree.is_within("HGNEC", "GINET")
    assert tree.is_within("HGNEE", "GINETES")


def test_rule_list__germline_rules_ask_for_the_germline(rules):
    germline = {rule.id for rule in rules if rule.origin == "germline"}
    assert germline == {"NG-VHL-GERM-01", "NG-TSC-LABEL", "NG-BRCA-GERM-OLAP", "NG-PANET-GERM"}


def test_rule_list__no_native_level_is_claimed_but_that_of_the_label(rules):
    for rule in rules:
        assert set(rule.native) <= {"fda"}
        assert bool(rule.native) == (rule.level == "N1"), rule.id
        assert set(rule.native.values()) <= {"accelerated", "full"}


def test_functional_variants__are_read_and_name_their_source():
    table = load_table(TABLE)
    assert len(load_functions()) == len(table)
    assert set(table["function"]) == {"activating", "inactivating"}
    words = {word for text in table["source"] for word in text.split("; ")}
    assert words <= {"recurrent", "cgi", "label", "expert"}
    assert table["class"].str.len().gt(0).all()


def test_functional_variants__every_functional_rule_finds_its_gene(rules):
    known = {(key.split(" ")[0], function) for key, function in load_functions().items()}
    for rule in rules:
        if rule.alteration.kind == "functional_class":
            assert {(gene, rule.alteration.function) for gene in rule.genes} <= known, rule.id


# ---------------------------------------------------------------- against the sources


@pytest.mark.shared
def test_rule_list__every_indication_record_exists_with_our_date(shared, rules):
    path = shared / "data" / "kb_moalmanac" / "referenced" / "indications.json"
    records = {item["id"]: item for item in json.loads(path.read_text(encoding="utf-8"))}
    cited = {(source.id, source.date) for rule in rules for source in rule.sources if source.id.startswith("ind:")}
    assert {"ind:ema.welireg:0", *(f"ind:fda.{name}" for name in NAMED)} <= {key for key, _ in cited}
    for key, ours in sorted(cited):
        known = {records[key].get(name) for name in DATES} - {None}
        assert (not known) == (key in UNDATED), key
        assert not known or ours in known, key


@pytest.mark.shared
def test_rule_list__accelerated_approvals_are_those_of_the_records(shared, rules):
    path = shared / "data" / "kb_moalmanac" / "referenced" / "indications.json"
    records = {item["id"]: item for item in json.loads(path.read_text(encoding="utf-8"))}
    for rule in rules:
        labels = [records[source.id] for source in rule.sources if source.id.startswith("ind:fda.")]
        if rule.level == "N1" and labels:
            told = any("approved under accelerated approval" in item["indication"] for item in labels)
            assert told == (rule.native["fda"] == "accelerated"), rule.id


@pytest.mark.shared
def test_rule_list__every_scope_code_is_in_the_complete_tree(shared, rules):
    tree = read_tree_json(shared / "data" / "kb_oncotree" / "oncotree_2025_10_03.json")
    codes = {code for rule in rules for code in (*rule.include, *rule.exclude)} - {AGNOSTIC}
    assert {code for code in codes if code not in tree} == set()
    assert {code for code in codes if code not in load_oncotree()} == set()


@pytest.mark.shared
def test_rule_list__every_gene_has_its_current_symbol(shared, rules):
    path = shared / "data" / "kb_genes_panels" / "genes.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        known = {item["hugoGeneSymbol"] for item in json.load(file)}
    named = {gene for rule in rules for gene in (*rule.genes, *rule.alteration.partners)}
    assert named - known == set()
    assert set(load_table(TABLE)["gene"]) - known == set()


@pytest.mark.shared
def test_functional_variants__recurrent_changes_are_hot_spots(shared):
    folder = shared / "data" / "kb_cancerhotspots"
    found = set()
    for name in ("v2_multi_type_residue.txt", "v3_multi_type_residue.txt", "single_residue_hotspot_mutations.txt"):
        spots = pd.read_csv(folder / name, sep="\t", dtype="string", keep_default_na=False)
        for gene, residue, changes in zip(
            spots["Hugo_Symbol"], spots["Residue"], spots["Variant_Amino_Acid"], strict=True
        ):
            found |= {f"{gene} {residue}"} | {f"{gene} {residue}{part.split(':')[0]}" for part in changes.split("|")}
    table = load_table(TABLE)
    claimed = table[table["source"].str.contains("recurrent")]
    assert len(claimed) > 100
    assert set(claimed["gene"] + " " + claimed["change"]) - found == set()


# ---------------------------------------------------------------- cases


@pytest.fixture(scope="module")
def hits(rules, cases) -> pd.DataFrame:
    return annotate_cases(cases, rules)


def annotate_cases(cases: pd.DataFrame, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """Match each case as a patient of its own, named by its place in the table."""
    ids = pd.Series([f"P{place:03d}" for place in cases.index], index=cases.index, dtype="string")
    findings = Findings()
    samples = pd.DataFrame({"sample_id": ids + "-T", "patient_id": ids, "date_collection": pd.Timestamp("2024-06-01")})
    samples = conform(samples.assign(date_collection_precision="day"), SAMPLES)
    patients = pd.DataFrame(
        {"patient_id": ids, "oncotree_code": cases["patient_code"], "who_grade": cases["who_grade"].replace("", pd.NA)}
    )
    measured = cases["alteration"].str.contains("=", regex=False)
    altered = gather_alterations(samples, *parse_cells(cases[~measured], ids), findings=findings)
    markers = gather_biomarkers(samples, *list_markers(cases[measured], ids), findings=findings)
    assert not [item.code for item in findings if item.code.startswith("E_")]
    both = pd.concat([altered, markers], ignore_index=True)
    both["alteration_id"] = range(len(both))
    return match_rules(both, conform(patients, PATIENTS).set_index("patient_id"), rules, load_oncotree())


def parse_cells(rows: pd.DataFrame, ids: pd.Series) -> list[pd.DataFrame]:
    """Read alterations as a pathologist writes them: variants, germline, copy number, fusions."""
    findings = Findings()
    fused = rows["alteration"].str.contains("fusion") | rows["alteration"].str.fullmatch(r"[A-Z0-9]+-[A-Z0-9]+")
    single = rows["alteration"].str.fullmatch(r"[A-Z0-9]+ fusion.*")
    text = rows["alteration"].where(fused | single, rows["gene"] + " " + rows["alteration"])
    text = text.where(rows["origin"] != "germline", text + " (germline)")
    parsed = parse_alterations(text.set_axis(ids[rows.index] + "-T"), findings=findings)
    assert not [item.message for item in findings if item.code.startswith("E_")]
    return [parsed.variants, parsed.germline, parsed.copy_number, parsed.fusions]


def list_markers(rows: pd.DataFrame, ids: pd.Series) -> list[pd.DataFrame | None]:
    """Bring ``NAME=result`` to biomarkers, imaging, no estimate, and lines of treatment."""
    name, result = (rows["alteration"].str.split("=", n=1).str[place] for place in (0, 1))
    after = result.str.endswith(" after CAPTEM")
    number = pd.to_numeric(result.str.removesuffix(" after CAPTEM"), errors="coerce").where(name == "TMB")
    scan = name.isin(SCANS)
    own = ids[rows.index]
    tests = pd.DataFrame(
        {
            "patient_id": own,
            "sample_id": own + "-T",
            "biomarker": name,
            "value": number,
            "unit": name.map({"TMB": "mut/Mb"}),
            "result": result.where(number.isna()),
        }
    )
    scans = pd.DataFrame({"patient_id": own, "modality": name.map(SCANS), "result": result})
    scans = scans.assign(date=pd.Timestamp("2024-05-01"), date_precision="day")
    lines = pd.DataFrame({"patient_id": own[after], "line_number": 1, "regimen": "CAPTEM"})
    lines = lines.assign(regimen_class="chemo_alkylating", date_start=pd.Timestamp("2023-01-01"))
    lines = lines.assign(date_start_precision="day", intent="palliative")
    return [
        conform(tests[~scan], BIOMARKERS),
        conform(scans[scan], IMAGING),
        None,
        conform(lines, TREATMENTS),
    ]


def test_rule_cases__every_rule_has_one_of_each(rules, cases):
    for expected in ("hit", "none"):
        assert {rule.id for rule in rules} == set(cases.loc[cases["expected"] == expected, "rule_id"])
    assert set(cases["expected"]) == {"hit", "none"}
    assert cases["why"].str.len().gt(0).all()


def test_rule_cases__each_rule_takes_what_it_should_at_its_level(cases, hits):
    wrong = []
    for place, case in cases[cases["expected"] == "hit"].iterrows():
        rows = hits[(hits["patient_id"] == f"P{place:03d}") & (hits["rule_id"] == case["rule_id"])]
        if set(rows["level"]) != {case["level"]}:
            wrong.append((*case[["rule_id", "patient_code", "alteration", "level"]], sorted(set(rows["level"]))))
    assert wrong == []


def test_rule_cases__each_rule_leaves_what_it_should(cases, hits):
    wrong = []
    for place, case in cases[cases["expected"] == "none"].iterrows():
        rows = hits[(hits["patient_id"] == f"P{place:03d}") & (hits["rule_id"] == case["rule_id"])]
        if len(rows):
            wrong.append((*case[["rule_id", "patient_code", "alteration"]], sorted(set(rows["level"]))))
    assert wrong == []


def test_rule_cases__a_lung_carcinoid_never_gets_a_level_of_lung_cancer_in_scope(cases, hits):
    lung = cases.index[cases["patient_code"].isin(["LUCA", "ALUCA", "LUNE"])]
    rows = hits[hits["patient_id"].isin([f"P{place:03d}" for place in lung]) & hits["row"].isin(NSCLC_ROWS)]
    labels = rows[rows["level_in_scope"] == "N1"]
    assert len(labels) >= 10
    assert set(labels["scope_match"]) == {"out_of_scope"}
    assert set(labels["level"]) == {"N3B"}


def test_rule_cases__a_tumour_recorded_too_broadly_counts_for_nothing(cases, hits):
    broad = cases.index[cases["patient_code"] == "LNET"]
    rows = hits[hits["patient_id"].isin([f"P{place:03d}" for place in broad])]
    assert len(rows) == len(broad) == 1
    assert set(rows["scope_match"]) == {"uncertain"}
    assert not rows["level"].isin(COUNTED).any()
