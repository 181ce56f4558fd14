"""The clinical tables of the embedded demo cohort, written out from one row per patient.

The table ``demo/linear_syn34.csv`` counts days from the date of advanced disease. Here every patient gets invented
calendar dates, and the planned lines of treatment become the records a hospital keeps. ``os_days`` is the time from
``date_advanced`` to death or last contact; ``seq_day`` becomes the date of the sequencing report.
"""

from __future__ import annotations

from datetime import date, timedelta

from netgen.data.demo_lines import Row, draw, plan_lines

CUTOFF = date(2025, 6, 30)  # equals data_cutoff in demo/study.toml
CLASSES = {
    "PRRT": ("177Lu-DOTATATE", "prrt"),
    "ALKYL": ("capecitabine+temozolomide", "chemo_alkylating"),
    "PLAT": ("cisplatin+etoposide", "chemo_platinum"),
    "MTORI": ("everolimus", "mtor_inhibitor"),
    "SSA": ("lanreotide", "ssa"),
    "TKI": ("sunitinib", "tki_antiangiogenic"),
}
DUODENAL = ("P21", "P26", "P31", "P34")

Record = dict[str, object]


def day_zero(row: Row) -> date:
    """Return the invented date of advanced disease of one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    date
        Such that death or last contact falls before the data cut-off.
    """
    back = 30 + draw(1800, row["patient_id"], "death") if row["os_event"] == "1" else 10 + draw(80, row["patient_id"])
    return CUTOFF - timedelta(days=back + int(row["os_days"]))


def patient_record(row: Row) -> Record:
    """Return the row of ``patients.csv`` for one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    dict
        Canonical columns of the patients table; the age of the table is the age at diagnosis.
    """
    key, dead = row["patient_id"], row["os_event"] == "1"
    origin, code, carcinoid = _histology(row)
    functional = "functional" if origin in ("duodenal", "pancreatic") and draw(4, key, "function") == 0 else ""
    return {
        "patient_id": key,
        "sex": {"F": "female", "M": "male"}[row["sex"]],
        "age_at_diagnosis": row["age"],
        "origin": origin,
        "oncotree_code": code,
        "morphology_icdo3": "8249/3",
        "differentiation": "well",
        "who_grade": "G3",
        "carcinoid_type": carcinoid,
        "ki67_pct": row["ki67_pct"],
        "mitotic_count_2mm2": 5 + draw(24, key, "mitoses"),
        "functional_status": functional or "non_functional",
        "stage_at_diagnosis": "IV" if _synchronous(row) else ("III", "II")[draw(2, key, "stage")],
        "synchronous_metastases": _truth(_synchronous(row)),
        "metastatic_sites": ("liver", "liver;lymph_node", "liver;bone", "lymph_node;bone")[draw(4, key, "sites")],
        "ecog_ps": draw(3, key, "ecog"),
        "smoking": ("never", "former", "current")[draw(3, key, "smoking")],
        "date_diagnosis": _diagnosis(row),
        "date_advanced": day_zero(row),
        "date_last_contact": _date(row, _last_contact(row)),
        "vital_status": "dead" if dead else "alive",
        "date_death": _date(row, int(row["os_days"])) if dead else "",
        "cause_of_death": ("other" if draw(12, key, "cause") == 0 else "tumour") if dead else "",
        "institution": f"centre_{1 + draw(3, key, 'centre')}",
    }


def sample_record(row: Row) -> Record:
    """Return the row of ``samples.csv`` for one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    dict
        Canonical columns of the samples table. Panel A has a matched normal, panel B is tumour-only.
    """
    key, primary = row["patient_id"], draw(2, row["patient_id"], "lesion") == 0
    biopsy = min(draw(10, key, "biopsy"), int(row["l1_day"]) - 1, int(row["seq_day"]) - 5)
    organ = {"thymic": "thymus", "lung": "lung", "duodenal": "duodenum", "pancreatic": "pancreas"}
    return {
        "sample_id": f"{key}-T",
        "patient_id": key,
        "sample_class": "tumour",
        "sample_type": "primary" if primary else "metastasis",
        "collection_site": organ[_histology(row)[0]] if primary else "liver",
        "date_collection": _diagnosis(row) if primary else _date(row, biopsy),
        "date_sequencing_report": _date(row, int(row["seq_day"])),
        "sequencing_context": "research_retrospective",
        "specimen_type": "ffpe",
        "tumour_purity": f"{(40 + draw(50, key, 'purity')) / 100:.2f}",
        "matched_normal": _truth(row["panel"] == "A"),
        "genome_build": "GRCh38",
        "panel_id": row["panel"],
    }


def treatment_records(row: Row) -> list[Record]:
    """Return the rows of ``treatments.csv`` for one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    list of dict
        One per line, canonical columns of the treatments table.
    """
    records: list[Record] = []
    for line in plan_lines(row):
        regimen, regimen_class = CLASSES[line.drug_class]
        progressed = line.outcome in ("progression", "clinical")
        records.append(
            {
                "patient_id": row["patient_id"],
                "line_number": line.number,
                "intent": "palliative",
                "regimen": regimen,
                "regimen_class": regimen_class,
                "date_start": _date(row, line.start),
                "date_end": "" if line.end is None else _date(row, line.end),
                "ongoing": _truth(line.end is None),
                "end_reason": line.end_reason,
                "best_response": line.response,
                "date_progression": _date(row, line.stop) if progressed else "",
                "progression_type": {"progression": "radiological", "clinical": "clinical"}.get(line.outcome, ""),
            }
        )
    return records


def assessment_records(row: Row) -> list[Record]:
    """Return the rows of ``assessments.csv`` for one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    list of dict
        A baseline scan before line 1 (response ``ND``) and every scan on treatment, by date.
    """
    key, lines = row["patient_id"], plan_lines(row)
    size = 45 + draw(90, key, "size")
    before = lines[0].start - min(lines[0].start, 5 + draw(15, key, "baseline"))
    records = [_scan(row, before, 1, "ND", size, baseline=True)]
    for line in lines:
        base = nadir = size
        for day, response in line.scans:
            size = _size(response, base, nadir, key, day)
            nadir = min(nadir, size)
            records.append(_scan(row, day, line.number, response, None if response == "NE" else size))
    return records


def imaging_records(row: Row) -> list[Record]:
    """Return the rows of ``imaging.csv`` for one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.

    Returns
    -------
    list of dict
        FDG and somatostatin-receptor PET before line 1; a few patients miss one of them. Whoever is given a
        somatostatin analogue or PRRT is receptor-positive. ``netpet`` stands on the FDG row where both exist.
    """
    key = row["patient_id"]
    day = min(3 + draw(8, key, "pet"), int(row["l1_day"]) - 1)
    receptor = any(row[name] in ("PRRT", "SSA") for name in ("l1", "l2", "l3")) or draw(10, key, "sstr") < 6
    avid = draw(10, key, "fdg") < 7
    has_fdg, has_sstr = draw(12, key, "no fdg") > 0, receptor or draw(6, key, "no sstr") > 0
    netpet = {(False, False): "P0", (True, False): "P1", (False, True): "P5"}.get((receptor, avid))
    netpet = netpet or ("P2", "P3", "P4")[draw(3, key, "netpet")]
    records = []
    if has_fdg:
        suv = 4 + draw(120, key, "suv") / 10 if avid else 1 + draw(10, key, "suv") / 10
        records.append(_pet(row, day, "FDG_PET", "18F-FDG", avid, suv, "", netpet if has_sstr else ""))
    if has_sstr:
        suv = 9 + draw(300, key, "suv2") / 10 if receptor else 2 + draw(20, key, "suv2") / 10
        krenning = 2 + draw(3, key, "krenning") if receptor else draw(2, key, "krenning")
        after = day + min(draw(9, key, "gap"), int(row["l1_day"]) - 1 - day)
        records.append(_pet(row, after, "SSTR_PET", "68Ga-DOTATATE", receptor, suv, krenning, ""))
    return records


def _size(response: str, base: int, nadir: int, *key: object) -> int:
    if response == "PR":
        return round(base * (50 + draw(9, "mm", *key)) / 100)
    if response == "PD":
        return max(round(nadir * (125 + draw(30, "mm", *key)) / 100), nadir + 6)
    if response == "SD":
        return round(base * (90 + draw(15, "mm", *key)) / 100)
    return base


def _scan(row: Row, day: int, number: int, response: str, size: int | None, *, baseline: bool = False) -> Record:
    new = response == "PD" and draw(3, row["patient_id"], "new lesion", day) == 0
    return {
        "patient_id": row["patient_id"],
        "date": _date(row, day),
        "line_number": number,
        "criteria": "RECIST1.1",
        "overall_response": response,
        "modality": "CT",
        "sum_diameters_mm": "" if size is None else size,
        "new_lesion": _truth(new),
        "is_baseline": _truth(baseline),
    }


def _pet(
    row: Row, day: int, modality: str, tracer: str, positive: bool, suv: float, krenning: object, netpet: str  # noqa: FBT001
) -> Record:  # fmt: skip
    return {
        "patient_id": row["patient_id"],
        "date": _date(row, day),
        "modality": modality,
        "tracer": tracer,
        "result": "positive" if positive else "negative",
        "suv_max": f"{suv:.1f}",
        "krenning": krenning,
        "netpet": netpet,
    }


def _histology(row: Row) -> tuple[str, str, str]:
    """Origin, OncoTree code and carcinoid type."""
    atypical = draw(4, row["patient_id"], "carcinoid") > 0
    if row["origin"] == "thymic":
        return "thymic", "TNET", "atypical" if atypical else "nos"
    if row["origin"] == "lung":
        return "lung", "ALUCA" if atypical else "LNET", "atypical" if atypical else "nos"
    if row["patient_id"] in DUODENAL:
        return "duodenal", "SBWDNET", "na"
    return "pancreatic", "PANET", "na"


def _synchronous(row: Row) -> bool:
    return draw(10, row["patient_id"], "synchronous") < 6


def _diagnosis(row: Row) -> date:
    days = 0 if _synchronous(row) else 150 + draw(1300, row["patient_id"], "diagnosis")
    return day_zero(row) - timedelta(days=days)


def _last_contact(row: Row) -> int:
    """Last day known alive: the last visit for those who died, the end of follow-up for the others."""
    last = int(row["os_days"])
    if row["os_event"] == "0":
        return last
    visits = [day for line in plan_lines(row) for day in (line.start, line.stop, line.end or 0) if day < last]
    return max(*visits, last - 1 - draw(18, row["patient_id"], "contact"), 0)


def _date(row: Row, day: int) -> date:
    return day_zero(row) + timedelta(days=day)


def _truth(value: bool) -> str:  # noqa: FBT001  # a formatter of one value
    return "true" if value else "false"
