"""The asv suite that the golden result files come from; see ``make.py`` beside it."""
