"""The only rooms that know asv: launching it, and reading and merging what it wrote."""
