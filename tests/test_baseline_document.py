"""The baseline file: F-139's shape with ours beside it, the same bytes each time, refused in one line."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from persona_asv.baselines import document
from persona_asv.baselines.baseline import NAME, Baseline, Entry, Figure, Samples, check_name
from persona_asv.config import METRICS
from persona_asv.environment import Environment
from persona_asv.errors import BaselineError, ConfigError
from persona_asv.prices import Price
from persona_asv.yaml_text import Line, dump
from persona_asv.yaml_tree import read_text

F139 = """\
# baselines/v1.12.0.yaml
name: v1.12.0
version: 1.12.0
captured_at: 2025-01-15T10:30:00Z
environment:
  python_version: "3.12.0"
  platform: darwin-arm64
  cpu: "Apple M2"
  memory_gb: 16
  persona_version: "1.12.0"

workloads:
  standard:
    iterations: 100
    metrics:
      generation_latency_p50: 1230
      generation_latency_p95: 1870
      generation_latency_p99: 2340
      throughput_per_minute: 48.7
      memory_peak_mb: 512
      api_calls_per_persona: 2.1
"""
OLDER = """\
version: "1.10"
captured_at: "2025-12-01T08:00:00Z"
workloads:
  simple:
    description: "One persona, little research"
    iterations: 20
    metrics:
      generation_latency_p50: 950
      throughput_personas_per_minute: 47.2
    evidence:
      throughput_personas_per_minute: {n: 20}
"""
"""The older variant: no name, a description per workload, another word for the throughput."""
MINIMAL = """\
version: "1.0"
captured_at: 2025-01-15T10:30:00Z
workloads:
  standard:
    metrics:
      memory_peak_mb: 512
"""
"""Nothing that could be left away; what a test adds is on line 7."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "0123456789abcdef" * 4
FULL = """\
name: "v1.12.0-01234567"
version: "1.10"
captured_at: 2025-01-15T10:30:00Z
schema: 1
pinned: true
commit: "0123456789abcdef0123456789abcdef01234567"
dirty: true
subject: "reference"
provider: "anthropic"
model: "claude \\"sonnet\\": 4 # C:\\\\temp é"
price: {input: 3, output: 0.75, source: "persona.yaml"}
endpoint:
  kind: "standin"
  profile: "none"
environment:
  python_version: "3.12.0"
  platform: "darwin-arm64"
  cpu: "Apple M2"
  memory_gb: 15.6
  persona_version: "1.10"
  cores: 8
  os: "Darwin 24.1.0"
  governor: "performance"
  virtualisation: "none"
  machine: "build-7"
  persona_asv: "0.1.0"
  asv: "0.6.4"
workloads:
  quick:
    description: "Ten: quickly"
    metrics:
      error_rate: 0
  standard:
    iterations: 100
    metrics:
      generation_latency_p50: 1230
      throughput_per_minute: 48.7
      memory_peak_mb: 512
      api_calls_per_persona: 1.0e-12
    evidence:
      generation_latency_p50: {n: 100, rounds: 5, interval: [1201.5, 1250.25]}
      throughput_per_minute: {n: 100, rounds: 5}
      memory_peak_mb: {rounds: 5}
samples:
  file: "v1.12.0-01234567.samples.json.gz"
  sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
"""
TOP_KEYS = (
    "name, version, captured_at, schema, pinned, commit, dirty, subject, provider, model, price, endpoint, "
    "environment, workloads, samples"
)
METRIC_KEYS = ", ".join((*METRICS, "throughput_personas_per_minute"))


def full() -> Baseline:
    """Return what FULL says."""
    return Baseline(
        name="v1.12.0-01234567",
        version="1.10",
        captured_at=datetime(2025, 1, 15, 10, 30, tzinfo=UTC),
        environment=Environment(
            python_version="3.12.0",
            platform="darwin-arm64",
            cpu="Apple M2",
            memory_gb=15.6,
            persona_version="1.10",
            cores=8,
            os="Darwin 24.1.0",
            governor="performance",
            virtualisation="none",
            machine="build-7",
            persona_asv="0.1.0",
            asv="0.6.4",
        ),
        workloads={
            "quick": Entry(None, {"error_rate": Figure(0.0)}, "Ten: quickly"),
            "standard": Entry(
                100,
                {
                    "generation_latency_p50": Figure(1230.0, 100, 5, (1201.5, 1250.25)),
                    "throughput_per_minute": Figure(48.7, 100, 5),
                    "memory_peak_mb": Figure(512, rounds=5),
                    "api_calls_per_persona": Figure(1e-12),
                },
            ),
        },
        commit=COMMIT,
        dirty=True,
        subject="reference",
        provider="anthropic",
        model='claude "sonnet": 4 # C:\\temp é',
        price=Price(3, 0.75, "persona.yaml"),
        endpoint="standin",
        profile="none",
        pinned=True,
        samples=Samples("v1.12.0-01234567.samples.json.gz", SHA256),
    )


def minimal(**changes: object) -> Baseline:
    """Return what MINIMAL says in a file of the name v1, with some fields changed."""
    plain = Baseline(
        name="v1",
        version="1.0",
        captured_at=datetime(2025, 1, 15, 10, 30, tzinfo=UTC),
        environment=Environment(),
        workloads={"standard": Entry(None, {"memory_peak_mb": Figure(512.0)})},
    )
    return replace(plain, **changes)


def with_figure(figure: Figure) -> Baseline:
    return minimal(workloads={"standard": Entry(None, {"memory_peak_mb": figure})})


def read(text: str) -> Baseline:
    return document.read(text, "v1.yaml", "v1")


def load(path: Path) -> Baseline:
    return document.read(read_text(path, path.name), path.name, path.stem)


def one_line(make: Callable[[], object]) -> str:
    """Return the error's text, which is one line however wild the file."""
    with pytest.raises(ConfigError) as caught:
        make()
    said = str(caught.value)
    assert said.isprintable(), said
    assert len(said) < 900
    return said


def refusal(text: str) -> str:
    return one_line(lambda: read(text))


@pytest.fixture(params=["libyaml", "pure Python"])
def either_yaml(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with PyYAML's C half and without it, as on a machine that lacks libyaml."""
    if request.param == "pure Python":
        forget_libyaml(monkeypatch)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")


def forget_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    monkeypatch.delattr(yaml, "CSafeDumper", raising=False)


NUMBERS = (
    st.floats(0, 1e299)
    | st.integers(0, 10**18).map(float)
    | st.sampled_from([1e-12, 5e-324, 0.1, 999999999999999.0, 1e15, 1e16, 1e22, 1e299])
)
COUNTS = st.integers(0, 10**18 - 1)
_PIECEWISE = st.lists(
    st.text(st.characters(codec="utf-8").filter(str.isprintable), max_size=8)
    | st.sampled_from(["'", '"', "\\", "\\n", ": ", " #", "- ", "? ", "&a ", "*a", "!!int 1", "%", "{", "]"])
    | st.sampled_from(["null", "true", "1.10", "2025-01-15", "0x1F", "...", "---", "=", "<<", "~", "`"])
    | st.sampled_from(["é", "e\u0301", "日本", "\U0001f600", "\U00020000", "ß"]),
    min_size=1,
    max_size=6,
)
_LONG = st.sampled_from('"\\:#é\U0001f600').map(lambda char: char * 500)
TEXTS = _PIECEWISE.map(lambda pieces: "".join(pieces).strip()).filter(bool) | _LONG
_LETTERS = "abcXYZ0189"
_LETTERED = st.builds("{}{}".format, st.sampled_from(_LETTERS), st.text(_LETTERS + "._+-", max_size=119))
NAMES = _LETTERED | st.sampled_from(["1.10", "true", "null", "0x1F", "1e3", "2025-01-15", "NO", "v" * 120])
TIMES = st.datetimes(
    datetime(1, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=-9, minutes=-30)), timezone(timedelta(hours=14))]
    ),
).map(lambda moment: moment.replace(microsecond=0))
FIGURES = st.builds(
    Figure,
    NUMBERS,
    n=st.none() | COUNTS,
    rounds=st.none() | COUNTS,
    interval=st.none() | st.tuples(NUMBERS, NUMBERS).map(lambda ends: (min(ends), max(ends))),
)
ENTRIES = st.builds(
    Entry,
    st.none() | COUNTS,
    st.dictionaries(st.sampled_from(METRICS), FIGURES, min_size=1, max_size=6),
    st.none() | TEXTS,
)
_MEASURED = {"memory_gb": NUMBERS, "cores": COUNTS}
ENVIRONMENTS = st.builds(
    Environment, **{each.name: st.none() | _MEASURED.get(each.name, TEXTS) for each in fields(Environment)}
)
ENDPOINTS = st.none() | st.tuples(TEXTS, st.none() | TEXTS)
BASELINES = st.builds(
    lambda endpoint, **rest: Baseline(
        **rest, **dict(zip(("endpoint", "profile"), endpoint or (), strict=False))
    ),
    ENDPOINTS,
    name=NAMES,
    version=TEXTS,
    captured_at=TIMES,
    environment=ENVIRONMENTS,
    workloads=st.dictionaries(NAMES, ENTRIES, min_size=1, max_size=3),
    commit=st.none() | st.sampled_from([COMMIT, SHA256, "1" * 40, "0" * 64]),
    dirty=st.booleans(),
    subject=st.none() | TEXTS,
    provider=st.none() | TEXTS,
    model=st.none() | TEXTS,
    price=st.none() | st.builds(Price, NUMBERS, NUMBERS, TEXTS),
    pinned=st.booleans(),
    samples=st.none() | st.builds(Samples, NAMES, st.sampled_from([SHA256, "0" * 64])),
)
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


class TestAnyBaseline:
    @patient
    @given(baseline=BASELINES)
    @example(baseline=full())
    @example(baseline=minimal())
    def test_is_read_back_as_it_was_written(self, baseline: Baseline) -> None:
        text = document.write(baseline)
        again = document.read(text, "any.yaml", "another name")
        assert again == baseline
        assert document.write(again) == text

    @patient
    @given(baseline=BASELINES)
    def test_is_the_same_text_each_time_with_libyaml_and_without(self, baseline: Baseline) -> None:
        text = document.write(baseline)
        assert document.write(copy.deepcopy(baseline)) == text
        with pytest.MonkeyPatch.context() as patch:
            forget_libyaml(patch)
            assert document.write(baseline) == text
            assert document.read(text, "any.yaml", "") == baseline

    @patient
    @given(baseline=BASELINES)
    def test_has_a_key_on_every_line_and_nothing_folded(self, baseline: Baseline) -> None:
        lines = document.write(baseline).splitlines()
        assert [line.partition(":")[0] for line in lines[:4]] == ["name", "version", "captured_at", "schema"]
        assert [line for line in lines if not re.fullmatch(r"(  )*('[^']+'|[\w.+-]+):( \S.*)?", line)] == []

    @patient
    @given(baseline=BASELINES)
    def test_means_the_same_to_any_reader_of_yaml(self, baseline: Baseline) -> None:
        found = yaml.safe_load(document.write(baseline))
        assert (found["name"], found["version"]) == (baseline.name, baseline.version)
        assert found["captured_at"] == baseline.captured_at
        assert found["environment"] == {
            each.name: value
            for each in fields(Environment)
            if (value := getattr(baseline.environment, each.name)) is not None
        }
        assert {case: entry["metrics"] for case, entry in found["workloads"].items()} == {
            case: {key: figure.value for key, figure in entry.metrics.items()}
            for case, entry in baseline.workloads.items()
        }


@pytest.mark.usefixtures("either_yaml")
class TestWritten:
    def test_a_full_baseline(self) -> None:
        assert document.write(full()) == FULL

    def test_what_is_not_known_is_left_out(self) -> None:
        assert document.write(minimal()) == (
            'name: "v1"\nversion: "1.0"\ncaptured_at: 2025-01-15T10:30:00Z\nschema: 1\ndirty: false\n'
            "environment: {}\nworkloads:\n  standard:\n    metrics:\n      memory_peak_mb: 512\n"
        )

    def test_the_metrics_of_f139_stand_as_f139_shows_them(self) -> None:
        metrics = F139[F139.index("    metrics:\n") :]
        assert metrics in document.write(read(F139))

    def test_the_memory_of_f139_is_a_plain_16(self) -> None:
        assert "\n  memory_gb: 16\n" in document.write(read(F139))

    @pytest.mark.parametrize(
        ("expected", "value"),
        [
            pytest.param("0", 0.0, id="nothing"),
            pytest.param("0", -0.0, id="nothing, with a sign"),
            pytest.param("1230", 1230.0, id="whole"),
            pytest.param("1230", 1230, id="an int"),
            pytest.param("48.7", 48.7, id="a fraction"),
            pytest.param("0.0001", 0.0001, id="small"),
            pytest.param("1.0e-05", 0.00001, id="smaller"),
            pytest.param("1.5e-12", 1.5e-12, id="tiny"),
            pytest.param("999999999999999", 999999999999999.0, id="long"),
            pytest.param("1.0e+20", 1e20, id="huge"),
            pytest.param("1.25e+299", 1.25e299, id="hugest"),
        ],
    )
    def test_a_number_is_short_and_a_number_to_yaml(self, expected: str, value: float) -> None:
        text = document.write(with_figure(Figure(value)))
        assert text.endswith(f"\n      memory_peak_mb: {expected}\n")
        assert yaml.safe_load(text)["workloads"]["standard"]["metrics"] == {"memory_peak_mb": value}

    @pytest.mark.parametrize("text", ["1.10", "1", "1e3", "true", "null", "2025-01-15", "0x1F", "NO", "1_0"])
    def test_a_name_or_version_like_a_number_stays_a_text(self, text: str) -> None:
        written = document.write(
            minimal(name=text, version=text, workloads={text: Entry(None, {"error_rate": Figure(1)})})
        )
        assert written.startswith(f'name: "{text}"\nversion: "{text}"\n')
        found = yaml.safe_load(written)
        assert (found["name"], found["version"], list(found["workloads"])) == (text, text, [text])

    @pytest.mark.parametrize(
        ("expected", "moment"),
        [
            pytest.param("2025-01-15T10:30:00Z", datetime(2025, 1, 15, 10, 30, tzinfo=UTC), id="UTC"),
            pytest.param(
                "2025-01-15T23:30:00Z",
                datetime(2025, 1, 16, 1, 30, tzinfo=timezone(timedelta(hours=2))),
                id="elsewhere, the day before",
            ),
            pytest.param(
                "2025-01-15T10:30:59Z",
                datetime(2025, 1, 15, 10, 30, 59, 999_999, tzinfo=UTC),
                id="whole seconds",
            ),
            pytest.param("0999-01-02T00:00:00Z", datetime(999, 1, 2, tzinfo=UTC), id="four digits of a year"),
        ],
    )
    def test_the_time_is_in_utc_unquoted(self, expected: str, moment: datetime) -> None:
        assert f"\ncaptured_at: {expected}\n" in document.write(minimal(captured_at=moment))

    def test_there_is_no_evidence_where_nothing_is_known(self) -> None:
        assert "evidence" not in document.write(with_figure(Figure(1)))

    def test_pinned_is_said_only_where_it_is(self) -> None:
        assert "\npinned: true\n" in document.write(minimal(pinned=True))
        assert "pinned" not in document.write(minimal())

    @pytest.mark.parametrize(
        ("one", "same"),
        [
            pytest.param(minimal(), minimal(workloads=dict(minimal().workloads)), id="another mapping"),
            pytest.param(
                minimal(),
                minimal(captured_at=datetime(2025, 1, 15, 11, 30, tzinfo=timezone(timedelta(hours=1)))),
                id="the time told elsewhere",
            ),
            pytest.param(with_figure(Figure(512)), with_figure(Figure(512.0)), id="a whole value"),
            pytest.param(
                with_figure(Figure(1, interval=(0, 2))),
                with_figure(Figure(1, interval=(-0.0, 2.0))),
                id="a whole interval",
            ),
            pytest.param(
                minimal(environment=Environment(memory_gb=16)),
                minimal(environment=Environment(memory_gb=16.0)),
                id="a whole memory",
            ),
            pytest.param(
                full(),
                replace(full(), workloads=dict(reversed(full().workloads.items()))),
                id="workloads in another order",
            ),
            pytest.param(
                minimal(workloads={"a": Entry(1, {"memory_peak_mb": Figure(1), "error_rate": Figure(2)})}),
                minimal(workloads={"a": Entry(1, {"error_rate": Figure(2), "memory_peak_mb": Figure(1)})}),
                id="metrics in another order",
            ),
        ],
    )
    def test_equal_baselines_are_equal_texts(self, one: Baseline, same: Baseline) -> None:
        assert one == same
        assert document.write(one) == document.write(same)


@pytest.mark.usefixtures("either_yaml")
class TestAccepted:
    def test_the_example_of_f139(self) -> None:
        assert document.read(F139, "v1.yaml", "the file's name") == Baseline(
            name="v1.12.0",
            version="1.12.0",
            captured_at=datetime(2025, 1, 15, 10, 30, tzinfo=UTC),
            environment=Environment(
                python_version="3.12.0",
                platform="darwin-arm64",
                cpu="Apple M2",
                memory_gb=16,
                persona_version="1.12.0",
            ),
            workloads={
                "standard": Entry(
                    100,
                    {
                        "generation_latency_p50": Figure(1230),
                        "generation_latency_p95": Figure(1870),
                        "generation_latency_p99": Figure(2340),
                        "throughput_per_minute": Figure(48.7),
                        "memory_peak_mb": Figure(512),
                        "api_calls_per_persona": Figure(2.1),
                    },
                )
            },
        )

    def test_the_older_variant_is_called_as_its_file_is_and_gets_our_words(self) -> None:
        assert document.read(OLDER, "old.yaml", "old") == Baseline(
            name="old",
            version="1.10",
            captured_at=datetime(2025, 12, 1, 8, tzinfo=UTC),
            environment=Environment(),
            workloads={
                "simple": Entry(
                    20,
                    {"generation_latency_p50": Figure(950), "throughput_per_minute": Figure(47.2, n=20)},
                    "One persona, little research",
                )
            },
        )

    def test_the_least_there_is(self) -> None:
        assert read(MINIMAL) == minimal()

    def test_all_there_is(self) -> None:
        assert read(FULL) == full()

    @pytest.mark.parametrize(
        "version", ["1.10", "1.12.0", "2025-01-15", "007", "1e3", "0x1F", "1_000", "12:30", "v1 (beta) é"]
    )
    def test_a_version_is_its_text_quoted_or_not(self, version: str) -> None:
        for quoted in (version, f'"{version}"', f"'{version}'"):
            assert read(MINIMAL.replace('"1.0"', quoted)).version == version

    @pytest.mark.parametrize("name", ["1.10", "v1", "v1.12.0-rc1+dirty_2", "2025-01-15", "x" * 120])
    def test_a_name_is_its_text_quoted_or_not(self, name: str) -> None:
        assert read(f"{MINIMAL}name: {name}").name == name
        assert read(f"{MINIMAL}name: '{name}'").name == name

    @pytest.mark.parametrize(
        ("expected", "written"),
        [
            pytest.param(datetime(2025, 1, 15, 10, 30, tzinfo=UTC), "'2025-01-15T10:30:00Z'", id="quoted"),
            pytest.param(datetime(2025, 1, 15, tzinfo=UTC), "2025-01-15", id="a day"),
            pytest.param(datetime(2025, 1, 15, 10, 30, tzinfo=UTC), "2025-01-15 10:30:00", id="no zone"),
            pytest.param(
                datetime(2025, 1, 15, 8, tzinfo=UTC), "2025-01-15T10:00:00+02:00", id="another zone"
            ),
            pytest.param(
                datetime(2025, 1, 15, 8, tzinfo=UTC), "2025-01-15T08:00:00.999999Z", id="microseconds"
            ),
        ],
    )
    def test_a_time_however_it_is_told(self, expected: datetime, written: str) -> None:
        found = read(MINIMAL.replace("2025-01-15T10:30:00Z", written)).captured_at
        assert found == expected
        assert found.tzinfo is UTC

    @pytest.mark.parametrize(
        ("expected", "written"),
        [
            pytest.param(0.0, "0", id="nothing"),
            pytest.param(0.0, "0.0", id="nothing, with a point"),
            pytest.param(0.5, ".5", id="no digit before the point"),
            pytest.param(5.0, "5.", id="no digit after it"),
            pytest.param(1000.0, "1e3", id="what YAML takes for a text"),
            pytest.param(1230.0, "1_230", id="thousands apart"),
            pytest.param(1e299, "1.0e+299", id="huge"),
            pytest.param(0.0, "1e-400", id="too small to tell from nothing"),
        ],
    )
    def test_a_number_however_it_is_written(self, expected: float, written: str) -> None:
        found = read(MINIMAL.replace("512", written)).workloads["standard"].metrics["memory_peak_mb"].value
        assert (found, type(found)) == (expected, float)

    @pytest.mark.parametrize("key", METRICS)
    def test_every_metric_and_its_evidence(self, key: str) -> None:
        text = MINIMAL.replace("memory_peak_mb", key)
        found = read(f"{text}    evidence: {{{key}: {{n: 7, rounds: 2, interval: [1, 1]}}}}")
        assert found.workloads["standard"].metrics == {key: Figure(512, 7, 2, (1, 1))}

    @pytest.mark.parametrize(
        "line",
        [
            "schema: 1",
            "environment:",
            "environment: {}",
            "endpoint:",
            "dirty: false",
            "pinned: FALSE",
            "    evidence:",
            "    evidence: {memory_peak_mb: }",
            "# a remark",
            "...",
        ],
    )
    def test_a_line_that_says_nothing(self, line: str) -> None:
        assert read(f"{MINIMAL}{line}\n") == minimal()

    @pytest.mark.parametrize(
        "name", ["a", "my.own_workload-2+x", "1", "true", pytest.param("w" * 120, id="as long as may be")]
    )
    def test_a_workload_by_any_name(self, name: str) -> None:
        assert list(read(MINIMAL.replace("standard", name)).workloads) == [name]

    def test_long_names_that_differ_only_at_the_end(self) -> None:
        one, other = "w" * 119 + "1", "w" * 119 + "2"
        entry = "{metrics: {error_rate: 0}}"
        text = MINIMAL.partition("  standard")[0]
        assert list(read(f"{text}  {one}: {entry}\n  {other}: {entry}\n").workloads) == [one, other]

    def test_workloads_and_metrics_in_any_order(self) -> None:
        text = MINIMAL.partition("workloads")[0]
        entry = "{metrics: {retry_rate: 1, error_rate: 2}, iterations: 3}"
        found = read(f"workloads: {{b: {entry}, a: {entry}}}\n{text}")
        assert found.workloads == dict.fromkeys(
            "ab", Entry(3, {"error_rate": Figure(2), "retry_rate": Figure(1)})
        )

    def test_an_alias_is_followed(self) -> None:
        text = MINIMAL.replace("standard:", "standard: &same")
        assert read(f"{text}  quick: *same\n").workloads == dict.fromkeys(
            ("standard", "quick"), minimal().workloads["standard"]
        )

    @pytest.mark.parametrize("length", [40, 64], ids=["SHA-1", "SHA-256"])
    @pytest.mark.parametrize("digit", ["a", "1"], ids=["letters", "a number to YAML"])
    def test_a_commit_of_either_kind_quoted_or_not(self, digit: str, length: int) -> None:
        assert read(f"{MINIMAL}commit: {digit * length}").commit == digit * length
        assert read(f'{MINIMAL}commit: "{digit * length}"').commit == digit * length

    def test_a_profile_whose_endpoint_is_not_known_is_kept(self) -> None:
        found = read(f"{MINIMAL}endpoint: {{profile: fast}}")
        assert (found.endpoint, found.profile) == (None, "fast")
        assert read(document.write(found)) == found

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(MINIMAL.encode("utf-8-sig"), id="a byte-order mark"),
            pytest.param(MINIMAL.replace("\n", "\r\n").encode(), id="Windows"),
            pytest.param(MINIMAL.rstrip().encode(), id="no line break at the end"),
            pytest.param(f"---\n{MINIMAL}".encode(), id="a document's start"),
            pytest.param(f"{MINIMAL}#".encode().ljust(1 << 20, b"x"), id="one mebibyte"),
        ],
    )
    def test_a_file_from_any_editor(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "v1.yaml").write_bytes(content)
        assert load(tmp_path / "v1.yaml") == minimal()


LACKS = "a baseline has version, captured_at and workloads"
HEAD = MINIMAL.partition("workloads")[0]
ENDS = "workloads.standard.evidence.memory_peak_mb.interval: expected two numbers, the lower first"


def plus(line: str) -> str:
    return f"{MINIMAL}{line}\n"


def within(line: str) -> str:
    return plus(f"    {line}")


def evidence(its: str) -> str:
    return within(f"evidence: {{memory_peak_mb: {its}}}")


def workloads(its: str) -> str:
    return f"{HEAD}workloads: {its}\n"


def without(key: str) -> str:
    return "".join(line for line in MINIMAL.splitlines(keepends=True) if not line.startswith(key))


WRONG_WHOLE = {
    "an empty file": (f": empty; {LACKS}", ""),
    "a remark alone": (f": empty; {LACKS}", "# nothing\n\n"),
    "an empty document": (f":1: the top level: lacks version; {LACKS}", "---\n"),
    "an empty mapping": (f":1: the top level: lacks version; {LACKS}", "{}"),
    "no version": (f":1: the top level: lacks version; {LACKS}", without("version")),
    "no time": (f":1: the top level: lacks captured_at; {LACKS}", without("captured_at")),
    "no workloads": (f":1: the top level: lacks workloads; {LACKS}", HEAD),
    "a list": (":1: the top level: expected a mapping, found a list", "- version: 1\n"),
    "a word": (":1: the top level: expected a mapping, found version", "version\n"),
    "no metrics": (":7: workloads.a: has no metrics", plus("  a: {iterations: 5}")),
    "empty metrics": (":7: workloads.a: has no metrics", plus("  a: {metrics: {}}")),
    "metrics of nothing": (":7: workloads.a: has no metrics", plus("  a: {metrics: }")),
    "a workload of nothing": (":7: workloads.a: has no metrics", plus("  a:")),
    "a workload in a folder": (":3: workloads: '../a' is no workload name", plus("  ../a: {}")),
    "a workload of no name": (":3: workloads: '' is no workload name", plus("  '': {}")),
    "a workload named by a list": (":3: workloads: '' is no workload name", plus("  ? [a]\n  : {}")),
    "a workload of two lines": (":3: workloads: 'a\\nb' is no workload name", plus('  "a\\nb": {}')),
    "a workload of too long a name": (
        f":3: workloads: '{'w' * 60}' is no workload name",
        plus(f"  {'w' * 121}: {{metrics: {{error_rate: 1}}}}"),
    ),
    "evidence of an absent metric": (
        ":4: workloads.standard: has evidence of error_rate, but no such metric",
        within("evidence: {error_rate: {n: 1}}"),
    ),
    "an interval reversed": (f":7: {ENDS}", evidence("{interval: [2, 1]}")),
    "an interval of one": (f":7: {ENDS}", evidence("{interval: [1]}")),
    "an interval of three": (f":7: {ENDS}", evidence("{interval: [1, 2, 3]}")),
    "an interval of none": (f":7: {ENDS}", evidence("{interval: []}")),
    "a price of nothing": (":7: price: needs input, output and source", plus("price:")),
    "a price without source": (
        ":7: price: needs input, output and source",
        plus("price: {input: 1, output: 2}"),
    ),
    "samples of nothing": (":7: samples: needs file and sha256", plus("samples:")),
    "samples without sha256": (":7: samples: needs file and sha256", plus("samples: {file: a.gz}")),
    "samples without file": (":7: samples: needs file and sha256", plus(f"samples: {{sha256: {SHA256}}}")),
}
"""By what is wrong: what is said after the file's name, and the text that it is said of."""
WRONG_KEYS = {
    "a slip": (f':7: commmit: unknown key; did you mean "commit"? (known: {TOP_KEYS})', plus("commmit: a")),
    "unknown": (f":7: xyzzy: unknown key; (known: {TOP_KEYS})", plus("xyzzy: 1")),
    "no text": (f":7: ?: unknown key; (known: {TOP_KEYS})", plus("? [a]\n: 1")),
    "a merge": (f":7: <<: unknown key; (known: {TOP_KEYS})", plus("<<: {name: x}")),
    "of the environment": (
        ':7: environment.memory: unknown key; did you mean "memory_gb"? (known: python_version, platform, '
        "cpu, memory_gb, persona_version, cores, os, governor, virtualisation, machine, instance, "
        "persona_asv, asv)",
        plus("environment: {memory: 16}"),
    ),
    "of a workload": (
        ':7: workloads.standard.iteration: unknown key; did you mean "iterations"? '
        "(known: description, iterations, metrics, evidence)",
        within("iteration: 5"),
    ),
    "of the metrics": (
        ':7: workloads.standard.metrics.memory_peak: unknown key; did you mean "memory_peak_mb"? '
        f"(known: {METRIC_KEYS})",
        within("  memory_peak: 5"),
    ),
    "of the evidence": (
        f":7: workloads.standard.evidence.speed: unknown key; (known: {METRIC_KEYS})",
        within("evidence: {speed: {n: 1}}"),
    ),
    "of a metric's evidence": (
        ":7: workloads.standard.evidence.memory_peak_mb.sd: unknown key; (known: n, rounds, interval)",
        evidence("{sd: 1}"),
    ),
    "of the endpoint": (
        ":7: endpoint.url: unknown key; (known: kind, profile)",
        plus("endpoint: {url: x}"),
    ),
    "of the samples": (
        ':7: samples.sha: unknown key; did you mean "sha256"? (known: file, sha256)',
        plus("samples: {sha: x}"),
    ),
    "twice": (":7: version: given twice, first on line 1; keep one", plus("version: 2")),
    "a metric twice": (
        ":7: workloads.standard.metrics.memory_peak_mb: given twice, first on line 6; keep one",
        within("  memory_peak_mb: 513"),
    ),
    "a workload twice": (
        ":7: workloads.standard: given twice, first on line 4; keep one",
        plus("  standard: {metrics: {error_rate: 1}}"),
    ),
}
NUMBER, WHOLE, TEXT = "a number from 0 up", "a whole number", "a text of one line"
FLAG, MAPPING = "true or false", "a mapping"
WRONG_VALUES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "name": (
        "a baseline name",
        plus("name: @"),
        (
            *("../x", "..", "a/b", "/a", "a\\b", "-x", "_x", ".x", "a b", "ü", "٣", "x" * 121),
            *('""', '"a\\nb"', '"a\\n"', "", "~", "true", "[a]", "{a: b}"),
        ),
    ),
    "version": (
        TEXT,
        MINIMAL.replace('"1.0"', "@"),
        ('""', '" "', '" 1"', '"1 "', '"1\\n2"', '"1\\t2"', "", "null", "yes", "{a: 1}", "[1]", "x" * 501),
    ),
    "captured_at": (
        "a time like 2025-01-15T10:30:00Z",
        MINIMAL.replace("2025-01-15T10:30:00Z", "@"),
        (
            *("2025-13-01", "2025-02-30T10:30:00Z", "2025-01-15T25:00:00Z", "2025-01", "yesterday"),
            *("1736937000", "0001-01-01T00:00:00+23:00", "", "true", "[2025-01-15]", "{a: 1}"),
        ),
    ),
    "schema": (WHOLE, plus("schema: @"), ("two", "2.0", "-1", "true", "", "[2]", '"1"', "9" * 19)),
    "pinned": (FLAG, plus("pinned: @"), ("1", "0", '"true"', "y", "no", "", "[true]")),
    "commit": (
        "a full commit hash",
        plus("commit: @"),
        ("01234567", COMMIT[:-1], COMMIT + "0", "g" * 40, COMMIT.upper(), "main", "HEAD", "", "false", "[a]"),
    ),
    "dirty": (FLAG, plus("dirty: @"), ("1", '"false"', "maybe", "", "{}")),
    "subject": (TEXT, plus("subject: @"), ("", '""', "true", "[a]")),
    "provider": (TEXT, plus("provider: @"), ("", '"a\\rb"', "off", "[a, b]")),
    "model": (TEXT, plus("model: @"), ("", "~", "{a: b}", '"\\t"', "x" * 501)),
    "endpoint": (MAPPING, plus("endpoint: @"), ("standin", "5", "[a]", "true")),
    "endpoint.kind": (TEXT, plus("endpoint: {kind: @}"), ("", '""', "[a]")),
    "endpoint.profile": (TEXT, plus("endpoint: {profile: @}"), ("", "no")),
    "environment": (MAPPING, plus("environment: @"), ("5", "linux", "[]")),
    "environment.cpu": (TEXT, plus("environment: {cpu: @}"), ("", '"a\\nb"', "{a: b}")),
    "environment.memory_gb": (
        NUMBER,
        plus("environment: {memory_gb: @}"),
        ("lots", "-1", ".nan", "16GB", ""),
    ),
    "environment.cores": (WHOLE, plus("environment: {cores: @}"), ("1.5", "true", "-8", "eight", "")),
    "workloads": ("a mapping of at least one workload", workloads("@"), ("", "{}", "[a]", "5", "standard")),
    "workloads.a": (MAPPING, workloads("{a: @}"), ("5", "fast", "[1]", "true")),
    "workloads.a.metrics": (MAPPING, workloads("{a: {metrics: @}}"), ("5", "[1]", "error_rate")),
    "workloads.standard.metrics.memory_peak_mb": (
        NUMBER,
        MINIMAL.replace("512", "@"),
        (
            *("-1", "-0.5", "-1e3", ".inf", "-.inf", ".nan", "1e400", "1.0e+300", "9" * 400, "9" * 5000),
            *("fast", "12 ms", "1:30", "0x10", "010", "+1", "1,000", "1__0", "٣", "true", "2025-01-15"),
            *("", "null", '""', "[1]", "{p50: 1}"),
        ),
    ),
    "workloads.standard.description": (TEXT, within("description: @"), ("", "true", '"a\\nb"', "[a]")),
    "workloads.standard.iterations": (
        WHOLE,
        within("iterations: @"),
        ("many", '"5"', "true", "-1", "1.5", "1e3", "010", "0x10", "9" * 19, ".inf", ".nan", "", "[5]", "{}"),
    ),
    "workloads.standard.evidence": (MAPPING, within("evidence: @"), ("5", "[1]", "strong")),
    "workloads.standard.evidence.memory_peak_mb": (MAPPING, evidence("@"), ("5", "[1]", "strong")),
    "workloads.standard.evidence.memory_peak_mb.n": (
        WHOLE,
        evidence("{n: @}"),
        ("-1", "1.5", "many", "true", ""),
    ),
    "workloads.standard.evidence.memory_peak_mb.rounds": (
        WHOLE,
        evidence("{rounds: @}"),
        ("-1", "2.5", "[1]"),
    ),
    "workloads.standard.evidence.memory_peak_mb.interval": (
        "a list",
        evidence("{interval: @}"),
        ("1", "", "wide", "{a: 1}"),
    ),
    "workloads.standard.evidence.memory_peak_mb.interval[1]": (
        NUMBER,
        evidence("{interval: [1, @]}"),
        ("x", "true", "-1", ".nan", ".inf", "1e400", "[2]"),
    ),
    "price": (MAPPING, plus("price: @"), ("5", "[3, 15]", "cheap")),
    "samples": (MAPPING, plus("samples: @"), ("a.gz", "5", "[a.gz]")),
    "samples.file": (
        "a file's name, without a folder",
        plus(f"samples: {{file: @, sha256: {SHA256}}}"),
        ("a/b.gz", "../b.gz", "/etc/passwd", "..", ".", "a\\b", '""', '"a\\x00"', "", "[a]"),
    ),
    "samples.sha256": (
        "64 hexadecimal digits",
        plus("samples: {file: a.gz, sha256: @}"),
        ("abc", SHA256[1:], f'"{SHA256}0"', SHA256.upper(), "g" * 64, "", "[]"),
    ),
}
"""By key: what is wanted, a file with ``@`` in the value's place, and values that are not it."""


def shown(value: str) -> str:
    """Return how a line shows what was found: as it was written, but no more of it than is needed."""
    if value.startswith('"'):
        return f'"{value[1:-1][:60]}"'
    kinds = {"": "nothing", "~": "nothing", "null": "nothing"}
    return kinds.get(value) or {"[": "a list", "{": "a mapping"}.get(value[0], value[:60])


@pytest.mark.usefixtures("either_yaml")
class TestRefused:
    @pytest.mark.parametrize(
        ("expected", "text"),
        [
            pytest.param(*case, id=words)
            for words, case in (
                *WRONG_WHOLE.items(),
                *((f"a key: {words}", case) for words, case in WRONG_KEYS.items()),
            )
        ],
    )
    def test_in_one_line_that_names_file_line_and_key(self, expected: str, text: str) -> None:
        assert refusal(text) == f"v1.yaml{expected}"

    @pytest.mark.parametrize(
        ("key", "wanted", "text", "value"),
        [
            pytest.param(key, wanted, text, value, id=f"{key} {value[:20]!a}")
            for key, (wanted, text, values) in WRONG_VALUES.items()
            for value in values
        ],
    )
    def test_a_wrong_value_is_shown(self, key: str, wanted: str, text: str, value: str) -> None:
        line = text.partition("@")[0].count("\n") + 1
        said = refusal(text.replace("@", value))
        assert said == f"v1.yaml:{line}: {key}: expected {wanted}, found {shown(value)}"

    @pytest.mark.parametrize(
        ("expected", "line"),
        [
            pytest.param(2, "schema: 2", id="the next one"),
            pytest.param(99, "schema: 99\nwhatever: [1]\nname: ../x", id="with keys and values of its own"),
            pytest.param(2, "whatever: 1\nversion: 3\nschema: 2", id="whatever stands before"),
            pytest.param(2, "? [a, list]\n: 1\nschema: 2", id="even beside a key that is no text"),
        ],
    )
    def test_a_newer_schema_before_anything_else_is_complained_about(self, expected: int, line: str) -> None:
        assert refusal(plus(line)) == (
            f"v1.yaml: written by a newer persona_asv (schema {expected}, this one reads 1); "
            "update persona-asv to read it"
        )

    def test_a_schema_that_never_was(self) -> None:
        assert refusal(plus("schema: 0")).startswith("v1.yaml:7: schema: ")

    def test_one_metric_under_both_its_names(self) -> None:
        said = refusal(OLDER.replace("    evidence:", "      throughput_per_minute: 47.3\n    evidence:"))
        assert re.match(r"v1\.yaml:[4-9]: workloads\.simple", said)
        assert "throughput" in said

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("", id="empty"),
            pytest.param("[]", id="a list"),
            pytest.param("{}", id="lacking all"),
            pytest.param(plus("schema: 2"), id="newer"),
            pytest.param(plus("a: 1"), id="an unknown key"),
            pytest.param("a: [", id="broken"),
        ],
    )
    def test_in_one_line_even_of_a_file_whose_name_has_two(self, text: str) -> None:
        assert one_line(lambda: document.read(text, "a\nb.yaml", "v1")).startswith("a\\nb.yaml:")

    def test_what_fills_the_file_does_not_fill_the_line(self) -> None:
        flood = "k" * 100_000
        for text in (plus(f"? {flood}\n: 1"), plus(f"name: {flood}"), workloads(f"{{? {flood}\n: {{}}}}")):
            assert len(refusal(text)) < 400


@pytest.mark.usefixtures("either_yaml")
class TestHostile:
    """What a file from anywhere may try."""

    @pytest.mark.parametrize(
        ("key", "text"),
        [
            pytest.param("1: the top level", "@ {version: 1}", id="the whole file"),
            pytest.param("1: version", MINIMAL.replace('"1.0"', "@ [touch pwned]"), id="a text"),
            pytest.param("3: workloads", workloads("@ [touch pwned]"), id="the workloads"),
            pytest.param(
                "6: workloads.standard.metrics.memory_peak_mb",
                MINIMAL.replace("512", "@ [touch pwned]"),
                id="a number",
            ),
            pytest.param("7: environment", plus("environment: @ [touch pwned]"), id="a section"),
            pytest.param("7: model", plus("model: @ 'touch pwned'"), id="a scalar"),
        ],
    )
    def test_a_tag_runs_nothing(
        self, key: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        said = refusal(text.replace("@", "!!python/object/apply:os.system"))
        assert said.startswith(f"v1.yaml:{key}: expected ")
        assert "found !!python/object/apply:os.system" in said
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "value", ["!!python/name:os.system ''", "!own x", "!!str [a]", "!!binary YQ==", "!!null {a: 1}"]
    )
    def test_a_tag_belies_nothing(self, value: str) -> None:
        assert refusal(plus(f"model: {value}")).startswith(f"v1.yaml:7: model: expected {TEXT}, found ")

    def test_a_bomb_of_aliases_is_never_expanded(self) -> None:
        levels = (f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
        bomb = ", ".join(("&a0 [x, x, x, x, x, x, x, x, x, x]", *levels))
        assert refusal(plus(f"model: [{bomb}]")) == f"v1.yaml:7: model: expected {TEXT}, found a list"

    def test_a_hundred_aliases_and_no_more(self) -> None:
        def text(aliases: int) -> str:
            tail = "".join(f"  w{n}: *same\n" for n in range(aliases))
            return MINIMAL.replace("standard:", "standard: &same") + tail

        assert len(read(text(100)).workloads) == 101
        assert refusal(text(101)) == "v1.yaml:107: more than 100 aliases or nested levels"

    def test_an_alias_to_itself(self) -> None:
        said = refusal(workloads("&self {again: *self}"))
        assert said == (
            "v1.yaml:3: workloads.again.again: unknown key; "
            "(known: description, iterations, metrics, evidence)"
        )

    @pytest.mark.parametrize("bracket", ["[", "{a: "])
    def test_nesting_without_end(self, bracket: str) -> None:
        said = refusal(plus(f"model: {bracket * 50_000}"))
        assert said == "v1.yaml:7: more than 100 aliases or nested levels"

    def test_two_documents(self) -> None:
        assert refusal(f"{MINIMAL}---\n{MINIMAL}") == "v1.yaml:7: more than one YAML document"

    @pytest.mark.parametrize(
        "character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ufffe", "\ufeff"], ids=ascii
    )
    def test_a_control_character_as_it_is(self, character: str) -> None:
        said = refusal(plus(f'model: "a{character}b"'))
        assert said == f"v1.yaml:7: not valid YAML: it holds the character {character!r}"

    @pytest.mark.parametrize("character", ["\u2028", "\xa0", "\u200b", "\u202e"], ids=ascii)
    def test_an_invisible_character(self, character: str) -> None:
        assert refusal(plus(f'model: "a{character}b"')).startswith(
            f'v1.yaml:7: model: expected {TEXT}, found "a\\'
        )

    @pytest.mark.parametrize("escape", [r"\0", r"\e", r"\r", r"\n", r"\N", r"\P", r"\x7f", r"\uFEFF"])
    def test_a_control_character_written_as_an_escape(self, escape: str) -> None:
        assert refusal(plus(f'model: "a{escape}b"')).startswith(
            f'v1.yaml:7: model: expected {TEXT}, found "a\\'
        )

    @pytest.mark.parametrize("escape", [r"\uD800", r"\UFFFFFFFF", r"\U00110000"])
    def test_an_escape_beyond_unicode(self, escape: str) -> None:
        assert refusal(plus(f'model: "a{escape}b"')).startswith("v1.yaml:")

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("version: [1", id="an open list"),
            pytest.param('version: "1', id="an open quote"),
            pytest.param("version: *none", id="no such anchor"),
            pytest.param("version: a: b", id="two colons"),
            pytest.param("version:\n\t- 1", id="a tab"),
            pytest.param("%YAML 9.9\n---\na: 1", id="YAML 9.9"),
        ],
    )
    def test_broken_yaml(self, text: str) -> None:
        assert re.match(r"v1\.yaml:[123]: not valid YAML: .", refusal(text))


class TestFiles:
    @pytest.mark.parametrize(
        ("expected", "content"),
        [
            pytest.param(
                ":7: not UTF-8; save the file as UTF-8",
                plus("model: Kühlung").encode("latin-1"),
                id="Latin-1",
            ),
            pytest.param(":1: not UTF-8; save the file as UTF-8", MINIMAL.encode("utf-16"), id="UTF-16"),
            pytest.param(": larger than 1 MiB", MINIMAL.encode().ljust((1 << 20) + 1, b"#"), id="too large"),
            pytest.param(f": empty; {LACKS}", b"", id="empty"),
            pytest.param(":1: not valid YAML: it holds the character '\\x00'", bytes(64), id="zeros"),
        ],
    )
    def test_a_file_that_is_no_baseline(self, expected: str, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "v1.yaml").write_bytes(content)
        assert one_line(lambda: load(tmp_path / "v1.yaml")) == f"v1.yaml{expected}"

    def test_no_file(self, tmp_path: Path) -> None:
        said = one_line(lambda: load(tmp_path / "v1.yaml"))
        assert said == "v1.yaml: cannot be read: No such file or directory"

    @pytest.mark.skipif(os.name != "posix", reason="POSIX pipes")
    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
    def test_what_is_no_file_is_not_waited_for(self, make: Callable[[Path], None], tmp_path: Path) -> None:
        make(tmp_path / "v1.yaml")
        said = one_line(lambda: load(tmp_path / "v1.yaml"))
        assert said == "v1.yaml: not a regular file; name a YAML file"

    def test_what_was_written_as_bytes_is_read_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "v1.yaml").write_bytes(document.write(full()).encode())
        assert load(tmp_path / "v1.yaml") == full()


PIECES = (
    *"-?:,[]{}#&*!|>'\"%@~ \n\t=.019",
    *(
        "\n  ",
        "&a ",
        "*a",
        "<<:",
        "!!map ",
        "!!seq ",
        "!!null ",
        "!!int ",
        "true",
        "\\u",
        "é",
        "\x1b",
        "1e400",
    ),
    *("version:", "workloads:", "metrics:", "schema:", "error_rate:", "interval:"),
)
WILD = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def outcome(content: bytes, folder: Path) -> None:
    """Read any bytes: a baseline, which is written and read back, or one line that begins with the file."""
    file = folder / "any.yaml"
    file.write_bytes(content)
    try:
        found = load(file)
    except ConfigError as error:
        said = str(error)
        assert said.startswith("any.yaml:")
        assert said.isprintable()
        assert len(said) < 900
    else:
        assert document.read(document.write(found), "again.yaml", "again") == found


class TestAnyFile:
    """Whatever the file says: a baseline, or one line."""

    @patient
    @given(content=st.binary(max_size=200))
    def test_any_bytes(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        outcome(content, tmp_path_factory.getbasetemp())

    @patient
    @given(wild=WILD, line=st.integers(0, FULL.count("\n") - 1))
    def test_any_value_in_place_of_a_sound_one(
        self, tmp_path_factory: pytest.TempPathFactory, wild: str, line: int
    ) -> None:
        lines = FULL.splitlines()
        lines[line] = f"{lines[line].partition(': ')[0].rstrip(':')}: {wild}"
        outcome("\n".join(lines).encode(), tmp_path_factory.getbasetemp())

    @patient
    @given(wild=WILD, at=st.integers(0, len(FULL)))
    def test_anything_anywhere(self, tmp_path_factory: pytest.TempPathFactory, wild: str, at: int) -> None:
        outcome((FULL[:at] + wild + FULL[at:]).encode(), tmp_path_factory.getbasetemp())


class TestNames:
    @pytest.mark.parametrize("name", ["v1.12.0", "1", "a" * 120, "v1-01234567+dirty", "A_b.c"])
    def test_a_name_is_handed_back(self, name: str) -> None:
        assert check_name(name, "--name") == name

    @pytest.mark.parametrize(
        "name",
        ["", ".", "..", "../x", "a/b", "a\\b", "-x", "_x", ".x", "a b", "a\n", "a\0", "ü", "٣", "a" * 121],
        ids=ascii,
    )
    def test_what_could_lead_elsewhere_is_no_name(self, name: str) -> None:
        with pytest.raises(BaselineError) as caught:
            check_name(name, "--name")
        assert str(caught.value) == (
            f"--name: {name!r} is no baseline name; use letters, digits and . _ + - (the first a letter or "
            "digit, at most 120)"
        )
        assert str(caught.value).isprintable()
        assert not NAME.fullmatch(name)


class TestCommitLabel:
    @pytest.mark.parametrize(
        ("expected", "commit", "dirty"),
        [
            pytest.param("01234567", COMMIT, False, id="clean"),
            pytest.param("01234567+dirty", COMMIT, True, id="changed since"),
            pytest.param("unattributed", None, False, id="no commit"),
            pytest.param("unattributed", None, True, id="no commit, and changed"),
        ],
    )
    def test_is_short(self, expected: str, commit: str | None, dirty: bool) -> None:
        assert minimal(commit=commit, dirty=dirty).commit_label == expected


@pytest.mark.usefixtures("either_yaml")
class TestDump:
    @pytest.mark.parametrize(
        ("expected", "tree"),
        [
            pytest.param("{}\n", {}, id="nothing"),
            pytest.param("{}\n", {"a": None}, id="nothing known"),
            pytest.param("b: 1\na: 2\n", {"b": 1, "a": 2}, id="the order is kept"),
            pytest.param("a: true\nb: false\n", {"a": True, "b": False}, id="flags"),
            pytest.param("a: 1.5\nb: 1.0e-12\nc: 1.0e+16\n", {"a": 1.5, "b": 1e-12, "c": 1e16}, id="floats"),
            pytest.param("a: [1, 2.5]\nb: []\n", {"a": (1, 2.5), "b": []}, id="lists in one line"),
            pytest.param("a:\n  b: 1\n  c: {d: 1}\n", {"a": {"b": 1, "c": Line(d=1, e=None)}}, id="mappings"),
            pytest.param('a: "1.10"\nb: ""\n', {"a": "1.10", "b": ""}, id="texts are quoted"),
            pytest.param('a: "\\"\\\\"\n', {"a": '"\\'}, id="quotes and backslashes"),
            pytest.param('a: "x\\ny"\n', {"a": "x\ny"}, id="a line break"),
            pytest.param('a: "é \\U0001F600"\n', {"a": "é \U0001f600"}, id="beyond ASCII"),
            pytest.param("'1': 1\n'true': 2\n", {"1": 1, "true": 2}, id="a key stays a text"),
            pytest.param(
                "a: 2025-01-15T10:30:00Z\n", {"a": datetime(2025, 1, 15, 10, 30, tzinfo=UTC)}, id="a time"
            ),
            pytest.param(f'a: "{"x y " * 300}"\n', {"a": "x y " * 300}, id="a long text is not folded"),
            pytest.param(
                f"a: {{b: [{', '.join(['1000'] * 300)}]}}\n",
                {"a": Line(b=[1000] * 300)},
                id="nor a long line",
            ),
        ],
    )
    def test_is_yaml_of_one_kind(self, expected: str, tree: dict[str, object]) -> None:
        assert dump(tree) == expected
