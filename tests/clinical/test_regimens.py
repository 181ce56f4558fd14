"""The drug dictionary: what is written, what is meant, and what is not guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from netgen.clinical.regimens import (
    CLASS_ORDER,
    KINDS,
    classify_regimen,
    find_drugs,
    fold_drug,
    load_drugs,
    nearest_names,
    read_drug_file,
)
from netgen.data import load_table
from netgen.errors import Findings
from netgen.schema import REGIMEN_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

BOOK = load_drugs()


def named(text: str) -> tuple[list[str], list[str]]:
    drugs, unknown = find_drugs(text, BOOK)
    return [drug.name for drug in drugs], list(unknown)


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ("Temozolomide", ["temozolomide"]),
        ("TMZ", ["temozolomide"]),
        ("temodal 200 mg/m2", ["temozolomide"]),
        ("CAPTEM", ["capecitabine", "temozolomide"]),
        ("Cap-Tem", ["capecitabine", "temozolomide"]),
        ("FOLFOX", ["fluorouracil", "leucovorin", "oxaliplatin"]),
        ("mFOLFOX6", ["fluorouracil", "leucovorin", "oxaliplatin"]),
        ("EP", ["cisplatin", "etoposide"]),
        ("cisplatin-etoposide", ["cisplatin", "etoposide"]),
        ("Carboplatin, Pemetrexed Disodium", ["carboplatin", "pemetrexed"]),
        ("TMZ + thalidomide", ["temozolomide", "thalidomide"]),
        ("5-FU/LV", ["fluorouracil", "leucovorin"]),
        ("carboplatino ed etoposide", ["carboplatin", "etoposide"]),
        ("Erlotinib Hydrochloride(CP358,774,OSI774,Tarceva)", ["erlotinib"]),
        ("octreotide LAR 30 mg", ["octreotide"]),
        ("Sandostatin-LAR", ["octreotide"]),
        ("lutetium Lu 177 dotatate", ["177Lu-DOTATATE"]),
        ("trastuzumab-dkst", ["trastuzumab"]),
        ("nab paclitaxel", ["nab-paclitaxel"]),
        ("Rituximab and Hyaluronidase Human", ["rituximab", "hyaluronidase"]),
    ],
)
def test_find_drugs__reads_names_as_they_are_written(text: str, drugs: list[str]) -> None:
    assert named(text) == (drugs, [])


@pytest.mark.parametrize("text", ["everolimuss", "capetem x", "dotatate scan", "agent 007"])
def test_find_drugs__never_guesses(text: str) -> None:
    assert named(text) == ([], [text])


def test_find_drugs__names_the_unknown_part_only() -> None:
    assert named("cisplatin + xyz") == (["cisplatin"], ["xyz"])


def test_nearest_names__are_offered_for_a_slip() -> None:
    assert "everolimus" in nearest_names("evrolimus", BOOK)
    assert nearest_names("qqqq", BOOK) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CAPTEM", "chemo_alkylating"), ("streptozocin+5-FU", "chemo_alkylating"), ("dacarbazine", "chemo_alkylating"),
        ("EP", "chemo_platinum"), ("CE", "chemo_platinum"), ("FOLFOX", "chemo_other"), ("FOLFIRI", "chemo_other"),
        ("everolimus + octreotide", "mtor_inhibitor"), ("PRRT + CAPTEM", "prrt"), ("sunitinib", "tki_antiangiogenic"),
        ("carboplatin+etoposide+atezolizumab", "chemo_platinum"), ("nivolumab+ipilimumab", "ici"),
        ("lanreotide", "ssa"), ("dabrafenib+trametinib", "targeted_matched"),
    ],
)  # fmt: skip
def test_classify_regimen__gives_the_class_of_the_backbone(text: str, expected: str) -> None:
    drugs, _ = find_drugs(text, BOOK)
    assert classify_regimen(drug.drug_class for drug in drugs if drug.kind == "drug") == expected


def test_dictionary__is_in_order() -> None:
    table = load_table("drug_classes.tsv")
    assert table["name"].is_unique
    assert set(table["kind"]) == set(KINDS)
    needs = table["kind"].isin(["drug", "local"])
    assert set(table.loc[needs, "class"]) <= set(REGIMEN_CLASSES)
    assert set(CLASS_ORDER) == set(REGIMEN_CLASSES)
    assert (table["source"] != "").all()
    regimens = table[table["kind"] == "regimen"]
    assert all(fold_drug(part) in BOOK.entries for text in regimens["drugs"] for part in text.split("+"))


def test_dictionary__one_name_means_one_thing() -> None:
    table = load_table("drug_classes.tsv")
    meant: dict[str, str] = {}
    for row in table.itertuples(index=False):
        for name in (row.name, *row.synonyms.split(";")):
            if fold_drug(name):
                assert meant.setdefault(fold_drug(name), row.name) == row.name


def test_drug_file__extends_and_replaces_the_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "drugs.tsv"
    path.write_text(
        "name\tkind\tclass\tsynonyms\tdrugs\nABC-1\tdrug\ttki_antiangiogenic\tabcinib\t\n"
        "ABCTEM\t\t\t\tABC-1+temozolomide\neverolimus\tdrug\ttrial_other\t\t\n"
    )
    findings = Findings()
    book = load_drugs(read_drug_file(path, findings=findings))
    assert not len(findings)
    assert [drug.name for drug in find_drugs("abctem", book)[0]] == ["ABC-1", "temozolomide"]
    assert find_drugs("Abcinib", book)[0][0].drug_class == "tki_antiangiogenic"
    assert find_drugs("everolimus", book)[0][0].drug_class == "trial_other"
    assert find_drugs("sunitinib", book)[0][0].drug_class == "tki_antiangiogenic"


def test_drug_file__reports_every_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "drugs.csv"
    path.write_text("name,kind,class,drugs\nA,drug,pills,\nB,potion,ssa,\nC,regimen,,A+nobody\nD,drug,,\nE,drug,ssa,\n")
    findings = Findings()
    frame = read_drug_file(path, findings=findings)
    assert frame["name"].tolist() == ["E"]
    assert [(item.code, item.row, item.column) for item in findings] == [
        ("E_VALUE", 2, "class"), ("E_VALUE", 3, "kind"), ("E_VALUE", 4, "drugs"), ("E_VALUE", 5, "class"),
    ]  # fmt: skip


def test_drug_file__needs_names(tmp_path: Path) -> None:
    path = tmp_path / "drugs.csv"
    path.write_text("drug,class\nA,ssa\n")
    findings = Findings()
    frame = read_drug_file(path, findings=findings)
    assert isinstance(frame, pd.DataFrame)
    assert not len(frame)
    assert findings.codes() == {"E_COLUMN_MISSING"}
