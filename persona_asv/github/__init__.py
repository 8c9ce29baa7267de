"""What the workflows ask of us, as ``python -m persona_asv.github``: settings, the comment, the history."""
