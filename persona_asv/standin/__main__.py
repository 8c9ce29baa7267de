"""``python -m persona_asv.standin``: run the stand-in until its parent is gone.

One line of JSON on standard output, ``{"port": N, "pid": P}``, says that connections are accepted. The
process ends at once, whatever is open, on SIGTERM, SIGINT, or the end of its standard input: a parent that
dies, even by SIGKILL, closes the pipe and takes the stand-in along.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from persona_asv.standin.server import HOST, serve

COULD_NOT_RUN = 3
"""Exit code of bad usage and of a port that cannot be had."""


class _Parser(argparse.ArgumentParser):
    """An argument parser that fails in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit, naming the argument."""
        self.exit(COULD_NOT_RUN, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve; never returns normally.

    Raises
    ------
    SystemExit
        With `COULD_NOT_RUN` after one line on standard error; 0 after ``--help``.
    """
    parser = _Parser(prog="persona_asv.standin", description="Answer as LLM providers would, on loopback.")
    parser.add_argument("--port", type=_port, default=0, help=f"port on {HOST}; 0 (default) takes a free one")
    parser.add_argument("--keep", action="store_true", help="run on when standard input ends")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    if not options.keep:
        if sys.stdin is None:
            parser.error("standard input is closed, so the parent cannot be watched; --keep runs without")
        threading.Thread(target=_exit_at_end_of_input, daemon=True).start()
    try:
        serve(options.port, _announce)
    except OSError as error:
        parser.error(f"--port {options.port}: {error.strerror}")


def _announce(port: int) -> None:
    gc.collect()
    gc.freeze()  # what start-up made stays: later collections need not walk it while a request waits
    sys.stdout.write(json.dumps({"port": port, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()


def _exit_at_end_of_input() -> None:
    """Wait, in a thread of its own: any kind of file will do as input, and a busy loop delays nothing."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(0)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text[:6])


if __name__ == "__main__":
    main()
