"""Checks that need variants and patients together (DOMAIN 1.16: V20, V22, V27, V30)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.genomics.classes import is_altering

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from netgen.errors import Findings

SHARED_VARIANTS: Final = 5  # as many in common and two samples may be of one person
SHARED_FRACTION: Final = 0.1  # and as much of the smaller of them: two hypermutated tumours meet by chance
COMMON_KEY: Final = 3  # a variant in more patients than this is a hot spot or an artefact, not a fingerprint
_KEY: Final = ["build", "chrom", "pos", "ref", "alt"]


def check_genomic(variants: pd.DataFrame, samples: pd.DataFrame, patients: pd.DataFrame, *, findings: Findings) -> None:
    """Report contradictions between variants, samples and patients.

    Parameters
    ----------
    variants
        Somatic variants after the variant policy.
    samples, patients
        Clinical tables.
    findings
        Receives E_BUILD_MIXED, E_FOREIGN_KEY (somatic rows of a normal), W_BUILD_MIXED, W_REVIEW_NEC and W_SAMPLE_SWAP.

    Notes
    -----
    Order: builds, normals, TP53 with RB1, shared variants; within each by identifier. Genes of different builds can be
    compared, positions cannot: several builds in one study are a warning, two builds in one sample an error.

    Shared variants (V30) are those of position and allele on one build. Two patients are reported if they have the same
    variants, five or more and no others; or if they share five or more that at most three patients have, and these are
    a tenth or more of the variants of one of them.
    """
    owner = samples.set_index("sample_id")["patient_id"]
    rows = variants.loc[variants["sample_id"].isin(owner.index)]
    _check_builds(rows, findings)
    _check_normals(rows, samples, findings)
    _check_carcinoma_genes(rows, owner, patients, findings)
    _check_swaps(rows, owner, findings)


def _check_builds(variants: pd.DataFrame, findings: Findings) -> None:
    builds = variants.dropna(subset=["build"]).drop_duplicates(["sample_id", "build"])
    both = builds.loc[builds["sample_id"].duplicated(), "sample_id"].sort_values()
    for sample in both.unique():
        findings.add(
            "E_BUILD_MIXED",
            f"the variants of one sample must be on one genome build; those of {sample} are on two.",
            fix="Lift one of its files over, or state the build of the source.",
            column="build",
            value=sample,
            rule="V22",
        )
    names = sorted(builds["build"].unique())
    if len(names) > 1:
        findings.add(
            "W_BUILD_MIXED",
            f"the study has variants on {' and '.join(names)}: genes are compared, positions are not.",
            rule="V22",
        )


def _check_normals(variants: pd.DataFrame, samples: pd.DataFrame, findings: Findings) -> None:
    normals = set(samples.loc[(samples["sample_class"] == "normal").fillna(value=False), "sample_id"])
    counts = variants.loc[variants["sample_id"].isin(normals), "sample_id"].value_counts().sort_index()
    for sample, n in counts.items():
        findings.add(
            "E_FOREIGN_KEY",
            f"{n} somatic variants belong to {sample}, which is a normal sample.",
            fix="Name the tumour sample in the variant file, or mend sample_class.",
            column="sample_id",
            value=sample,
            rule="V27",
        )


def _check_carcinoma_genes(
    variants: pd.DataFrame, owner: pd.Series, patients: pd.DataFrame, findings: Findings
) -> None:
    """TP53 and RB1 together point to carcinoma: ask for a review where the label says well differentiated."""
    altering = variants.loc[
        is_altering(variants["variant_class"], variants["gene"]) & variants["gene"].isin(["TP53", "RB1"])
    ]
    genes = altering.assign(patient_id=altering["sample_id"].map(owner)).groupby("patient_id")["gene"].nunique()
    both = set(genes.index[genes > 1])
    well = patients.loc[(patients["differentiation"] == "well").fillna(value=False), "patient_id"]
    for patient in sorted(both & set(well)):
        findings.add(
            "W_REVIEW_NEC",
            f"TP53 and RB1 are both altered in {patient}, who is labelled well differentiated.",
            fix="Ask for a pathology review; the patient is not left out.",
            patient_id=patient,
            rule="V20",
        )


def _check_swaps(variants: pd.DataFrame, owner: pd.Series, findings: Findings) -> None:
    """Report pairs of patients with common variants: whole sets that are equal, and many rare ones (V30)."""
    located = variants.dropna(subset=["chrom", "pos"])
    located = located.assign(patient_id=located["sample_id"].map(owner), build=located["build"].fillna(""))
    located = located.drop_duplicates([*_KEY, "patient_id"])
    key = np.asarray(located.groupby(_KEY, dropna=False, sort=False).ngroup(), dtype=np.intp)
    codes, names = pd.factorize(located["patient_id"], sort=True)
    patient = np.asarray(codes, dtype=np.intp)
    size = np.bincount(patient, minlength=len(names))
    found = {pair: int(size[pair[0]]) for pair in _equal_sets(key, patient, size)}
    for first, second, n in _count_shared(key, patient):
        smaller = min(size[first], size[second])
        if n >= SHARED_VARIANTS and n >= SHARED_FRACTION * smaller:
            found[first, second] = n
    for (one, two), n in sorted(found.items()):
        findings.add(
            "W_SAMPLE_SWAP",
            f"{names[one]} and {names[two]} share {n} variants, of {size[one]} and {size[two]}: one tumour under two "
            "names, or swapped samples.",
            fix="Check both specimens.",
            patient_id=names[one],
            value=names[two],
            rule="V30",
        )


def _equal_sets(key: NDArray[np.intp], patient: NDArray[np.intp], size: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Pair each patient with the first one that has the same variants and no others."""
    order = np.lexsort([key, patient])
    first: dict[bytes, int] = {}
    pairs = []
    for one, own in enumerate(np.split(key[order], np.cumsum(size)[:-1])):
        other = first.setdefault(own.tobytes(), one)
        if other != one and len(own) >= SHARED_VARIANTS:
            pairs.append((other, one))
    return pairs


def _count_shared(key: NDArray[np.intp], patient: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """Return pairs of patients and the number of rare variants that they share, through the carriers of each."""
    carriers = np.bincount(key)[key]
    rows = pd.DataFrame({"key": key, "patient": patient})[(carriers > 1) & (carriers <= COMMON_KEY)]
    pairs = rows.merge(rows, on="key")
    pairs = pairs[pairs["patient_x"] < pairs["patient_y"]]
    counts = pairs.groupby(["patient_x", "patient_y"]).size().rename("n").reset_index()
    return [(int(one), int(two), int(n)) for one, two, n in counts.to_numpy().tolist()]
