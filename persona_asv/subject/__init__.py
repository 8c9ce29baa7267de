"""The code under test: how the suite names it and finds it.

Importing this package costs next to nothing: a subject and its libraries are imported when it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from persona_asv.subject.protocol import GenerationError, Outcome, Session, Start, Stream, Subject

__all__ = ["GenerationError", "Outcome", "Session", "Start", "Stream", "Subject", "SubjectError", "load"]

_ADAPTER = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<attribute>[^\W\d]\w*)")


class SubjectError(ValueError):
    """No such subject, or it cannot be opened as asked; `str(error)` is one line that says what to do."""


def load(name: str) -> Subject:
    """Find the subject of that name.

    Parameters
    ----------
    name
        ``"reference"``, the generator that ships with us, ``"persona"``, the real one where it is installed,
        or ``"module:attribute"``, anyone's adapter: a `Subject`, or a class or function without arguments
        that makes one. The module is imported, so its code runs: name only adapters you trust.

    Raises
    ------
    SubjectError
        Where the name, the module, the attribute or what it holds is no subject.
    """
    if name == "reference":
        from persona_asv.subject.reference import REFERENCE

        return REFERENCE
    if name == "persona":
        from persona_asv.subject.upstream import find

        return find()
    match = _ADAPTER.fullmatch(name)
    if match is None:
        raise SubjectError(
            f'unknown subject {name!r}: use "reference", "persona" or "module:attribute" of an adapter'
        )
    return _checked(name, _made(name, _attribute(name, match["module"], match["attribute"])))


def _attribute(name: str, module: str, attribute: str) -> object:
    try:
        found = import_module(module)
    except Exception as error:
        raise SubjectError(
            f"subject {name!r}: module {module!r} cannot be imported ({_reason(error)}); "
            "is it installed, or its folder on PYTHONPATH?"
        ) from error
    try:
        return cast("object", getattr(found, attribute))
    except AttributeError as error:
        raise SubjectError(f"subject {name!r}: module {module!r} has no attribute {attribute!r}") from error


def _made(name: str, found: object) -> object:
    """Call what is a class or a factory; a class is never itself the subject, whatever it defines."""
    if not callable(found) or (not isinstance(found, type) and not _lacking(found)):
        return found
    try:
        return cast("object", found())
    except Exception as error:
        raise SubjectError(
            f"subject {name!r}: calling it without arguments failed ({_reason(error)})"
        ) from error


def _checked(name: str, found: object) -> Subject:
    if lacking := _lacking(found):
        raise SubjectError(
            f"subject {name!r} lacks {', '.join(lacking)} of persona_asv.subject.protocol.Subject "
            f"(it is of type {type(found).__name__!r})"
        )
    return cast("Subject", found)


def _lacking(found: object) -> list[str]:
    """Name the parts of the `Subject` protocol that an object lacks or has of another type."""
    kinds = {"name": str, "version": str, "providers": tuple, "default_models": Mapping}
    parts = [part for part, kind in kinds.items() if not isinstance(getattr(found, part, None), kind)]
    return parts + [part for part in ("open", "sample") if not callable(getattr(found, part, None))]


def _reason(error: Exception) -> str:
    """Return the exception's type and its text on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
