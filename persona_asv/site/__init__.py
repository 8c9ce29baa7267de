"""asv's HTML site: its series, the checked copy of the results that it is built from, its front page."""
