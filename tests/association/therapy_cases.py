"""Small studies with dates, for the comparison of therapeutic algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from netgen.association.therapy_tables import Labels
from netgen.cohort import read_cohort
from tests.study_files import write_files

if TYPE_CHECKING:
    from pathlib import Path

    from netgen.cohort import Cohort

PATIENTS = """
    patient_id,origin,date_diagnosis,date_advanced,date_last_contact,vital_status,date_death,synchronous_metastases
    A,thymic,2019-12-01,2020-01-01,2020-12-31,dead,2021-01-01,false
    B,thymic,2020-01-01,2020-01-01,2022-01-01,alive,,true
    C,lung,2020-01-01,2020-01-01,2022-01-01,alive,,true
    D,lung,2019-06-01,2020-01-01,2022-01-01,alive,,false
    E,lung,2020-01-01,2020-01-01,2020-03-01,dead,2020-03-02,true
    F,pancreatic,2020-01-01,2020-01-01,2020-12-31,dead,2021-06-01,true
"""
# A: two lines, then dead. B: one line, off therapy for long. C: ongoing. D: ended 92 days before the last contact.
# E: no line, dead. F: two lines, the class of the second is not recorded.
TREATMENTS = """
    patient_id,line_number,intent,regimen,regimen_class,date_start,date_end,ongoing,end_reason
    A,1,palliative,lanreotide,ssa,2020-01-31,2020-06-01,false,progression
    A,2,palliative,everolimus,mtor_inhibitor,2020-06-10,2020-12-20,false,progression
    B,1,palliative,lanreotide,ssa,2020-01-11,2021-07-01,false,toxicity
    C,1,palliative,capecitabine+temozolomide,chemo_alkylating,2020-01-11,,true,
    D,1,palliative,177Lu-DOTATATE,prrt,2020-01-11,2021-10-01,false,completion
    F,1,palliative,cisplatin+etoposide,chemo_platinum,2020-01-11,2020-05-01,false,completion
    F,2,palliative,unknown drug,,2020-05-15,2020-11-01,false,progression
"""


def small_cohort(folder: Path, *, data_cutoff: str = "", skip_invalid: bool = False, **tables: str) -> Cohort:
    """Read a study of the given tables (text as in a CSV file); patients and treatments as above if not given."""
    given = {"patients": PATIENTS, "treatments": TREATMENTS, **tables}
    named = "".join(f'{name} = "{name}.csv"\n' for name in given)
    head = '[study]\nsequencing_context = "research_retrospective"\n'
    head += f"data_cutoff = {data_cutoff}\n" if data_cutoff else ""
    files = {f"{name}.csv": text for name, text in given.items()}
    files["study.toml"] = f'{head}[[source]]\nkind = "tables"\n{named}'
    return read_cohort(write_files(folder, files) / "study.toml", skip_invalid=skip_invalid)


def everybody(n: int) -> Labels:
    """Return the grouping of everybody."""
    return Labels("all", np.full(n, "all"), ("all",))


def genie_tables(folder: Path) -> dict[str, str]:
    """Return patients and treatments of the simulated GENIE BPC cohort as CSV text.

    The first index cancer of a patient; its regimens in the order of their numbers within the cancer are the lines.
    Days since diagnosis become dates after 2000-01-01.
    """
    cancers = pd.read_csv(folder / "ca_dx_index.tsv", sep="\t", low_memory=False)
    cancers = cancers.sort_values(["record_id", "ca_seq"]).drop_duplicates("record_id")
    drugs = pd.read_csv(folder / "ca_drugs.tsv", sep="\t", low_memory=False)
    drugs = drugs.merge(cancers[["record_id", "ca_seq"]], on=["record_id", "ca_seq"])
    drugs = drugs.sort_values(["record_id", "dx_reg_start_int", "regimen_number"]).dropna(subset=["dx_reg_start_int"])
    drugs = drugs.loc[drugs["dx_reg_start_int"] > 0].drop_duplicates(["record_id", "dx_reg_start_int"])

    def date(days: pd.Series) -> pd.Series:
        return (pd.Timestamp("2000-01-01") + pd.to_timedelta(days, unit="D")).dt.strftime("%Y-%m-%d")

    dead = cancers["os_dx_status"] == 1
    end = date(cancers["tt_os_dx_days"])
    patients = pd.DataFrame(
        {"patient_id": cancers["record_id"], "date_diagnosis": "2000-01-01", "date_advanced": "2000-01-01",
         "date_last_contact": end, "vital_status": np.where(dead, "dead", "alive"), "date_death": end.where(dead),
         "cell_type": cancers["ca_hist_adeno_squamous"]}
    )  # fmt: skip
    text = drugs["regimen_drugs"].fillna("")
    classes = np.select(
        [text.str.contains("platin"), text.str.contains("mab"), text.str.contains("nib")],
        ["chemo_platinum", "ici", "targeted_matched"], default="chemo_other",
    )  # fmt: skip
    treatments = pd.DataFrame(
        {"patient_id": drugs["record_id"], "line_number": drugs.groupby("record_id").cumcount() + 1,
         "regimen": text, "regimen_class": classes, "date_start": date(drugs["dx_reg_start_int"]),
         "date_end": date(drugs["dx_reg_end_all_int"])}
    )  # fmt: skip
    return {"patients": patients.to_csv(index=False), "treatments": treatments.to_csv(index=False)}
