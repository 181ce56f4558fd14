"""The clinical commands on public cohorts, as a user runs them; every expectation from the files with awk or R.

R: survival 3.5-3, ``survfit``, ``coxph`` (Efron), ``survdiff``, ``binom.test``. Of the simulated GENIE BPC cohort the
193 patients with one index cancer; entry is the smallest ``dx_cpt_rep_days`` of a patient, for progression-free
survival less ``dx_to_dmets_days`` (0 in stage IV), never below 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from click.testing import CliRunner

import netgen as ng
from netgen.association.response import response
from netgen.association.therapy import therapy
from netgen.cli import main
from netgen.errors import AnalysisError
from netgen.study_of import QuickLook

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

pytestmark = pytest.mark.shared

GENIE = Path(__file__).parents[2] / "examples" / "genie_nsclc" / "study.toml"
FOLDERS = {
    "lgg": "cbio_lgg_ucsf_2014_timelines",
    "gct": "cbio_gct_msk_2016/gct_msk_2016",
    "odg": "cbio_odg_msk_2017/odg_msk_2017",
    "puma": "puma_biliary_summit",
    "skcm": "cbio_skcm_ucla_2016/skcm_ucla_2016",
    "mtb": "mtb_cbioportal_templates",
    "past": "cbio_past_dkfz_2013/past_dkfz_heidelberg_2013",
}


@pytest.fixture
def run(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command; a bug shows its traceback. Results are in the folder ``out``."""
    monkeypatch.setenv("NETGEN_SHARED", str(shared))

    def command(name: str, cohort: str | Path, *args: str) -> Result:
        place = shared / "data" / FOLDERS[cohort] if isinstance(cohort, str) else cohort
        target = [] if name == "check" else ["--out", str(tmp_path / "out"), "--force", "--no-figures"]
        return CliRunner().invoke(main, [name, str(place), *args, *target], catch_exceptions=False)

    return command


def table_of(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "out" / f"{name}.tsv", sep="\t")


@pytest.fixture(scope="module")
def genie(shared: Path) -> ng.Cohort:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGEN_SHARED", str(shared))
        return ng.read_cohort(GENIE)


def test_genie__survival_from_the_report_of_sequencing(run, tmp_path):
    found = run("survival", GENIE, "--by", "synchronous_metastases")
    assert found.exit_code == 0
    test = table_of(tmp_path, "group_tests").iloc[0]
    # 193 patients, 11 of them sequenced on the day of their death or later
    assert (test["n"], test["events"], test["entry_rule"]) == (182, 87, "sequencing_report")
    assert "11 patients entered on or after the exit" in found.output
    reasons = table_of(tmp_path, "exclusions")
    assert (reasons.loc[reasons["grouping"] == "synchronous_metastases", "reason"] == "entry_after_exit").sum() == 11
    assert [test["hr"], test["hr_lo"], test["hr_hi"]] == pytest.approx([2.178566153, 1.394009239, 3.40467649], rel=1e-6)
    assert [test["p_primary"], test["chi2"]] == pytest.approx([0.001109238718, 12.27581365], rel=1e-6)
    km = table_of(tmp_path, "km").set_index(["grouping", "group"])
    assert km.loc[("all", "all"), "median"] == 1038
    assert km.loc["synchronous_metastases"]["median"].to_dict() == {"no": 1274, "yes": 448}


def test_genie__survival_as_if_everybody_had_been_followed_from_the_diagnosis(run, tmp_path):
    assert run("survival", GENIE, "--by", "synchronous_metastases", "--entry-rule", "none").exit_code == 0
    km = table_of(tmp_path, "km").set_index("group")
    assert km.loc["all", ["n", "events", "median"]].tolist() == [193, 93, 1502]


# definition: patients with a time, events; then those who entered before their exit, and their median
PFS = {
    "pfs_i": (139, 127, 153, 70, 59, 84),
    "pfs_m": (139, 118, 259, 76, 56, 116),
    "pfs_i_or_m": (139, 129, 89, 59, 49, 44),
    "pfs_i_and_m": (139, 116, 308, 87, 66, 216),
}


@pytest.mark.parametrize(("rule", "place"), [("none", 0), ("sequencing_report", 3)])
def test_genie__four_definitions_of_progression_free_survival(run, tmp_path, rule, place):
    names = ",".join(PFS)
    found = run("survival", GENIE, "--by", "synchronous_metastases", "--endpoint", names, "--entry-rule", rule)
    assert found.exit_code == 0
    km = table_of(tmp_path, "km")
    rows = km.loc[km["group"] == "all"].set_index("endpoint")
    assert {name: tuple(rows.loc[name, ["n", "events", "median"]]) for name in PFS} == {
        name: numbers[place : place + 3] for name, numbers in PFS.items()
    }


def test_genie__time_runs_from_advanced_disease(genie):
    endpoint = ng.build_endpoint(genie, "pfs_i")
    assert endpoint.origin == "advanced"
    row = endpoint.excluded.set_index("patient_id").loc["GENIE-TEST-0002"]
    # advanced on day 1086, progression 89 days later, reported on day 1379: 293 days after advanced disease
    assert row["reason"] == "entry_after_exit"


def test_genie__words_of_the_scans_are_responses(genie):
    # awk: scans with evidence of cancer of the 193 patients; mixed and not stated are no response
    assert genie.assessments["overall_response"].value_counts().to_dict() == {
        "PD": 702, "SD": 557, "NE": 405 + 96, "PR": 371,
    }  # fmt: skip
    found = response(genie, by="synchronous_metastases", genes=["TP53"])
    overall = found.table.loc[found.table["kind"] == "all"]
    assert set(overall["n_patients"]) <= {110, 141}  # 31 without an evaluable scan in line 1
    assert (overall["a"] <= overall["n"]).all()


def test_genie__without_a_last_contact_nothing_is_said_about_rates_over_time(genie):
    found = therapy(genie, by="synchronous_metastases", permutations=99)
    first = found.algorithm_tables.iloc[0]
    assert (first["n_at_risk"], first["n"], first["n_lost"]) == (193, 141, 52)
    assert (found.exposure["n"].max(), found.line_starts["n"].max()) == (0, 0)
    assert "W_NO_FOLLOW_UP" in found.findings.codes()


def test_genie__therapy_response_and_associations_run(run, tmp_path):
    assert run("check", GENIE).exit_code == 0
    assert run("therapy", GENIE, "--by", "synchronous_metastases", "--permutations", "99").exit_code == 0
    assert run("response", GENIE, "--by", "synchronous_metastases").exit_code == 0
    found = run("associate", GENIE, "--no-model")
    assert found.exit_code == 0
    plan = json.loads((tmp_path / "out" / "analysis_plan.json").read_text(encoding="utf-8"))["endpoints"]["os"]
    assert (plan["n"], plan["events"], plan["entry_rule"]) == (182, 87, "sequencing_report")


def test_lgg__without_its_mutation_file(run, tmp_path):
    found = run("survival", "lgg", "--by", "sex")
    assert found.exit_code == 0
    assert "W_SEQUENCING_LEFT_OUT" in found.output
    test = table_of(tmp_path, "group_tests").iloc[0]
    assert (test["n"], test["events"], test["n_group"]) == (22, 14, 6)  # P02 has no status
    assert test["chi2"] == pytest.approx(0.1311977147, rel=1e-8)
    found = run("therapy", "lgg", "--by", "sex", "--permutations", "99")
    assert found.exit_code == 0
    assert "Line 1 (primary): 10 of 23 at risk received it; 6 died, 7 lost" in found.output
    found = run("response", "lgg", "--by", "sex")
    assert (found.exit_code, "ORR 0/10" in found.output) == (0, True)  # its timeline knows progression only


def test_lgg__a_gene_is_refused_with_the_reason(run):
    found = run("survival", "lgg", "--by", "TP53")
    assert found.exit_code == 1
    assert "TP53 cannot be judged" in found.output
    assert "A MAF needs the sample" in found.output
    found = run("associate", "lgg")
    assert (found.exit_code, "A MAF needs the sample" in found.output) == (1, True)


GCT = """
[study]
id = "gct"
[[source]]
kind = "cbioportal"
path = "DATA/cbio_gct_msk_2016/gct_msk_2016"
[source.endpoints.ttp]
time = "TIME_TO_PROGRESSION_OF_DISEASE"
event = "PROGRESSION_OF_DISEASE"
unit = "months"
"""


def test_gct__recorded_progression(run, shared, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(GCT.replace("DATA", str(shared / "data")), encoding="utf-8")
    assert run("survival", path, "--by", "COHORT", "--endpoint", "ttp,dfs").exit_code == 0
    tests = table_of(tmp_path, "group_tests").set_index("endpoint")
    # awk: yes 101 and no 48 with a time, no 30 without; the same in both pairs of columns
    assert tests[["n", "events"]].to_numpy().tolist() == [[149, 101], [149, 101]]
    assert tests["chi2"].tolist() == pytest.approx([0.8031662722] * 2, rel=1e-8)
    found = run("survival", path, "--by", "COHORT")
    assert found.exit_code == 1
    assert "os has no time column beside OS_STATUS" in found.output
    found = run("survival", path, "--by", "sex", "--endpoint", "ttp")  # men only
    assert (found.exit_code, "Not tested: one_group" in found.output) == (0, True)


def test_odg__a_number_that_is_no_column_of_ours_is_cut(run, tmp_path):
    assert run("survival", "odg", "--by", "KARNOFSKY_PERFORMANCE_SCORE:85", "--endpoint", "pfs").exit_code == 0
    km = table_of(tmp_path, "km").set_index("group")
    assert km.loc["all", ["n", "events"]].tolist() == [18, 14]
    assert km["n"].to_dict() == {"all": 18, "up to 85": 2, "over 85": 16}
    found = run("response", "odg", "--by", "sex", "--response-column", "BEST_RANO_RESPONSE")
    assert (found.exit_code, "ORR 7/17 = 41.2 %" in found.output) == (0, True)  # 2 of 19 are NA


def test_puma__groups_need_no_panel(run, tmp_path):
    found = run("survival", "puma", "--by", "sex")
    assert found.exit_code == 0
    assert "Panel IMPACT410 is named for 17 sample(s), but no file lists its genes" in found.output
    km = table_of(tmp_path, "km").set_index("group")
    assert km["n"].to_dict() == {"all": 25, "female": 13, "male": 12}
    assert km["events"].to_dict() == {"all": 3, "female": 2, "male": 1}  # 21 of unknown status are censored
    found = run("response", "puma", "--by", "sex", "--response-column", "Best Overall Response (BOR)")
    assert found.exit_code == 0
    assert "ORR 4/25" in found.output
    assert "ORR 4/19" in found.output  # 6 not evaluable
    assert "DCR 12/25" in found.output
    assert run("associate", "puma").exit_code == 1


def test_skcm__response_rate_with_and_without_sequencing(run):
    column = ("--response-column", "RECIST_RESPONSE", "--by", "sex")
    for more in ((), ("--assay", "wes", "--genes", "BRAF,NRAS")):
        found = run("response", "skcm", *column, *more)
        assert found.exit_code == 0
        assert "ORR 21/38 = 55.3 % (38.3-71.4;" in found.output  # R: binom.test(21, 38)
    found = run("response", "skcm", *column, "--genes", "BRAF")
    assert found.exit_code == 1
    assert "BRAF cannot be judged" in found.output
    found = run("survival", "skcm", "--by", "sex")
    assert (found.exit_code, "37 patients, 19 events" in found.output) == (0, True)  # one status without a time


def test_past__an_endpoint_without_status_is_refused_with_the_reason(run, tmp_path):
    found = run("survival", "past", "--by", "sex")
    assert found.exit_code == 1
    assert "os has no status column beside OS_MONTHS: it cannot be used. Use one of dfs" in found.output
    assert run("survival", "past", "--by", "sex", "--endpoint", "dfs").exit_code == 0
    test = table_of(tmp_path, "group_tests").iloc[0]
    assert (test["n"], test["events"], test["n_group"], test["events_group"]) == (95, 11, 42, 2)
    assert test["chi2"] == pytest.approx(3.131503255, rel=1e-8)


@pytest.mark.parametrize("command", ["survival", "therapy", "response"])
@pytest.mark.parametrize("cohort", FOLDERS)
def test_every_folder__gives_results_or_one_message(run, tmp_path, cohort, command):
    """None of these cohorts has an origin of ours: the default groups cannot be formed."""
    found = run(command, cohort)
    assert found.exit_code in (0, 1)
    if found.exit_code:
        lines = [line for line in found.output.splitlines() if line]
        assert [line.split(":")[0][:2] for line in lines] == ["E_"]
        assert not (tmp_path / "out").exists()


def test_templates__have_no_patients_and_say_so(run):
    assert run("check", "mtb").exit_code == 0
    found = run("survival", "mtb", "--by", "sex")
    assert (found.exit_code, "os has no time column beside OS_STATUS" in found.output) == (1, True)
    found = run("therapy", "mtb")
    assert (found.exit_code, "the study has none" in found.output) == (1, True)


def test_damaged_files__one_message_each(shared, tmp_path):
    folder = shared / "data" / "clinical_encoding_quirks"
    outcomes = {}
    for path in sorted(folder.glob("*__*.txt")):
        for command in ("check", "survival", "therapy", "response"):
            target = [] if command == "check" else ["--out", str(tmp_path / path.stem / command), "--no-figures"]
            found = CliRunner().invoke(main, [command, str(path), *target], catch_exceptions=False)
            outcomes[path.name, command] = found.exit_code
            assert "_" in found.output  # the code of a message
    assert set(outcomes.values()) <= {0, 1}
    pointer = [code for (name, _), code in outcomes.items() if name.startswith(("git_lfs", "brca_dldccc"))]
    assert pointer == [1] * 8


def test_sequencing_optional__keeps_what_can_be_read(shared):
    folder = shared / "data" / FOLDERS["skcm"]
    usable = ng.read_cohort(folder, quick=QuickLook(assay="wes"), sequencing="optional")
    assert len(usable.variants) > 0
    assert "W_SEQUENCING_LEFT_OUT" not in usable.findings.codes()
    without = ng.read_cohort(folder, sequencing="optional")
    assert (len(without.variants), len(without.profiles), len(without.patients)) == (0, 0, 38)
    with pytest.raises(AnalysisError, match="cannot be judged"):
        response(without, column="RECIST_RESPONSE", by="sex", genes=["BRAF"])
