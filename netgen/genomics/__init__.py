"""From sequencing files to variant tables, coverage and the alteration matrix."""
