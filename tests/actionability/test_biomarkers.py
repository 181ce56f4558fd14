"""Measured biomarkers as alterations: SC22, DOMAIN 1.9, 1.10 and 4.6, one situation per test, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen import schema
from netgen.actionability.alterations import ALTERATION_COLUMNS, conform_alterations
from netgen.actionability.biomarker_words import MARKERS, name_marker, read_result
from netgen.actionability.biomarkers import flag_possible_dmmr, gather_biomarkers
from netgen.actionability.matching import match_rules
from netgen.actionability.rules_file import read_rules
from netgen.errors import Findings
from netgen.genomics.tmb import estimate_tmb
from netgen.knowledge.oncotree import load_oncotree

DATES = ("date", "date_collection", "date_sequencing_report", "date_start")


def table(kind, *rows):
    frame = pd.DataFrame([{"patient_id": "P", **row} for row in rows])
    for name in DATES:
        if name in frame.columns:
            frame[name] = pd.to_datetime(frame[name])
    return schema.conform(frame, kind)


def samples(*rows):
    return table(schema.SAMPLES, *(rows or ({"sample_id": "S"},)))


def results(*rows):
    return table(schema.BIOMARKERS, *rows)


def scans(*rows):
    return table(schema.IMAGING, *({"modality": "SSTR_PET", "date": "2020-01-01", **row} for row in rows))


def lines(*rows):
    return table(schema.TREATMENTS, *({"line_number": i + 1, **row} for i, row in enumerate(rows)))


NO_LINES = schema.empty(schema.TREATMENTS)
OTHER_LINES = lines({"regimen": "everolimus", "date_start": "2018-01-01"})


def estimates(count, size, *, sample="S", matched=None):
    """Return the burden of one sample with so many missense variants on a panel of this size."""
    variants = pd.DataFrame({"sample_id": [sample] * count, "variant_class": ["Missense_Mutation"] * count})
    profiles = schema.conform(pd.DataFrame({"sample_id": [sample], "mutations": ["A"]}), schema.PROFILES)
    panels = schema.conform(pd.DataFrame({"panel_id": ["A"], "size_mb": [size]}), schema.PANELS)
    normal = None if matched is None else pd.Series({sample: matched}, dtype="boolean")
    return estimate_tmb(variants.astype("string"), profiles, panels, matched_normal=normal, findings=Findings())


def gather(biomarkers=None, *, imaging=None, tmb=None, treated=OTHER_LINES, specimens=None, findings=None):
    collector = Findings() if findings is None else findings
    return gather_biomarkers(
        samples() if specimens is None else specimens, biomarkers, imaging, tmb, treated, findings=collector
    )


def one(*args, **kwargs):
    found = gather(*args, **kwargs)
    assert len(found) == 1
    return found.iloc[0]


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("name", "text", "marker", "result"),
    [
        ("MSI", "MSI-High", "MSI", "MSI-H"),
        ("MSI", "MSI-H", "MSI", "MSI-H"),
        ("MSI_TYPE", "Instable", "MSI", "MSI-H"),
        ("MSI status", "MSI-H (32 %)", "MSI", "MSI-H"),
        ("MSI", "microsatellite instability-high (MSI-H)", "MSI", "MSI-H"),
        ("MSI", "MSS", "MSI", "MSS"),
        ("MSI_TYPE", "Stable", "MSI", "MSS"),
        ("MSI", "stable", "MSI", "MSS"),
        ("MSI", "MSI-Low", "MSI", "MSS"),
        ("MSI_TYPE", "Indeterminate", "MSI", "indeterminate"),
        ("MSI_TYPE", "Do not report", "MSI", "indeterminate"),
        ("MSI", "not MSI-H", "MSI", "indeterminate"),
        ("MSI", "dMMR", "MMR", "deficient"),
        ("MSI", "pMMR", "MMR", "proficient"),
        ("MMR_IHC", "MSI-H", "MSI", "MSI-H"),
        ("MMR_IHC", "dMMR", "MMR", "deficient"),
        ("MMR_IHC", "deficient", "MMR", "deficient"),
        ("MMR_IHC", "loss of MLH1", "MMR", "deficient"),
        ("mmr", "MLH1/PMS2 lost, MSH2/MSH6 retained", "MMR", "deficient"),
        ("MMR_IHC", "pMMR", "MMR", "proficient"),
        ("MMR_IHC", "no loss of expression", "MMR", "proficient"),
        ("MMR_IHC", "MLH1, MSH2, MSH6 and PMS2 retained", "MMR", "proficient"),
        ("MMR_IHC", "MLH1 retained", "MMR", "indeterminate"),
        ("MMR_IHC", "no loss of MLH1", "MMR", "indeterminate"),
        ("HER2_IHC", "3+", "HER2", "3+"),
        ("HER2_IHC", "IHC 3+", "HER2", "3+"),
        ("HER2", "HER2 IHC3+", "HER2", "3+"),
        ("HER2_IHC", "score 3", "HER2", "3+"),
        ("HER2_IHC", "3", "HER2", "3+"),
        ("HER2_IHC", "2+/FISH+", "HER2", "2+"),
        ("HER2_IHC", "2+/3+", "HER2", "indeterminate"),
        ("HER2_IHC", "positive", "HER2", "positive"),
        ("HER2_IHC", "amplified", "HER2", "indeterminate"),
        ("HER2_IHC", "0", "HER2", "0"),
        ("HER2_IHC", "HER2-low", "HER2", "low"),
        ("HER2_FISH", "positive", "HER2_ISH", "positive"),
        ("IHC_HER2", "Negative", "HER2", "negative"),
        ("HER2_IHC_SCORE", "1", "HER2", "1+"),
        ("MGMT_IHC", "deficient", "MGMT", "deficient"),
        ("MGMT_IHC", "loss", "MGMT", "deficient"),
        ("MGMT_IHC", "negative", "MGMT", "deficient"),
        ("MGMT_IHC", "positive", "MGMT", "proficient"),
        ("MGMT_METH", "methylated", "MGMT", "deficient"),
        ("MGMT_METH", "positive", "MGMT", "deficient"),
        ("MGMT_METH", "unmethylated", "MGMT", "proficient"),
        ("MGMT_METH", "not methylated", "MGMT", "proficient"),
        ("DLL3_IHC", "positive", "DLL3", "positive"),
        ("DLL3_IHC", "DLL3 negative", "DLL3", "negative"),
        ("SSTR2_IHC", "positive", "SSTR2_IHC", "positive"),
        ("HRD", "HRD-positive", "HRD", "high"),
        ("ATRX_IHC", "loss", "ATRX_IHC", "loss"),
        ("DAXX_IHC", "retained", "DAXX_IHC", "retained"),
        ("MENIN_IHC", "lost", "MENIN_IHC", "loss"),
        ("RB1_IHC", "negative", "RB1_IHC", "loss"),
        ("P53_IHC", "wild-type", "P53_IHC", "wild_type"),
        ("ALT_TELOMERE", "ALT+", "ALT_TELOMERE", "positive"),
        ("ALT_TELOMERE", "-", "ALT_TELOMERE", "negative"),
        ("TMB", "TMB-High", "TMB", "high"),
    ],
)
def test_read_result__knows_the_words_of_real_files(name, text, marker, result):
    found = read_result(*name_marker(name), text)
    assert found is not None
    assert (found.marker, found.result) == (marker, result)
    assert result in {*MARKERS[marker].results, "indeterminate"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("TMB", "12.5 mut/Mb", 12.5),
        ("TMB", "TMB-High (12 muts/Mb)", 12.0),
        ("TMB", "10,4", 10.4),
        ("TMB", ">= 10", None),
        ("TMB", "between 8 and 12", None),
        ("CGA", "120 ng/ml", 120.0),
        ("PDL1_CPS", "40", 40.0),
    ],
)
def test_read_result__takes_the_one_number_of_a_text(name, text, value):
    found = read_result(*name_marker(name), text)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize("text", ["not done", "ND", "n/a", "not tested"])
def test_gather_biomarkers__has_no_row_for_what_was_not_done(text):
    assert gather(results({"biomarker": "MSI", "result": text})).empty
    assert gather(results({"biomarker": "MSI", "result": None})).empty


def test_gather_biomarkers__tells_once_what_it_cannot_read_and_keeps_the_row():
    findings = Findings()
    found = gather(
        results({"biomarker": "MSI", "result": "blue"}, {"patient_id": "Q", "biomarker": "MSI", "result": "blue"}),
        specimens=samples({"sample_id": "S"}, {"sample_id": "T", "patient_id": "Q"}), findings=findings,
    )  # fmt: skip
    assert found["result"].tolist() == ["indeterminate", "indeterminate"]
    assert found["flags"].tolist() == ["result_unread", "result_unread"]
    assert [item.code for item in findings] == ["W_VALUE"]
    assert "MSI-H, MSS; found 'blue' in 2 rows" in findings.items[0].message


def test_gather_biomarkers__a_number_alone_is_a_verdict_for_nothing_but_the_burden():
    found = gather(results(
        {"biomarker": "MSI", "value": 32.0}, {"biomarker": "HRD", "value": 55.0}, {"biomarker": "CGA", "value": 120.0},
        {"biomarker": "DLL3_IHC", "value": 80.0},
    )).set_index("marker")  # fmt: skip
    assert found["result"].to_dict() == {"CGA": "", "DLL3": "", "HRD": "", "MSI": "indeterminate"}
    assert found["value"].to_dict() == {"CGA": 120.0, "DLL3": 80.0, "HRD": 55.0, "MSI": 32.0}
    assert found.loc["HRD", "alteration"] == "HRD 55"


def test_gather_biomarkers__her2_scores_come_as_numbers_and_positive_is_not_three():
    assert one(results({"biomarker": "HER2_IHC", "value": 3.0}))["result"] == "3+"
    found = one(results({"biomarker": "HER2_IHC", "result": "positive"}))
    assert (found["result"], found["flags"], found["gene"]) == ("positive", "her2_score_missing", "ERBB2")


def test_gather_biomarkers__keeps_a_marker_it_does_not_know():
    found = one(results({"biomarker": "CEA", "value": 4.2, "result": "normal"}))
    assert (found["marker"], found["gene"], found["value"], found["result"]) == ("CEA", "CEA", 4.2, "")


# ---------------------------------------------------------------- shape


def test_gather_biomarkers__has_the_columns_of_alterations_and_sorts():
    found = gather(
        results({"biomarker": "TMB", "value": 12.1, "sample_id": "S"}, {"biomarker": "MSI", "result": "MSS"},
                {"patient_id": "A", "biomarker": "MMR_IHC", "result": "pMMR"}),
    )  # fmt: skip
    assert list(found.columns) == list(ALTERATION_COLUMNS)
    assert found[["patient_id", "marker"]].to_numpy().tolist() == [["A", "MMR"], ["P", "MSI"], ["P", "TMB"]]
    assert found["alteration"].tolist() == ["MMR proficient", "MSS", "TMB 12.1"]
    assert found["sample_id"].tolist() == ["", "", "S"]
    assert found["kind"].eq("biomarker").all()
    assert found["alteration_id"].tolist() == [0, 1, 2]
    assert (found["event"] < 0).all()
    assert found["event"].is_unique
    assert not found["lof"].any()


def test_gather_biomarkers__of_nothing_is_an_empty_table():
    for empty in (None, "tables"):
        found = gather_biomarkers(
            samples(),
            *(None if empty is None else schema.empty(kind) for kind in (schema.BIOMARKERS, schema.IMAGING)),
            None, None, findings=Findings(),
        )  # fmt: skip
        assert list(found.columns) == list(ALTERATION_COLUMNS)
        assert found.empty


def test_gather_biomarkers__does_not_depend_on_row_order():
    rows = results(
        {"biomarker": "MSI", "result": "MSI-H", "date": "2020-01-01"}, {"biomarker": "HRD", "value": 40.0},
        {"biomarker": "MSI", "result": "MSS", "date": "2021-01-01"}, {"biomarker": "MGMT_IHC", "result": "loss"},
        {"patient_id": "Q", "biomarker": "MSI", "result": "MSS"},
    )  # fmt: skip
    pd.testing.assert_frame_equal(gather(rows), gather(rows.iloc[::-1]))


# ---------------------------------------------------------------- mutational burden


@pytest.mark.parametrize(
    ("value", "result", "label"),
    [(9.99, "low", "TMB 9.99"), (9.9999, "low", "TMB 9.99"), (10.0, "high", "TMB 10"), (12.1, "high", "TMB 12.1"),
     (0.0, "low", "TMB 0")],
)  # fmt: skip
def test_gather_biomarkers__tmb_is_high_from_ten_on(value, result, label):
    found = one(results({"biomarker": "TMB", "value": value, "unit": "mut/Mb", "sample_id": "S"}))
    assert (found["result"], found["value"], found["alteration"]) == (result, value, label)


@pytest.mark.parametrize(
    ("count", "size", "result", "value", "flags"),
    [
        (11, 1.1, "high", 10.0, ""),
        (10, 1.1, "low", 10 / 1.1, ""),
        (6, 0.5, "indeterminate", None, "tmb_panel_small"),
        (8, 0.8, "high", 10.0, "tmb_panel_small"),
        (0, 1.1, "low", 0.0, ""),
    ],
)
def test_gather_biomarkers__takes_the_estimate_where_no_laboratory_reported(count, size, result, value, flags):
    found = one(tmb=estimates(count, size))
    assert (found["result"], found["flags"], found["sample_id"]) == (result, flags, "S")
    assert pd.isna(found["value"]) if value is None else found["value"] == value


def test_gather_biomarkers__marks_a_burden_without_a_matched_normal():
    assert one(tmb=estimates(20, 1.1, matched=False))["flags"] == "tumour_only"


def test_gather_biomarkers__the_laboratory_goes_before_the_estimate_and_cbioportal_after_it():
    ours = estimates(2, 1.0)
    lab = {"biomarker": "TMB", "value": 14.0, "sample_id": "S"}
    assert one(results(lab), tmb=ours)["value"] == 14.0
    assert one(results({**lab, "method": "CVR_TMB_SCORE"}), tmb=ours)["value"] == 14.0
    for method in ("TMB_NONSYNONYMOUS", "TMB (nonsynonymous)"):
        assert one(results({**lab, "method": method}), tmb=ours)["value"] == 2.0
    assert one(results({**lab, "method": "TMB_NONSYNONYMOUS"}))["value"] == 14.0


def test_gather_biomarkers__no_burden_of_a_small_panel_has_a_status_whoever_worked_it_out():
    small = estimates(6, 0.5)
    for row in ({"value": 12.0, "sample_id": "S"}, {"value": 12.0},
                {"value": 12.0, "sample_id": "S", "method": "TMB_NONSYNONYMOUS"}):  # fmt: skip
        found = one(results({"biomarker": "TMB", **row}), tmb=small)
        assert (found["result"], found["flags"]) == ("indeterminate", "tmb_panel_small")
        assert pd.isna(found["value"])
    # unless the result states the size of its own panel
    own = results({"biomarker": "TMB", "value": 12.0, "sample_id": "S"}).assign(panel_size_mb=1.3)
    assert one(own, tmb=small)["value"] == 12.0
    # and a burden of another patient is not concerned
    other = gather(
        results({"patient_id": "Q", "biomarker": "TMB", "value": 12.0}), tmb=small,
        specimens=samples({"sample_id": "S"}, {"sample_id": "T", "patient_id": "Q"}),
    )  # fmt: skip
    assert other["result"].tolist() == ["indeterminate", "high"]


def test_gather_biomarkers__tells_of_a_small_panel_that_the_table_states():
    findings = Findings()
    rows = results({"biomarker": "TMB", "value": 12.0}, {"patient_id": "Q", "biomarker": "TMB", "value": 12.0})
    found = gather(rows.assign(panel_size_mb=[0.5, 0.667]), findings=findings)
    assert found["result"].tolist() == ["indeterminate", "high"]
    assert findings.codes() == {"W_TMB_PANEL_SMALL"}


def test_gather_biomarkers__refuses_a_burden_in_another_unit():
    findings = Findings()
    rows = [{"biomarker": "TMB", "value": 12.0, "unit": unit, "patient_id": unit}
            for unit in ("mut/Mb", "mutations/Mb", "Muts per megabase", "percentile")]  # fmt: skip
    found = gather(results(*rows), findings=findings).set_index("patient_id")
    assert found["result"].to_dict() == {
        "mut/Mb": "high", "mutations/Mb": "high", "Muts per megabase": "high", "percentile": "indeterminate"
    }  # fmt: skip
    assert pd.isna(found.loc["percentile", "value"])
    assert [(item.code, item.value) for item in findings] == [("W_VALUE", "percentile")]


def test_gather_biomarkers__a_laboratorys_high_without_a_number_is_not_our_threshold():
    high = one(results({"biomarker": "TMB", "result": "TMB-High"}))
    assert (high["result"], high["flags"], high["alteration"]) == (
        "indeterminate",
        "tmb_value_missing",
        "TMB indeterminate",
    )
    low = one(results({"biomarker": "TMB", "result": "low"}))
    assert low["result"] == "low"
    assert one(results({"biomarker": "TMB", "result": "TMB-High"}), tmb=estimates(12, 1.0))["value"] == 12.0


def test_gather_biomarkers__normal_and_cell_free_samples_have_no_estimate():
    for kind in ("normal", "cfdna"):
        specimens = samples({"sample_id": "S", "sample_class": kind})
        assert gather(tmb=estimates(20, 1.0), specimens=specimens).empty


# ---------------------------------------------------------------- alkylating drugs


@pytest.mark.parametrize(
    ("start", "collected", "flags"),
    [
        ("2020-01-01", "2021-01-01", "therapy_induced_TMB"),
        ("2021-06-01", "2021-01-01", ""),
        ("2020-01-01", None, "prior_alkylator_unknown"),
    ],
)
def test_gather_biomarkers__flags_a_high_burden_after_captem(start, collected, flags):
    specimens = samples({"sample_id": "S", "date_collection": collected})
    course = lines({"regimen": "CAPTEM", "date_start": start})
    found = one(tmb=estimates(18, 1.3), treated=course, specimens=specimens)
    assert (found["result"], found["flags"]) == ("high", flags)
    lab = results({"biomarker": "TMB", "value": 14.0, "sample_id": "S"})
    assert one(lab, treated=course, specimens=specimens)["flags"] == flags


def test_gather_biomarkers__a_low_burden_needs_no_flag():
    specimens = samples({"sample_id": "S", "date_collection": "2021-01-01"})
    course = lines({"regimen": "CAPTEM", "date_start": "2020-01-01"})
    assert one(tmb=estimates(5, 1.3), treated=course, specimens=specimens)["flags"] == ""


def test_gather_biomarkers__without_treatments_the_order_is_unknown():
    assert one(tmb=estimates(18, 1.3), treated=NO_LINES)["flags"] == "prior_alkylator_unknown"
    assert one(tmb=estimates(18, 1.3), treated=None)["flags"] == "prior_alkylator_unknown"
    assert one(tmb=estimates(18, 1.3))["flags"] == ""


def test_gather_biomarkers__the_date_of_the_result_stands_in_for_that_of_the_sample():
    course = lines({"regimen": "temozolomide", "date_start": "2020-01-01"})
    row = {"biomarker": "TMB", "value": 14.0, "date": "2021-01-01"}
    assert one(results(row), treated=course)["flags"] == "therapy_induced_TMB"
    assert one(results({**row, "date": "2019-01-01"}), treated=course)["flags"] == ""


def test_gather_biomarkers__the_flag_belongs_to_the_sample_that_was_measured():
    specimens = samples({"sample_id": "S", "date_collection": "2019-01-01"},
                        {"sample_id": "T", "date_collection": "2021-01-01"})  # fmt: skip
    course = lines({"regimen": "CAPTEM", "date_start": "2020-01-01"})
    for sample, flags in (("S", ""), ("T", "therapy_induced_TMB")):
        lab = results({"biomarker": "TMB", "value": 14.0, "sample_id": sample})
        assert one(lab, treated=course, specimens=specimens)["flags"] == flags


# ---------------------------------------------------------------- imaging


@pytest.mark.parametrize(
    ("scan", "result", "flags"),
    [
        ({"result": "positive"}, "positive", ""),
        ({"result": "positive", "krenning": 4}, "positive", ""),
        ({"result": "positive", "krenning": 2}, "positive", "krenning_below_3"),
        ({"result": "negative"}, "negative", ""),
        ({"result": "negative", "krenning": 4}, "negative", ""),
        ({"result": "equivocal"}, "indeterminate", ""),
        ({"krenning": 3}, "positive", "krenning_threshold_unverified"),
        ({"krenning": 2}, "indeterminate", "krenning_below_3"),
        ({"krenning": 1}, "negative", ""),
        ({"krenning": 0}, "negative", ""),
    ],
)
def test_gather_biomarkers__reads_receptor_pet(scan, result, flags):
    found = one(imaging=scans(scan))
    assert (found["marker"], found["result"], found["flags"]) == ("SSTR", result, flags)
    assert found["alteration"] == f"SSTR-PET {result}"


def test_gather_biomarkers__keeps_other_scans_and_immunohistochemistry_apart():
    found = gather(
        results({"biomarker": "SSTR2_IHC", "result": "positive"}),
        imaging=scans({"modality": "octreoscan", "result": "positive"}, {"modality": "FDG_PET", "result": "positive"}),
    )
    assert found["marker"].tolist() == ["SSTR2_IHC", "SSTR_SCINTIGRAPHY"]
    assert found["gene"].tolist() == ["SSTR2", "SSTR_SCINTIGRAPHY"]


def test_gather_biomarkers__a_scan_without_result_is_no_measurement():
    assert gather(imaging=scans({"suv_max": 20.0})).empty


# ---------------------------------------------------------------- several results


def test_gather_biomarkers__the_latest_result_holds():
    found = one(
        results({"biomarker": "MSI", "result": "MSI-H", "date": "2020-01-01"},
                {"biomarker": "MSI", "result": "MSS", "date": "2021-01-01"}),
    )  # fmt: skip
    assert (found["result"], found["flags"]) == ("MSS", "earlier_result_differs")
    assert (
        one(imaging=scans({"result": "negative"}, {"result": "positive", "date": "2021-05-01"}))["result"] == "positive"
    )


def test_gather_biomarkers__samples_are_dated_by_their_collection():
    specimens = samples({"sample_id": "S", "date_collection": "2021-01-01"},
                        {"sample_id": "T", "date_collection": "2019-01-01"})  # fmt: skip
    found = one(
        results(
            {"biomarker": "TMB", "value": 14.0, "sample_id": "S"}, {"biomarker": "TMB", "value": 3.0, "sample_id": "T"}
        ),
        specimens=specimens,
    )
    assert (found["sample_id"], found["value"], found["flags"]) == ("S", 14.0, "earlier_result_differs")


def test_gather_biomarkers__a_result_of_a_sample_goes_before_one_of_the_patient():
    found = one(
        results({"biomarker": "MSI", "result": "MSI-H", "sample_id": "S"}, {"biomarker": "MSI", "result": "MSS"})
    )
    assert (found["result"], found["sample_id"], found["flags"]) == ("MSI-H", "S", "other_result_differs")


@pytest.mark.parametrize(
    "rows",
    [
        [{"result": "MSI-H"}, {"result": "MSS"}],
        [{"result": "MSI-H", "date": "2020-01-01"}, {"result": "MSS", "date": "2020-01-01"}],
        [{"result": "MSI-H", "date": "2020-01-01"}, {"result": "MSS"}],
        [{"result": "MSI-H", "sample_id": "S"}, {"result": "MSS", "sample_id": "T"}],
        [{"result": "MSI-H", "sample_id": "S"}, {"result": "MSS", "sample_id": "S"}, {"result": "MSS"}],
    ],
)
def test_gather_biomarkers__uses_none_of_results_that_nothing_decides_between(rows):
    findings = Findings()
    found = one(
        results(*({"biomarker": "MSI", **row} for row in rows)),
        specimens=samples({"sample_id": "S"}, {"sample_id": "T"}), findings=findings,
    )  # fmt: skip
    assert (found["result"], found["flags"]) == ("indeterminate", "biomarker_conflict")
    assert [(item.code, item.patient_id) for item in findings] == [("W_BIOMARKER_CONFLICT", "P")]
    assert "decides: MSI-H, MSS;" in findings.items[0].message


def test_gather_biomarkers__a_conflict_has_no_value_left():
    findings = Findings()
    found = one(results({"biomarker": "TMB", "value": 14.0}, {"biomarker": "TMB", "value": 3.0}), findings=findings)
    assert pd.isna(found["value"])
    assert findings.codes() == {"W_BIOMARKER_CONFLICT"}


def test_gather_biomarkers__results_that_agree_are_one_row():
    findings = Findings()
    found = one(
        results({"biomarker": "TMB", "value": 14.0, "date": "2020-01-01"},
                {"biomarker": "TMB", "value": 12.0, "date": "2021-01-01"}, {"biomarker": "TMB", "value": 20.0}),
        findings=findings,
    )  # fmt: skip
    assert (found["value"], found["flags"]) == (12.0, "")
    assert not len(findings)


def test_gather_biomarkers__an_indeterminate_result_contradicts_nothing():
    found = one(
        results({"biomarker": "MSI", "result": "MSI-H", "date": "2020-01-01"},
                {"biomarker": "MSI", "result": "equivocal", "date": "2021-01-01"}, {"biomarker": "MSI", "value": 30.0}),
    )  # fmt: skip
    assert (found["result"], found["flags"]) == ("MSI-H", "")


def test_gather_biomarkers__serial_numbers_without_a_verdict_are_no_conflict():
    findings = Findings()
    found = one(
        results({"biomarker": "CGA", "value": 300.0, "date": "2020-01-01"},
                {"biomarker": "CGA", "value": 100.0, "date": "2021-01-01"}),
        findings=findings,
    )  # fmt: skip
    assert found["value"] == 100.0
    assert not len(findings)


@pytest.mark.parametrize(
    ("ihc", "methylation", "result", "flags"),
    [
        ("loss", "unmethylated", "deficient", "methods_differ"),
        ("retained", "methylated", "deficient", "methods_differ"),
        ("retained", "unmethylated", "proficient", ""),
        ("loss", "methylated", "deficient", ""),
        ("retained", "indeterminate", "proficient", ""),
        ("indeterminate", "indeterminate", "indeterminate", ""),
    ],
)
def test_gather_biomarkers__mgmt_is_deficient_by_either_method(ihc, methylation, result, flags):
    findings = Findings()
    found = one(
        results({"biomarker": "MGMT_IHC", "result": ihc}, {"biomarker": "MGMT_METH", "result": methylation}),
        findings=findings,
    )
    assert (found["marker"], found["result"], found["flags"]) == ("MGMT", result, flags)
    assert not len(findings)


@pytest.mark.parametrize(
    ("proteins", "result"),
    [
        ({"MLH1_IHC": "loss", "MSH2_IHC": "retained"}, "deficient"),
        ({"MLH1_IHC": "retained"}, "indeterminate"),
        ({"MLH1": "retained", "MSH2": "retained", "MSH6": "retained", "PMS2": "retained"}, "proficient"),
        ({"PMS2": "lost"}, "deficient"),
        ({"MLH1": "retained", "MMR_IHC": "pMMR"}, "proficient"),
    ],
)
def test_gather_biomarkers__one_lost_protein_is_deficiency_and_one_retained_is_nothing(proteins, result):
    found = one(results(*({"biomarker": name, "result": text} for name, text in proteins.items())))
    assert (found["marker"], found["result"]) == ("MMR", result)


def choose_by_loop(rows):
    """The rule for several results of one test, written as a loop: result and flag."""
    said = [row for row in rows if row["result"] != "equivocal"]
    if not said:
        return "indeterminate", ""
    if len({row["result"] for row in said}) == 1:
        return said[0]["result"], ""
    latest = said
    if all(row["date"] for row in said):
        newest = max(row["date"] for row in said)
        latest = [row for row in said if row["date"] == newest]
    if len({row["result"] for row in latest}) == 1:
        return latest[0]["result"], "earlier_result_differs"
    specific = {row["result"] for row in latest if row["sample_id"]}
    if len(specific) == 1:
        return specific.pop(), "other_result_differs"
    return "indeterminate", "biomarker_conflict"


@given(
    st.lists(
        st.fixed_dictionaries({
            "patient_id": st.sampled_from(["P", "Q"]),
            "result": st.sampled_from(["MSI-H", "MSS", "equivocal"]),
            "date": st.sampled_from([None, "2020-01-01", "2021-01-01"]),
            "sample_id": st.sampled_from([None, "S", "T"]),
        }),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_gather_biomarkers__chooses_as_a_loop_does(rows):
    findings = Findings()
    found = gather(
        results(*({"biomarker": "MSI", **row} for row in rows)),
        specimens=samples(*({"sample_id": name} for name in ("S", "T"))), findings=findings,
    )  # fmt: skip
    expected = {
        patient: choose_by_loop([row for row in rows if row["patient_id"] == patient])
        for patient in sorted({row["patient_id"] for row in rows})
    }
    assert found["patient_id"].tolist() == list(expected)
    assert list(zip(found["result"], found["flags"], strict=True)) == list(expected.values())
    conflicts = {patient for patient, (_, flag) in expected.items() if flag == "biomarker_conflict"}
    assert {item.patient_id for item in findings} == conflicts


# ---------------------------------------------------------------- mismatch repair without a measurement


@pytest.mark.parametrize(
    ("rows", "flags"),
    [
        ([], "vus;possible_dMMR"),
        ([{"biomarker": "MSI", "result": "MSS"}], "vus"),
        ([{"biomarker": "MMR_IHC", "result": "dMMR"}], "vus"),
        ([{"biomarker": "MSI", "result": "equivocal"}], "vus;possible_dMMR"),
        ([{"biomarker": "MSI", "result": "MSS", "patient_id": "Q"}], "vus;possible_dMMR"),
        ([{"biomarker": "TMB", "value": 30.0}], "vus;possible_dMMR"),
    ],
)
def test_flag_possible_dmmr__where_a_gene_is_lost_and_nothing_was_measured(rows, flags):
    lost = conform_alterations(pd.DataFrame({
        "alteration_id": [0, 1, 2], "event": [0, 1, 2], "patient_id": "P", "sample_id": "S",
        "gene": ["MSH6", "MSH6", "TSC2"], "kind": "mutation", "lof": [True, False, True], "flags": "vus",
    }))  # fmt: skip
    measured = gather(results(*rows)) if rows else conform_alterations(pd.DataFrame())
    both = pd.concat([lost, measured], ignore_index=True) if rows else lost
    found = flag_possible_dmmr(both)
    assert found["flags"].tolist()[:3] == [flags, "vus", "vus"]
    pd.testing.assert_frame_equal(found.drop(columns="flags"), both.drop(columns="flags"))


# ---------------------------------------------------------------- with the rules


@pytest.mark.parametrize(
    ("code", "rows", "expected"),
    [
        ("PANET", [{"biomarker": "TMB", "value": 9.99, "sample_id": "S"}], {}),
        ("PANET", [{"biomarker": "TMB", "value": 10.0, "sample_id": "S"}], {12: "N1"}),
        ("PANET", [{"biomarker": "MSI", "result": "MSI-High"}], {10: "N1"}),
        ("PANET", [{"biomarker": "MSI", "result": "MSS"}], {}),
        ("LUCA", [{"biomarker": "HER2_IHC", "result": "IHC 3+"}], {13: "N1"}),
        ("LUCA", [{"biomarker": "HER2_IHC", "result": "positive"}], {}),
        ("LUCA", [{"biomarker": "HER2_IHC", "result": "2+"}], {}),
        ("PANET", [{"biomarker": "MGMT_METH", "result": "methylated"}], {44: "N3A"}),
        ("PANET", [{"biomarker": "MGMT_IHC", "result": "retained"}], {}),
        ("SCLC", [{"biomarker": "DLL3_IHC", "result": "negative"}], {}),
    ],
)
def test_gather_biomarkers__feeds_the_rules_of_the_list(code, rows, expected):
    """SC22 and DOMAIN 4.5: the levels by row of the list; row 50, which has no level of its own, is left out."""
    found = gather(results(*rows))
    rules = read_rules(findings=Findings()).rules
    patients = pd.DataFrame({"oncotree_code": [code]}, index=pd.Index(["P"], name="patient_id"))
    hits = match_rules(found, patients, rules, load_oncotree())
    hits = hits[hits["row"] != 50]
    assert dict(zip(hits["row"], hits["level"], strict=True)) == expected
