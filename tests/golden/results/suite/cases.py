"""One benchmark for each thing that an asv result file can say.

Timing benchmarks read a scripted clock instead of the real one, so that asv stores the same samples on every
machine; ``SUITE_ROUND`` picks the script.
"""

import math
import os
import random


class ScriptedClock:
    """A timer whose every second reading lies a scripted time after the one before."""

    def __init__(self):
        self.now = 0.0
        self.steps = None

    def start(self, *params):
        """Choose the script; later calls (asv sets up before each sample) change nothing."""
        if self.steps is None:
            seed = repr((os.environ.get("SUITE_ROUND", "1"), params))
            self.steps = random.Random(seed)

    def __call__(self):
        self.now += self.steps.uniform(0.005, 0.015)
        return self.now


clock = ScriptedClock()


class Timed:
    """Two parameters; one combination fails, one is skipped."""

    params = (["mock", "http"], ["quick", "standard"])
    param_names = ("provider", "workload")
    version = "1"
    timer = clock
    number, rounds, repeat, warmup_time = 1, 1, 10, 0

    def setup(self, provider, workload):
        if (provider, workload) == ("http", "quick"):
            raise NotImplementedError
        clock.start(provider, workload)

    def time_generate(self, provider, workload):
        if (provider, workload) == ("http", "standard"):
            raise RuntimeError("a benchmark that fails")


class Plain:
    """No parameters; ``version`` left to asv, which makes it of the source."""

    timer = clock
    number, rounds, repeat, warmup_time = 1, 1, 20, 0

    def setup(self):
        clock.start()

    def time_many(self):
        pass

    def time_once(self):
        pass

    time_once.repeat = 1


class Cached:
    """A cache that is set up once, whose duration asv stores apart."""

    version = "1"

    def setup_cache(self):
        return 3

    def track_cached(self, cache):
        return cache

    track_cached.unit = "calls"


class Tracked:
    """Everything that a benchmark may return instead of a time."""

    version = "1"

    def track_whole(self):
        return 3

    def track_fraction(self):
        return 2.5

    def track_true(self):
        return True

    def track_nothing(self):
        return None

    def track_nan(self):
        return math.nan

    def track_infinity(self):
        return math.inf

    def track_text(self):
        return "12"

    def track_list(self):
        return [1, 2]

    def track_object(self):
        return {"calls": 3}

    def track_samples(self):
        script = random.Random(os.environ.get("SUITE_ROUND", "1"))
        return {"samples": [script.uniform(20, 30) for _ in range(12)], "number": 1}


class Broken:
    """Fails at every parameter."""

    params = ("a", "b")
    version = "1"

    def track_broken(self, letter):
        raise RuntimeError("a benchmark that fails")


def peakmem_suite():
    """Measure what is another on every machine: ``make.py`` writes a round number instead."""


peakmem_suite.version = "1"
