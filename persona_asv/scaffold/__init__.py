"""What ``init`` puts into a repository: every file decided before one is written."""
