"""Reports and trends as values: what was measured, against what, and how it came to be."""
