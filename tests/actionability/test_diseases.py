"""Names of diseases and what they are to a tumour type: DOMAIN D10 and 4.2, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from netgen.actionability.diseases import match_disease, resolve_cgi_types, resolve_disease
from netgen.data import load_table
from netgen.knowledge.oncotree import load_oncotree, read_tree_json

if TYPE_CHECKING:
    from pathlib import Path

TREE = load_oncotree()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Lung Non-small Cell Carcinoma", ("NSCLC",)),
        ("Non-Small Cell Lung Cancer", ("NSCLC",)),  # also the main type of LNET: the name goes first
        ("LUNG ADENOCARCINOMA", ("LUAD",)),
        ("Lung Cancer", ("LUNG",)),
        ("lung  cancer", ("LUNG",)),
        ("Pancreatic Cancer", ("PANCREAS",)),  # main type of PANET and of PAAD
        ("Pancreatic Neuroendocrine Tumour", ("PANET",)),
        ("Thymic carcinomas", ("THYC",)),
        ("Colorectal Cancer", ("COADREAD",)),
        ("Acute Lymphoblastic Leukemia", ("BLL", "TLL")),
        ("Testicular Germ Cell Tumors", ("TESTIS",)),  # TGCT is another tumour today
        ("PANET", ("PANET",)),
        ("Any solid tumor", ("SOLID",)),
        ("Solid tumours", ("SOLID",)),
        ("Thymic Tumor", ("THYMUS",)),  # a main type: TNET, THYM and THYC carry it
        ("Bowel Cancer", ("BOWEL",)),
        ("Cancer", ()),
        ("Any cancer type", ()),
        ("Neuroendocrine", ()),
        ("Leukemia", ()),
        ("PNET", ()),
        ("", ()),
        ("no such disease", ()),
    ],
)
def test_resolve_disease__takes_what_a_name_exactly_means(text: str, codes: tuple[str, ...]) -> None:
    assert resolve_disease(TREE, text) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("LUAD", ("LUAD",)),
        ("L", ("LUNG",)),
        ("PA;PAAD", ("PAAD", "PANCREAS")),
        ("MPN", ("MPNST",)),
        ("CANCER", ("?",)),
        ("NEU", ("?",)),
        ("BRCA;CANCER", ("?", "BRCA")),
        ("SOLID", ("SOLID",)),
        ("nonsense", ("?",)),
    ],
)
def test_resolve_cgi_types__acronyms_are_not_oncotree_codes(text: str, codes: tuple[str, ...]) -> None:
    assert resolve_cgi_types(TREE, text) == codes


@pytest.mark.parametrize(
    ("code", "include", "scope"),
    [
        ("LUCA", ("NSCLC",), "out_of_scope"),
        ("LUCA", ("LUAD", "LUSC"), "out_of_scope"),
        ("LUCA", ("LUNG",), "uncertain"),
        ("LUCA", ("?",), "uncertain"),
        ("LUCA", ("BRCA", "?"), "uncertain"),
        ("LUCA", ("SOLID",), "agnostic"),
        ("LUCA", ("LUNG", "SOLID"), "agnostic"),
        ("LUCA", ("LNET",), "in_scope"),
        ("LUCA", ("LUNG", "LUCA"), "in_scope"),
        ("LUCA", ("AML",), "out_of_scope"),
        ("LNET", ("SCLC",), "uncertain"),
        ("LUNE", ("SCLC",), "out_of_scope"),
        ("LUAD", ("LUNG",), "in_scope"),
        ("LUAD", ("NSCLC",), "in_scope"),
        ("LUNG", ("NSCLC",), "uncertain"),
        ("TNET", ("THYC",), "out_of_scope"),
        ("TNET", ("THYMUS",), "uncertain"),
        ("PANET", ("PAAD",), "out_of_scope"),
        ("PANET", ("PANCREAS",), "uncertain"),
        ("PANET", ("PANET", "PANCREAS"), "in_scope"),
        ("SBWDNET", ("COADREAD",), "out_of_scope"),
        ("SBWDNET", ("BOWEL",), "uncertain"),
        ("MYELOID", ("SOLID",), "out_of_scope"),
        (None, ("SOLID",), "uncertain"),
        ("XYZ", ("NSCLC",), "uncertain"),
    ],
)
def test_match_disease__a_neuroendocrine_tumour_borrows_nothing(
    code: str, include: tuple[str, ...], scope: str
) -> None:
    assert match_disease(TREE, code, include) == scope


def test_match_disease__a_code_the_tree_lacks_is_told_by_its_tissue() -> None:
    gone = [code for code in TREE.nodes.index if "NSCLC" in TREE.lineage(code)]
    part = replace(TREE, nodes=TREE.nodes.drop(index=gone))
    assert "NSCLC" not in part
    assert resolve_disease(part, "Lung Non-small Cell Carcinoma") == ("NSCLC",)
    assert match_disease(part, "LUCA", ("NSCLC",)) == "uncertain"
    assert match_disease(part, "PANET", ("NSCLC",)) == "out_of_scope"
    assert match_disease(part, "PANET", ("NEVERHEARD",)) == "uncertain"


@pytest.mark.shared
def test_tables__every_code_is_in_oncotree_under_the_tissue_stated(shared: Path) -> None:
    tree = read_tree_json(shared / "data" / "kb_oncotree" / "oncotree_2025_10_03.json")
    for name in ("disease_names.tsv", "cgi_tumour_types.tsv"):
        rows = load_table(name)
        assert not rows.duplicated().any()
        for code, tissue in zip(rows["code"], rows["tissue"], strict=True):
            assert tissue == ("" if code == "SOLID" else tree.lineage(code)[-1]), code


@pytest.mark.shared
def test_resolve_disease__the_name_of_a_node_holds_for_that_node(shared: Path) -> None:
    tree = read_tree_json(shared / "data" / "kb_oncotree" / "oncotree_2025_10_03.json")
    known = set(load_table("disease_names.tsv")["name"])
    for code, name in tree.names.items():
        if name.casefold() in known:
            found = resolve_disease(tree, name)
            assert set(found) & set(tree.lineage(code)), name


@pytest.mark.shared
@pytest.mark.parametrize("version", ["oncotree_2025_10_03", "oncotree_2021_11_02", "oncotree_legacy_1.1"])
def test_resolve_disease__main_types_never_give_a_neuroendocrine_tumour_evidence_of_a_carcinoma(
    shared: Path, version: str
) -> None:
    tree = read_tree_json(shared / "data" / "kb_oncotree" / f"{version}.json")
    for text in sorted(set(tree.nodes["main_type"]) - {""}):
        for code in ("LUCA", "ALUCA", "LUNE", "LNET", "TNET", "PANET"):
            if code in tree and "neuroendocrine" not in text.casefold():
                scope = match_disease(tree, code, resolve_disease(tree, text) or ("?",))
                assert scope in {"out_of_scope", "uncertain"}, (text, code)
