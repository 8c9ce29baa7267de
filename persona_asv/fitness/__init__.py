"""Whether this machine is fit to measure: read first, then judged by pure functions."""
