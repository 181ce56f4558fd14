"""Tumour types: ancestry, names, former codes, suggestions. Facts of DOMAIN 4.2, checked against the bundled table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from netgen.data import load_table
from netgen.errors import Findings, InputError
from netgen.knowledge.oncotree import (
    BUNDLED_DATE,
    BUNDLED_VERSION,
    OncoTree,
    check_code,
    load_oncotree,
    read_tree_json,
    resolve_code,
    suggest_codes,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tree() -> OncoTree:
    return load_oncotree()


def node(
    code: str, *children: dict[str, Any], name: str = "", parent: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return a node of the nested JSON; children get it as their parent."""
    return {
        "code": code, "name": name or code.title(), "mainType": "Main", "tissue": "Tissue", "parent": parent,
        "children": {child["code"]: {**child, "parent": code} for child in children},
        "history": [], "precursors": [], "revocations": [], **more,
    }  # fmt: skip


def write_tree(folder: Path, *tops: dict[str, Any]) -> Path:
    path = folder / "oncotree_2030_01_31.json"
    path.write_text(json.dumps({"TISSUE": node("TISSUE", *tops)}), encoding="utf-8")
    return path


# ---------------------------------------------------------------- ancestry


@pytest.mark.parametrize(
    ("code", "lineage"),
    [
        ("LUCA", ("LUCA", "LNET", "LUNG")),
        ("ALUCA", ("ALUCA", "LNET", "LUNG")),
        ("LUNE", ("LUNE", "LNET", "LUNG")),
        ("SCLC", ("SCLC", "LNET", "LUNG")),
        ("CSCLC", ("CSCLC", "LUNG")),
        ("NSCLC", ("NSCLC", "LUNG")),
        ("LUAD", ("LUAD", "NSCLC", "LUNG")),
        ("TNET", ("TNET", "THYMUS")),
        ("THYM", ("THYM", "TET", "THYMUS")),
        ("THYC", ("THYC", "TET", "THYMUS")),
        ("PANET", ("PANET", "PANCREAS")),
        ("PANEC", ("PANEC", "PANCREAS")),
        ("PAAD", ("PAAD", "PANCREAS")),
        ("SBWDNET", ("SBWDNET", "GINET", "BOWEL")),
        ("AWDNET", ("AWDNET", "GINET", "BOWEL")),
        ("RWDNET", ("RWDNET", "GINET", "BOWEL")),
        ("HGNEC", ("HGNEC", "GINET", "BOWEL")),
        ("SWDNET", ("SWDNET", "GINETES", "STOMACH")),
        ("HGNES", ("HGNES", "GINETES", "STOMACH")),
        ("HGNEE", ("HGNEE", "GINETES", "STOMACH")),
        ("NETNOS", ("NETNOS", "CUP", "OTHER")),
        ("NECNOS", ("NECNOS", "CUP", "OTHER")),
        ("LUNG", ("LUNG",)),
    ],
)
def test_lineage__is_that_of_domain_4_2(tree: OncoTree, code: str, lineage: tuple[str, ...]) -> None:
    assert tree.lineage(code) == lineage


@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("LUCA", "NSCLC"), ("ALUCA", "NSCLC"), ("LUNE", "NSCLC"), ("LNET", "NSCLC"), ("CSCLC", "LNET"), ("TNET", "TET"),
        ("TNET", "THYC"), ("PANET", "PAAD"), ("LUNG", "LNET"), ("LNET", "SCLC"),
    ],
)  # fmt: skip
def test_is_within__a_sibling_or_descendant_is_no_ancestor(tree: OncoTree, code: str, other: str) -> None:
    assert code in tree
    assert other in tree
    assert not tree.is_within(code, other)


def test_is_within__a_code_is_within_itself_and_unknown_codes_are_a_mistake(tree: OncoTree) -> None:
    assert tree.is_within("LNET", "LNET")
    assert "BLAH" not in tree
    assert "TISSUE" not in tree
    with pytest.raises(KeyError, match="BLAH"):
        tree.lineage("BLAH")


def test_main_type__is_a_trap_and_is_never_matched(tree: OncoTree) -> None:
    main = tree.nodes["main_type"]
    assert main[["LNET", "LUCA", "ALUCA", "LUNE"]].unique().tolist() == ["Non-Small Cell Lung Cancer"]
    assert main["TNET"] == main["THYC"] == "Thymic Tumor"
    assert main["PANET"] == main["PAAD"] == "Pancreatic Cancer"
    assert resolve_code(tree, main["LUCA"]) == "NSCLC"  # the node of that name, not those of that main type
    for name in ("Thymic Tumor", "Pancreatic Cancer", "Gastrointestinal Neuroendocrine Tumor"):
        assert resolve_code(tree, name) is None


# ---------------------------------------------------------------- the bundled table


def test_bundled_table__every_parent_is_there_and_levels_count_from_the_tissue(tree: OncoTree) -> None:
    nodes = tree.nodes
    assert nodes.index.is_unique
    assert nodes.index.is_monotonic_increasing
    for code in nodes.index:
        lineage = tree.lineage(code)
        assert nodes.loc[code, "level"] == len(lineage) - 1
        assert nodes.loc[lineage[-1], "parent"] == ""
    assert {"MYELOID", "LYMPH"} <= set(nodes.index[nodes["level"] == 0])
    assert nodes.dtypes.astype(str).to_dict() == {
        "name": "string", "main_type": "string", "tissue": "string", "parent": "string", "level": "Int64",
    }  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        # rule scopes of DOMAIN 4.5: MTC, colorectal, NSCLC, PANET, RCC, CNS hemangioblastoma, breast, PAAD, cholangio-
        # carcinoma, urothelial, ovary, prostate, SCLC, THYC
        "THME", "COADREAD", "HGNEC", "NSCLC", "PANET", "RCC", "HMBL", "GINET", "GINETES", "LNET", "BRCA", "BREAST",
        "PAAD", "IHCH", "CHOL", "BLCA", "UTUC", "UCU", "OVARY", "HGSOC", "PROSTATE", "PRAD", "SCLC", "THYC",
        # neuroendocrine tumours of other places, and their neighbours
        "MCC", "PHC", "PGNG", "PRNE", "RNET", "UNEC", "CENE", "HNNE", "HGONEC", "SKCM", "AMPCA", "CUP",
    ],
)  # fmt: skip
def test_bundled_table__holds_the_types_that_rules_and_cohorts_name(tree: OncoTree, code: str) -> None:
    assert code in tree


def test_bundled_table__has_no_code_of_duodenal_net(tree: OncoTree) -> None:
    duodenal = tree.nodes.index[tree.nodes["name"].str.contains("duoden", case=False)]
    assert duodenal.tolist() == ["DA"]
    assert tree.nodes.loc["DA", "name"] == "Duodenal Adenocarcinoma"


def test_bundled_table__states_its_origin(tree: OncoTree) -> None:
    assert (tree.version, tree.date, tree.licence) == ("oncotree_2025_10_03", "2025-10-03", "CC BY 4.0")
    assert not tree.complete
    from importlib.resources import files

    text = files("netgen.data").joinpath("oncotree.tsv").read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines() if line.startswith("#"))
    for fact in (BUNDLED_VERSION, BUNDLED_DATE, "CC BY 4.0", "OncoTree", "Memorial Sloan Kettering"):
        assert fact in head


def test_load_oncotree__hands_out_a_table_of_its_own() -> None:
    first = load_oncotree()
    first.nodes.loc["LUCA", "parent"] = "NSCLC"
    assert load_oncotree().lineage("LUCA") == ("LUCA", "LNET", "LUNG")


# ---------------------------------------------------------------- names and former codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PANET", "PANET"),
        (" panet ", "PANET"),
        ("Lung Carcinoid", "LUCA"),
        ("lung  carcinoid", "LUCA"),
        ("Pancreatic neuroendocrine tumour", "PANET"),
        ("Pancreatic Neuroendocrine Tumor (PANET)", "PANET"),
        ("LUCA (Lung Carcinoid)", "LUCA"),
        ("LUCA (Atypical Lung Carcinoid)", None),  # the two parts disagree
        ("LUCA (something)", None),
        ("GMUCM", "URMM"),
        ("blood", "MYELOID"),
        ("Mature Teratoma", None),  # brain, ovary and vulva have one each
        ("LUCAA", None),
        ("PNET", None),
        ("BLAH", None),
        ("TISSUE", None),
        ("", None),
    ],
)
def test_resolve_code__takes_codes_names_and_former_codes_and_guesses_nothing(
    tree: OncoTree, text: str, code: str | None
) -> None:
    assert resolve_code(tree, text) == code


def test_resolve_code__every_code_and_every_unique_name_leads_to_its_node(tree: OncoTree) -> None:
    names = tree.nodes["name"].str.casefold()
    for code in tree.nodes.index:
        assert resolve_code(tree, code.lower()) == code
        unique = (names == names[code]).sum() == 1
        assert resolve_code(tree, tree.nodes.loc[code, "name"]) == (code if unique else None)


def test_suggest_codes__a_typing_error_or_an_abbreviation_comes_near(tree: OncoTree) -> None:
    assert suggest_codes(tree, "LUCAA", 2) == ["LUCA (Lung Carcinoid)", "ALUCA (Atypical Lung Carcinoid)"]
    assert suggest_codes(tree, "PNET")[0] == "PANET (Pancreatic Neuroendocrine Tumor)"
    assert len(suggest_codes(tree, "PNET")) == 3


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("lung carcinoid", "LUCA"), ("lung carcinoids", "LUCA"), ("thymic carcinoid", "TNET"), ("thymus NET", "TNET"),
        ("pancreas NET", "PANET"), ("NET of the pancreas", "PANET"), ("ileal NET", "SBWDNET"), ("LCNEC", "LUNE"),
        ("duodenal neuroendocrine tumour", "SBWDNET"), ("MTC", "THME"), ("colon cancer", "COAD"), ("PANETT", "PANET"),
        ("lung cancer, small cell", "SCLC"), ("PPGL", "PHC"),
    ],
)  # fmt: skip
def test_suggest_codes__what_clinics_write_finds_its_node_first(tree: OncoTree, text: str, first: str) -> None:
    assert suggest_codes(tree, text, 1)[0].split()[0] == first


def test_suggest_codes__lists_all_nodes_of_one_name_first(tree: OncoTree) -> None:
    assert suggest_codes(tree, "mature teratoma") == [f"{code} (Mature Teratoma)" for code in ("BMT", "OMT", "VMT")]


# ---------------------------------------------------------------- findings


def test_check_code__an_unknown_type_is_an_error_with_the_nearest_codes(tree: OncoTree) -> None:
    findings = Findings()
    found = check_code(tree, "LUCAA", findings=findings, file="patients.csv", row=7, patient_id="P1")
    assert found is None
    (item,) = findings
    assert (item.code, item.file, item.row, item.patient_id) == ("E_ONCOTREE_UNKNOWN", "patients.csv", 7, "P1")
    assert (item.column, item.value) == ("oncotree_code", "LUCAA")
    assert item.message == "An OncoTree code or name is needed, found 'LUCAA'."
    assert item.fix.startswith("Nearest: LUCA (Lung Carcinoid); ALUCA (Atypical Lung Carcinoid); ")
    assert "Only part of OncoTree ships" in item.fix


def test_check_code__a_blank_is_a_missing_type(tree: OncoTree) -> None:
    findings = Findings()
    assert check_code(tree, "  ", findings=findings) is None
    assert [item.code for item in findings] == ["E_ONCOTREE_UNKNOWN"]
    assert "found nothing" in next(iter(findings)).message


def test_check_code__a_former_code_is_replaced_with_a_warning(tree: OncoTree) -> None:
    findings = Findings()
    assert check_code(tree, "GMUCM", findings=findings) == "URMM"
    (item,) = findings
    assert item.code == "W_ONCOTREE_RENAMED"
    assert "taken as URMM (Mucosal Melanoma of the Urethra)" in item.message


def test_check_code__a_known_code_or_name_is_silent(tree: OncoTree) -> None:
    findings = Findings()
    assert [check_code(tree, text, findings=findings) for text in ("TNET", "aluca", "Thymoma")] == [
        "TNET", "ALUCA", "THYM",
    ]  # fmt: skip
    assert not len(findings)


def test_check_code__a_code_that_clinics_use_for_another_tumour_is_warned_of(tmp_path: Path) -> None:
    brain = node("BRAIN", node("PNET", name="Primitive Neuroectodermal Tumor"))
    pancreas = node("PANCREAS", node("PANET", name="Pancreatic Neuroendocrine Tumor"))
    tree = read_tree_json(write_tree(tmp_path, brain, pancreas))
    findings = Findings()
    assert check_code(tree, "PNET", findings=findings) == "PNET"
    (item,) = findings
    assert item.code == "W_ONCOTREE_ABBREVIATION"
    assert item.message == "'PNET' is the code of Primitive Neuroectodermal Tumor."
    assert item.fix == "If PANET (Pancreatic Neuroendocrine Tumor) is meant, write that code."


# ---------------------------------------------------------------- reading a tree


def test_read_tree_json__takes_codes_parents_and_what_nodes_replace(tmp_path: Path) -> None:
    top = node(
        "BLOOD", node("BLL", precursors=["BALL"], revocations=["ALL"]), node("TLL", revocations=["ALL"]),
        node("SpX", history=["SPX", "OLD"]), node("PTCL", history=["PTCLNOS"], revocations=["PTCL"], mainType=None),
    )  # fmt: skip
    tree = read_tree_json(write_tree(tmp_path, top))
    assert list(tree.nodes.index) == ["BLL", "BLOOD", "PTCL", "SpX", "TLL"]
    assert tree.nodes["parent"].to_dict() == {
        "BLL": "BLOOD",
        "BLOOD": "",
        "PTCL": "BLOOD",
        "SpX": "BLOOD",
        "TLL": "BLOOD",
    }
    assert tree.nodes["level"].to_dict() == {"BLL": 1, "BLOOD": 0, "PTCL": 1, "SpX": 1, "TLL": 1}
    assert tree.nodes.loc["PTCL", "main_type"] == ""
    assert tree.renamed == {"BALL": "BLL", "OLD": "SpX", "PTCLNOS": "PTCL"}
    assert tree.split == {"ALL": ("BLL", "TLL")}
    assert (tree.version, tree.date, tree.complete) == ("oncotree_2030_01_31", "2030-01-31", True)
    assert resolve_code(tree, "spx") == "SpX"


def test_resolve_code__a_former_code_that_was_divided_is_left_to_the_reader(tmp_path: Path) -> None:
    top = node("BLOOD", node("AAA", revocations=["ALL"]), node("ALLX"), node("TLL", revocations=["ALL"]))
    tree = read_tree_json(write_tree(tmp_path, top))
    findings = Findings()
    assert check_code(tree, "ALL", findings=findings) is None
    assert suggest_codes(tree, "all", 2) == ["AAA (Aaa)", "TLL (Tll)"]
    assert findings.codes() == {"E_ONCOTREE_UNKNOWN"}
    assert "ships" not in next(iter(findings)).fix  # this tree is complete


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ('[{"code": "LUNG"}]', "under the key TISSUE"),
        ('{"TISSUE": 3}', "under the key TISSUE"),
        (json.dumps({"TISSUE": node("TISSUE")}), "unique codes"),
        (json.dumps({"TISSUE": node("TISSUE", {**node("LUNG"), "name": None})}), "without under TISSUE"),
        (json.dumps({"TISSUE": {**node("TISSUE"), "children": {"LUNG": node("LUNG", parent="BOWEL")}}}), "names BOWEL"),
        (json.dumps({"TISSUE": {**node("TISSUE"), "children": ["LUNG"]}}), "must be a mapping"),
        (json.dumps({"TISSUE": {**node("TISSUE"), "children": {"LUNG": 1}}}), "without under TISSUE"),
        (
            json.dumps({"TISSUE": node("TISSUE", node("LUNG", node("LUCA")), node("BOWEL", node("LUCA")))}),
            "unique codes",
        ),
    ],
)
def test_read_tree_json__refuses_what_is_no_tree(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tree.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_tree_json(path)
    assert caught.value.finding.code == "E_FILE_FORMAT"
    assert "cBioPortal/oncotree" in caught.value.finding.fix


def test_read_tree_json__names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        read_tree_json(tmp_path / "tree.json")
    assert caught.value.finding.code == "E_FILE_MISSING"


# ---------------------------------------------------------------- the real trees


@pytest.mark.shared
@pytest.mark.parametrize(
    ("version", "date", "nodes"),
    [("2025_10_03", "2025-10-03", 898), ("2021_11_02", "2021-11-02", 885), ("legacy_1.1", "", 628)],
)
def test_read_tree_json__reads_the_three_versions(shared: Path, version: str, date: str, nodes: int) -> None:
    tree = read_tree_json(shared / "data/kb_oncotree" / f"oncotree_{version}.json")
    assert len(tree.nodes) == nodes - 1  # without the root
    assert (tree.version, tree.date) == (f"oncotree_{version}", date)
    assert tree.lineage("ALUCA") == ("ALUCA", "LNET", "LUNG")
    assert resolve_code(tree, "spcc") in {"SPCC", "SpCC"}


@pytest.mark.shared
def test_bundled_table__is_a_part_of_the_complete_tree(shared: Path, tree: OncoTree) -> None:
    complete = read_tree_json(shared / "data/kb_oncotree/oncotree_2025_10_03.json")
    pd.testing.assert_frame_equal(tree.nodes, complete.nodes.loc[tree.nodes.index])
    assert set(tree.renamed.items()) <= set(complete.renamed.items())
    assert {code: old for old, code in complete.renamed.items() if code in tree} == {
        code: old for old, code in tree.renamed.items()
    }
    for text in (*tree.nodes["name"], *tree.renamed, *load_table("oncotree.tsv")["code"]):
        assert resolve_code(tree, text) == resolve_code(complete, text)


@pytest.mark.shared
def test_renamed__former_codes_of_2025_lead_where_the_tree_says(shared: Path) -> None:
    tree = read_tree_json(shared / "data/kb_oncotree/oncotree_2025_10_03.json")
    wanted = {
        "SLL": "CLLSLL", "CLL": "CLLSLL", "CTCL": "MYCF", "PTCLNOS": "PTCL", "GBM": "GB", "OAST": "GNOS", "AODG": "ODG",
        "BLOOD": "MYELOID", "HIST": "HDCN", "DIPG": "DMG",
    }  # fmt: skip
    assert {old: resolve_code(tree, old) for old in wanted} == wanted
    assert resolve_code(tree, "ALL") is None  # B or T lineage
    assert tree.split == {"ALL": ("BLL", "TLL")}
    assert resolve_code(tree, "PTCL") == "PTCL"  # in use again
    assert not set(tree.renamed) & set(tree.nodes.index)


@pytest.mark.shared
def test_check_code__the_trap_of_pnet_is_told_with_the_complete_tree(shared: Path) -> None:
    tree = read_tree_json(shared / "data/kb_oncotree/oncotree_2025_10_03.json")
    findings = Findings()
    assert tree.lineage(check_code(tree, "PNET", findings=findings) or "")[-1] == "BRAIN"
    assert findings.codes() == {"W_ONCOTREE_ABBREVIATION"}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "codes"),
    [
        ("cbio_panet_arcnet_2017/panet_arcnet_2017", {"PANET"}),
        ("cbio_lung_msk_2017/lung_msk_2017", {"LUAD"}),
        ("cbio_skcm_ucla_2016/skcm_ucla_2016", {"SKCM"}),
        ("cbio_ampca_bcm_2016/ampca_bcm_2016", {"AMPCA"}),
    ],
)
def test_check_code__codes_and_detailed_types_of_real_studies_agree(
    shared: Path, tree: OncoTree, file: str, codes: set[str]
) -> None:
    path = shared / "data" / file / "data_clinical_sample.txt"
    table = pd.read_csv(path, sep="\t", comment="#", dtype="string")
    findings = Findings()
    by_code = table["ONCOTREE_CODE"].map(lambda text: check_code(tree, text, findings=findings))
    assert set(by_code) == codes
    assert not len(findings)
    if "CANCER_TYPE_DETAILED" in table:
        assert {resolve_code(tree, text) for text in table["CANCER_TYPE_DETAILED"]} == codes
