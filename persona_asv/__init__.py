"""The performance gate and history of Persona, on top of airspeed velocity (asv)."""

import time

__version__ = "0.1.0"

STARTED = time.perf_counter()
"""When this process first ran a line of ours: the interpreter's own start, some 0.02 s, came before."""


def mount(app: object) -> None:
    """Add the command ``benchmark`` to another program's command line: to Persona's, that is one line.

    Whatever follows it is ours, as through our own script: the same output, the same exit codes. Commands are
    imported when they are called.

    Parameters
    ----------
    app
        A ``typer.Typer`` application or a ``click.Group``.

    Raises
    ------
    TypeError
        It is neither.
    """
    from importlib import import_module  # by name, when called: everything of ours imports this module first

    import_module("persona_asv.mounting").mount(app)
