"""The performance gate and history of Persona, on top of airspeed velocity (asv)."""

import time

__version__ = "0.1.0"

STARTED = time.perf_counter()
"""When this process first ran a line of ours: the interpreter's own start, some 0.02 s, came before."""
