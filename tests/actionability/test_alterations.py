from __future__ import annotations

import pandas as pd
import pytest

from netgen.actionability.alterations import ALTERATION_COLUMNS, conform_alterations, gather_alterations
from netgen.actionability.exon_skipping import annotate_exons
from netgen.actionability.functional import annotate_function, index_functions, load_functions
from netgen.actionability.protein_changes import parse_protein_changes
from netgen.actionability.rules import CHANGE_TYPES
from netgen.errors import Findings
from netgen.genomics.notation import parse_alterations
from netgen.schema import COPY_NUMBER, FUSIONS, SAMPLES, VARIANTS, conform

FUNCTIONS = {"RET M918T": "activating", "BRAF G469": "activating", "VHL R167Q": "inactivating"}


def samples(*names, **columns):
    patients = [name.split("-")[0] for name in names]
    return conform(pd.DataFrame({"sample_id": names, "patient_id": patients, **columns}), SAMPLES)


def variant(gene, variant_class, change=None, sample_id="P1-T", **columns):
    return {"sample_id": sample_id, "gene": gene, "variant_class": variant_class, "hgvsp_short": change, **columns}


def gather(variants=(), germline=(), copy_number=(), fusions=(), frame=None, findings=None):
    tables = [
        conform(pd.DataFrame(list(rows)), table) if len(rows) else None
        for rows, table in ((variants, VARIANTS), (germline, VARIANTS), (copy_number, COPY_NUMBER), (fusions, FUSIONS))
    ]
    known = samples("P1-T", "P2-T") if frame is None else frame
    found = Findings() if findings is None else findings
    return gather_alterations(known, *tables, findings=found, functions=FUNCTIONS)


def from_cell(text):
    findings = Findings()
    cells = pd.Series([text], index=["P1-T"], dtype="string")
    parsed = parse_alterations(cells, findings=findings)
    assert findings.of("E") == []
    parts = (parsed.variants, parsed.germline, parsed.copy_number, parsed.fusions)
    return gather_alterations(samples("P1-T"), *parts, findings=findings, functions=FUNCTIONS)


def only(frame, *names):
    (row,) = frame[list(names)].itertuples(index=False, name=None)
    return row


# ---------------------------------------------------------------- the one-sheet form, from the cell to the row


def test_gather_alterations__a_cell_of_the_one_sheet_form():
    table = from_cell(
        "MEN1 p.Arg460Ter (vaf=0.41); DAXX trunc; ATRX mut; CDKN2A homdel; MYC amp; EML4::ALK; NF1 splice;"
        " BRCA2 p.S1982Rfs*22 (germline); MET ex14skip; EGFR ex19del; BRAF p.V600E (vus)"
    )
    names = ["gene", "kind", "alteration", "change", "change_type", "lof", "origin", "flags"]
    assert list(table[names].itertuples(index=False, name=None)) == [
        ("ALK", "fusion", "EML4::ALK", "", "", False, "somatic", ""),
        ("ATRX", "mutation", "mutation, change not stated", "", "other", False, "somatic", "effect_unspecified"),
        ("BRAF", "mutation", "p.V600E", "V600E", "missense", False, "somatic", "vus"),
        ("BRCA2", "mutation", "p.S1982Rfs*22", "S1982Rfs*22", "frameshift", True, "germline", ""),
        ("CDKN2A", "homdel", "homozygous deletion", "", "", True, "somatic", ""),
        ("DAXX", "mutation", "truncating, change not stated", "", "other", True, "somatic", "effect_unspecified"),
        ("EGFR", "mutation", "exon 19 deletion", "", "inframe_del", False, "somatic", "ex19del"),
        ("EML4", "fusion", "EML4::ALK", "", "", False, "somatic", ""),
        ("MEN1", "mutation", "p.R460*", "R460*", "nonsense", True, "somatic", ""),
        ("MET", "mutation", "exon 14 skipping", "", "splice", False, "somatic", "ex14skip"),
        ("MYC", "amplification", "amplification", "", "", False, "somatic", ""),
        ("NF1", "mutation", "splice site, change not stated", "", "splice", True, "somatic", "effect_unspecified"),
    ]
    by_gene = table.set_index("gene")
    assert by_gene.loc["MEN1", ["vaf", "ref_aa", "first_aa", "last_aa"]].tolist() == [0.41, "R", 460, 460]
    assert by_gene.loc["EGFR", ["exon", "exon_skip"]].tolist() == [19, False]
    assert by_gene.loc["MET", ["exon", "exon_skip"]].tolist() == [14, True]
    assert by_gene.loc["ALK", ["partner", "place", "frame"]].tolist() == ["EML4", "three_prime", "unknown"]
    assert by_gene.loc["EML4", ["partner", "place", "event"]].tolist() == [
        "ALK", "five_prime", by_gene.loc["ALK", "event"],
    ]  # fmt: skip


# ---------------------------------------------------------------- shape and order


def test_gather_alterations__has_the_columns_types_and_keys():
    table = gather([variant("KRAS", "Missense_Mutation", "p.G12C"), variant("MEN1", "Nonsense_Mutation", "p.R460*")])
    assert tuple(table) == ALTERATION_COLUMNS
    assert table["alteration_id"].tolist() == [0, 1]
    assert table["patient_id"].tolist() == ["P1", "P1"]
    kinds = table.dtypes.astype(str)
    assert kinds[["gene", "change", "first_aa", "exon_skip", "lof", "vaf", "value"]].tolist() == [
        "string", "string", "Int64", "boolean", "bool", "float64", "float64",
    ]  # fmt: skip
    text = [name for name in table if kinds[name] == "string"]
    assert table[text].notna().all(axis=None)
    assert set(table["change_type"]) <= set(CHANGE_TYPES)


def test_gather_alterations__of_nothing_has_the_columns_too():
    assert tuple(gather()) == ALTERATION_COLUMNS
    assert len(gather()) == 0
    silent = gather([variant("KRAS", "Silent", "p.G12=")])
    assert len(silent) == 0
    some = gather([variant("KRAS", "Missense_Mutation", "p.G12C")])
    assert silent.dtypes.tolist() == gather().dtypes.tolist() == some.dtypes.tolist()


def test_conform_alterations__fills_text_and_keeps_numbers_missing():
    table = conform_alterations(
        pd.DataFrame({"sample_id": ["P1-T"], "kind": ["biomarker"], "marker": ["TMB"], "own": 1})
    )
    assert tuple(table) == ALTERATION_COLUMNS
    assert only(table, "gene", "marker", "change", "place", "lof") == (pd.NA, "TMB", "", "", False)
    assert table[["value", "first_aa", "exon_skip"]].isna().all(axis=None)


def test_gather_alterations__does_not_depend_on_the_order_of_rows():
    rows = [
        variant("KRAS", "Missense_Mutation", "p.G12C", row=3),
        variant("MEN1", "Nonsense_Mutation", "p.R460*", sample_id="P2-T", row=4),
        variant("MEN1", "Splice_Site", "p.X100_splice", sample_id="P2-T", row=5),
    ]
    events = [fusion("ETV6", "NTRK3", "ETV6::NTRK3", row=2), fusion("EML4", "ALK", "EML4-ALK fusion", row=3)]
    copies = [
        {"sample_id": "P1-T", "gene": "MYC", "value": 2.0},
        {"sample_id": "P2-T", "gene": "MEN1", "value": -2.0},
    ]
    forward = gather(rows, copy_number=copies, fusions=events)
    pd.testing.assert_frame_equal(forward, gather(rows[::-1], copy_number=copies[::-1], fusions=events[::-1]))


def test_gather_alterations__extra_columns_of_a_file_are_not_taken_for_ours():
    table = gather([variant("KRAS", "Missense_Mutation", "p.G12C", event="x", value="high", partner="nobody")])
    assert only(table, "event", "partner") == (0, "")
    assert pd.isna(table["value"].iloc[0])


def test_gather_alterations__samples_without_patient_are_left_out_and_told():
    findings = Findings()
    table = gather([variant("KRAS", "Missense_Mutation", "p.G12C", sample_id="X9")], findings=findings)
    assert len(table) == 0
    (item,) = findings
    assert item.code == "W_PATIENT_UNLINKED"
    assert "1 alterations are of 1 samples that are not in the sample table" in item.message
    assert "X9" in item.message


# ---------------------------------------------------------------- small variants


@pytest.mark.parametrize(
    ("variant_class", "change", "flags", "change_type", "lof"),
    [
        ("Missense_Mutation", "p.G12C", None, "missense", False),
        ("Nonsense_Mutation", "p.R460*", None, "nonsense", True),
        ("Nonsense_Mutation", "p.R460*", "lof_cterm", "nonsense", False),
        ("Frame_Shift_Del", "p.S1982Rfs*22", None, "frameshift", True),
        ("Frame_Shift_Ins", None, None, "frameshift", True),
        ("Splice_Site", "p.X100_splice", None, "splice", True),
        ("Splice_Site", "p.T125M", None, "splice", True),
        ("Translation_Start_Site", "p.M1?", None, "start_loss", True),
        ("Nonstop_Mutation", "p.*394R", None, "stop_loss", False),
        ("In_Frame_Del", "p.E746_A750del", None, "inframe_del", False),
        ("In_Frame_Del", "p.E746_A750delinsIP", None, "delins", False),
        ("In_Frame_Ins", "p.A767_V769dup", None, "inframe_ins", False),
        ("Nonsense_Mutation", "p.R175H", None, "missense", False),
        ("Frame_Shift_Del", "p.K100_L101del", None, "inframe_del", False),
    ],
)
def test_gather_alterations__type_and_loss_of_function(variant_class, change, flags, change_type, lof):
    table = gather([variant("GENE", variant_class, change, flags=flags)])
    assert only(table, "change_type", "lof") == (change_type, lof)


def test_gather_alterations__a_truncating_class_with_a_change_in_frame_is_flagged():
    table = gather([variant("TP53", "Nonsense_Mutation", "p.R175H", flags="vus")])
    assert only(table, "flags") == ("vus;class_conflict",)


@pytest.mark.parametrize(
    ("change", "flags", "lof"),
    [
        ("p.T125T", "class_conflict", True),
        ("p.T125M", "class_conflict", True),
        ("p.X125_splice", "", True),
        ("p.T125_E126del", "", True),
        (None, "", True),
    ],
)
def test_gather_alterations__a_splice_site_named_as_a_substitution_is_flagged_and_kept(change, flags, lof):
    """DOMAIN 1.4.2: a splice site is a candidate for loss of function, whatever its codon reads."""
    table = gather([variant("TP53", "Splice_Site", change)])
    assert only(table, "flags", "lof", "change_type") == (flags, lof, "splice")


def test_gather_alterations__a_frameshift_named_by_its_first_residue_is_no_substitution():
    """As in a study of pancreatic NET: two bases inserted in MEN1, written F186V."""
    table = gather([variant("MEN1", "Frame_Shift_Ins", "p.F186V")])
    assert only(table, "change", "change_type", "lof", "flags") == ("F186Vfs", "frameshift", True, "")


@pytest.mark.parametrize("name", ["Silent", "Intron", "5'UTR", "3'Flank", "RNA", "Splice_Region", "Unknown", "5'Flank"])
def test_gather_alterations__variants_that_change_no_protein_are_left_out_and_counted(name):
    findings = Findings()
    table = gather([variant("KRAS", name), variant("KRAS", "Missense_Mutation", "p.G12C")], findings=findings)
    assert table["alteration"].tolist() == ["p.G12C"]
    assert [item.message for item in findings] == ["1 variants that change no protein are not matched with rules."]


def test_gather_alterations__the_promoter_of_tert_is_kept():
    table = gather([variant("TERT", "5'Flank", hgvsc="c.-124C>T")])
    assert only(table, "change_type", "alteration", "change", "lof") == ("promoter", "c.-124C>T", "", False)


def test_gather_alterations__origin():
    somatic = [
        variant("A1", "Missense_Mutation", "p.G12C"),
        variant("A2", "Missense_Mutation", "p.G12C", mutation_status="Somatic"),
        variant("A3", "Missense_Mutation", "p.G12C", mutation_status="germline"),
        variant("A4", "Missense_Mutation", "p.G12C", mutation_status="somatic", flags="vus;possible_germline"),
        variant("A5", "Missense_Mutation", "p.G12C", flags="germline"),
    ]
    table = gather(somatic, germline=[variant("A6", "Missense_Mutation", "p.G12C")])
    assert table["origin"].tolist() == ["somatic", "somatic", "germline", "unknown", "germline", "germline"]


def test_gather_alterations__genomic_change_and_build_of_the_sample():
    place = {"chrom": "7", "pos": 140753336, "ref": "A", "alt": "T"}
    rows = [
        variant("BRAF", "Missense_Mutation", "p.V600E", build="GRCh38", **place),
        variant("BRAF", "Missense_Mutation", "p.V600E", sample_id="P2-T", **place),
        variant("KRAS", "Missense_Mutation", "p.G12C", build="GRCh38"),
    ]
    frame = samples("P1-T", "P2-T", genome_build=["GRCh37", "GRCh37"])
    table = gather(rows, frame=frame)
    assert table["genomic"].tolist() == ["GRCh38:7:140753336:A:T", "", "GRCh37:7:140753336:A:T"]


def test_gather_alterations__imported_calls_and_fractions_are_kept():
    row = variant("KRAS", "Missense_Mutation", "p.G12C", hotspot=True, oncogenic="Likely Oncogenic", vaf=0.2, row=7)
    table = gather([row | {"file": "a.maf"}])
    assert only(table, "hotspot", "oncogenic", "vaf", "file", "row") == (True, "Likely Oncogenic", 0.2, "a.maf", 7)


def test_gather_alterations__both_copies_by_purity():
    rows = [variant("MEN1", "Nonsense_Mutation", "p.R460*", vaf=0.46)]
    assert only(gather(rows, frame=samples("P1-T", tumour_purity=[0.6])), "biallelic") == ("probable",)
    assert only(gather(rows, frame=samples("P1-T", tumour_purity=[0.7])), "biallelic") == ("",)


# ---------------------------------------------------------------- curated effects


def test_annotate_function__exact_change_before_codon_and_codon_for_substitutions_only():
    known = index_functions(
        pd.DataFrame(
            [
                ("BRAF", "G469", "activating"),
                ("BRAF", "p.Gly469Glu", "inactivating"),
                ("MET", "X1010_splice", "activating"),
            ],
            columns=["gene", "change", "function"],
        )
    )
    texts = pd.Series(["p.G469A", "p.G469E", "p.G469del", "p.G469*", "p.D1010_splice", "p.G469A"], dtype="string")
    frame = parse_protein_changes(texts).assign(gene=["BRAF"] * 4 + ["MET", "KRAS"])
    found = annotate_function(frame.astype({"gene": "string"}), known)
    assert found.tolist() == ["activating", "inactivating", "", "", "activating", ""]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([("BRAF", "kinase dead", "inactivating")], "neither a protein change nor a codon"),
        (
            [("BRAF", "V600E", "activating"), ("BRAF", "p.Val600Glu", "inactivating")],
            "BRAF V600E is given as activating",
        ),
    ],
)
def test_index_functions__refuses_what_cannot_be_right(rows, text):
    with pytest.raises(ValueError, match=text):
        index_functions(pd.DataFrame(rows, columns=["gene", "change", "function"]))


def test_load_functions__the_table_that_ships_is_readable():
    known = load_functions()
    assert set(known.values()) <= {"activating", "inactivating"}
    assert known["RET M918T"] == "activating"


def test_gather_alterations__curated_effects_and_a_known_gain_is_no_loss():
    table = gather(
        [
            variant("BRAF", "Missense_Mutation", "p.G469A"),
            variant("RET", "Splice_Site", "p.M918T"),
            variant("TSC2", "Missense_Mutation", "p.A100V"),
        ],
        germline=[variant("VHL", "Missense_Mutation", "p.R167Q")],
    )
    names = ["gene", "function", "lof"]
    assert list(table[names].itertuples(index=False, name=None)) == [
        ("BRAF", "activating", False), ("RET", "activating", False), ("TSC2", "", False),
        ("VHL", "inactivating", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "label"),
    [
        ({"hgvsp_short": "p.S229*", "hgvsc": "c.686C>G", "chrom": "10", "pos": 89717661}, "p.S229*"),
        ({"hgvsc": "c.686C>G", "chrom": "10", "pos": 89717661}, "c.686C>G"),
        ({"chrom": "10", "pos": 89717661}, "Nonsense_Mutation 10:89717661"),
        ({"chrom": "10"}, "Nonsense_Mutation"),
    ],
)
def test_gather_alterations__a_variant_is_named_by_the_best_that_is_said(cells, label):
    table = gather(variants=[variant("PTEN", "Nonsense_Mutation", cells.pop("hgvsp_short", None), **cells)])
    assert table["alteration"].tolist() == [label]


# ---------------------------------------------------------------- exons


def met(variant_class, change=None, **columns):
    rows = conform(pd.DataFrame([variant("MET", variant_class, change, **columns)]), VARIANTS)
    rows = pd.concat([rows, parse_protein_changes(rows["hgvsp_short"])], axis=1)
    (skip,) = annotate_exons(rows)["exon_skip"]
    return None if pd.isna(skip) else bool(skip)


def at(pos, ref="G", alt="T", build="GRCh37"):
    return {"build": build, "chrom": "7", "pos": pos, "ref": ref, "alt": alt}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (met("Splice_Site", "p.X1010_splice"), True),
        (met("Splice_Site", "p.D1010_splice"), True),
        (met("Splice_Site", "p.X963_splice"), True),
        (met("Splice_Site", "p.X981_splice"), True),
        (met("Splice_Site", "p.X862_splice"), False),
        (met("Splice_Site", "p.X1028_splice"), False),
        (met("Splice_Site", "p.X1028_splice", transcript_id="ENST00000318493.6"), True),
        (met("Splice_Site", "p.D1010N"), True),
        (met("Splice_Site", "p.K900R"), False),
        (met("Splice_Site", hgvsc="c.3028+1G>T"), True),
        (met("Splice_Site", hgvsc="ENST00000318493.6:c.3082+2T>C"), True),
        (met("Splice_Site", hgvsc="c.2888-1G>A"), True),
        (met("Splice_Site", hgvsc="c.2888-20_2900del"), True),
        (met("Splice_Site", hgvsc="c.2583+1G>T"), False),
        (met("Splice_Site", hgvsc="c.2888+1G>A"), False),
        (met("Splice_Site", **at(116412044)), True),
        (met("Splice_Site", **at(116412045)), True),
        (met("Splice_Site", **at(116412046)), False),
        (met("Splice_Site", **at(116411902)), True),
        (met("Splice_Site", **at(116771990, build="GRCh38")), True),
        (met("Splice_Site", **at(116411890, ref="A" * 20, alt="-")), True),
        (met("Splice_Site", **at(116411903, ref="-", alt="AC")), True),
        (met("Splice_Site", **at(116340000)), False),
        (met("Splice_Site"), None),
        (met("Splice_Site", flags="ex14skip;vus"), True),
        (met("In_Frame_Del", "p.D963_D1010del"), True),
        (met("In_Frame_Del", "p.L982_D1010del"), False),
        (met("In_Frame_Del", "p.L982_D1028del", transcript_id="NM_001127500.3"), True),
        (met("Missense_Mutation", "p.D1010N"), None),
        (met("Missense_Mutation", "p.T1010I"), False),
        (met("Missense_Mutation", **at(116412043)), None),
        (met("Missense_Mutation", **at(116771989, build="GRCh38")), None),
        (met("Missense_Mutation", **at(116412042)), False),
        (met("Missense_Mutation", "p.E1009K", **at(116412043)), False),
        (met("Missense_Mutation", "p.T992I"), False),
        (met("Intron", hgvsc="c.2888-18T>G"), None),
        (met("Intron", hgvsc="c.2888-31T>G"), False),
        (met("Splice_Region", hgvsc="c.3028+5G>A"), None),
        (met("Splice_Region", **at(116412048)), None),
        (met("Intron", **at(116412052)), False),
        (met("Intron"), False),
        (met("Silent", "p.D1010="), False),
    ],
)
def test_annotate_exons__met_exon_14(row, expected):
    assert row is expected


def test_gather_alterations__met_exon_14_is_no_loss_of_function_and_a_doubt_is_flagged():
    table = gather(
        [
            variant("MET", "Splice_Site", "p.X1010_splice", row=1),
            variant("MET", "Splice_Site", "p.X862_splice", row=2),
            variant("MET", "Intron", hgvsc="c.2888-18T>G", row=3),
            variant("MET", "Intron", hgvsc="c.1000+500T>G", row=4),
        ]
    )
    names = ["row", "exon", "exon_skip", "lof", "flags"]
    assert list(table[names].sort_values("row").itertuples(index=False, name=None)) == [
        (1, 14, True, False, ""), (2, pd.NA, False, True, ""), (3, pd.NA, pd.NA, False, "possible_exon_skip"),
    ]  # fmt: skip


def test_gather_alterations__a_doubtful_variant_alone():
    table = gather([variant("MET", "Splice_Region", hgvsc="c.3028+5G>A")])
    assert only(table, "change_type", "alteration", "lof") == ("other", "c.3028+5G>A", False)


@pytest.mark.parametrize(
    ("column", "text", "exon"),
    [
        ("exon", "14/21", 14),
        ("exon_number", "Exon 20", 20),
        ("exon", "19", 19),
        ("exon", "2-3", pd.NA),
        ("exon", "", pd.NA),
    ],
)
def test_gather_alterations__exon_from_a_column(column, text, exon):
    table = gather([variant("EGFR", "In_Frame_Del", "p.E746_A750del", **{column: text})])
    assert only(table, "exon", "exon_skip") == (exon, False)


def test_gather_alterations__met_splice_site_with_an_exon_column():
    table = gather(
        [variant("MET", "Splice_Site", exon_number="14/21"), variant("MET", "Splice_Site", exon_number="5/21")]
    )
    assert dict(zip(table["exon"], table["exon_skip"], strict=True)) == {14: True, 5: False}


# ---------------------------------------------------------------- copy number and structural variants


def test_gather_alterations__gains_and_shallow_losses_are_no_alterations():
    values = [-2.0, -1.5, -1.0, 0.0, 1.0, 2.0, float("nan")]
    rows = [{"sample_id": "P1-T", "gene": f"G{place}", "value": value} for place, value in enumerate(values)]
    table = gather(copy_number=rows)
    names = ["gene", "kind", "alteration", "lof", "biallelic"]
    assert list(table[names].itertuples(index=False, name=None)) == [
        ("G0", "homdel", "homozygous deletion", True, "yes"),
        ("G1", "homdel", "homozygous deletion", True, "yes"),
        ("G5", "amplification", "amplification", False, ""),
    ]
    assert table["value"].isna().all()
    assert table["exon_skip"].tolist() == [False, False, False]


def fusion(gene1, gene2, text=None, sample_id="P1-T", sv_class="FUSION", frame="Unknown", status="SOMATIC", **columns):
    return {
        "sample_id": sample_id, "gene1": gene1, "gene2": gene2, "event_info": text, "sv_class": sv_class,
        "frame": frame, "status": status, **columns,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "label", "places", "flags"),
    [
        (("ETV6", "NTRK3", "ETV6::NTRK3"), "ETV6::NTRK3", {"ETV6": "five_prime", "NTRK3": "three_prime"}, ""),
        (("NTRK3", "ETV6", "ETV6::NTRK3 (RNA)"), "ETV6::NTRK3", {"ETV6": "five_prime", "NTRK3": "three_prime"}, ""),
        (("ETV6", "NTRK3", "ETV6-NTRK3 fusion"), "ETV6::NTRK3", {"ETV6": "unknown", "NTRK3": "unknown"},
         "orientation_unknown"),
        (("ETV6", "NTRK3", None), "ETV6::NTRK3", {"ETV6": "unknown", "NTRK3": "unknown"}, "orientation_unknown"),
        (("ETV6", "NTRK3", "TEL::NTRK3"), "ETV6::NTRK3", {"ETV6": "five_prime", "NTRK3": "three_prime"}, ""),
        (("ETV6", "NTRK3", "TEL::TRKC"), "ETV6::NTRK3", {"ETV6": "unknown", "NTRK3": "unknown"}, "orientation_unknown"),
    ],
)  # fmt: skip
def test_gather_alterations__orientation_only_where_it_is_written(event, label, places, flags):
    table = gather(fusions=[fusion(*event)])
    assert dict(zip(table["gene"], table["place"], strict=True)) == places
    assert set(table["alteration"]) == {label}
    assert set(table["flags"]) == {flags}
    assert dict(zip(table["gene"], table["partner"], strict=True)) == {"ETV6": "NTRK3", "NTRK3": "ETV6"}
    assert table["event"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("orientation", "text", "five_prime"),
    [("gene1_gene2", None, "ETV6"), ("gene2_gene1", None, "NTRK3"), ("gene2_gene1", "ETV6::NTRK3", "NTRK3"),
     (None, "ETV6::NTRK3", "ETV6")],
)  # fmt: skip
def test_gather_alterations__the_column_of_orientation_decides(orientation, text, five_prime):
    table = gather(fusions=[fusion("ETV6", "NTRK3", text, orientation=orientation)])
    places = table.set_index("gene")["place"]
    assert places[places == "five_prime"].index.tolist() == [five_prime]
    assert set(table["alteration"]) == {"ETV6::NTRK3" if five_prime == "ETV6" else "NTRK3::ETV6"}


@pytest.mark.parametrize(
    ("written", "frame", "lof"),
    [("In_frame", "in_frame", False), ("Unknown", "unknown", False), ("Out_of_frame", "out_of_frame", True),
     ("Frameshift", "out_of_frame", True)],
)  # fmt: skip
def test_gather_alterations__frame_of_a_fusion_of_two_genes(written, frame, lof):
    table = gather(fusions=[fusion("CUBN", "RET", frame=written)])
    assert table[["frame", "lof"]].values.tolist() == [[frame, lof], [frame, lof]]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (fusion("NF1", "NF1", sv_class="DELETION"), ("NF1", "NF1", "NF1-intragenic", True, "intragenic")),
        (fusion("NF1", None, sv_class="DELETION"), ("NF1", "NF1", "NF1-intragenic", True, "intragenic")),
        (fusion(None, "NF1", sv_class="DUPLICATION"), ("NF1", "NF1", "NF1-intragenic", False, "intragenic")),
        (fusion("ALK", None), ("ALK", "", "ALK rearrangement", True, "partner_unknown")),
        (fusion(None, "ALK", frame="In_frame"), ("ALK", "", "ALK rearrangement", False, "partner_unknown")),
    ],
)
def test_gather_alterations__an_event_of_one_gene_is_one_row(event, expected):
    table = gather(fusions=[event])
    assert only(table, "gene", "partner", "alteration", "lof", "flags") == expected
    assert only(table, "kind", "place") == ("fusion", "unknown")


def test_gather_alterations__a_germline_structural_variant():
    table = gather(fusions=[fusion("MSH2", "MSH2", sv_class="DELETION", status="GERMLINE")])
    assert only(table, "origin", "variant_class") == ("germline", "DELETION")


def test_gather_alterations__events_have_numbers_of_their_own():
    table = gather(
        [variant("ALK", "Missense_Mutation", "p.F1174L")],
        fusions=[fusion("EML4", "ALK"), fusion("EML4", "ALK", sample_id="P2-T")],
    )
    assert table.groupby("event")["gene"].apply(sorted).tolist() == [["ALK", "EML4"], ["ALK"], ["ALK", "EML4"]]
    assert table["alteration_id"].is_unique


def test_gather_alterations__an_exon_skipped_in_rna_is_a_mutation():
    table = gather(
        fusions=[
            fusion("MET", "MET", "MET-MET exon 14 skipping", row=1),
            fusion("BRCA1", None, "exon11 skip", sv_class="UNKNOWN", row=2),
            fusion("HLA-DRB1", "MET", "HLA-DRB1 - MET, exon 14 skip?", row=3),
        ]
    ).sort_values("row")
    names = ["gene", "kind", "alteration", "change_type", "exon", "exon_skip", "partner", "lof"]
    assert list(table[names].itertuples(index=False, name=None))[:2] == [
        ("MET", "mutation", "exon 14 skipping", "splice", 14, True, "", False),
        ("BRCA1", "mutation", "exon 11 skipping", "splice", 11, True, "", True),
    ]
    assert table["kind"].tolist()[2:] == ["fusion", "fusion"]
