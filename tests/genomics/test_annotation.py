"""Which annotation a header announces, and what it says: made-up headers, split-vep's own tests, real files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from netgen.genomics.annotation import find_annotation
from netgen.genomics.bcsq import parse_bcsq
from netgen.genomics.classes import classify_consequence, consequence_rank, most_severe
from netgen.genomics.vep import parse_csq_format

if TYPE_CHECKING:
    from pathlib import Path

VEP = "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|SYMBOL|Feature|BIOTYPE|CANONICAL|MANE"
SNPEFF = "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name'"
CSQ = "Local consequence annotation from BCFtools/csq. Format: Consequence|gene|transcript|biotype|strand|x|y"


@pytest.mark.parametrize(
    ("descriptions", "field", "value", "symbol"),
    [
        ({"CSQ": VEP}, "CSQ", "T|missense_variant|ONE|T1|protein_coding||", "ONE"),
        ({"ANN": SNPEFF}, "ANN", "T|missense_variant|MODERATE|TWO", "TWO"),
        ({"BCSQ": CSQ}, "BCSQ", "missense|THREE|T1|protein_coding|+|2V>2I|103G>T", "THREE"),
        ({"ANN": VEP}, "ANN", "T|missense_variant|ONE|T1|protein_coding||", "ONE"),
        ({"CSQ": SNPEFF}, "CSQ", "T|missense_variant|MODERATE|TWO", "TWO"),
        ({"vep": VEP}, "vep", "T|missense_variant|ONE|T1|protein_coding||", "ONE"),
        ({"BCSQ": CSQ, "ANN": SNPEFF, "CSQ": VEP}, "CSQ", "T|missense_variant|ONE|T1|protein_coding||", "ONE"),
        ({"CSQ": "no format", "ANN": SNPEFF}, "ANN", "T|missense_variant|MODERATE|TWO", "TWO"),
    ],
)
def test_find_annotation__goes_by_the_description(
    descriptions: dict[str, str], field: str, value: str, symbol: str
) -> None:
    annotation = find_annotation(descriptions)
    assert annotation is not None
    chosen = annotation.choose(value, ref="G", alts=("T",), number=1)
    assert chosen is not None
    assert (annotation.field, chosen.symbol, most_severe(chosen.terms)[:8]) == (field, symbol, "missense")
    assert annotation.choose("", ref="G", alts=("T",), number=1) is None


def test_find_annotation__none_without_fields() -> None:
    assert find_annotation({}) is None
    assert (
        find_annotation({"ANN": "Functional annotations: 'Allele | Annotation'", "CSQ": "Format: Allele|Gene"}) is None
    )


def test_choose__a_split_record_keeps_only_the_entries_of_its_allele() -> None:
    annotation = find_annotation({"CSQ": VEP})
    assert annotation is not None
    value = "A|stop_gained|ONE|T1|protein_coding||,T|missense_variant|TWO|T1|protein_coding||"
    symbols = [annotation.choose(value, ref="G", alts=(alt,), number=1) for alt in "ATC"]
    assert [one.symbol if one else None for one in symbols] == ["ONE", "TWO", None]


def test_choose__older_mane_field_and_the_users_list() -> None:
    annotation = find_annotation({"CSQ": VEP})
    assert annotation is not None
    severe, silent = "T|stop_gained|ONE|T1.4|protein_coding||", "T|synonymous_variant|ONE|T2.1|protein_coding||"
    mane = "T|intron_variant|ONE|T3.1|protein_coding||NM_1"

    def chosen(*entries: str, transcripts: frozenset[str] = frozenset()) -> str | None:
        found = annotation.choose(",".join(entries), ref="G", alts=("T",), number=1, transcripts=transcripts)
        return found.transcript_id if found else None

    assert chosen(severe, silent) == "T1.4"
    assert chosen(severe, silent, transcripts=frozenset({"T2"})) == "T2.1"
    assert chosen(severe, silent, transcripts=frozenset({"T2.2"})) == "T1.4"  # another version was asked for
    assert chosen(severe, silent, mane, transcripts=frozenset({"T2"})) == "T3.1"


# ---------------------------------------------------------------- bcftools' own tests of split-vep
class Record(NamedTuple):
    """Position, alleles and annotation of one line."""

    pos: int
    ref: str
    alts: tuple[str, ...]
    value: str


def read_records(path: Path, field: str) -> tuple[str, list[Record]]:
    """Return the description of a field and its value in each record."""
    description, records = "", []
    for line in path.read_text().splitlines():
        if line.startswith(f"##INFO=<ID={field},"):
            description = re.search(r'Description="([^"]*)"', line)[1]
        elif line and not line.startswith("#"):
            _, pos, _, ref, alts, _, _, info = line.split("\t")[:8]
            value = next((part[len(field) + 1 :] for part in info.split(";") if part.startswith(f"{field}=")), "")
            records.append(Record(int(pos), ref, tuple(alts.split(",")), value))
    return description, records


@pytest.fixture(scope="module")
def splitvep(shared: Path) -> Path:
    return shared / "data" / "vcf_norm_splitvep"


MISSENSE = consequence_rank("missense_variant")


# Left out, for netgen neither prints fields nor filters by them: 12* and 14 (all fields as columns, types), 17, 18, 20
# (header lines and records as they are), 6 and 8 (INFO/AF, samples; 8 without its input), 25, 26 (another input, not
# here), filter*, types* and broken-LoF.2 (columns of other tools), gene-list.1 (worst entry of every gene).
@pytest.mark.shared
def test_splitvep__worst_consequence_of_each_record(splitvep: Path) -> None:
    description, records = read_records(splitvep / "split-vep.vcf", "CSQ")
    layout = parse_csq_format(description)
    assert layout is not None
    worst = {}
    for record in records:
        terms = [entry.split("|")[layout.terms] for entry in record.value.split(",")]
        told = min(terms, key=lambda one: consequence_rank(most_severe(one)))
        worst[record.pos] = told if consequence_rank(most_severe(told)) <= MISSENSE else "."
    lines = [line.split("\t") for line in (splitvep / "split-vep.1.out").read_text().splitlines()]
    assert [(str(pos), terms) for pos, terms in worst.items()] == [tuple(line) for line in lines]
    severe = [(str(pos), terms) for pos, terms in worst.items() if terms != "."]
    assert severe == [tuple(line.split("\t")) for line in (splitvep / "split-vep.2.out").read_text().splitlines()]
    singles = [(pos, most_severe(terms)) for pos, terms in severe]
    assert singles == [tuple(line.split("\t")) for line in (splitvep / "split-vep.2.1.out").read_text().splitlines()]


@pytest.mark.shared
def test_splitvep__canonical_transcripts_are_told(splitvep: Path) -> None:
    description, records = read_records(splitvep / "split-vep.vcf", "CSQ")
    annotation = find_annotation({"CSQ": description})
    assert annotation is not None
    severe = []
    for record in records:
        told = [
            annotation.choose(record.value, ref=record.ref, alts=record.alts, number=number + 1)
            for number in range(len(record.alts))
        ]
        if any(one and consequence_rank(most_severe(one.terms)) <= MISSENSE for one in told):
            severe.append(str(record.pos))
    assert severe == (splitvep / "split-vep.4.out").read_text().split()


@pytest.mark.shared
def test_splitvep__entries_of_one_record(splitvep: Path) -> None:
    description, records = read_records(splitvep / "split-vep.vcf", "CSQ")
    layout = parse_csq_format(description)
    assert layout is not None
    rows = [entry.split("|") for entry in records[0].value.split(",")]
    read = [f"14464\t{row[layout.canonical] or '.'}\t{row[layout.terms]}" for row in rows]
    assert read == (splitvep / "split-vep.10.out").read_text().splitlines()
    joined = "\t".join(",".join(row.split("\t")[column] for row in read) for column in (1, 2))
    assert (splitvep / "split-vep.9.out").read_text().splitlines() == [f"14464\t{joined}"]


@pytest.mark.shared
@pytest.mark.parametrize("output", ["split-vep.13.out", "split-vep.13.1.out"])  # all terms; the most severe
def test_splitvep__entries_of_bcsq(splitvep: Path, output: str) -> None:
    _, records = read_records(splitvep / "split-vep.4.vcf", "BCSQ")
    entries = [(record.pos, one) for record in records for one in parse_bcsq(record.value)]
    if output == "split-vep.13.1.out":
        entries = [(pos, one._replace(terms=most_severe(one.terms))) for pos, one in entries]
    read = ["\t".join([str(pos), *(part or "." for part in one)]) for pos, one in entries]
    assert read == (splitvep / output).read_text().splitlines()


@pytest.mark.shared
def test_splitvep__listed_transcripts_are_told(splitvep: Path) -> None:
    description, records = read_records(splitvep / "split-vep.gene-list.vcf", "CSQ")
    annotation = find_annotation({"CSQ": description})
    assert annotation is not None
    names = frozenset((splitvep / "split-vep.mixed-list.txt").read_text().split())
    told = [
        annotation.choose(record.value, ref=record.ref, alts=record.alts, number=1, transcripts=names)
        for record in records[:2]
    ]
    # as in split-vep.gene-list.2.out and .3.out: the missense changes of RNF13 and SIX5
    assert [(one.transcript_id, one.terms) for one in told if one] == [
        ("ENST00000344229", "missense_variant"),
        ("ENST00000317578", "missense_variant"),
    ]


@pytest.mark.shared
def test_splitvep__commas_inside_a_field_do_not_hide_the_entries(splitvep: Path) -> None:
    description, records = read_records(splitvep / "split-vep.broken-LoF.vcf", "vep")
    annotation = find_annotation({"vep": description})
    assert annotation is not None
    told = [annotation.choose(one.value, ref=one.ref, alts=one.alts, number=1) for one in records]
    assert [(one.terms, one.symbol) for one in told if one] == [
        ("missense_variant", "FP565260.3"),
        ("frameshift_variant", "FP565260.3"),
    ]


# ---------------------------------------------------------------- real files
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "field", "pos", "gene", "transcript", "hgvsc", "hgvsp", "variant_class"),
    [
        ("tag__test_context", "ANN", 27963423, "CDH2", "NM_001792.4", "c.2448C>T", "p.A816=", "Silent"),
        ("tag__test_context", "ANN", 27963698, "CDH2", "NM_001792.4", "c.2350-177A>G", None, "Intron"),
        ("tag__test_context", "ANN", 28036487, "CDH2", "NM_001308176.1", "c.62T>A", "p.L21*", "Nonsense_Mutation"),
        ("filter__test_ann_csq_annotation_key", "CSQ", 28036487, "CDH2", "NM_001308176.1", "c.62T>A", "p.L21*",
         "Nonsense_Mutation"),
        ("filter__test_malformed_ann", "ANN", 27963698, "CDH2", None, None, None, "Intron"),
        ("table__test_ann_exon_range_NA", "ANN", 26696985, "ARID1A", "ENST00000324856", "c.582C>T", "p.P194=",
         "Silent"),
        ("testcases__filter_ann_spliceai", "ANN", 26760988, "ARID1A", "ENST00000324856", "c.2053_2056delinsCCCC",
         "p.T685_S686delinsPP", "Missense_Mutation"),
    ],
)  # fmt: skip
def test_find_annotation__real_files(
    shared: Path, name: str, field: str, pos: int, gene: str, transcript: str | None, hgvsc: str | None,
    hgvsp: str | None, variant_class: str,
) -> None:  # fmt: skip
    description, records = read_records(shared / "data" / "vcf_somatic_callers" / "vembrane" / f"{name}.vcf", field)
    annotation = find_annotation({field: description})
    assert annotation is not None
    record = next(one for one in records if one.pos == pos)
    told = annotation.choose(record.value, ref=record.ref, alts=record.alts, number=1)
    assert told is not None
    assert (told.symbol, told.transcript_id, told.hgvsc, told.hgvsp) == (gene, transcript, hgvsc, hgvsp)
    assert classify_consequence(told.terms, record.ref, record.alts[0]) == variant_class
