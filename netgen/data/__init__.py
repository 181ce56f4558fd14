"""Data that ship with the package, and functions that load them.

Files are read through ``importlib.resources``, so an installed wheel and a checkout behave alike. ``load_yaml`` and
``load_table`` read a file once per process and hand out a fresh copy each time: a caller may change what it gets.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DEMO = "demo"
INIT = "init"


def load_yaml(name: str) -> dict[str, Any]:
    """Return a bundled YAML file as a dictionary.

    Parameters
    ----------
    name
        File name relative to ``netgen/data``, for example ``"rules.yaml"``.

    Returns
    -------
    dict
        The document, which must be a mapping; a copy that the caller may change.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If the document is not a mapping.
    """
    return deepcopy(_yaml(name))


def load_table(name: str) -> pd.DataFrame:
    """Return a bundled tab-separated file as a table of text.

    Every column has dtype "string"; a blank cell is the empty text, never missing, and ``NA`` is the two letters.
    Lines that start with ``#`` before the header are comments (source, date, licence).

    Parameters
    ----------
    name
        File name relative to ``netgen/data``, for example ``"aliases.tsv"``.

    Returns
    -------
    DataFrame
        One row per line below the header; a copy that the caller may change.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    return _table(name).copy()


def demo_folder() -> Path:
    """Return the folder of the embedded, synthetic cohort.

    Returns
    -------
    Path
        Folder with ``study.toml``, the tables, ``panels/`` and ``vcf/``; read it, do not write to it.

    Raises
    ------
    FileNotFoundError
        If the package is not installed as plain files (for example, run from a zip archive).
    """
    return _folder(DEMO)


def init_folder() -> Path:
    """Return the folder of the templates behind ``netgen init``.

    Returns
    -------
    Path
        Folder with a commented ``study.toml``; read it, do not write to it.

    Raises
    ------
    FileNotFoundError
        If the package is not installed as plain files.
    """
    return _folder(INIT)


@cache
def _yaml(name: str) -> dict[str, Any]:
    import yaml

    document = yaml.safe_load(_resource(name).read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise TypeError(f"netgen/data/{name} must hold a mapping at the top, found {type(document).__name__}")
    return document


@cache
def _table(name: str) -> pd.DataFrame:
    lines = _resource(name).read_text(encoding="utf-8").splitlines()
    first = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    cells = [line.split("\t") for line in lines[first:] if line.strip()]
    header, rows = cells[0], cells[1:]
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"netgen/data/{name}: {len(row)} fields where the header has {len(header)}: {row[0]}")
    return pd.DataFrame(rows, columns=header, dtype="string")


def _resource(name: str) -> Traversable:
    item = files("netgen.data").joinpath(name)
    if not item.is_file():
        raise FileNotFoundError(f"netgen/data/{name} is not part of this installation")
    return item


def _folder(name: str) -> Path:
    folder = Path(__file__).resolve().parent / name
    if not folder.is_dir():
        raise FileNotFoundError(f"netgen/data/{name} is not a folder of this installation")
    return folder
