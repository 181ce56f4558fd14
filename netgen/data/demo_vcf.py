"""The VCF files of the embedded demo cohort: which variants a patient carries, and how a caller would print them.

Panel A was sequenced with a matched normal (two columns, the normal first), panel B without. The hits give back the
gene columns of ``demo/linear_syn34.csv``; all other records must not count:

1. silent and intronic variants, one of them missense in a transcript that is neither MANE Select nor canonical;
2. germline polymorphisms: ``FILTER=germline`` where there is a normal, ``PASS`` with a population frequency elsewhere;
3. calls that fail the caller's filters.

Several transcripts stand in each annotation and the MANE Select one is last, so that the choice matters.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from netgen.data import load_table
from netgen.data.demo_lines import Row, draw
from netgen.data.demo_vep import CSQ, annotate

GENES = ("MEN1", "DAXX", "ATRX", "TP53", "TSC2", "ARID1A", "SETD2", "RB1")
SECOND_HIT = {"P31": "ARID1A_R693"}  # a second hit in a gene that is altered anyway
CONTIGS = dict(
    zip(
        [*map(str, range(1, 23)), "X", "Y", "M"],
        (248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422,
         135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167,
         46709983, 50818468, 156040895, 57227415, 16569),
        strict=True,
    )
)  # fmt: skip
_KINDS = ("silent", "intron", "common", "weak")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One record of one VCF: a variant of ``demo_variants.tsv``, the caller's filter, and whether it is germline."""

    variant: str
    filter: str = "PASS"
    germline: bool = False


def assign_calls(rows: list[Row]) -> dict[str, list[Call]]:
    """Decide which variants every patient carries.

    Parameters
    ----------
    rows
        All rows of ``linear_syn34.csv``.

    Returns
    -------
    dict
        ``patient_id`` to calls. The altered patients of a gene take its variants in turn.
    """
    catalogue = _catalogue()
    calls: dict[str, list[Call]] = {row["patient_id"]: _noise(row) for row in rows}
    for gene in GENES:
        hits = [name for name, item in catalogue.items() if item["gene"] == gene and item["kind"] == "hit"]
        altered = [row["patient_id"] for row in rows if row[gene] == "1"]
        for number, patient in enumerate(altered):
            calls[patient].append(Call(variant=hits[number % len(hits)]))
    for patient, name in SECOND_HIT.items():
        calls[patient].append(Call(variant=name))
    return calls


def vcf_text(row: Row, calls: list[Call]) -> str:
    """Return the VCF of one patient.

    Parameters
    ----------
    row
        One row of ``linear_syn34.csv``.
    calls
        What to print, any order.

    Returns
    -------
    str
        VCF 4.2 with a VEP annotation, sorted by position; the tumour column is named like the sample, ``P01-T``.
    """
    catalogue, genes = _catalogue(), _genes()
    order = list(CONTIGS)
    items = [(call, catalogue[call.variant]) for call in calls]
    items.sort(key=lambda pair: (order.index(genes[pair[1]["gene"]]["chrom"]), int(pair[1]["pos"])))
    lines = _header(row) + [_record(row, call, item, genes[item["gene"]]) for call, item in items]
    return "\n".join(lines) + "\n"


def bgzip(data: bytes) -> bytes:
    """Pack bytes as BGZF with stored (uncompressed) blocks, so that the result does not depend on a zlib version.

    Parameters
    ----------
    data
        Any bytes.

    Returns
    -------
    bytes
        A file that gzip, bgzip and htslib read, with the BGZF end marker.

    References
    ----------
    SAM/BAM format specification, section 4.1 (BGZF); RFC 1951, section 3.2.4 (stored blocks).
    """
    blocks = []
    for start in range(0, len(data), 60000):
        part = data[start : start + 60000]
        body = b"\x01" + struct.pack("<HH", len(part), len(part) ^ 0xFFFF) + part
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(body) + 25)
        blocks.append(head + body + struct.pack("<II", zlib.crc32(part), len(part)))
    return b"".join(blocks) + bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def _catalogue() -> dict[str, dict[str, str]]:
    return _rows_by("demo_variants.tsv", "variant")


def _genes() -> dict[str, dict[str, str]]:
    return _rows_by("demo_genes.tsv", "gene")


def _rows_by(name: str, key: str) -> dict[str, dict[str, str]]:
    table = load_table(name)
    names = [str(column) for column in table.columns]
    rows = [dict(zip(names, values, strict=True)) for values in table.to_numpy().tolist()]
    return {row[key]: row for row in rows}


def _noise(row: Row) -> list[Call]:
    """Return the calls of one patient that must not count."""
    catalogue = _catalogue()
    kinds = {kind: [name for name, item in catalogue.items() if item["kind"] == kind] for kind in _KINDS}
    number, panel_a = int(row["patient_id"][1:]), row["panel"] == "A"
    calls = [Call(variant=kinds["silent"][number % 4])]
    if number % 4 == 0:
        calls.append(Call(variant=kinds["intron"][number // 4 % 3 if panel_a else 2 * (number // 4 % 2)]))
    if not panel_a:
        calls.append(Call(variant=kinds["common"][number // 3 % 3], germline=True))
    elif number % 2 == 0:
        calls.append(Call(variant=kinds["common"][number % 3], filter="germline", germline=True))
    if number % 2 == 1:
        failed = [name for name in kinds["weak"] if row.get(catalogue[name]["gene"], "0") != "1"]
        reason = ("weak_evidence", "base_qual;strand_bias")[number // 2 % 2]
        calls.append(Call(variant=failed[number // 2 % len(failed)], filter=reason))
    return calls


def _header(row: Row) -> list[str]:
    key = row["patient_id"]
    normal = [f"{key}-N"] if row["panel"] == "A" else []
    filters = {
        "PASS": "All filters passed",
        "base_qual": "alt median base quality",
        "germline": "Evidence indicates this site is germline, not somatic",
        "strand_bias": "Evidence for alt allele comes from one read direction only",
        "weak_evidence": "Mutation does not meet likelihood threshold",
    }
    return [
        "##fileformat=VCFv4.2",
        *[f'##FILTER=<ID={name},Description="{text}">' for name, text in filters.items()],
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Allelic depths for the ref and alt alleles">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Approximate read depth">',
        '##FORMAT=<ID=AF,Number=A,Type=Float,Description="Allele fractions of alternate alleles in the tumor">',
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Approximate read depth; some reads may have been filtered">',
        '##INFO=<ID=TLOD,Number=A,Type=Float,Description="Log 10 likelihood ratio score of variant existing">',
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: {CSQ}">',
        '##VEP="v110" assembly="GRCh38.p14" gencode="GENCODE 44"',
        "##netgen_demo=SYNTHETIC; no real patient",
        "##reference=file:///reference/GRCh38.primary_assembly.genome.fa",
        *[f"##contig=<ID=chr{name},length={length},assembly=GRCh38>" for name, length in CONTIGS.items()],
        *[f"##normal_sample={name}" for name in normal],
        f"##tumor_sample={key}-T",
        "\t".join(
            ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *normal, f"{key}-T"],
        ),
    ]


def _record(row: Row, call: Call, item: dict[str, str], gene: dict[str, str]) -> str:
    key, alts = row["patient_id"], item["alt"].split(",")
    depth = 180 + draw(520, key, call.variant, "depth")
    low, span = {"common": (46, 9), "weak": (2, 2)}.get(item["kind"], (16, 22))
    percent = low + draw(span, key, call.variant, "vaf")
    alt_reads = [max(2, depth * percent // 100 // (1 + 3 * number)) for number in range(len(alts))]
    columns = [_column(depth, alt_reads)]
    if row["panel"] == "A":
        reads = 90 + draw(200, key, call.variant, "normal")
        columns.insert(0, _column(reads, [reads // 2 if call.germline else 0 for _ in alts]))
    csq = ",".join(entry for number in range(len(alts)) for entry in annotate(item, gene, number))
    lod = ",".join(f"{reads * 2.2:.2f}" for reads in alt_reads)
    fields = [f"chr{gene['chrom']}", item["pos"], ".", item["ref"], item["alt"], ".", call.filter]
    return "\t".join([*fields, f"DP={depth};TLOD={lod};CSQ={csq}", "GT:AD:DP:AF", *columns])


def _column(depth: int, alt_reads: list[int]) -> str:
    """Return genotype, allele depths, depth and allele fractions of one sample."""
    genotype = "/".join(["0", *[str(n) for n, reads in enumerate(alt_reads, start=1) if reads]])
    counts = [depth - sum(alt_reads), *alt_reads]
    fractions = ",".join(f"{reads / depth:.3f}" for reads in alt_reads)
    return f"{genotype if any(alt_reads) else '0/0'}:{','.join(map(str, counts))}:{depth}:{fractions}"
