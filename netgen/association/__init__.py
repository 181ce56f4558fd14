"""From alterations and outcomes to estimates, tests and models."""
