"""The report page: one HTML file that opens offline. ``markup`` is the only place where HTML is made."""
