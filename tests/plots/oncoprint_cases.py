"""Small alteration matrices written as one line per gene, for the tests of the oncoprint.

A patient's cell is ``.`` wild type, ``?`` not profiled, or letters, one per alteration: M missense, T truncating,
S splice, I in-frame, A amplification, D deep deletion, F fusion, P promoter, O other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from netgen.genomics.matrix import REASONS, AlterationMatrix

LETTERS = {
    "M": ("mutation", "Missense_Mutation"),
    "T": ("mutation", "Nonsense_Mutation"),
    "S": ("mutation", "Splice_Site"),
    "I": ("mutation", "In_Frame_Del"),
    "P": ("mutation", "5'Flank"),
    "O": ("call", None),
    "A": ("amplification", None),
    "D": ("homozygous_deletion", None),
    "F": ("fusion", None),
}


def make_matrix(cells: dict[str, str], patients: str) -> AlterationMatrix:
    """Return the matrix of gene -> cells and patients, both separated by blanks."""
    names = patients.split()
    rows = {gene: dict(zip(names, text.split(), strict=True)) for gene, text in cells.items()}
    order, genes = sorted(names), sorted(cells)
    detail = []
    status = np.zeros((len(genes), len(order)), dtype=np.int8)
    for i, gene in enumerate(genes):
        for j, patient in enumerate(order):
            text = rows[gene][patient]
            status[i, j] = {".": 0, "?": -1}.get(text, 1)
            for number, letter in enumerate(text if text not in ".?" else ""):
                kind, variant_class = LETTERS[letter]
                detail.append((patient, f"{patient}-T", gene, gene, kind, variant_class, f"{letter}{number}"))
    columns = ["patient_id", "sample_id", "feature", "gene", "kind", "variant_class", "label"]
    frame = pd.DataFrame(detail, columns=columns).astype("string")
    return AlterationMatrix(
        status=status,
        reason=np.where(status < 0, REASONS.index("gene_not_on_panel"), 0).astype(np.uint8),
        patients=pd.Index(order, dtype="string"),
        features=pd.Index(genes, dtype="string"),
        feature_type="altered",
        policy="union",
        components=("mutations", "cna", "structural_variants"),
        detail=frame.assign(vaf=np.nan, file="x", row=1),
        discordance=pd.DataFrame(),
        hash="0123456789abcdef" * 4,
    )


def make_patients(patients: str, origins: str = "", **columns: list[object]) -> pd.DataFrame:
    """Return a patient table with origins separated by blanks."""
    names = patients.split()
    frame = pd.DataFrame({"patient_id": pd.Series(names, dtype="string"), **columns})
    if origins:
        frame["origin_group3"] = pd.Series(origins.split(), dtype="string")
    return frame
