"""Somatic or germline, where a caller states it; FILTER stays FILTER."""

from __future__ import annotations

import re
from typing import Final

# VarScan 2 writes SS into INFO, MuTect 1 and SomaticSniper into FORMAT; 4 (RNA editing) and 5 (unknown) state nothing.
_SS: Final = {"0": "wildtype", "1": "germline", "2": "somatic", "3": "loh"}
_VARDICT: Final = {
    "strongsomatic": "somatic",
    "likelysomatic": "somatic",
    "germline": "germline",
    "strongloh": "loh",
    "likelyloh": "loh",
}
_STATED: Final = re.compile(r"(?:^|;)(?:SS=([0-9])|STATUS=([A-Za-z]+))(?=;|$)")
_SOMATIC: Final = re.compile(r"(?:^|;)SOMATIC(?:=1|=true)?(?=;|$)", re.IGNORECASE)


def read_status(info: str, code: str = "") -> str | None:
    """Return the mutation status of a record.

    Parameters
    ----------
    info
        INFO as written, without its annotation.
    code
        SS of the tumour's column, empty if absent.

    Returns
    -------
    str or None
        somatic, germline, loh or wildtype; None if nothing is stated.

    Notes
    -----
    In this order: ``SS`` in INFO (0 reference, 1 germline, 2 somatic, 3 loss of heterozygosity) or VarDict's
    ``STATUS``; ``SS`` of the tumour; the flag ``SOMATIC``.
    """
    if "SS=" in info or "STATUS=" in info:
        stated = _STATED.search(info)
        if stated is not None:
            found = _SS.get(stated[1]) if stated[1] else _VARDICT.get(stated[2].lower())
            if found is not None:
                return found
    if code in _SS:
        return _SS[code]
    return "somatic" if is_somatic(info) else None


def is_somatic(info: str) -> bool:
    """Tell whether INFO has the flag SOMATIC.

    Parameters
    ----------
    info
        INFO as written.

    Returns
    -------
    bool
        True for ``SOMATIC``, ``SOMATIC=1`` and ``SOMATIC=true``.
    """
    return "SOMATIC" in info and _SOMATIC.search(info) is not None
