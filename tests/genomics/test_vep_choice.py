"""The short ways of ``vep`` lead where the long ones lead."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.genomics.protein import RESIDUES, normalize_protein_change
from netgen.genomics.transcripts import rank_transcript
from netgen.genomics.vep import choose_consequence, parse_csq_format

FIELDS = (
    "Allele",
    "Consequence",
    "SYMBOL",
    "Feature",
    "BIOTYPE",
    "STRAND",
    "PICK",
    "MANE_SELECT",
    "CANONICAL",
    "HGVSp",
)
LAST = (*FIELDS[:6], *FIELDS[7:], "PICK")  # nothing stands behind the flag

entries = st.fixed_dictionaries(
    {
        "Allele": st.sampled_from(["C", "C", "C", "T"]),
        "Consequence": st.sampled_from(["missense_variant", "intron_variant", "upstream_gene_variant", "stop_gained"]),
        "SYMBOL": st.sampled_from(["", "TP53", "1"]),
        "Feature": st.sampled_from(["T1", "T2", "T3", "T4", "T5", "T6"]),
        "BIOTYPE": st.sampled_from(["protein_coding", "retained_intron"]),
        "STRAND": st.sampled_from(["1", "-1"]),
        "PICK": st.sampled_from(["", "", "1"]),
        "MANE_SELECT": st.sampled_from(["", "NM_1"]),
        "CANONICAL": st.sampled_from(["", "YES"]),
        "HGVSp": st.just(""),
    }
)


@given(rows=st.lists(entries, min_size=1, max_size=7), fields=st.sampled_from([FIELDS, LAST]))
def test_choose_consequence__is_the_first_in_rank_of_all_entries_of_the_allele(rows, fields):
    layout = parse_csq_format("Format: " + "|".join(fields))
    text = ",".join("|".join(row[name] for name in fields) for row in rows)
    of_allele = [row for row in rows if row["Allele"] == "C"] if len({row["Allele"] for row in rows}) > 1 else rows
    ranks = {
        rank_transcript(
            row["Consequence"], row["SYMBOL"], row["Feature"], row["BIOTYPE"], picked=row["PICK"] == "1",
            mane=bool(row["MANE_SELECT"]), canonical=row["CANONICAL"] == "YES",
        ): row
        for row in reversed(of_allele)
    }  # fmt: skip
    found = choose_consequence(text, layout, ref="A", alts=("C",), number=1)
    best = ranks[min(ranks)]
    assert (found.terms, found.symbol, found.transcript_id) == (best["Consequence"], best["SYMBOL"], best["Feature"])


@pytest.mark.parametrize("before", ["", "ENSP00000269305.4:", "a%3Bp.b:"])
def test_choose_consequence__writes_substitutions_as_the_general_rules_do(before):
    layout = parse_csq_format("Format: Allele|Consequence|SYMBOL|HGVSp")
    names = [*RESIDUES, "Abc"]
    for one, two in product(names, names):
        text = f"{before}p.{one}17{two}"
        found = choose_consequence(f"C|missense_variant|TP53|{text}", layout, ref="A", alts=("C",), number=1)
        assert found.hgvsp == normalize_protein_change(text)
