"""Damage small VCFs and MAFs at random and read them: the answer is a table, findings or a refusal in words.

Anything else - another exception, a read that takes longer than ``LIMIT`` seconds, rows that are lost without a count -
is a failure, and the damaged file is kept. By hand:

    python tests/fuzz/fuzz_vcf.py --seconds 300 --seed 7 --keep FOLDER

Damage is done to bytes (flipped, removed, doubled, exchanged with pieces that readers trip over) and to fields and
lines. It depends only on the seed.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import random
import signal
import tempfile
import time
import traceback
from pathlib import Path

from netgen.errors import Findings, InputError, SchemaError
from netgen.genomics.gene_names import load_gene_names
from netgen.genomics.maf import read_maf
from netgen.genomics.maf_write import write_maf
from netgen.genomics.vcf import read_vcf
from netgen.genomics.vcf_write import write_annotated_vcf

LIMIT = 5.0
FOLDER = Path(__file__).parent / "seeds"
PIECES = (
    b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\xff", b"\xc3\xa9", b",", b";", b"=", b":", b"|", b"/", b"%", b"%3",
    b'"', b"<", b">", b"<DEL>", b"<NON_REF>", b"*", b".", b"-", b"-1", b"0", b"1/2", b"9|9", b"./.", b"1e400", b"nan",
    b"99999999999999999999", b"4294967296", b"N[chr2:5[", b"]chrX:0]A", b"END=1", b"END=-5", b"SVTYPE=BND", b"MATEID=a",
    b"AD", b"GT", b"AF", b"CSQ=", b"ANN=", b"BCSQ=@3", b"#CHROM", b"##", b"##tumor_sample=", b"NA", b"1-Mar", b" ",
    b"\xef\xbb\xbf", b"\x1f\x8b",
)  # fmt: skip


def damage(data: bytes, rng: random.Random) -> bytes:
    """Return the data with one to six random changes."""
    for _ in range(rng.randint(1, 6)):
        data = rng.choice((_change_bytes, _change_bytes, _change_field, _change_field, _change_lines))(data, rng)
    return data


def _change_bytes(data: bytes, rng: random.Random) -> bytes:
    start = rng.randint(0, len(data))
    stop = min(len(data), start + rng.choice((0, 1, 1, 2, 8, 100)))
    middle = rng.choice(
        (b"", rng.choice(PIECES), rng.choice(PIECES), data[start:stop] * 2, bytes([rng.randrange(256)]))
    )
    return data[:start] + middle + data[stop:]


def _change_field(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    number = rng.randrange(len(lines))
    fields = lines[number].split(b"\t")
    place = rng.randrange(len(fields))
    marks = (b";", b":", b",", b"|", b"=")
    mark = rng.choice(marks)
    parts = fields[place].split(mark)
    parts[rng.randrange(len(parts))] = rng.choice((b"", *PIECES))
    fields[place] = rng.choice((mark.join(parts), mark.join(parts), rng.choice(PIECES), b""))
    lines[number] = b"\t".join(fields)
    return b"\n".join(lines)


def _change_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.randrange(4)
    if what == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif what == 1:
        lines.insert(second, lines[first])
    elif what == 2:
        del lines[first]
    else:
        lines[first] = lines[first][: rng.randint(0, len(lines[first]))]
    return b"\n".join(lines)


def check(path: Path) -> None:
    """Read a file by its name; raise whatever no reader may raise."""
    findings = Findings()
    names = load_gene_names()
    with contextlib.suppress(InputError, SchemaError), time_limit():
        if path.name.removesuffix(".gz").endswith(".maf"):
            maf = read_maf(path, findings=findings, names=names)
            lost = maf.n_rows - len(maf.variants) - sum(maf.n_dropped_by_reason.values())
            assert lost == 0, f"{lost} rows are in no count"
            with _beside(path) as copy:
                write_maf(maf.variants, copy)
                again = read_maf(copy, findings=Findings(), names=names)
            assert len(again.variants) == len(maf.variants), "a row is lost in writing and reading"
        else:
            read_vcf(path, findings=findings, names=names)
            vcf = read_vcf(path, findings=findings, names=names, known_samples=("T1",))
            with _beside(path) as copy:
                write_annotated_vcf(path, vcf.variants, copy)


@contextlib.contextmanager
def _beside(path: Path):
    """Name a file to write, and remove it."""
    copy = path.with_name(f"copy_of_{path.name}")
    try:
        yield copy
    finally:
        copy.unlink(missing_ok=True)


@contextlib.contextmanager
def time_limit():
    """Raise TimeoutError after ``LIMIT`` seconds."""

    def stop(_signal, _frame):
        raise TimeoutError(f"reading takes longer than {LIMIT} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(folder: Path, *, seed: int, cases: int | None = None, seconds: float | None = None) -> tuple[int, list[Path]]:
    """Read damaged files until the cases or the seconds are used up; return their number and the files that failed.

    A file is written into ``folder`` before it is read, so that one that ends the process is there, too.
    """
    rng = random.Random(seed)
    seeds = [(path, path.read_bytes()) for path in sorted(FOLDER.iterdir())]
    started, done, failed = time.monotonic(), 0, []
    while (cases is None or done < cases) and (seconds is None or time.monotonic() - started < seconds):
        source, data = seeds[done % len(seeds)]
        data = damage(data, rng)
        name = f"{seed}_{done}_{source.name}"
        if rng.random() < 0.1:
            data, name = gzip.compress(data, mtime=0), f"{name}.gz"
            data = data if rng.random() < 0.5 else _change_bytes(data, rng)
        path = folder / name
        path.write_bytes(data)
        try:
            check(path)
        except Exception:  # noqa: BLE001  # any is a failure, and is shown
            failed.append(path)
            (folder / f"{name}.txt").write_text(traceback.format_exc())
        else:
            path.unlink()
        done += 1
    return done, failed


def main() -> None:
    """Run for some time and say what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for files that fail")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    done, failed = run(folder, seed=options.seed, seconds=options.seconds)
    print(f"{done} files, {len(failed)} failed")
    for path in failed:
        print(path, path.with_name(f"{path.name}.txt").read_text().strip().splitlines()[-1])


if __name__ == "__main__":
    main()
