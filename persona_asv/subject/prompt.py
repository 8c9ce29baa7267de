"""The prompt: numbered records and the order for personas, through one Jinja2 template."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from persona_asv.subject.research import Record


def render(records: Sequence[Record], personas: int) -> str:
    """Write the prompt that asks for so many personas grounded in these records."""
    return _template().render(records=records, personas=personas)


@cache
def _template() -> Template:
    """Compile the template once; it ships with the package and does not change under a running process."""
    environment = Environment(
        loader=PackageLoader("persona_asv.subject"),
        autoescape=False,  # noqa: S701 - a prompt is plain text: HTML entities would corrupt the quotations
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("prompt.txt.jinja")
