"""The embedded cohort: the same bytes every time, and files that say what the source table says.

Expectations come from ``linear_syn34.csv`` through naive readers and rules written here from the definitions, not
through the package's own readers.
"""

from __future__ import annotations

import csv
import gzip
import tomllib
from datetime import date
from itertools import combinations

import pandas as pd
import pytest

from netgen.data import demo_folder
from netgen.data.demo_clinical import CUTOFF
from netgen.data.make_demo import main
from netgen.errors import Findings
from netgen.schema import TABLES, check_values, conform

GENES = ("MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1")
ALTERING = {"stop_gained", "frameshift_variant", "splice_donor_variant", "missense_variant"}
CLASSES = {
    "PRRT": "prrt",
    "ALKYL": "chemo_alkylating",
    "PLAT": "chemo_platinum",
    "MTORI": "mtor_inhibitor",
    "SSA": "ssa",
    "TKI": "tki_antiangiogenic",
}


def read_csv(name):
    with (demo_folder() / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def by_patient(name):
    groups = {}
    for record in read_csv(name):
        groups.setdefault(record["patient_id"], []).append(record)
    return groups


@pytest.fixture(scope="module")
def source():
    return {row["patient_id"]: row for row in read_csv("linear_syn34.csv")}


@pytest.fixture(scope="module")
def patients():
    return {row["patient_id"]: row for row in read_csv("patients.csv")}


@pytest.fixture(scope="module")
def lines():
    return by_patient("treatments.csv")


@pytest.fixture(scope="module")
def scans():
    return by_patient("assessments.csv")


def days(later, earlier):
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days


def read_vcf(patient):
    """Read one VCF by splitting text: a list of dicts with the alleles, the filter and the CSQ entries."""
    with gzip.open(demo_folder() / "vcf" / f"{patient}-T.vcf.gz", "rt", encoding="utf-8") as handle:
        text = handle.read().splitlines()
    names = (
        next(line for line in text if line.startswith("##INFO=<ID=CSQ")).split("Format: ")[1].rstrip('">').split("|")
    )
    columns = next(line for line in text if line.startswith("#CHROM")).split("\t")
    records = []
    for line in text:
        if line.startswith("#"):
            continue
        record = dict(zip(columns, line.split("\t"), strict=True))
        entries = record["INFO"].split("CSQ=")[1].split(",")
        record["csq"] = [dict(zip(names, entry.split("|"), strict=True)) for entry in entries]
        records.append(record)
    return records


def altered_genes(patient, *, entry):
    """Return the genes with an altering call that passes; ``entry`` chooses one CSQ entry per allele: mane or first."""
    genes = set()
    for record in read_vcf(patient):
        for allele in {item["Allele"] for item in record["csq"]}:
            choice = [item for item in record["csq"] if item["Allele"] == allele]
            item = next(item for item in choice if item["MANE_SELECT"]) if entry == "mane" else choice[0]
            rare = float(item["MAX_AF"] or 0) < 0.001
            if record["FILTER"] == "PASS" and rare and ALTERING & set(item["Consequence"].split("&")):
                genes.add(item["SYMBOL"])
    return genes


def test_make_demo__gives_the_same_bytes(tmp_path):
    assert main([str(tmp_path)]) == 0
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(demo_folder()): path.read_bytes() for path in demo_folder().rglob("*") if path.is_file()}
    assert set(made) == set(kept)
    assert [name for name in kept if made[name] != kept[name]] == []


@pytest.mark.shared
def test_demo_source__is_the_reference_table(shared):
    assert (demo_folder() / "linear_syn34.csv").read_bytes() == (shared / "golden" / "linear_syn34.csv").read_bytes()


def test_demo_vcf__opens_in_pysam(source):
    pysam = pytest.importorskip("pysam")
    for patient, row in source.items():
        path = demo_folder() / "vcf" / f"{patient}-T.vcf.gz"
        with pysam.VariantFile(str(path)) as handle:
            normal = [f"{patient}-N"] if row["panel"] == "A" else []
            assert list(handle.header.samples) == [*normal, f"{patient}-T"]
            assert handle.header.contigs["chr17"].length == 83257441
            records = list(handle)
            assert handle.compression == "BGZF"
        assert records
        for record in records:
            call = record.samples[f"{patient}-T"]
            assert sum(call["AD"]) == call["DP"] == record.info["DP"]
            assert call["AF"] == pytest.approx([reads / call["DP"] for reads in call["AD"][1:]], abs=5e-4)
            assert any(call["GT"])


def test_demo_vcf__gives_back_the_gene_columns(source):
    for patient, row in source.items():
        assert altered_genes(patient, entry="mane") == {gene for gene in GENES if row[gene] == "1"}


def test_demo_vcf__first_transcript_is_a_trap(source):
    wrong = [
        patient
        for patient, row in source.items()
        if altered_genes(patient, entry="first") != {gene for gene in GENES if row[gene] == "1"}
    ]
    assert len(wrong) >= 5


def test_demo_vcf__has_calls_that_each_filter_must_remove(source):
    removed = {"caller": 0, "germline": 0, "population": 0, "silent": 0}
    for patient, row in source.items():
        for record in read_vcf(patient):
            item = next(item for item in record["csq"] if item["MANE_SELECT"])
            altering = bool(ALTERING & set(item["Consequence"].split("&")))
            wild_type = row.get(item["SYMBOL"], "0") != "1"
            if not altering:
                removed["silent"] += 1
            elif record["FILTER"] == "germline":
                removed["germline"] += wild_type
            elif record["FILTER"] != "PASS":
                removed["caller"] += wild_type
            elif float(item["MAX_AF"] or 0) >= 0.001:
                removed["population"] += wild_type and row["panel"] == "B"
    assert min(removed.values()) >= 5


def test_demo_vcf__lists_only_genes_of_the_panel_in_order(source):
    listed = {}
    for letter in "AB":
        panel = (demo_folder() / "panels" / f"panel_{letter.lower()}.txt").read_text(encoding="utf-8").splitlines()
        assert panel[0] == f"stable_id: {letter}"
        listed[letter] = panel[2].split("\t")[1:]
        bed = (demo_folder() / "panels" / f"panel_{letter.lower()}.bed").read_text(encoding="utf-8").splitlines()
        assert sorted(line.split("\t")[3] for line in bed) == listed[letter]
        spans = {line.split("\t")[3]: line.split("\t") for line in bed}
        for patient in (key for key, row in source.items() if row["panel"] == letter):
            for record in read_vcf(patient):
                gene = next(item["SYMBOL"] for item in record["csq"] if item["MANE_SELECT"])
                chrom, start, end, _ = spans[gene]
                assert record["#CHROM"] == chrom
                assert int(start) < int(record["POS"]) <= int(end)
    assert set(listed["A"]) - set(listed["B"]) == {"DAXX", "TSC2"}


def test_demo_vcf__patients_do_not_look_like_one_person(source):
    rare = {}
    for patient in source:
        passed = [record for record in read_vcf(patient) if record["FILTER"] == "PASS"]
        rare[patient] = {
            (record["#CHROM"], record["POS"], record["ALT"])
            for record in passed
            if float(record["csq"][-1]["MAX_AF"] or 0) < 0.001
        }
    assert max(len(rare[one] & rare[other]) for one, other in combinations(rare, 2)) < 3


def test_demo_patients__reproduce_overall_survival(source, patients):
    for key, row in source.items():
        patient = patients[key]
        dead = row["os_event"] == "1"
        assert patient["vital_status"] == ("dead" if dead else "alive")
        assert bool(patient["date_death"]) == dead
        end = patient["date_death"] if dead else patient["date_last_contact"]
        assert days(end, patient["date_advanced"]) == int(row["os_days"])
        assert patient["age_at_diagnosis"] == row["age"]
        assert patient["ki67_pct"] == row["ki67_pct"]
        assert patient["sex"][0].upper() == row["sex"]


def test_demo_patients__origins_group_to_the_source(source, patients):
    group = {"duodenal": "duodenopancreatic", "pancreatic": "duodenopancreatic"}
    codes = {"thymic": {"TNET"}, "lung": {"LNET", "ALUCA"}, "duodenal": {"SBWDNET"}, "pancreatic": {"PANET"}}
    for key, row in source.items():
        origin = patients[key]["origin"]
        assert group.get(origin, origin) == row["origin"]
        assert patients[key]["oncotree_code"] in codes[origin]
    assert {"duodenal", "pancreatic"} <= {patient["origin"] for patient in patients.values()}


def test_demo_samples__reproduce_panel_and_report_date(source, patients):
    samples = {row["patient_id"]: row for row in read_csv("samples.csv")}
    assert set(samples) == set(source)
    for key, row in source.items():
        sample = samples[key]
        assert sample["sample_id"] == f"{key}-T"
        assert sample["panel_id"] == row["panel"]
        assert days(sample["date_sequencing_report"], patients[key]["date_advanced"]) == int(row["seq_day"])


def test_demo_treatments__reproduce_classes_and_starts(source, patients, lines):
    for key, row in source.items():
        wanted = [CLASSES[row[name]] for name in ("l1", "l2", "l3") if row[name] != "none"]
        assert [line["regimen_class"] for line in lines[key]] == wanted
        assert [line["line_number"] for line in lines[key]] == [str(n) for n in range(1, len(wanted) + 1)]
        assert days(lines[key][0]["date_start"], patients[key]["date_advanced"]) == int(row["l1_day"])


def naive_pfs(patient, lines, scans):
    """PFS of line 1 by the rule: first progression, else death before line 2, else the last evaluable scan."""
    start = lines[0]["date_start"]
    following = lines[1]["date_start"] if len(lines) > 1 else ""
    seen = [scan["date"] for scan in scans if scan["overall_response"] == "PD"]
    progressions = [day for day in [*seen, lines[0]["date_progression"]] if day > start]
    progressions = [day for day in progressions if not following or day <= following]
    if progressions:
        return days(min(progressions), start), 1
    if patient["date_death"] and not following:
        return days(patient["date_death"], start), 2
    good = [scan["date"] for scan in scans if scan["overall_response"] in ("CR", "PR", "SD", "NON_CR_NON_PD")]
    good = [day for day in good if not following or day <= following]
    return days(max(good), start), 0


def test_demo__reproduces_progression_free_survival(source, patients, lines, scans):
    for key, row in source.items():
        wanted = (int(row["pfs_days"]), int(row["pfs_type"]))
        assert (key, *naive_pfs(patients[key], lines[key], scans[key])) == (key, *wanted)


def naive_response(line, following, scans):
    """Best response of one line by the rule: CR or PR at any time, SD after 42 days, else PD, else not evaluable."""
    start = line["date_start"]
    own = [scan for scan in scans if scan["date"] >= start and (not following or scan["date"] <= following)]
    own = [scan for scan in own if scan["is_baseline"] == "false" and scan["line_number"] == line["line_number"]]
    for response in ("CR", "PR"):
        if any(scan["overall_response"] == response for scan in own):
            return response
    if any(scan["overall_response"] == "SD" and days(scan["date"], start) >= 42 for scan in own):
        return "SD"
    return "PD" if any(scan["overall_response"] == "PD" for scan in own) else "NE"


def test_demo__reproduces_best_response(source, lines, scans):
    for key, row in source.items():
        assert lines[key][0]["best_response"] == row["bor1"]
        starts = [line["date_start"] for line in lines[key][1:]] + [""]
        for line, following in zip(lines[key], starts, strict=True):
            assert naive_response(line, following, scans[key]) == line["best_response"]


def test_demo_assessments__sizes_agree_with_responses(lines, scans):
    for key in lines:
        for line in lines[key]:
            own = [
                scan for scan in scans[key] if scan["line_number"] == line["line_number"] and scan["sum_diameters_mm"]
            ]
            before = [s for s in scans[key] if s["date"] <= line["date_start"] and s["sum_diameters_mm"]]
            base = nadir = int(before[-1]["sum_diameters_mm"])
            for scan in (scan for scan in own if scan["is_baseline"] == "false"):
                size = int(scan["sum_diameters_mm"])
                grown = size >= 1.2 * nadir and size - nadir >= 5
                shrunk = size <= 0.7 * base
                assert scan["overall_response"] == ("PD" if grown else "PR" if shrunk else "SD")
                nadir = min(nadir, size)


def test_demo_dates__contradict_nothing(patients, lines, scans):
    imaging = by_patient("imaging.csv")
    samples = {row["patient_id"]: row for row in read_csv("samples.csv")}
    for key, patient in patients.items():
        end = patient["date_death"] or patient["date_last_contact"]
        assert patient["date_diagnosis"] <= patient["date_advanced"] <= lines[key][0]["date_start"]
        assert patient["date_last_contact"] <= end < CUTOFF.isoformat()
        for line, following in zip(lines[key], [*lines[key][1:], None], strict=True):
            assert line["date_start"] < (line["date_end"] or end) <= end
            assert (line["ongoing"] == "true") == (not line["date_end"])
            assert not line["date_progression"] or line["date_start"] < line["date_progression"] <= end
            assert following is None or max(line["date_end"], line["date_progression"]) < following["date_start"]
        dates = [record["date"] for record in [*scans[key], *imaging.get(key, [])]]
        assert patient["date_advanced"] <= min(dates)
        assert max(dates) <= patient["date_last_contact"]
        assert len({scan["date"] for scan in scans[key]}) == len(scans[key])
        sample = samples[key]
        assert patient["date_diagnosis"] <= sample["date_collection"] < sample["date_sequencing_report"] < end


def test_demo_imaging__pairs_agree_with_netpet():
    for records in by_patient("imaging.csv").values():
        result = {record["modality"]: record["result"] == "positive" for record in records}
        dates = [date.fromisoformat(record["date"]) for record in records]
        assert (max(dates) - min(dates)).days <= 31
        netpet = [record["netpet"] for record in records if record["netpet"]]
        if len(result) < 2:
            assert netpet == []
            continue
        allowed = {(False, False): "P0", (True, False): "P1", (False, True): "P5", (True, True): "P2 P3 P4"}
        assert netpet[0] in allowed[result["SSTR_PET"], result["FDG_PET"]]


@pytest.mark.parametrize("name", ["patients", "samples", "treatments", "assessments", "imaging"])
def test_demo_tables__keep_to_the_vocabulary(name):
    table = TABLES[name]
    frame = pd.read_csv(demo_folder() / f"{name}.csv", dtype="string", keep_default_na=False, na_values=[""])
    assert set(frame.columns) <= set(table.names)
    for column in table.columns:
        if column.name in frame.columns and column.kind == "date":
            frame[column.name] = pd.to_datetime(frame[column.name])
        if column.name in frame.columns and column.kind == "bool":
            frame[column.name] = frame[column.name].map({"true": True, "false": False})
    findings = Findings()
    check_values(conform(frame, table), table, findings)
    assert list(findings) == []
    if table.key:
        assert not frame.duplicated(list(table.key)).any()


def test_demo_study__names_the_files_and_the_cutoff():
    study = tomllib.loads((demo_folder() / "study.toml").read_text(encoding="utf-8"))
    assert study["study"]["data_cutoff"] == CUTOFF
    source = study["source"][0]
    names = [source[part] for part in ("patients", "samples", "treatments", "assessments", "imaging")]
    assert all((demo_folder() / name).is_file() for name in [*names, *source["panels"]])
    assert len(list(demo_folder().glob(source["variants"][0]))) == 34


def test_demo_readme__says_synthetic():
    assert "SYNTHETIC" in (demo_folder() / "README.md").read_text(encoding="utf-8").splitlines()[0]
