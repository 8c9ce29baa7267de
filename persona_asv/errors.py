"""The one error tree: each error is one line that names the culprit and says what to do.

Exit codes are the product's API (`ExitCode`); an error of ours always ends as `COULD_NOT_MEASURE`.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process of ours may return, and nothing else."""

    PASS = 0
    WARN = 1
    FAIL = 2
    COULD_NOT_MEASURE = 3


class PersonaAsvError(Exception):
    """Anything a user can do something about: `str(error)` is the whole message, one line, no traceback."""


class UsageError(PersonaAsvError):
    """An argument or flag is unusable; names the flag and the accepted values."""


class ConfigError(PersonaAsvError):
    """A YAML file (persona.yaml, a baseline) is unusable; names file, key and line."""


class ResultFileError(PersonaAsvError):
    """An asv result file is unusable; names the file and the reason."""


class BaselineError(PersonaAsvError):
    """A baseline cannot be found, read, written or removed; names it and the reason."""


class MeasurementError(PersonaAsvError):
    """Nothing, or not everything, could be measured; says what was kept."""


class BuildError(MeasurementError):
    """A commit cannot be built here, or has not the subject: it cannot be measured, whatever was stored."""


class Interrupted(PersonaAsvError):  # noqa: N818 - what happened, in a word
    """A signal or the deadline ended the measurement; says what was kept."""
