"""Persona's asv suite: latency, own overhead, throughput, memory, API calls and tokens of persona generation.

The instrument lives here and is always today's (asv takes this folder from the current tree); only the
subject comes from the commit. So these modules import the standard library and ``persona_asv.subject``
alone, and are told by environment variables what to measure and where the stand-in is (`settings`).

Names of modules, classes and methods are public: they are the history site's text and asv's ``--bench``
regexes.
"""
