"""bcftools' own tests of csq, through netgen's path: one genome and one set of gene models of all cases, one child.

Every case has a short sequence, its gene models and variants with the expected BCSQ. Here each of them becomes a contig
of one genome, so that all are told in one call, as those of a cohort are. Compared are consequence, gene, transcript,
biotype, strand and amino-acid change; the DNA change is left out since netgen gives csq the left-aligned allele.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pytest

from netgen.errors import Findings
from netgen.genomics.consequences import Reference, call_consequences, call_entries

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

# Files whose recorded outputs say nothing about these records.
WITHOUT_EXPECTATION = {
    "filter-problem": "made with a filter that leaves records out of the prediction",
    "upstream-stop": "the output has placeholders instead of consequences",
    "failed-assert": "csq must not stop on it; no output is recorded",
    "haploid-diploid": "of one record no output is recorded",
    "multiallelic": "no output is recorded",
    "compound": "the outputs are those of other options (brief predictions, phase)",
    "single": "the outputs are those of other options (brief predictions, phase)",
    "test": "the output of ENST00000000001 was made with a filter",
}
# Records that netgen tells otherwise, and why.
EXCEPTIONS = {
    ("ENST00000318249.2", 4958): "left-aligned it lies in the intron; as written it touches the start codon",
    ("ENST00000341065", 19026): "left-aligned it lies on the splice acceptor (one of the three alleles of this place)",
    ("ENST00000341065", 16255): "csq tells nothing of the allele as written, which is trimmed first here",
    ("ENST00000341065", 18365): "csq tells nothing of the allele as written, which is trimmed first here",
    ("ENST00000341065", 18498): "csq tells nothing of the allele as written, which is trimmed first here",
    ("ENST00000341065", 16427): "as written it begins in the exon; trimmed it is in the intron, beside the donor",
    ("ENST00000624631", 547): "left-aligned it lies on the splice sites of an intron of two bases",
    ("ENST00000294661", 9715): "the reference allele reaches past the end of the sequence of the case",
    ("ENST00000528237", 14714): "csq -l adds stop_gained: the coding sequence ends within its codon",
}


class Case(NamedTuple):
    """One variant and the entries that are expected of it; None = not recorded."""

    case: str
    stem: str
    contig: str
    pos: int
    ref: str
    alt: str
    expected: str | None


def read_expected(folder: Path, stem: str) -> dict[tuple[int, str, str], str]:
    """Return position and alleles -> entries: local csq where it is given; of repeated lines the last, the output.

    A line has a column for each haplotype that carries the allele; what each tells is put together.
    """
    names = [f"{stem}.txt-l", f"{stem}.txt", f"{stem}.cmd.out", f"{stem}.1.cmd.out"]
    file = next((folder / name for name in names if (folder / name).exists()), None)
    rows = [line.split("\t") for line in file.read_text().splitlines()] if file else []
    return {
        (int(row[0]), row[1], row[2]): ",".join(value for value in row[3:] if value != ".")
        for row in rows
        if len(row) > 3 and row[0].isdigit()
    }


def strip(entries: str) -> frozenset[str]:
    """Return entries without the DNA change and without the name of the case in the transcript."""
    parts = ["|".join(one.split("|")[:6]) for one in entries.split(",") if one not in {"", "."}]
    return frozenset(re.sub(r"\|[^|]*~", "|", one).lstrip("*") for one in parts)


def is_of_haplotype(entries: str) -> bool:
    """Tell whether entries speak of several records at once."""
    return "@" in entries or any("+" in one.split("|")[6] for one in entries.split(",") if one.count("|") > 5)


@pytest.fixture(scope="module")
def told(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Case, frozenset[str]]]:
    """Return every variant of every case and what netgen tells of it."""
    folder = tmp_path_factory.mktemp("csq")
    cases, sequences, features = [], [], ["##gff-version 3"]
    for vcf in sorted((shared / "data" / "csq_reference" / "cases").glob("*/*.vcf")):
        home, stem = vcf.parent, vcf.name.removesuffix(".vcf")
        models = home / f"{stem}.gff" if (home / f"{stem}.gff").exists() else home / f"{home.name}.gff"
        name = f"{home.name}~{stem}~"
        for line in (home / f"{home.name}.fa").read_text().splitlines():
            sequences.append(f">{name}{line[1:].split()[0]}" if line.startswith(">") else line)
        for line in models.read_text().splitlines():
            if line and not line.startswith("#"):
                fields = line.split("\t", 8)
                ids = re.sub(r"=(gene|transcript):", rf"=\1:{name}", fields[8].replace("\t", " "))  # one has tabs
                features.append("\t".join([name + fields[0], *fields[1:8], ids]))
        expected = read_expected(home, stem)
        for line in vcf.read_text().splitlines():
            if line and not line.startswith("#"):
                chrom, pos, _, ref, alts, *_ = line.split("\t")
                for alt in alts.split(","):
                    value = expected.get((int(pos), ref, alt))
                    cases.append(Case(home.name, stem, name + chrom, int(pos), ref, alt, value))
    (folder / "all.fa").write_text("\n".join(sequences) + "\n")
    (folder / "all.gff3").write_text("\n".join(features) + "\n")
    alleles = pd.DataFrame(cases)[["contig", "pos", "ref", "alt"]].rename(columns={"contig": "chrom"})
    reference = Reference(fasta=folder / "all.fa", gff=folder / "all.gff3")
    sites = call_entries(alleles, reference=reference, folder=folder, findings=Findings()).sites
    values = sites.set_index("id")["bcsq"].reindex(range(len(cases)), fill_value="")
    return list(zip(cases, map(strip, values), strict=True))


def test_csq_reference__equals_the_recorded_outputs(told: list[tuple[Case, frozenset[str]]]) -> None:
    wrong, compared = [], 0
    for case, entries in told:
        unstated = case.expected is None or any(case.stem.startswith(name) for name in WITHOUT_EXPECTATION)
        if unstated or is_of_haplotype(case.expected) or (case.case, case.pos) in EXCEPTIONS:
            continue
        compared += 1
        if entries != strip(case.expected):
            wrong.append((*case, sorted(entries)))
    assert wrong == []
    assert (len(told), compared) == (165, 118)


def test_csq_reference__exceptions_are_still_needed(told: list[tuple[Case, frozenset[str]]]) -> None:
    differs = {
        (case.case, case.pos) for case, entries in told if case.expected is not None and entries != strip(case.expected)
    }
    assert set(EXCEPTIONS) <= differs
    missing = {case.stem for case, _ in told if case.expected is None}
    recorded = [name for name in missing if not any(name.startswith(one) for one in WITHOUT_EXPECTATION)]
    assert recorded == []


@pytest.mark.parametrize(
    ("sequence", "models", "variants"),
    [("nchr", "ychr", "yychr"), ("yychr", "nchr", "ychr"), ("ychr", "yychr", "nchr")],
)
def test_csq_reference__chromosomes_of_any_style_are_one(
    shared: Path, sequence: str, models: str, variants: str
) -> None:
    folder = shared / "data" / "csq_reference"
    line = (folder / f"csq.{variants}.vcf").read_text().splitlines()[-1].split("\t")
    alleles = pd.DataFrame({"chrom": [line[0]], "pos": [int(line[1])], "ref": [line[3]], "alt": [line[4]]})
    reference = Reference(fasta=folder / f"csq.{sequence}.fa", gff=folder / f"csq.{models}.gff")
    (chosen,) = call_consequences(alleles, reference=reference, findings=Findings())
    assert chosen is not None
    assert (chosen.terms, chosen.symbol, chosen.hgvsp) == ("missense", "gtrV", "p.L1I")


def test_csq_reference__keeps_every_transcript_of_a_gene(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "csq_reference"
    alleles = pd.DataFrame({"chrom": ["2", "1"], "pos": [103, 103], "ref": ["G", "G"], "alt": ["A", "A"]})
    reference = Reference(fasta=folder / "csq.fa", gff=folder / "csq.2.gff")
    sites = call_entries(alleles, reference=reference, folder=tmp_path, findings=Findings()).sites
    told = {one for value in sites["bcsq"] for one in value.split(",")}
    assert told == {line for line in (folder / "csq.3.out").read_text().splitlines() if line}
