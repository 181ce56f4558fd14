"""Write the files of the embedded demo cohort: ``python -m netgen.data.make_demo DIR``.

The cohort is SYNTHETIC. Its source is one table of 34 invented patients, ``demo/linear_syn34.csv``; this script turns
it into the files a hospital would have: a VEP-annotated VCF per sequenced sample, two panels, and tables of patients,
samples, treatment lines, assessments and imaging. The same table always gives the same bytes. ``README.md``,
``study.toml`` and the table itself are written by hand and copied.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netgen.data import demo_folder, load_table
from netgen.data.demo_clinical import (
    assessment_records,
    imaging_records,
    patient_record,
    sample_record,
    treatment_records,
)
from netgen.data.demo_vcf import assign_calls, bgzip, vcf_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgen.data.demo_clinical import Record
    from netgen.data.demo_lines import Row

SOURCE = "linear_syn34.csv"
BY_HAND = ("README.md", SOURCE, "study.toml")


def demo_files() -> dict[str, bytes]:
    """Return the content of every file of the demo cohort.

    Returns
    -------
    dict
        Path inside the folder, with ``/``, to bytes; in sorted order.
    """
    folder = demo_folder()
    rows = read_source(folder / SOURCE)
    files = {name: (folder / name).read_bytes() for name in BY_HAND}
    files |= {name: text.encode() for name, text in (clinical_files(rows) | panel_files()).items()}
    files |= vcf_files(rows)
    return dict(sorted(files.items()))


def write_demo(target: Path) -> list[Path]:
    """Write the demo cohort into a folder, replacing files of the same names.

    Parameters
    ----------
    target
        Folder; it is created.

    Returns
    -------
    list of Path
        The files written, sorted.
    """
    written = []
    for name, content in demo_files().items():
        place = Path(target) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        written.append(place)
    return written


def read_source(path: Path) -> list[Row]:
    """Read the table behind the cohort.

    Parameters
    ----------
    path
        ``linear_syn34.csv``.

    Returns
    -------
    list of dict
        One row per patient, all values as text.
    """
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def clinical_files(rows: Sequence[Row]) -> dict[str, str]:
    """Return the clinical tables as CSV text.

    Parameters
    ----------
    rows
        Rows of the source table.

    Returns
    -------
    dict
        File name to text: patients, samples, treatments, assessments, imaging.
    """
    return {
        "patients.csv": _csv([patient_record(row) for row in rows]),
        "samples.csv": _csv([sample_record(row) for row in rows]),
        "treatments.csv": _csv([record for row in rows for record in treatment_records(row)]),
        "assessments.csv": _csv([record for row in rows for record in assessment_records(row)]),
        "imaging.csv": _csv([record for row in rows for record in imaging_records(row)]),
    }


def panel_files() -> dict[str, str]:
    """Return the two panels: intervals as BED, genes as cBioPortal gene panels.

    Returns
    -------
    dict
        File name to text. Panel B lacks DAXX and TSC2.
    """
    genes = load_table("demo_genes.tsv").to_dict("records")
    files = {}
    for letter in ("a", "b"):
        listed = [gene for gene in genes if gene[f"panel_{letter}"] == "1"]
        listed.sort(key=lambda gene: (_chromosome(gene["chrom"]), int(gene["start"])))
        bed = [f"chr{gene['chrom']}\t{int(gene['start']) - 1}\t{gene['end']}\t{gene['gene']}" for gene in listed]
        names = "\t".join(sorted(gene["gene"] for gene in listed))
        title = f"SYNTHETIC demo panel {letter.upper()}, {len(listed)} genes, GRCh38"
        files[f"panels/panel_{letter}.bed"] = "\n".join(bed) + "\n"
        files[f"panels/panel_{letter}.txt"] = (
            f"stable_id: {letter.upper()}\ndescription: {title}\ngene_list:\t{names}\n"
        )
    return files


def vcf_files(rows: list[Row]) -> dict[str, bytes]:
    """Return one BGZF-packed VCF per patient.

    Parameters
    ----------
    rows
        All rows of the source table.

    Returns
    -------
    dict
        ``vcf/P01-T.vcf.gz`` and so on to bytes.
    """
    calls = assign_calls(rows)
    return {
        f"vcf/{row['patient_id']}-T.vcf.gz": bgzip(vcf_text(row, calls[row["patient_id"]]).encode()) for row in rows
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the cohort into the folder named on the command line.

    Parameters
    ----------
    arguments
        Command-line arguments; those of the process if None.

    Returns
    -------
    int
        Exit status 0.
    """
    parser = argparse.ArgumentParser(prog="python -m netgen.data.make_demo", description="Write the demo cohort.")
    parser.add_argument("folder", type=Path, help="folder to write; files of the same names are replaced")
    written = write_demo(parser.parse_args(arguments).folder)
    sys.stdout.write(f"{len(written)} files\n")
    return 0


def _csv(records: list[Record]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _chromosome(name: str) -> int:
    return {"X": 23, "Y": 24, "M": 25}.get(name) or int(name)


if __name__ == "__main__":
    sys.exit(main())
