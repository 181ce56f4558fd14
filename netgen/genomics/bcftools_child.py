"""A process of its own for the bcftools that pysam carries; run as a program, never imported by netgen.

``csq`` keeps state between calls and can end its process with a signal, so each command gets a fresh one. Arguments are
those of bcftools: ``norm -f ref.fa -o a.vcf in.vcf``. A failure gives status 1 and its message on stderr. Nothing of
netgen is imported here: the start costs what pysam costs.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Run a command of bcftools.

    Parameters
    ----------
    arguments
        Its name and arguments.

    Returns
    -------
    int
        0, or 1 if it failed.
    """
    import pysam
    import pysam.bcftools

    name, *rest = arguments
    try:
        getattr(pysam.bcftools, name)(*rest, catch_stdout=False)
    except pysam.SamtoolsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
