"""asv's HTML site: its series, the checked copy of the results it is built from, and how it is put in place."""
