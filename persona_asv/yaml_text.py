"""Values written as YAML: the same bytes for the same values, every text quoted, nothing folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml


class Line(dict[str, object]):
    """A mapping that is written in one line."""


def dump(tree: Mapping[str, object]) -> str:
    """Return a mapping as a YAML document; what is None is left out.

    Keys are plain words and keep their order; texts are double-quoted, so that no reader takes ``1.10`` for a
    number; times are in UTC, to the second.
    """
    import yaml

    return yaml.serialize(
        _node(tree), Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), width=1 << 16, allow_unicode=True
    )


def _node(value: object) -> yaml.Node:
    import yaml

    if isinstance(value, Mapping):
        pairs = [(_scalar("str", key), _node(each)) for key, each in value.items() if each is not None]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=isinstance(value, Line))
    if isinstance(value, list | tuple):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", list(map(_node, value)), flow_style=True)
    for kind, tag, write in _SCALARS:
        if isinstance(value, kind):
            return _scalar(tag, write(value))
    return _scalar("str", str(value), '"')


def _scalar(kind: str, text: str, style: str | None = None) -> yaml.Node:
    import yaml

    return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", text, style=style)


def _decimal(value: float) -> str:
    """Return the shortest text that reads back as this number; YAML wants a point and a signed exponent."""
    mantissa, e, exponent = repr(value).partition("e")
    if not e:
        return mantissa
    point = "" if "." in mantissa else ".0"
    return f"{mantissa}{point}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


_SCALARS: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (bool, "bool", lambda value: str(value).lower()),
    (int, "int", str),
    (float, "float", _decimal),
    (datetime, "timestamp", _moment),
)
