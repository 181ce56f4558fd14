"""What netgen says of a variant as INFO fields of a VCF: names, declarations, encoding.

Every field is ``NETGEN_...``, Number=A, one value per alternative allele. Several samples with different values (levels
of evidence depend on the tumour type) are joined by ``|``. Characters that end a value are percent-encoded as VCF 4.3
says, blanks and ``|`` as well: ``p.A380=`` becomes ``p.A380%3D``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.research_use import RESEARCH_USE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREFIX: Final = "NETGEN_"
# Column of the table -> type and description.
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "gene": ("String", "Gene, current symbol"),
    "variant_class": ("String", "Effect class, MAF Variant_Classification"),
    "hgvsp_short": ("String", "Protein change, one-letter residues"),
    "hgvsc": ("String", "Coding change"),
    "transcript_id": ("String", "Transcript of the consequence"),
    "gnomad_af": ("Float", "Largest population frequency"),
    "hotspot": ("Integer", "Known hot spot: 1 yes, 0 no"),
    "oncogenic": ("String", "Imported OncoKB call"),
    "cbp_driver": ("String", "cBioPortal driver annotation"),
    "flags": ("String", "Flags of netgen"),
}
_IDS: Final = {"variant_class": "CLASS", "hgvsp_short": "HGVSP", "transcript_id": "TRANSCRIPT"}
_SPECIAL: Final = re.compile(r"[%;=,|\s\x00-\x1f\x7f]")


def info_id(column: str) -> str:
    """Return the INFO field of a column.

    Parameters
    ----------
    column
        Column of the variants table.

    Returns
    -------
    str
        For example ``NETGEN_HGVSP``.
    """
    return PREFIX + _IDS.get(column, re.sub(r"[^A-Za-z0-9_.]+", "_", column).strip("_").upper())


def info_columns(variants: pd.DataFrame, extra: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the columns that become INFO fields.

    Parameters
    ----------
    variants
        ``schema.VARIANTS`` and perhaps further columns.
    extra
        Further columns -> their description.

    Returns
    -------
    dict
        Column -> type and description; columns without any value are left out.
    """
    wanted = FIELDS | {name: ("String", text) for name, text in extra.items()}
    return {name: kind for name, kind in wanted.items() if name in variants and variants[name].notna().any()}


def declare(columns: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the header lines of the INFO fields.

    Parameters
    ----------
    columns
        Column -> type and description.

    Returns
    -------
    list of str
        Lines without ends; the first says that this is for research use only.
    """
    lines = [f"##{PREFIX}notice={RESEARCH_USE}"]
    for name, (kind, text) in columns.items():
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'##INFO=<ID={info_id(name)},Number=A,Type={kind},Description="{quoted}">')
    return lines


def encode_value(value: object) -> str:
    """Return a value as INFO text, ``.`` for a missing one.

    Parameters
    ----------
    value
        Text, number or truth value.

    Returns
    -------
    str
        Percent-encoded.
    """
    if pd.isna(value) or value == "":  # type: ignore[call-overload]  # any scalar
        return "."
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return _SPECIAL.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), str(value))


def join_info(values: Sequence[Mapping[str, str]], columns: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return the INFO fields of a record.

    Parameters
    ----------
    values
        For each alternative allele: column -> encoded value; empty for an allele that is not in the table.
    columns
        Columns that become fields, in order.

    Returns
    -------
    list of str
        ``ID=value,value``; a field in which every allele is missing is left out.
    """
    fields = []
    for name in columns:
        texts = [one.get(name, ".") for one in values]
        if any(text != "." for text in texts):
            fields.append(f"{info_id(name)}={','.join(texts)}")
    return fields
