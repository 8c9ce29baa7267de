"""Baselines: named, reviewable snapshots of a run, as YAML beside one compressed file of samples each."""
