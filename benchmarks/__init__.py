"""netgen beside its peers, on the same data and machine, in one run: ``python -m benchmarks``."""
