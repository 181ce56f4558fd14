"""The VEP annotation of the embedded demo cohort: one CSQ entry per allele and transcript.

Three transcripts at most stand in each record, in an order that VEP may well print: another transcript of the gene, a
neighbouring gene within 5 kb, and last the MANE Select transcript, which carries CANONICAL, MANE_SELECT and PICK. Who
takes the first entry, or the most severe one, gets some genes wrong.
"""

from __future__ import annotations

import re

CSQ = (
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|EXON|INTRON|HGVSc|HGVSp|cDNA_position|"
    "CDS_position|Protein_position|Amino_acids|Codons|Existing_variation|DISTANCE|STRAND|FLAGS|PICK|VARIANT_CLASS|"
    "SYMBOL_SOURCE|HGNC_ID|CANONICAL|MANE_SELECT|MANE_PLUS_CLINICAL|ENSP|gnomADe_AF|MAX_AF|MAX_AF_POPS|CLIN_SIG|"
    "SOMATIC|PHENO"
)
IMPACT = {
    "stop_gained": "HIGH",
    "frameshift_variant": "HIGH",
    "splice_donor_variant": "HIGH",
    "missense_variant": "MODERATE",
    "synonymous_variant": "LOW",
    "splice_donor_region_variant": "LOW",
    "splice_region_variant": "LOW",
}
ONE_LETTER = {
    "Ala": "A", "Arg": "R", "Cys": "C", "Gln": "Q", "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Phe": "F",
    "Pro": "P", "Ser": "S", "Ter": "*", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V",
}  # fmt: skip
SHIFT = {
    "TP53": (0, -117),
    "MEN1": (445, 15),
}  # the other coding transcript: behind this base, its numbers differ by so much
BETA = {  # an intronic variant of TP53 that is missense in the beta isoform
    "Feature": "ENST00000420246.6",
    "Consequence": "missense_variant",
    "IMPACT": "MODERATE",
    "HGVSc": "ENST00000420246.6:c.1006T>C",
    "HGVSp": "ENSP00000391127.2:p.Phe336Leu",
    "Protein_position": "336/341",
    "Amino_acids": "F/L",
}
NEAR = 5000  # bases within which VEP names a neighbouring gene


def annotate(item: dict[str, str], gene: dict[str, str], number: int) -> list[str]:
    """Return the CSQ entries of one allele.

    Parameters
    ----------
    item
        One row of ``demo_variants.tsv``.
    gene
        The row of its gene in ``demo_genes.tsv``.
    number
        Which of the alternative alleles, from 0.

    Returns
    -------
    list of str
        Entries in the order of ``CSQ``; blank where VEP would print nothing.
    """
    pick = {name: item[name].split(",")[min(number, item[name].count(","))] for name in ("hgvsc", "hgvsp", "alt")}
    shared = _shared(item, gene, pick["alt"])
    entries = [_other_transcript(item, gene, pick, shared)]
    distance = _distance(int(item["pos"]), gene)
    if distance is not None:
        entries.append(_neighbour(gene, shared, distance))
    entries.append(_mane(item, gene, pick, shared))
    return ["|".join(entry.get(name, "") for name in CSQ.split("|")) for entry in entries]


def _shared(item: dict[str, str], gene: dict[str, str], alt: str) -> dict[str, str]:
    """Return what all entries of one allele have in common."""
    single = len(item["ref"]) == len(alt) == 1
    kind = "SNV" if single else "deletion" if len(alt) < len(item["ref"]) else "insertion"
    return {
        "Allele": alt if single else alt[1:] or "-",
        "Feature_type": "Transcript",
        "STRAND": "1" if gene["strand"] == "+" else "-1",
        "VARIANT_CLASS": kind,
        "SYMBOL_SOURCE": "HGNC",
        "gnomADe_AF": item["max_af"],
        "MAX_AF": item["max_af"],
        "MAX_AF_POPS": "gnomADe_NFE" if item["max_af"] else "",
    }


def _mane(item: dict[str, str], gene: dict[str, str], pick: dict[str, str], shared: dict[str, str]) -> dict[str, str]:
    protein = pick["hgvsp"]
    return shared | {
        "Consequence": item["consequence"],
        "IMPACT": _impact(item["consequence"]),
        "SYMBOL": item["gene"],
        "Gene": gene["ensembl_gene"],
        "Feature": gene["transcript"],
        "BIOTYPE": "protein_coding",
        "EXON": item["exon"],
        "HGVSc": f"{gene['transcript']}:{pick['hgvsc']}",
        "HGVSp": f"{gene['protein']}:{protein.replace('=', '%3D')}" if protein else "",
        "Protein_position": f"{_residue(protein)}/{gene['aa']}" if protein else "",
        "Amino_acids": _amino_acids(protein),
        "PICK": "1",
        "HGNC_ID": gene["hgnc"],
        "CANONICAL": "YES",
        "MANE_SELECT": gene["refseq"],
        "ENSP": gene["protein"],
    }


def _other_transcript(
    item: dict[str, str], gene: dict[str, str], pick: dict[str, str], shared: dict[str, str]
) -> dict[str, str]:
    """Return the entry of a transcript of the same gene that is neither MANE Select nor canonical."""
    entry = shared | {"SYMBOL": item["gene"], "Gene": gene["ensembl_gene"], "HGNC_ID": gene["hgnc"]}
    entry |= {"Feature": gene["alt_transcript"], "BIOTYPE": gene["alt_biotype"], "IMPACT": "MODIFIER"}
    consequence = item["consequence"]
    if item["variant"] == "TP53_beta":
        return entry | BETA
    if gene["alt_biotype"] == "retained_intron":
        inside = "intron_variant&non_coding_transcript_variant"
        return entry | {"Consequence": "non_coding_transcript_exon_variant" if item["exon"] else inside}
    if gene["alt_biotype"] == "nonsense_mediated_decay":
        return entry | {"Consequence": f"{consequence}&NMD_transcript_variant", "IMPACT": _impact(consequence)}
    after, shift = SHIFT.get(item["gene"], (0, 0))
    shift = shift if _residue(pick["hgvsc"]) > after else 0
    return entry | {
        "Consequence": consequence,
        "IMPACT": _impact(consequence),
        "HGVSc": f"{gene['alt_transcript']}:{_move(pick['hgvsc'], shift)}",
        "Amino_acids": _amino_acids(pick["hgvsp"]),
    }


def _neighbour(gene: dict[str, str], shared: dict[str, str], distance: int) -> dict[str, str]:
    return shared | {
        "Consequence": gene["near_consequence"],
        "IMPACT": "MODIFIER",
        "SYMBOL": gene["near_symbol"],
        "Gene": gene["near_gene"],
        "Feature": gene["near_transcript"],
        "BIOTYPE": "protein_coding",
        "DISTANCE": str(distance),
        "STRAND": "-1",
        "CANONICAL": "YES",
    }


def _distance(pos: int, gene: dict[str, str]) -> int | None:
    """Return the distance to the neighbouring gene, or None if there is none within reach."""
    if not gene["near_symbol"]:
        return None
    start, end = int(gene["near_start"]), int(gene["near_end"])
    distance = start - pos if pos < start else pos - end
    return distance if 0 < distance <= NEAR else None


def _impact(consequence: str) -> str:
    return next((IMPACT[term] for term in consequence.split("&") if term in IMPACT), "MODIFIER")


def _residue(hgvs: str) -> int:
    """Return the first number of an HGVS expression."""
    found = re.search(r"\d+", hgvs)
    return int(found.group()) if found else 0


def _move(hgvs: str, shift: int) -> str:
    """Add ``shift`` to the positions of an HGVS expression; offsets into introns stay."""
    return re.sub(r"(?<![\d+-])\d+", lambda found: str(int(found.group()) + shift), hgvs)


def _amino_acids(protein: str) -> str:
    found = re.match(r"p\.([A-Z][a-z]{2})\d+([A-Z][a-z]{2}|=)", protein)
    if not found:
        return ""
    before, after = ONE_LETTER[found.group(1)], found.group(2)
    return before if after == "=" else f"{before}/{'X' if 'fs' in protein else ONE_LETTER[after]}"
