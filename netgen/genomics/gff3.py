"""The features of a GFF3 file, streamed: a human one has three million lines.

Plain or gzip. Comments, and sequences behind ``##FASTA``, are passed over; any other line without nine columns is an
error, with its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from netgen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

NAMES: Final = ("chrom", "source", "type", "start", "end", "score", "strand", "phase", "attributes")
_USED: Final = ("chrom", "type", "start", "end", "strand", "phase", "attributes")
_BLOCK: Final = 1 << 24  # bytes read at once
_FIX: Final = (
    "Give the GFF3 of Ensembl (Homo_sapiens.GRCh38.<release>.gff3.gz) or of GENCODE for the build of the FASTA; "
    "RefSeq's GFF3 can be converted with gff2gff of bcftools."
)


def stream_features(path: Path) -> Iterator[pa.Table]:
    """Return the features of a file in pieces.

    Parameters
    ----------
    path
        The file.

    Yields
    ------
    pyarrow.Table
        chrom, type, start (1-based), end, strand, phase, attributes; as text but for start and end.

    Raises
    ------
    InputError
        If the file is missing (E_FILE_MISSING) or cannot be read (E_FILE_FORMAT).
    """
    import pyarrow as pa
    from pyarrow import csv

    if not path.is_file():
        raise InputError("E_FILE_MISSING", "There is no such file.", fix="Check the path.", file=str(path))
    with path.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    types = {name: pa.int64() if name in {"start", "end"} else pa.string() for name in _USED}
    try:
        with pa.input_stream(str(path), compression="gzip" if packed else None) as stream:
            reader = csv.open_csv(
                stream,
                read_options=csv.ReadOptions(column_names=list(NAMES), block_size=_BLOCK),
                parse_options=csv.ParseOptions(delimiter="\t", quote_char=False, invalid_row_handler=_skip_comments),
                convert_options=csv.ConvertOptions(
                    column_types=types, include_columns=list(_USED), strings_can_be_null=False, null_values=[]
                ),
            )
            for batch in reader:
                yield pa.Table.from_batches([batch])
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise refuse(path, f"found what cannot be read: {str(error).splitlines()[0]}") from error


def refuse(path: Path, found: str) -> InputError:
    """Return the error for a file that is no GFF3 of Ensembl or GENCODE.

    Parameters
    ----------
    path
        The file.
    found
        What it looks like.

    Returns
    -------
    InputError
        E_FILE_FORMAT.
    """
    message = f"Genes and transcripts as Ensembl or GENCODE write them in GFF3 are needed, {found}."
    return InputError("E_FILE_FORMAT", message, fix=_FIX, file=str(path))


def read_attribute(attributes: pa.ChunkedArray, key: str) -> pa.ChunkedArray:
    """Return the value of one attribute of each feature.

    Parameters
    ----------
    attributes
        Last column of the features.
    key
        Its name.

    Returns
    -------
    pyarrow.ChunkedArray
        Text, empty where the attribute is missing.
    """
    import pyarrow.compute as pc

    found = pc.extract_regex(attributes, pattern=rf"(?:^|;)\s*{key}=(?P<value>[^;]*)")
    return pc.fill_null(pc.struct_field(found, [0]), "")


def strip_prefix(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return ids without Ensembl's ``gene:`` and ``transcript:``.

    Parameters
    ----------
    ids
        Values of ``ID`` or ``Parent``.

    Returns
    -------
    pyarrow.ChunkedArray
        Text.
    """
    import pyarrow.compute as pc

    return pc.replace_substring_regex(ids, pattern="^(?:gene|transcript):", replacement="")


def _skip_comments(row: pa.InvalidRow) -> str:
    """Pass over comments and sequences, which have no columns; any other row is an error."""
    return "skip" if row.actual_columns == 1 or row.text.startswith("#") else "error"
