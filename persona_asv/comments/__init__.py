"""What a pull request is told: a value, its document, and what a change did to the baselines."""
