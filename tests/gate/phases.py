"""Phases of plain and attacked operations in turn, as little as possible between them.

``python phases.py URL ATTACK``, with the module ``attacked`` on the path, runs one pair of phases for each
line on its standard input and answers with a JSON list: the log of attacked over plain, of raw process CPU
and of CPU beside the reference operation.

The phases run in this one process, which holds no more than the suite's does. An attack that leaves something
behind (`LEAVES`) cannot be measured so: its phases would be the next plain phase's burden. Objects kept alive
read +36 % where each phase gives its memory back, for the next one to have without a page fault, and +91 %
where none does; in processes of their own +70 to +80 %. There each phase is a fork of this process.
"""

from __future__ import annotations

import json
import math
import os
import random
import statistics
import sys

import attacked

from benchmarks.probe import Probe, Reading
from benchmarks.reference_operation import reference_operation

SETTLING, COUNTED = 8, 20
"""Operations of a phase, as of a round."""
LEAVES = {"keep"}
"""Attacks whose phases leave something behind."""


def opened(url: str, name: str) -> attacked.Subject:
    """Return a subject with a session of its own."""
    subject = attacked.Subject(name or "none")
    subject.open(provider="anthropic", base_url=f"{url}/{name or 'plain'}", model="m", api_key="stand-in")
    return subject


def phase(subject: attacked.Subject) -> tuple[float, float]:
    """Return the median CPU seconds of one phase, and the median CPU in units of the reference operation."""
    readings: list[Reading] = []
    with Probe(reference_operation, readings.append) as probe:
        for _ in range(SETTLING + COUNTED):
            probe()
            subject.generate(subject.sample("1kb"), 1)
            probe()
    counted = readings[SETTLING:]
    return statistics.median(r.cpu for r in counted), statistics.median(r.cpu / r.reference for r in counted)


def forked(url: str, name: str) -> tuple[float, float]:
    """Return what a phase in a fork of this process measured."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        subject = opened(url, name)
        os.write(write, json.dumps(phase(subject)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        raw, beside = json.load(pipe)
    os.waitpid(child, 0)
    return raw, beside


def main(url: str, attack: str) -> None:
    """Run a pair in random order whenever asked."""
    random.seed(3)
    subjects = {} if attack in LEAVES else {name: opened(url, name) for name in ("", attack)}
    for _ in sys.stdin:
        found = {
            name: phase(subjects[name]) if subjects else forked(url, name)
            for name in random.sample(("", attack), 2)
        }
        logs = [math.log(new / old) for new, old in zip(found[attack], found[""], strict=True)]
        print(json.dumps(logs), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
