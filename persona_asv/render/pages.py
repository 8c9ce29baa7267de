"""Our templates, and how they are filled: everything escaped, and what cannot be printed shown."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"


def fill(template: str, **values: object) -> str:
    """Return a template's text with values in it."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_printable,
    )
    return environment.get_template(template).render(**values).lstrip()


def _printable(value: object) -> object:
    """Return a text without what HTML forbids or what turns text around; markup of ours stays as it is."""
    if type(value) is not str or value.isprintable():
        return value
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in value)
