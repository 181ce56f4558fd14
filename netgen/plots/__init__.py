"""Figures: each draws one tidy frame on an Axes or Figure and fits nothing."""
