"""The drug dictionary: from a drug or regimen as written to its drugs and their class (DOMAIN 1.7).

The dictionary is data: ``netgen/data/drug_classes.tsv``, which a user extends by a file of the same columns. A name
that is not in it is never guessed: it is reported with the names that are most like it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from netgen.clinical.files import read_text_table
from netgen.data import load_table
from netgen.schema import REGIMEN_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from netgen.errors import Findings

KINDS: Final[tuple[str, ...]] = ("drug", "regimen", "local", "supportive")
COLUMNS: Final[tuple[str, ...]] = ("name", "kind", "class", "group", "synonyms", "drugs", "source")
# The class of several drugs given together is the first of these: the backbone, then what is added to it.
CLASS_ORDER: Final[tuple[str, ...]] = (
    "prrt", "chemo_platinum", "chemo_alkylating", "chemo_other", "targeted_matched", "mtor_inhibitor",
    "tki_antiangiogenic", "ici", "trial_other", "ssa", "locoregional_liver", "surgery", "radiotherapy",
    "watch_and_wait", "best_supportive_care",
)  # fmt: skip
# Classes of procedures: what such a class names, given by the source for an unknown name, is local.
LOCAL_CLASSES: Final = frozenset({"locoregional_liver", "surgery", "radiotherapy"})
_SALTS: Final = re.compile(
    r"\b(?:hydrochloride|hcl|acetate|di?sodium|mesylate|tosylate|di?maleate|malate|tartrate|citrate|sulfate|sulphate"
    r"|phosphate|camsylate|lar|autogel|depot|cloridrato|acetato)\b",
    re.IGNORECASE,
)
_DOSES: Final = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:mg|g|mcg|ug|µg|gbq|mbq|mci|iu|ui|ml|auc)\b(?:\s*/\s*(?:m2|m²|kg|die|day|d)\b)?|\bauc\s*\d+",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_MARKS: Final = re.compile(r"\s*[+,;&|\n]\s*|\s+(?:and|plus|with|und|et|ed?)\s+", re.IGNORECASE)
_SUFFIX: Final = re.compile(r"-[a-z]{4}$")  # of a biosimilar


@dataclass(frozen=True, kw_only=True)
class Drug:
    """One drug or procedure: our name, kind (``KINDS``), class, and the group within which drugs replace each other."""

    name: str
    kind: str
    drug_class: str = ""
    group: str = ""

    @property
    def key(self) -> str:
        """What counts as the same in a line: the group, else the name."""
        return self.group or self.name


@dataclass(frozen=True, kw_only=True)
class DrugBook:
    """The dictionary: folded name -> the drugs it stands for, and all names as written."""

    entries: Mapping[str, tuple[Drug, ...]]
    names: Mapping[str, str]


def load_drugs(extra: pd.DataFrame | None = None) -> DrugBook:
    """Return the bundled dictionary, with the user's entries before it.

    Parameters
    ----------
    extra
        Columns of ``COLUMNS``, name at least, as ``read_drug_file`` gives them; what it names replaces what is bundled.

    Returns
    -------
    DrugBook
        Names without regard to case, accents, blanks and hyphens.
    """
    bundled = load_table("drug_classes.tsv")
    rows = bundled if extra is None else pd.concat([bundled, extra.reindex(columns=list(COLUMNS))], ignore_index=True)
    records = rows.fillna("").astype(str).to_dict("records")
    drugs: dict[str, tuple[Drug, ...]] = {}
    names: dict[str, str] = {}
    for row in sorted(records, key=lambda row: row["kind"] == "regimen"):  # drugs first: regimens are made of them
        if row["kind"] == "regimen":
            found = tuple(one for part in row["drugs"].split("+") for one in drugs[fold_drug(part)])
        else:
            found = (Drug(name=row["name"], kind=row["kind"], drug_class=row["class"], group=row["group"]),)
        for name in (row["name"], *row["synonyms"].split(";")):
            if fold_drug(name):
                drugs[fold_drug(name)] = found
                names[fold_drug(name)] = name.strip()
    return DrugBook(entries=drugs, names=names)


def read_drug_file(path: Path, *, findings: Findings) -> pd.DataFrame:
    """Return the entries of a user's drug file: name, and any of kind, class, group, synonyms, drugs, source.

    Parameters
    ----------
    path
        CSV, TSV or XLSX. A blank kind is drug, or regimen where ``drugs`` is filled.
    findings
        Receives ``E_COLUMN_MISSING`` without a column name, and ``E_VALUE`` for a row without name, with an unknown
        kind or class, or a regimen of drugs that nobody has declared.

    Returns
    -------
    DataFrame
        Columns of ``COLUMNS``, text, blank = ""; rows with an error are left out.
    """
    raw = read_text_table(path, findings=findings)
    if "name" not in raw.frame.columns:
        findings.add("E_COLUMN_MISSING", "A drug file needs a column name.", file=raw.file, column="name")
        return pd.DataFrame({name: [] for name in COLUMNS}, dtype="string")
    frame = raw.frame.reindex(columns=list(COLUMNS)).fillna("").astype("string")
    frame["kind"] = frame["kind"].mask(
        frame["kind"] == "", frame["drugs"].map(lambda text: "regimen" if text else "drug")
    )
    known = set(load_drugs().entries)
    known |= {fold_drug(name) for cells in zip(frame["name"], frame["synonyms"], strict=True) for text in cells
              for name in str(text).split(";")}  # fmt: skip
    keep = []
    for cells, line in zip(frame.to_dict("records"), raw.rows, strict=True):
        row = {str(name): str(cell) for name, cell in cells.items()}
        problem = _find_problem(row, known)
        keep.append(problem is None)
        if problem is not None:
            column, need = problem
            findings.add(
                "E_VALUE",
                f"Need {need}, found {row[column] or 'nothing'}.",
                fix="Correct the drug file.",
                file=raw.file,
                row=int(line),
                column=column,
                value=row[column],
            )
    return frame[keep].reset_index(drop=True)


def _find_problem(row: Mapping[str, str], known: set[str]) -> tuple[str, str] | None:
    """Return the column that is wrong and what it needs, or None."""
    if not row["name"]:
        return "name", "a name"
    if row["kind"] not in KINDS:
        return "kind", f"one of {', '.join(KINDS)}"
    needs_class = row["kind"] in ("drug", "local")
    if row["class"] not in REGIMEN_CLASSES and (needs_class or row["class"]):
        return "class", f"one of {', '.join(REGIMEN_CLASSES)}"
    if row["kind"] == "regimen" and not all(fold_drug(part) in known for part in row["drugs"].split("+")):
        return "drugs", "drugs of the dictionary joined by +"
    return None


def fold_drug(text: str) -> str:
    """Return a name without case, accents, blanks and punctuation: what names are compared by.

    Parameters
    ----------
    text
        A name.

    Returns
    -------
    str
        Letters and digits only.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def find_drugs(text: str, book: DrugBook) -> tuple[tuple[Drug, ...], tuple[str, ...]]:
    """Return the drugs that a text names, and the parts of it that the dictionary does not have.

    Parameters
    ----------
    text
        A drug, a regimen or several of them: ``CAPTEM``, ``TMZ + accutane``, ``Carboplatin, Paclitaxel``.
    book
        The dictionary.

    Returns
    -------
    tuple
        Drugs, each once, in the order of the text; unknown parts as written.

    Notes
    -----
    The whole text is tried first, then without brackets, doses, salts and the suffix of a biosimilar, then its parts:
    at ``+ , ; &`` and the word "and", at last at ``/`` and ``-`` if every part is known.
    """
    whole = _look_up(text, book)
    if whole:
        return whole, ()
    found: dict[str, Drug] = {}
    unknown: list[str] = []
    for part in _MARKS.split(_BRACKETS.sub(" ", text)):
        drugs = _look_up(part, book) or _look_up_pieces(part, book)
        found |= {drug.name: drug for drug in drugs}
        if not drugs and fold_drug(part):
            unknown.append(part.strip())
    return tuple(found.values()), tuple(unknown)


def _look_up(text: str, book: DrugBook) -> tuple[Drug, ...]:
    bare = _BRACKETS.sub(" ", text)
    plain = _SALTS.sub(" ", _DOSES.sub(" ", bare))
    for form in (text, bare, plain, _SUFFIX.sub("", plain.strip())):
        drugs = book.entries.get(fold_drug(form))
        if drugs:
            return drugs
    return ()


def _look_up_pieces(text: str, book: DrugBook) -> tuple[Drug, ...]:
    """Return the drugs of ``a/b`` or ``a-b`` if every piece is a name."""
    for mark in ("/", "-"):
        pieces = [_look_up(piece, book) for piece in text.split(mark)]
        if len(pieces) > 1 and all(pieces):
            return tuple(drug for piece in pieces for drug in piece)
    return ()


def nearest_names(text: str, book: DrugBook) -> list[str]:
    """Return up to three names of the dictionary that are most like a text; it is for the reader to choose.

    Parameters
    ----------
    text
        An unknown name.
    book
        The dictionary.

    Returns
    -------
    list of str
        Names as written in the dictionary, the most alike first.
    """
    near = difflib.get_close_matches(fold_drug(text), list(book.names), n=3, cutoff=0.7)
    return [book.names[name] for name in near]


def classify_regimen(classes: Iterable[str]) -> str:
    """Return the class of drugs given together: the first in ``CLASS_ORDER``.

    Parameters
    ----------
    classes
        Classes of the drugs.

    Returns
    -------
    str
        One of ``REGIMEN_CLASSES``; blank without drugs.
    """
    return min(classes, key=CLASS_ORDER.index, default="")
