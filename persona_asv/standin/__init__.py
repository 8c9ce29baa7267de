"""The stand-in: a loopback HTTP server, in its own process, that answers in LLM providers' wire formats.

It lets a persona generator be measured without a key, a bill or a model's mood. Everything it says follows
from the request and the session's plan alone, and it keeps a log from which a client's own share of the time
can be computed. Start it with ``python -m persona_asv.standin``, or from Python with
`persona_asv.standin.process.StandIn`. It stands on the standard library and httptools only.
"""

PROTOCOL_VERSION = 1
"""Version of the control protocol under ``/-/``: raised whenever its meaning changes."""
