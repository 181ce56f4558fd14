"""Reading a MAF of a million rows, and a thousand VCFs."""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pysam

from benchmarks.files import MAF_USED, write_maf, write_vcfs
from benchmarks.timing import (
    Line,
    Missing,
    clock,
    limit_line,
    measure_apart,
    median_time,
    peak_bytes,
    ratio_line,
    run_r,
    skipped_line,
    version,
)
from netgen.errors import Findings
from netgen.genomics.genes import load_gene_names
from netgen.genomics.maf import MafFile, read_maf
from netgen.genomics.vcf import VcfFile, read_vcfs

if TYPE_CHECKING:
    import numpy as np

GIGABYTES = 1.5


def maf(*, quick: bool) -> list[Line]:
    """Compare reading 16 of 126 columns of a MAF, to the checked variant table, with ``fread(select=)``."""
    rows = 2_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_maf(folder / "data.maf", rows)
        (folder / "columns.txt").write_text("\n".join(MAF_USED) + "\n")
        size = (folder / "data.maf").stat().st_size / 1e9
        work = f"MAF, {rows:,} x 126 ({size:.2f} GB), to the checked variant table"
        read = read_once(folder / "data.maf")
        ours = median_time(lambda: read_once(folder / "data.maf"), 3)
        used = measure_apart("benchmarks.reading", folder / "data.maf")["bytes"] / 1e9
        memory = limit_line(f"{work}: peak memory of the process", used, GIGABYTES, "GB")
        try:
            found = run_r("maf.R", folder)
        except Missing as reason:
            return [skipped_line(work, "R data.table", reason, ours=ours), memory]
        theirs = pd.read_csv(folder / "out.csv").set_index("Hugo_Symbol")["n"].sort_index()
    counts = read.variants["gene"].value_counts().sort_index()
    if counts.index.tolist() != theirs.index.tolist() or (counts.to_numpy() != theirs.to_numpy()).any():
        raise AssertionError("netgen and fread count different rows per gene")
    note = f"rows per gene equal; fread with {found['threads'].split()[-1]} threads reads text and checks nothing"
    line = ratio_line(work, ours, f"{found['data.table']} fread(select=)", found["work"], floor=1, note=note)
    return [line, memory, skipped_line(work, "R maftools", "not installed; Debian 12 has no package of it")]


def vcf(*, quick: bool) -> list[Line]:
    """Compare reading 1,000 annotated VCFs of 300 records, bgzip with .tbi, with a plain loop over pysam by path."""
    n_files, n_records = (5, 20) if quick else (1_000, 300)
    work = f"{n_files:,} VCFs with .tbi, {n_records} records of six transcripts, to the checked variant table"
    names = load_gene_names()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_vcfs(Path(folder), n_files, n_records)

        def read(threads: int) -> list[VcfFile]:
            return read_vcfs(paths, findings=Findings(), names=names, threads=threads)

        theirs = _sorted_keys(loop_over_pysam(paths))
        for threads in (1, 2):
            ours = _sorted_keys(pd.concat([part.variants for part in read(threads)]))
            if ours.shape != theirs.shape or (ours != theirs).any():
                raise AssertionError(f"netgen with {threads} workers and the pysam loop read different variants")
        one, two = (median_time(partial(read, threads), 3) for threads in (1, 2))
        peer = median_time(lambda: loop_over_pysam(paths), 3)
    loop = f"{version('pysam')} loop, one core"
    note = "variants equal; the loop takes the picked consequence and checks nothing"
    return [
        ratio_line(f"{work}, one worker", one, loop, peer, floor=2, note=note),
        ratio_line(f"{work}, two workers", two, loop, peer, floor=2, note=f"{note}; start of the worker included"),
    ]


def _sorted_keys(variants: pd.DataFrame) -> np.ndarray:
    """Rows of a variant table as text, in an order that both readers share."""
    keys = ["sample_id", "chrom", "pos", "ref", "alt", "gene", "hgvsp_short"]
    return variants[keys].astype(str).sort_values(keys).to_numpy()


def read_once(path: Path) -> MafFile:
    """Read a MAF with the bundled gene names."""
    return read_maf(path, findings=Findings())


def loop_over_pysam(paths: list[Path]) -> pd.DataFrame:
    """Return the variants of the tumour column, as a script would read them."""
    rows = []
    for path in paths:
        with pysam.VariantFile(str(path)) as handle:
            layout = handle.header.info["CSQ"].description.split("Format: ")[1].split("|")
            symbol, protein, pick = layout.index("SYMBOL"), layout.index("HGVSp"), layout.index("PICK")
            tumour = list(handle.header.samples)[-1]
            for record in handle:
                entries = [entry.split("|") for entry in record.info["CSQ"]]
                best = next((entry for entry in entries if entry[pick] == "1"), entries[0])
                depth = record.samples[tumour]["AD"]
                rows.append(
                    {
                        "sample_id": tumour,
                        "chrom": record.chrom.removeprefix("chr"),
                        "pos": record.pos,
                        "ref": record.ref,
                        "alt": record.alts[0],
                        "gene": best[symbol],
                        "hgvsp_short": _short(best[protein]),
                        "vaf": depth[1] / sum(depth),
                        "filter": ";".join(record.filter.keys()),
                    }
                )
    return pd.DataFrame(rows)


_LETTERS = {"Arg": "R", "Leu": "L", "Gly": "G", "Ser": "S", "Val": "V"}


def _short(protein: str) -> str:
    """One-letter form of a missense change, e.g. ENSP0.1:p.Arg5Leu -> p.R5L."""
    change = protein.split(":p.")[1]
    return f"p.{_LETTERS[change[:3]]}{change[3:-3]}{_LETTERS[change[-3:]]}"


def main() -> None:
    """Read a MAF in a process of its own and print its peak memory. usage: python -m benchmarks.reading FILE."""
    seconds = clock(lambda: read_once(Path(sys.argv[1])))
    print(json.dumps({"bytes": peak_bytes(), "seconds": seconds}))


if __name__ == "__main__":
    main()
