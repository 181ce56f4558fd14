"""Sequencing files without a clinical table: a folder becomes a cohort in which every sample is a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import netgen as ng
from netgen.errors import InputError, SchemaError
from netgen.report.annotate_files import write_annotation
from netgen.study_of import QuickLook
from tests.genomics import mixed_folder as mixed
from tests.genomics import tiny_genome
from tests.knowledge.test_snapshot import entry, manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from netgen.cohort import Cohort


def lay(folder: Path, **texts: str) -> Path:
    """Write files, ``a_maf`` for ``a.maf``; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def study(folder: Path, *lines: str, variants: str = "files") -> Path:
    """Write a study of files only; ``lines`` are those of the source, and further sections."""
    path = folder / "study.toml"
    path.write_text("\n".join(["[[source]]", 'kind = "files"', f'variants = "{variants}"', *lines]) + "\n")
    return path


def codes(caught: pytest.ExceptionInfo[SchemaError]) -> list[str]:
    return [item.code for item in caught.value.findings if item.severity == "E"]


def pairs(frame: pd.DataFrame, *columns: str) -> Iterable[tuple[object, ...]]:
    return sorted(frame[list(columns)].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the mixed folder with a genome, its models and a BED beside the files, as folders are."""
    place = tmp_path_factory.mktemp("panet")
    mixed.write_mixed(place)
    tiny_genome.write(place, symbols=("BRAF", "EGFR"))
    (place / "targets.bed").write_text(mixed.BED)
    return place


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    quick = QuickLook(
        fasta=folder / "genome.fa", gff=folder / "models.gff3", panel=folder / "targets.bed", oncotree="PANET"
    )
    return ng.read_cohort(folder, quick=quick)


SAMPLES = ["A1", "B1", "F1", "G1", "M1", "M2", "O1", "T1", "V1"]


def test_read_cohort__makes_a_patient_of_every_sample(cohort: Cohort, folder: Path) -> None:
    assert cohort.study.id == folder.name
    assert cohort.patients["patient_id"].tolist() == SAMPLES
    assert pairs(cohort.samples, "sample_id", "patient_id", "sample_class") == [(one, one, "tumour") for one in SAMPLES]
    assert set(cohort.patients["oncotree_code"]) == set(cohort.samples["oncotree_code"]) == {"PANET"}
    assert (cohort.flow.steps[0].n_in, cohort.flow.steps[-1].n_out) == (9, 9)


def test_read_cohort__has_what_all_files_hold(cohort: Cohort) -> None:
    assert pairs(cohort.variants, "sample_id", "gene") == [
        ("A1", "KRAS"), ("B1", "BRAF"), ("F1", "TP53"), ("M1", "TP53"), ("M2", "SMAD4"), ("O1", "KRAS"), ("T1", "KRAS"),
    ]  # fmt: skip
    assert pairs(cohort.fusions, "sample_id", "gene1", "gene2") == [
        ("O1", "TPM3", "NTRK1"), ("T1", "EML4", "ALK"), ("T1", "KIF5B", "RET"), ("V1", "RET", "NCOA4"),
    ]  # fmt: skip
    known = cohort.copy_number.dropna(subset=["value"])
    assert pairs(known, "sample_id", "gene", "value") == [
        ("F1", "CDKN2A", -2.0), ("G1", "CDKN2A", -1.0), ("G1", "MYC", 1.0), ("O1", "ERBB2", 2.0), ("T1", "MYC", 2.0),
    ]  # fmt: skip
    roles = sorted(item.role for item in cohort.inputs)
    assert roles == [
        "allfusions", "fasta", "foundationone", "gff", "maf", "panel", "segments", "tso500", "vcf", "vcf", "vcf", "vcf",
    ]  # fmt: skip


def test_read_cohort__gives_biomarkers_to_the_patient(cohort: Cohort) -> None:
    assert pairs(cohort.biomarkers, "patient_id", "sample_id", "biomarker") == [
        ("F1", "F1", "MSI"), ("F1", "F1", "TMB"), ("T1", "T1", "MSI"), ("T1", "T1", "TMB"),
    ]  # fmt: skip


def test_read_cohort__tells_what_lies_beside_the_files(cohort: Cohort) -> None:
    (note,) = [item for item in cohort.findings if item.code == "I_FILE_IGNORED"]
    assert "3 files" in note.message
    assert all(name in note.message for name in ("genome.fa", "models.gff3", "targets.bed"))


def test_read_cohort__a_sample_is_profiled_for_what_its_file_shows(cohort: Cohort) -> None:
    profiles = cohort.profiles.set_index("sample_id")
    told = {name: profiles.index[profiles[name].notna()].tolist() for name in ("mutations", "cna")}
    assert told == {"mutations": ["A1", "B1", "F1", "M1", "M2", "O1", "T1"], "cna": ["F1", "G1", "O1"]}
    assert set(profiles["mutations"].dropna()) == {"targets"}  # the panel that is declared


# ---------------------------------------------------------------- study files
def test_study__of_files_reads_what_variants_name(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf=mixed.maf(), b_vcf=mixed.annotated_vcf())
    lines = [
        'assay = "wes"',
        'set = { oncotree_code = "PANET", sex = "female", age_at_diagnosis = 61, centre = "Rome" }',
    ]
    cohort = ng.read_cohort(study(tmp_path, *lines))
    assert cohort.patients["patient_id"].tolist() == ["A1", "M1", "M2"]
    first = cohort.patients.iloc[0]
    assert (first["oncotree_code"], first["sex"], first["age_at_diagnosis"], first["centre"]) == (
        "PANET", "female", 61.0, "Rome",
    )  # fmt: skip
    assert ng.read_cohort(study(tmp_path, *lines, variants="files/*.maf")).patients["patient_id"].tolist() == [
        "M1",
        "M2",
    ]


def test_study__constants_of_samples_decide_how_variants_are_read(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf=mixed.maf())
    lines = ["assume_profiled = true", 'set = { sample_class = "cfdna", matched_normal = false }']
    cohort = ng.read_cohort(study(tmp_path, *lines))
    assert cohort.samples["sample_class"].tolist() == ["cfdna", "cfdna"]
    assert cohort.samples["matched_normal"].tolist() == [False, False]
    assert "W_TUMOUR_ONLY_UNFILTERED" in cohort.findings.codes()


def test_study__constants_are_checked_once_for_all(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf=mixed.maf())
    wrong = {
        "sex": "nonsense", "age_at_diagnosis": "old", "matched_normal": "maybe", "date_diagnosis": "2020-13-01",
        "sample_class": "blood",
    }  # fmt: skip
    constants = ", ".join(f'{name} = "{value}"' for name, value in wrong.items())
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(study(tmp_path, "assume_profiled = true", f"set = {{ {constants} }}"))
    assert sorted(item.column for item in caught.value.findings if item.severity == "E") == sorted(wrong)


def test_study__needs_files_that_name_a_sample(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf=mixed.MAF_COLUMNS + "\n")
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(study(tmp_path))
    assert codes(caught) == ["E_NO_VARIANTS"]


def test_study__tells_every_file_that_cannot_be_read(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf="patient\tage\n", b_vcf="", c_maf=mixed.maf(), d_seg=mixed.seg())
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(study(tmp_path, "assume_profiled = true"))
    assert sorted(codes(caught)) == ["E_FILE_FORMAT", "E_FILE_FORMAT", "E_NO_GENE_POSITIONS"]


def test_study__needs_to_know_which_genes_were_sequenced(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf=mixed.maf())
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(study(tmp_path))
    assert codes(caught) == ["E_NO_PANEL"]


def test_study__a_sample_of_the_header_without_a_variant_is_a_patient(tmp_path: Path) -> None:
    lay(tmp_path / "files", a_maf="#sequenced_samples: M1 M2 M3\n" + mixed.maf())
    cohort = ng.read_cohort(study(tmp_path, 'assay = "wes"'))
    assert cohort.patients["patient_id"].tolist() == ["M1", "M2", "M3"]
    assert cohort.profiles["mutations"].notna().tolist() == [True, True, True]


# ---------------------------------------------------------------- reference
def with_reference(folder: Path, *more: str) -> list[str]:
    tiny_genome.write(folder, symbols=("BRAF", "EGFR"))
    return ["assume_profiled = true", "[reference]", 'fasta = "genome.fa"', 'gff = "models.gff3"', *more]


def test_reference__tells_what_variants_do(tmp_path: Path) -> None:
    lay(tmp_path / "files", b_vcf=mixed.plain_vcf())
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(study(tmp_path, "assume_profiled = true"))
    assert codes(caught) == ["E_VCF_NOT_ANNOTATED"]
    cohort = ng.read_cohort(study(tmp_path, *with_reference(tmp_path)))
    assert pairs(cohort.variants, "gene", "hgvsp_short", "transcript_id") == [("BRAF", "p.K3E", "T17")]
    assert (cohort.study.reference.fasta, cohort.study.reference.gff) == (
        tmp_path / "genome.fa", tmp_path / "models.gff3",
    )  # fmt: skip


def test_reference__prefers_transcripts(tmp_path: Path) -> None:
    """Base 50 lies in an intron of T1 and in an exon of T2 (codon GTA, V14)."""
    lay(tmp_path / "files", b_vcf=mixed.plain_vcf(allele="7\t50\t.\tG\tC"))
    lines = with_reference(tmp_path, 'transcripts = ["T27"]')
    plain = {"T1": "basic", "T2": "basic"}
    (tmp_path / "models.gff3").unlink()
    tiny_genome.write(tmp_path, symbols=("BRAF", "EGFR"), tags=plain)
    cohort = ng.read_cohort(study(tmp_path, *lines))
    assert pairs(cohort.variants, "gene", "transcript_id", "hgvsp_short") == [("BRAF", "T27", "p.V14L")]


def test_reference__needs_both_files(tmp_path: Path) -> None:
    lay(tmp_path / "files", b_vcf=mixed.plain_vcf())
    with pytest.raises(SchemaError, match=r"reference\.gff.*a genome sequence needs gene models beside it") as caught:
        ng.read_cohort(study(tmp_path, "[reference]", 'fasta = "genome.fa"'))
    assert codes(caught) == ["E_CONFIG"]
    with pytest.raises(InputError, match="a genome sequence needs gene models beside it"):
        ng.read_cohort(tmp_path / "files", quick=QuickLook(fasta=tmp_path / "genome.fa"))


@pytest.mark.parametrize("name", ["genome.fa", "models.gff3"])
def test_reference__names_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    lay(tmp_path / "files", b_vcf=mixed.plain_vcf())
    lines = with_reference(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(SchemaError) as caught:
        ng.read_cohort(study(tmp_path, *lines))
    assert {(item.code, item.file) for item in caught.value.findings if item.severity == "E"} == {
        ("E_FILE_MISSING", str(tmp_path / name))
    }


def test_reference__makes_one_variant_of_two_spellings(tmp_path: Path) -> None:
    """One of the A at 17 to 19 is lost: a VCF says the first, a MAF the last."""
    row = "BRAF\tGRCh37\t7\t19\t19\tFrame_Shift_Del\tA\t-\tB1\tp.E4Nfs*?"
    texts = {"a_maf": mixed.maf(row), "b_vcf": mixed.plain_vcf(allele="7\t16\t.\tTA\tT")}
    lay(tmp_path / "files", **texts)
    cohort = ng.read_cohort(study(tmp_path, *with_reference(tmp_path)))
    assert pairs(cohort.variants, "sample_id", "gene", "pos", "ref", "alt") == [("B1", "BRAF", 17, "A", "-")]
    assert pairs(cohort.variant_qc, "sample_id", "reason", "n") == [("B1", "duplicate", 1)]
    assert "W_SAMPLE_REPEATED" in cohort.findings.codes()


# ---------------------------------------------------------------- knowledge
def test_knowledge__gives_names_and_hot_spots_to_every_reader(tmp_path: Path) -> None:
    """OLDK is a made-up former name of KRAS; the snapshot alone knows it, and its hot spots."""
    genes = "symbol\tprev_symbol\talias_symbol\tentrez_id\nKRAS\tOLDK\t\t3845\n"
    spots = "Hugo_Symbol\tResidue\tQ-value\nOLDK\tG12\t0\n"
    store = tmp_path / "knowledge"
    manifest(
        store,
        entry(store, "genes.txt", genes, kind="genes", date="2020-01-01"),
        entry(store, "hotspots.txt", spots, kind="hotspots", date="2020-01-01"),
    )
    wide = "Hugo_Symbol\tM1\nOLDK\t2\n"
    fusions = "Sample_Id\tSV_Status\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\tSite1_Position\nM1\tSOMATIC\tOLDK\tALK\t5\n"
    row = "KRAS\tGRCh37\t12\t1\t1\tMissense_Mutation\tC\tT\tM1\tp.G12V"
    texts = {
        "a_vcf": mixed.annotated_vcf(), "m_maf": mixed.maf(row),
        "t_tsv": mixed.tso500_sheet(), "f_xml": mixed.foundation_report().replace("TP53", "OLDK"),
        "o_vcf": mixed.oncomine_vcf(), "w_txt": wide, "s_txt": fusions,
    }  # fmt: skip
    lay(tmp_path / "files", **{name: text.replace("KRAS", "OLDK") for name, text in texts.items()})
    lines = ["assume_profiled = true", "[actionability]", 'knowledge = "knowledge"']
    cohort = ng.read_cohort(study(tmp_path, *lines))
    assert pairs(cohort.variants, "sample_id", "gene", "hgvsp_short", "hotspot") == [
        ("A1", "KRAS", "p.G12D", True), ("F1", "KRAS", "p.R175H", False), ("M1", "KRAS", "p.G12V", True),
        ("O1", "KRAS", "p.G12D", True), ("T1", "KRAS", "p.G12D", True),
    ]  # fmt: skip
    assert ("M1", "KRAS", 2.0) in pairs(cohort.copy_number, "sample_id", "gene", "value")
    assert ("M1", "KRAS", "ALK") in pairs(cohort.fusions.fillna({"gene2": ""}), "sample_id", "gene1", "gene2")
    plain = ng.read_cohort(study(tmp_path, "assume_profiled = true"))
    assert set(plain.variants["gene"]) == {"OLDK"}
    assert plain.variants["hotspot"].isna().all()


# ---------------------------------------------------------------- what is written of them
def test_annotate__writes_one_vcf_for_each_and_nothing_beside_the_files(tmp_path: Path) -> None:
    lines = with_reference(tmp_path)
    text = mixed.plain_vcf("S1")
    lay(tmp_path / "files" / "one", **{"S1.snv.vcf": text, "S1.indel.vcf": mixed.plain_vcf("S1", "7\t16\t.\tTA\tT")})
    lay(tmp_path / "files" / "two", **{"S1.snv.vcf": text.replace("\tS1\n", "\tS2\n")})
    lay(tmp_path / "files" / "two", a_maf=mixed.maf("BRAF\tGRCh37\t7\t19\t19\tFrame_Shift_Del\tA\t-\tM1\tp.E4Nfs*?"))
    path = study(tmp_path, *lines, variants="files/*")
    before = sorted(tmp_path.rglob("*"))
    out = tmp_path / "out"
    write_annotation(ng.read_cohort(path), out, formats=("vcf",))
    written = {path.name: len(records(path)) for path in out.glob("*.vcf")}
    assert written == {
        "S1.indel.annotated.vcf": 1, "S1.snv.annotated.vcf": 1, "_S1.snv.annotated.vcf": 1, "variants.GRCh37.vcf": 1,
    }  # fmt: skip
    (deletion,) = records(out / "variants.GRCh37.vcf")
    assert deletion[:5] == ["7", "16", ".", "TA", "T"]  # the base before is that of the sequence
    assert sorted(one for one in tmp_path.rglob("*") if out not in {one, *one.parents}) == before  # no index


def records(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
