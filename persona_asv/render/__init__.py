"""Renderers: values in, text out. Nobody parses what they write."""
