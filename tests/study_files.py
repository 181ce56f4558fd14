"""Small studies written to a folder, so that a test shows every file it reads."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAF_HEADER = (
    "Hugo_Symbol\tNCBI_Build\tChromosome\tStart_Position\tEnd_Position\tReference_Allele\tTumor_Seq_Allele1\t"
    "Tumor_Seq_Allele2\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\n"
)
# Variants of a gene: build, chromosome, position, reference, alternative, class, protein change (GRCh37).
CALLS = {
    "TP53": ("GRCh37", "17", 7577121, "G", "A", "Missense_Mutation", "p.R273C"),
    "MEN1": ("GRCh37", "11", 64572018, "G", "A", "Nonsense_Mutation", "p.R460*"),
    "RB1": ("GRCh37", "13", 48941648, "C", "T", "Nonsense_Mutation", "p.R320*"),
    "ATRX": ("GRCh37", "X", 76938208, "G", "A", "Nonsense_Mutation", "p.R840*"),
}


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write files (name -> text, indentation removed) and return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def maf(*calls: tuple[str, str], sequenced: tuple[str, ...] = ()) -> str:
    """Return a MAF with one variant per (sample, gene)."""
    lines = [f"#sequenced_samples: {' '.join(sequenced)}\n"] if sequenced else []
    lines.append(MAF_HEADER)
    for sample, gene in calls:
        build, chrom, pos, ref, alt, kind, protein = CALLS[gene]
        lines.append("\t".join([gene, build, chrom, str(pos), str(pos), ref, ref, alt, kind, sample, protein]) + "\n")
    return "".join(lines)


def cbioportal(
    patients: str, samples: str, calls: tuple[tuple[str, str], ...] = (), *, matrix: str = "", sequenced: str = ""
) -> dict[str, str]:
    """Return the files of a cBioPortal study folder; tables are written with blanks for tabs."""

    def table(text: str) -> str:
        rows = [line.split() for line in dedent(text).strip().splitlines()]
        head = ["#" + "\t".join(["x"] * len(rows[0]))] * 4
        return "\n".join([*head, *("\t".join(row) for row in rows)]) + "\n"

    def meta(kind: str, datatype: str, data: str) -> str:
        head = "cancer_study_identifier: tiny\n"
        return head + f"genetic_alteration_type: {kind}\ndatatype: {datatype}\ndata_filename: {data}\n"

    files = {
        "meta_study.txt": "type_of_cancer: panet\ncancer_study_identifier: tiny\nname: Tiny\nreference_genome: hg19\n",
        "meta_clinical_patient.txt": meta("CLINICAL", "PATIENT_ATTRIBUTES", "data_clinical_patient.txt"),
        "meta_clinical_sample.txt": meta("CLINICAL", "SAMPLE_ATTRIBUTES", "data_clinical_sample.txt"),
        "meta_mutations.txt": meta("MUTATION_EXTENDED", "MAF", "data_mutations.txt") + "stable_id: mutations\n",
        "data_clinical_patient.txt": table(patients),
        "data_clinical_sample.txt": table(samples),
        "data_mutations.txt": maf(*calls),
    }
    if matrix:
        rows = [line.split() for line in dedent(matrix).strip().splitlines()]
        files["meta_gene_panel_matrix.txt"] = meta(
            "GENE_PANEL_MATRIX", "GENE_PANEL_MATRIX", "data_gene_panel_matrix.txt"
        )
        files["data_gene_panel_matrix.txt"] = "".join("\t".join(row) + "\n" for row in rows)
    if sequenced:
        files["case_lists/cases_sequenced.txt"] = (
            "cancer_study_identifier: tiny\nstable_id: tiny_sequenced\ncase_list_name: x\ncase_list_description: x\n"
            "case_list_ids: " + "\t".join(sequenced.split()) + "\n"
        )
    return files


def panel(name: str, *genes: str) -> str:
    """Return a cBioPortal gene panel file."""
    return f"stable_id: {name}\ndescription: x\ngene_list: " + "\t".join(genes) + "\n"
