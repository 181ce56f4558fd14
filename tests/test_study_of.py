"""One argument names a cohort: demo, a file, a folder, or nothing with files named directly."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from netgen.data import demo_folder
from netgen.errors import InputError, SchemaError
from netgen.study import EndpointRequest, Study
from netgen.study_of import QuickLook, study_of

STUDY = '[study]\nid = "mine"\n[[source]]\nkind = "tables"\npatients = "p.csv"\n'


def test_study_of__demo_is_the_embedded_cohort(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_of("demo")
    assert (study.id, study.file) == ("demo", demo_folder() / "study.toml")


def test_study_of__a_folder_called_demo_is_that_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "study.toml").write_text(STUDY)
    assert study_of("demo").id == "mine"


def test_study_of__a_study_is_itself():
    study = Study(id="x", sources=())
    assert study_of(study) is study


@pytest.mark.parametrize("kind", [str, Path])
def test_study_of__a_toml_file_or_the_folder_with_it(tmp_path, kind):
    (tmp_path / "study.toml").write_text(STUDY)
    for place in (tmp_path / "study.toml", tmp_path):
        study = study_of(kind(place))
        assert (study.id, study.sources[0].tables["patients"].file) == ("mine", tmp_path / "p.csv")


def test_study_of__problems_of_the_toml_are_told(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY + 'assay = "x"')
    with pytest.raises(SchemaError, match="assay must be one of wes, wgs, found 'x'"):
        study_of(tmp_path)


def test_study_of__another_folder_is_a_cbioportal_study(tmp_path):
    folder = tmp_path / "panet"
    folder.mkdir()
    study = study_of(folder)
    assert (study.id, study.sources[0].kind, study.sources[0].path) == ("panet", "cbioportal", folder)


@pytest.mark.parametrize("name", ["ward.xlsx", "ward.csv", "ward.TSV", "ward.txt"])
def test_study_of__a_spreadsheet_is_the_one_sheet_form(tmp_path, name):
    path = tmp_path / name
    path.touch()
    (source,) = study_of(path).sources
    assert (study_of(path).id, source.kind, source.path) == ("ward", "sheet", path)


def test_study_of__what_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"E_FILE_MISSING: .*nope does not exist\. Name demo, a study\.toml"):
        study_of(tmp_path / "nope")


def test_study_of__what_is_no_cohort(tmp_path):
    path = tmp_path / "calls.maf"
    path.touch()
    with pytest.raises(InputError, match=r"E_FILE_FORMAT: .*found calls\.maf\. For a MAF or VCF use --variants"):
        study_of(path)


QUICK = QuickLook(variants=(Path("a.maf"), Path("b.vcf")), clinical=Path("dir/clinical.csv"))


def test_quick_look__is_a_study_of_one_source():
    study = study_of(None, dataclasses.replace(QUICK, assay="wes", patient_id="Patient", sample_id="Tumour"))
    (source,) = study.sources
    assert (study.id, source.kind, source.variants, source.assay) == ("clinical", "tables", ("a.maf", "b.vcf"), "wes")
    assert source.tables["patients"].file == Path("dir/clinical.csv")
    assert source.tables["patients"].columns == {"patient_id": "Patient", "sample_id": "Tumour"}
    assert (source.panels, source.assume_profiled, source.endpoints) == ((), False, {})


def test_quick_look__names_a_panel_and_an_endpoint():
    quick = dataclasses.replace(
        QUICK, panel=Path("p.bed"), assume_profiled=True, time="OS time", event="OS", unit="months"
    )
    (source,) = study_of(None, quick).sources
    assert (source.panels, source.assume_profiled) == ((Path("p.bed"),), True)
    assert source.endpoints == {"os": EndpointRequest(name="os", time=("OS time",), event="OS", unit="months")}


@pytest.mark.parametrize("half", [{"time": "t"}, {"event": "e"}])
def test_quick_look__an_endpoint_needs_both_columns(half):
    with pytest.raises(InputError, match="E_CONFIG: an endpoint needs both --time and --event"):
        study_of(None, dataclasses.replace(QUICK, **half))


def test_quick_look__a_unit_needs_a_time():
    quick = QuickLook(variants=(Path("a.maf"),), clinical=Path("c.csv"), unit="days")
    with pytest.raises(InputError, match="E_CONFIG: an endpoint needs both --time and --event"):
        study_of(None, quick)


def test_quick_look__needs_alterations():
    with pytest.raises(InputError, match=r"needs the alterations\. Add --variants FILE"):
        study_of(None, QuickLook(clinical=Path("c.csv")))
    with pytest.raises(InputError, match="needs the alterations"):
        study_of(None)


def test_quick_look__without_outcomes_every_sample_is_a_patient():
    (source,) = study_of(None, QuickLook(variants=(Path("a.maf"),), oncotree="PANET", assay="wes")).sources
    assert (source.kind, source.variants, source.assay) == ("files", (str(Path("a.maf").absolute()),), "wes")
    assert source.set == {"oncotree_code": "PANET"}


def test_quick_look__a_sequence_needs_gene_models():
    with pytest.raises(InputError, match="needs gene models beside it"):
        study_of(None, QuickLook(variants=(Path("a.vcf"),), fasta=Path("x.fa")))


@pytest.mark.parametrize(
    ("quick", "given"),
    [(QuickLook(), False), (QuickLook(assay="wes"), False), (QuickLook(clinical=Path("c.csv")), True), (QUICK, True)],
)
def test_quick_look__is_given_by_files(quick, given):
    assert quick.given is given


def test_study_of__what_was_sequenced_may_be_said_of_any_cohort(tmp_path):
    quick = QuickLook(panel=Path("genes.txt"), assay="wes", assume_profiled=True)
    (source,) = study_of(tmp_path, quick).sources
    assert (source.kind, source.panels) == ("cbioportal", (Path("genes.txt"),))
    assert (source.assay, source.assume_profiled) == ("wes", True)
    (plain,) = study_of(tmp_path).sources
    assert (plain.panels, plain.assay, plain.assume_profiled) == ((), None, False)


def test_quick_look__files_are_what_no_cohort_has():
    assert QuickLook(panel=Path("genes.txt"), assay="wes", assume_profiled=True).files == ()
    assert QuickLook(variants=(Path("a.maf"),), unit="days", time="t").files == ("variants", "time", "unit")
