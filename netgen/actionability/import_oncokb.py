"""Levels that the OncoKB annotator wrote into a MAF, shown beside the rules and never counted.

The annotator (``oncokb-annotator``) gives one column per level. ``LEVEL_1`` ... ``LEVEL_R2`` hold treatments, joined by
"," and the drugs of one by "+"; ``LEVEL_Dx1`` ... ``LEVEL_Px3`` hold the tumour types that the level is of. Nothing
here changes a column of ours: netgen's levels come from its rules alone.

**The trap.** A level was worked out for the tumour type that the annotator was told, and OncoKB adds to it the main
type, which for LNET, LUCA, ALUCA and LUNE is "Non-Small Cell Lung Cancer" (for PANET "Pancreatic Cancer", for TNET
"Thymic Tumor"). ``LEVEL_1`` to ``LEVEL_3A`` of a neuroendocrine tumour may thus be those of a carcinoma. For such a
patient the scope is ``uncertain`` whatever the file says, and ``imported_disease`` carries the flag
``annotator_scope``.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.actionability.diseases import UNRESOLVED, match_disease, resolve_disease
from netgen.actionability.imported import IMPORTED_COLUMNS
from netgen.actionability.rules import AGNOSTIC
from netgen.actionability.scope import NEN_CODES, is_neuroendocrine
from netgen.actionability.small_variants import list_small_variants
from netgen.genomics.maf_columns import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgen.knowledge.oncotree import OncoTree

LICENCE: Final = "OncoKB terms of use"
NOT_STATED: Final = "not stated"  # the annotator does not write which version of the data it used
ANNOTATOR_SCOPE: Final = "annotator_scope"
LEVELS: Final = (
    "LEVEL_1", "LEVEL_2", "LEVEL_2A", "LEVEL_2B", "LEVEL_3A", "LEVEL_3B", "LEVEL_4", "LEVEL_R1", "LEVEL_R2", "LEVEL_R3",
    "LEVEL_Dx1", "LEVEL_Dx2", "LEVEL_Dx3", "LEVEL_Px1", "LEVEL_Px2", "LEVEL_Px3",
)  # fmt: skip
_SOURCE: Final = "OncoKB (columns of the variants)"
_KEYS: Final = ["patient_id", "sample_id", "gene", "alteration"]
_COLUMN_OF: Final = {squeeze(level): level for level in LEVELS}
# Direction -> columns of the highest level, which count where a variant has no level of its own.
_HIGHEST: Final[dict[str, tuple[str, ...]]] = {
    "therapy": ("highestlevel", "highestsensitivelevel", "highestresistancelevel"),
    "diagnostic": ("highestdxlevel",),
    "prognostic": ("highestpxlevel",),
}
_CITATIONS: Final[dict[str, tuple[str, ...]]] = {
    "therapy": ("txcitations", "citations"),
    "diagnostic": ("dxcitations", "citations"),
    "prognostic": ("pxcitations", "citations"),
}
# In the order in which the annotator looks for the tumour type of a row.
_TUMOUR_TYPE: Final = ("oncotreecode", "cancertype", "tumortype", "tumourtype")
_UNSPECIFIED: Final = "[NOT SPECIFIED]"
_NOTHING: Final = pd.Series(dtype="string")
_SOLID: Final = frozenset({"all solid tumors", "all solid tumours"})


def read_oncokb_columns(
    variants: pd.DataFrame, samples: pd.DataFrame, patients: pd.DataFrame, tree: OncoTree
) -> pd.DataFrame:
    """Return the OncoKB levels that variants came with, one row per variant and level.

    A variant without any level has no row. Variants of samples that are not in ``samples`` are left out:
    ``alterations.gather_alterations`` reports them.

    Parameters
    ----------
    variants
        ``schema.VARIANTS`` with the columns of the annotator behind them, in any case and punctuation.
    samples
        ``schema.SAMPLES``: patient of each sample; an ``oncotree_code`` here goes before the patient's.
    patients
        Indexed by ``patient_id``, with ``oncotree_code``.
    tree
        OncoTree.

    Returns
    -------
    DataFrame
        ``imported.IMPORTED_COLUMNS``, sorted by patient, sample, gene, alteration and level. ``imported_level`` as
        OncoKB names it; ``imported_disease`` the tumour type that the file states, or for Dx and Px the types in the
        cell, with ``annotator_scope`` behind it where that applies; ``imported_oncotree`` their codes.

    Notes
    -----
    1. A variant whose treatment, Dx or Px columns are all empty or absent has a row for ``HIGHEST_LEVEL``
       (``HIGHEST_DX_LEVEL``, ``HIGHEST_PX_LEVEL``) where that is filled; its treatments are not known.
    2. Treatment levels: ``in_scope`` only if the file states the tumour type (ONCOTREE_CODE, CANCER_TYPE or TUMOR_TYPE)
       and it is exactly that of the patient; ``out_of_scope`` if it is of another branch of OncoTree; else
       ``uncertain``. A file that states a type but was annotated with a clinical file (``-c``) may have been given
       another one: that cannot be seen.
    3. Dx and Px levels: by the types in the cell, as any import (``diseases.match_disease``).
    4. A neuroendocrine patient, or one whose code is so broad that it may be one (LUNG, PANCREAS, THYMUS): always
       ``uncertain``, with the flag ``annotator_scope``: a level may be that of NSCLC or of an adenocarcinoma.
    5. ``imported_direction`` of Px levels is ``prognostic``: the columns do not say good or poor.

    Witness: ``tests/actionability/test_import_oncokb.py``.

    References
    ----------
    ``oncokb-annotator``, README and ``AnnotatorCore.py``: columns, "," and "+", order of the tumour type columns.
    """
    columns, rows = _select_filled(variants, samples)
    claims = _list_claims(columns)
    if claims.empty:
        return present([])
    known = samples.set_index("sample_id").reindex(columns=["patient_id", "oncotree_code"]).astype("string")
    named = _name(rows).join(known, on="sample_id")
    codes = find_tumour_types(named, patients)
    asked = _first_filled(columns, _TUMOUR_TYPE, rows.index)
    cited = {f"cited_{group}": _first_filled(columns, names, rows.index) for group, names in _CITATIONS.items()}
    claims = claims.join(named.assign(code=codes, asked=asked, **cited), on="position")
    return present(_describe(claims, tree))


def find_tumour_types(rows: pd.DataFrame, patients: pd.DataFrame) -> pd.Series:
    """Return the tumour type of each row: that of its sample, else of its patient.

    Parameters
    ----------
    rows
        With ``patient_id`` and perhaps ``oncotree_code``, that of the sample.
    patients
        Indexed by ``patient_id``, with ``oncotree_code``.

    Returns
    -------
    Series of "string"
        Index of ``rows``; "" where there is none.
    """
    code = rows["patient_id"].map(patients["oncotree_code"]).astype("string")
    if "oncotree_code" in rows:
        code = rows["oncotree_code"].astype("string").fillna(code)
    return code.fillna("").str.strip()


def is_guarded(tree: OncoTree, code: str) -> bool:
    """Tell whether OncoKB may have given a tumour type the levels of a carcinoma.

    Parameters
    ----------
    tree
        OncoTree.
    code
        Tumour type; missing or not in the tree = False.

    Returns
    -------
    bool
        True for a neuroendocrine tumour, and for a type with one among those below it.
    """
    if code not in tree:
        return False
    return is_neuroendocrine(tree, code) or any(item in tree and tree.is_within(item, code) for item in NEN_CODES)


def resolve_types(tree: OncoTree, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the OncoTree codes of tumour types as OncoKB names them.

    Parameters
    ----------
    tree
        OncoTree.
    texts
        Codes, names or main types; "All Solid Tumors" is ``SOLID``.

    Returns
    -------
    tuple of str
        Codes, sorted; ``?`` among them for a type that does not resolve.
    """
    found: set[str] = set()
    for text in texts:
        found.update((AGNOSTIC,) if text.casefold() in _SOLID else resolve_disease(tree, text) or (UNRESOLVED,))
    return tuple(sorted(found))


def direction_of(level: str) -> str:
    """Return what a level of OncoKB is about.

    Parameters
    ----------
    level
        Such as ``LEVEL_3A``, ``LEVEL_R1``, ``LEVEL_Dx2``.

    Returns
    -------
    str
        sensitivity, resistance, diagnostic or prognostic.
    """
    short = squeeze(level).removeprefix("level")
    return {"r": "resistance", "d": "diagnostic", "p": "prognostic"}.get(short[:1], "sensitivity")


def add_scope_flag(disease: str, *, guarded: bool) -> str:
    """Return the disease of a row with the flag ``annotator_scope`` behind it, where it applies.

    Parameters
    ----------
    disease
        As the source writes it, perhaps "".
    guarded
        ``is_guarded`` of the tumour type.

    Returns
    -------
    str
        ``ALUCA (annotator_scope)``.
    """
    if not guarded:
        return disease
    return f"{disease} ({ANNOTATOR_SCOPE})" if disease else ANNOTATOR_SCOPE


def present(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Return rows as a table of imported assertions.

    Parameters
    ----------
    rows
        With the keys ``imported.IMPORTED_COLUMNS``.

    Returns
    -------
    DataFrame
        ``imported.IMPORTED_COLUMNS``, text, sorted; levels in the order of ``LEVELS``.
    """
    table = pd.DataFrame(rows, columns=list(IMPORTED_COLUMNS)).astype(dict.fromkeys(IMPORTED_COLUMNS, "string"))
    rank = table["imported_level"].map({level: place for place, level in enumerate(LEVELS)}).fillna(len(LEVELS))
    order = [*_KEYS, "rank", "imported_level", "imported_disease", "imported_therapy"]
    return table.assign(rank=rank).sort_values(order, kind="stable", ignore_index=True)[list(IMPORTED_COLUMNS)]


def _select_filled(variants: pd.DataFrame, samples: pd.DataFrame) -> tuple[dict[str, pd.Series], pd.DataFrame]:
    """Return the annotator's columns by squeezed name, and the variants, both only where a level is."""
    levels = {*_COLUMN_OF, *(name for names in _HIGHEST.values() for name in names)}
    wanted = levels.union(_TUMOUR_TYPE, *_CITATIONS.values())
    own = [(squeeze(str(name)), name) for name in variants.columns if squeeze(str(name)) in wanted]
    filled = variants[[name for key, name in own if key in levels]].notna().any(axis=1)
    keep = filled.to_numpy(dtype=bool) & variants["sample_id"].isin(samples["sample_id"]).to_numpy(dtype=bool)
    rows = variants[keep].reset_index(drop=True)
    columns: dict[str, pd.Series] = {}
    for key, name in own:
        text = rows[name].astype("string").str.strip()
        text = text.mask(text == "")
        columns[key] = columns[key].fillna(text) if key in columns else text
    return columns, rows


def _group(level: str) -> str:
    direction = direction_of(level)
    return direction if direction in _HIGHEST else "therapy"


def _list_claims(columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return position of the variant, level and cell, one row per filled level; the cell of a highest level is ""."""
    found: list[tuple[int, str, str]] = []
    seen: set[tuple[int, str]] = set()
    for key, level in _COLUMN_OF.items():
        cells = columns[key].dropna() if key in columns else _NOTHING
        found.extend((place, level, cell) for place, cell in zip(cells.index.tolist(), cells, strict=True))
        seen.update((place, _group(level)) for place in cells.index.tolist())
    for group, names in _HIGHEST.items():
        cells = pd.concat([columns[name].dropna() for name in names if name in columns] or [_NOTHING])
        highest = set(zip(cells.index.tolist(), cells, strict=True))
        found.extend((place, cell, "") for place, cell in sorted(highest) if (place, group) not in seen)
    return pd.DataFrame(found, columns=["position", "level", "cell"])


def _first_filled(columns: Mapping[str, pd.Series], names: tuple[str, ...], index: pd.Index) -> pd.Series:
    out = pd.Series(pd.NA, index=index, dtype="string")
    for name in names:
        out = out.fillna(columns[name]) if name in columns else out
    return out.fillna("")


def _name(rows: pd.DataFrame) -> pd.DataFrame:
    """Return sample and gene of variants, with the name that their alteration has."""
    label = list_small_variants(rows[rows["gene"].notna()], germline=False)["alteration"].reindex(rows.index)
    for name in ("hgvsp_short", "hgvsc", "variant_class"):
        label = label.fillna(rows[name])
    return rows.assign(alteration=label)[_KEYS[1:]].astype("string").fillna("")


def _describe(claims: pd.DataFrame, tree: OncoTree) -> list[dict[str, str]]:
    match = cache(partial(_match_type, tree))
    rows = []
    for claim in claims.to_dict("records"):
        level, cell, group = claim["level"], claim["cell"], _group(claim["level"])
        named = group != "therapy" and cell != ""
        disease = cell if named else claim["asked"]
        codes, scope, guarded = match(claim["code"], disease, named=named)
        rows.append({
            **{key: claim[key] for key in _KEYS},
            "imported_source": _SOURCE,
            "imported_version": NOT_STATED,
            "imported_licence": LICENCE,
            "imported_id": f"{claim['gene']} {claim['alteration']} {level}",
            "imported_disease": add_scope_flag(disease, guarded=guarded),
            "imported_oncotree": codes,
            "imported_scope_match": scope,
            "imported_therapy": _read_treatments(cell) if group == "therapy" else "",
            "imported_direction": direction_of(level),
            "imported_level": level,
            "imported_citation": claim[f"cited_{group}"],
        })  # fmt: skip
    return rows


def _match_type(tree: OncoTree, code: str, disease: str, *, named: bool) -> tuple[str, str, bool]:
    """Return codes of a disease, scope, and whether the guard applies; ``named``: the level itself names it."""
    codes = resolve_types(tree, _split_types(tree, disease)) or (UNRESOLVED,)
    guarded = is_guarded(tree, code)
    if guarded:
        scope = "uncertain"
    elif named:
        scope = match_disease(tree, code, codes)
    else:
        other = match_disease(tree, code, codes) == "out_of_scope"
        scope = "in_scope" if codes == (code,) else "out_of_scope" if other else "uncertain"
    return ";".join(codes), scope, guarded


def _split_types(tree: OncoTree, text: str) -> list[str]:
    """Split a list of tumour types, unless the whole is the name of one."""
    whole = text.strip()
    if "," not in whole or resolve_disease(tree, whole):
        return [whole] if whole else []
    return [item.strip() for item in whole.split(",") if item.strip()]


def _read_treatments(cell: str) -> str:
    """Write ``A+B,C`` as ``A + B; C``."""
    items = [item.strip() for item in cell.split(",")]
    return "; ".join(
        " + ".join(drug.strip() for drug in item.split("+")) for item in items if item not in ("", _UNSPECIFIED)
    )
