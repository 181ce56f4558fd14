"""Writing results so that a killed run leaves the old folder or the new one, never half of either.

A folder lists the files that were written into it (``MARK``). When it is replaced these go, and whatever else somebody
put there stays.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK: Final = ".netgen"
# A spreadsheet runs a text cell that begins with one of these as a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def output_folder(target: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling of ``target`` that takes its place when the block ends without an exception.

    Parameters
    ----------
    target
        The folder the user named. It may be absent or empty.
    force
        Replace the results in a folder that is not empty. Without it such a folder is refused before anything is
        computed.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    AnalysisError
        As ``check_target``.
    """
    check_target(target, force=force)
    target = target.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise AnalysisError(
            "E_OUTPUT_PATH", f"nothing can be written to {target.parent}: {error.strerror}.", fix="Name another --out."
        ) from error
    work.chmod(0o755)
    try:
        yield work
        (work / MARK).write_text("".join(f"{name}\n" for name in list_files(work)), encoding="utf-8")
        _replace(work, target)
    finally:
        if work.exists():
            shutil.rmtree(work)


def check_target(target: Path, *, force: bool) -> None:
    """Refuse an output folder that cannot be made or holds something.

    Parameters
    ----------
    target
        The folder.
    force
        Allow it to hold something.

    Raises
    ------
    AnalysisError
        ``E_OUTPUT_PATH`` if a file is in its place, nothing can be written there, or it is or holds the working
        directory; ``E_OUTPUT_EXISTS`` if it holds something.
    """
    above = next(folder for folder in (target.absolute(), *target.absolute().parents) if folder.exists())
    if not above.is_dir():
        raise AnalysisError(
            "E_OUTPUT_PATH", f"the output must be a folder; {above} is a file.", fix="Name another --out."
        )
    for folder in (above, target.resolve().parent):  # beside the target, too: a finished folder takes its place
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise AnalysisError("E_OUTPUT_PATH", f"nothing can be written to {folder}.", fix="Name another --out.")
    if Path.cwd().is_relative_to(target.resolve()):
        raise AnalysisError(
            "E_OUTPUT_PATH",
            f"results need a folder of their own; {target} is or holds the working directory.",
            fix="Name another --out.",
        )
    if target.is_dir() and any(target.iterdir()) and not force:
        raise AnalysisError(
            "E_OUTPUT_EXISTS", f"the folder {target} is not empty.", fix="Name another --out, or add --force."
        )


def _replace(work: Path, target: Path) -> None:
    """Put ``work`` in the place of ``target``: the old folder is moved aside first and removed last.

    Files of the old folder that it does not list were not written here, and are carried over.
    """
    if not target.exists():
        work.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    old = target.rename(aside / "old")
    try:
        work.rename(target)
    except OSError:
        old.rename(target)
        aside.rmdir()
        raise
    ours = (old / MARK).read_text(encoding="utf-8").splitlines() if (old / MARK).is_file() else []
    for name in set(list_files(old)).difference([*ours, MARK, *list_files(target)]):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).rename(target / name)
    shutil.rmtree(aside)


def list_files(folder: Path) -> list[str]:
    """Return the files below a folder.

    Parameters
    ----------
    folder
        A folder.

    Returns
    -------
    list of str
        Names relative to the folder, sorted.
    """
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def file_name(text: str) -> str:
    """Return a name that is safe as part of a file name.

    Parameters
    ----------
    text
        Name of a feature or endpoint, such as a pathway ``PI3K/mTOR``.

    Returns
    -------
    str
        Letters, digits, ``_``, ``.`` and ``-``; anything else, and a leading dot, becomes ``_``.
    """
    return re.sub(r"[^A-Za-z0-9_.-]|^\.", "_", text)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as TSV: ``NA`` for missing, TRUE/FALSE, shortest exact decimals, formula cells neutralised.

    Whole numbers stored as decimals are written without a decimal point. The bytes depend on the values alone.

    Parameters
    ----------
    frame
        The table; its index is not written.
    path
        The file; its folder is made.
    """
    columns = [[str(name), *format_column(frame[name])] for name in frame.columns]
    lines = ["\t".join(cells) for cells in zip(*columns, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def format_column(values: pd.Series) -> pd.Series:
    """Return one column as the text ``write_table`` writes.

    Parameters
    ----------
    values
        A column of any type.

    Returns
    -------
    Series
        Text, never missing.
    """
    if pd.api.types.is_bool_dtype(values):
        text = values.astype("boolean").map({True: "TRUE", False: "FALSE"})
    elif pd.api.types.is_numeric_dtype(values):
        text = values.map(_number, na_action="ignore")
    elif pd.api.types.is_datetime64_any_dtype(values):
        text = values.dt.strftime("%Y-%m-%d")
    else:
        text = values.astype("string").map(_safe, na_action="ignore")
    return text.astype("string").fillna("NA")


def _number(value: float) -> str:
    if isinstance(value, int | np.integer):
        return str(int(value))
    number = float(value)
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:  # exact in a double
        return str(int(number))
    return repr(number)


def _safe(text: str) -> str:
    """Keep a cell in its field and keep spreadsheets from running it; a lone minus or a number is data."""
    flat = text.replace("\t", " ").replace("\r", " ").replace("\n", " ")
    if flat.startswith(_FORMULA) and len(flat) > 1 and not _is_number(flat):
        return "'" + flat
    return flat


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def write_json(value: object, path: Path) -> None:
    """Write JSON with sorted keys; NaN becomes null, arrays become lists.

    Parameters
    ----------
    value
        Anything ``plain`` understands.
    path
        The file; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain(value), indent=2, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


def plain(value: object) -> object:
    """Return a value in the types JSON knows.

    Parameters
    ----------
    value
        Nested dictionaries, lists, arrays, numbers, dates, paths.

    Returns
    -------
    object
        Dictionaries with text keys, lists, text, numbers, truth values and None.
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray | pd.Index):
        return [plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    return _scalar(value)


def _scalar(value: object) -> object:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return str(value)
