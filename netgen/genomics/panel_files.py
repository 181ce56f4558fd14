"""Gene panel files of a cBioPortal study: those of the folder, and those that stand beside it.

cBioPortal imports panels before studies, so a study often names panels whose files are in ``gene_panels/`` of the study
or of the folder above. Only panels that the study names are read from there.

A panel file that netgen wrote states, beside the three keys of cBioPortal (which passes over others), what the three
cannot say: ``assay_type``, ``genes_mode`` (``all`` = every protein-coding gene), ``size_mb``, ``profiles`` and
``partial_genes`` (only hot spots are covered).

References: cBioPortal, Import Gene Panels; DOMAIN 1.3, 1.17.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from netgen import schema
from netgen.genomics.genes import normalize_gene_list
from netgen.genomics.panels import Panel, read_panel
from netgen.genomics.profile_files import parse_meta
from netgen.genomics.textfile import is_ignorable, read_head

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from netgen.errors import Findings

_BESIDE: Final = "gene_panels"
_ASSAYS: Final = schema.PANELS.column("assay_type").values
_MODES: Final = schema.PANELS.column("genes_mode").values


def read_panel_file(path: Path, *, findings: Findings) -> Panel:
    """Return the panel of a cBioPortal gene panel file, with what netgen writes beside the three keys.

    Parameters
    ----------
    path
        Gene panel file.
    findings
        See ``panels.read_panel``; E_VALUE for a property outside its vocabulary.

    Returns
    -------
    Panel
        A panel of ``genes_mode: all`` has no list of genes.

    Raises
    ------
    InputError
        If the file is no gene panel.
    """
    panel = read_panel(path, findings=findings)
    stated = parse_meta(read_head(path))
    assay, mode = stated.get("assay_type", "panel"), stated.get("genes_mode", "list")
    size = _number(stated.get("size_mb", ""))
    for key, value, allowed in (("assay_type", assay, _ASSAYS), ("genes_mode", mode, _MODES)):
        if value not in allowed:
            findings.add(
                "E_VALUE",
                f"{key} must be one of {', '.join(allowed)}, found {value}.",
                fix="Correct or remove the line.",
                file=str(path),
                column=key,
                value=value,
            )
    partial = re.split(r"[\t ]+", stated["partial_genes"]) if stated.get("partial_genes") else []
    return replace(
        panel,
        genes=() if mode == "all" else panel.genes,
        size_mb=panel.size_mb if size is None else size,
        assay_type=assay,
        genes_mode=mode,
        partial=frozenset(normalize_gene_list(partial, findings=findings, file=str(path))),
        profiles=tuple(one for one in re.split(r"[;,\s]+", stated.get("profiles", "")) if one),
    )


def find_panels_beside(folder: Path, wanted: Collection[str]) -> list[Path]:
    """Return files of panels that a study names and that are not in its own folder.

    Parameters
    ----------
    folder
        Study folder.
    wanted
        Identifiers of panels.

    Returns
    -------
    list of Path
        One file per identifier at most, those of ``gene_panels/`` first, then ``gene_panels/`` and
        ``data_gene_panel*`` of the folder above.
    """
    found: dict[str, Path] = {}
    above = folder.resolve().parent
    places = ((folder / _BESIDE, "*"), (above / _BESIDE, "*"), (above, "data_gene_panel*"))
    for place, pattern in places:
        if not wanted or set(wanted) <= set(found) or not place.is_dir():
            continue
        for path in sorted(place.glob(pattern)):
            if path.is_file() and not is_ignorable(path.name):
                stated = parse_meta(read_head(path))
                if "gene_list" in stated and stated.get("stable_id") in wanted:
                    found.setdefault(stated["stable_id"], path)
    return [found[name] for name in sorted(found)]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
