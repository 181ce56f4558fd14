"""``python -m netgen``: the command line."""

from netgen.cli import main

main()
