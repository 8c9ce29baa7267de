"""persona.yaml: where it is found, what it may say, and how it is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_asv.config import (
    METRICS,
    CiSettings,
    Config,
    MetricThresholds,
    ThresholdSettings,
    load,
)
from persona_asv.errors import ConfigError
from persona_asv.sizes import OwnWorkload, WorkloadSizes

F139 = """\
# persona.yaml
benchmarks:
  baselines_dir: ./baselines
  reports_dir: ./benchmark-reports

  workloads:
    quick:
      iterations: 10
      timeout: 60
    standard:
      iterations: 100
      timeout: 600
    full:
      iterations: 500
      timeout: 1800

  thresholds:
    warn: 10
    fail: 25

  ci:
    upload_artifacts: true
    comment_on_pr: true
    fail_on_regression: true
"""


@pytest.fixture(params=["libyaml", "pure Python"])
def either_loader(request, monkeypatch):
    """Run with PyYAML's C loader and without it, as on a machine that lacks libyaml."""
    if request.param == "pure Python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Enter an empty folder, fenced off by a .git from whatever lies above."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read(folder):
    """Load this text as persona.yaml."""

    def read(text: str | bytes) -> Config:
        (folder / "persona.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(folder)

    return read


@pytest.fixture
def refusal(read):
    """Return the one line that refuses this text as persona.yaml."""

    def refusal(text: str | bytes) -> str:
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value)

    return refusal


def under(keys: str, value: str) -> str:
    """Write a file with one value, on its last line, at the dotted `keys` below ``benchmarks:``."""
    names = ["benchmarks", *keys.split(".")]
    return "".join(f"{'  ' * depth}{name}:\n" for depth, name in enumerate(names))[:-1] + f" {value}\n"


class TestValues:
    @pytest.mark.usefixtures("either_loader")
    def test_the_example_of_f139(self, folder, read):
        assert read(F139) == Config(
            root=folder,
            path=folder / "persona.yaml",
            baselines_dir=Path("baselines"),
            reports_dir=Path("benchmark-reports"),
            workloads={
                "quick": WorkloadSizes(iterations=10, timeout=60),
                "standard": WorkloadSizes(iterations=100, timeout=600),
                "full": WorkloadSizes(iterations=500, timeout=1800),
            },
            thresholds=ThresholdSettings(warn=10, fail=25),
            ci=CiSettings(upload_artifacts=True, comment_on_pr=True, fail_on_regression=True, fail_on="warn"),
        )

    def test_every_key_has_its_effect(self, folder, read):
        loaded = read(
            """\
version: 3
benchmarks:
  baselines_dir: ../shared/baselines
  reports_dir: /var/reports
  workloads:
    quick: {iterations: 1, rounds: 1, timeout: 0.5}
    provider: {iterations: 1_000_000, rounds: 1000, timeout: 86400}
  thresholds:
    warn: 0.5
    fail: 1000
    metrics:
      memory_peak_mb: {warn: 20, fail: 20}
      error_rate: {fail: 5.}
  ci: {upload_artifacts: no, comment_on_pr: off, fail_on_regression: False, fail_on: fail}
  keep_always: [main, 1.10, 'v1.*', "v[12].?", 2025-01-15]
  subject: package.module:Adapter.build
  provider: ollama
  model: hf.co/someone/llama3:8b
  machine: build-7.example
"""
        )
        assert loaded == Config(
            root=folder,
            path=folder / "persona.yaml",
            baselines_dir=Path("../shared/baselines"),
            reports_dir=Path("/var/reports"),
            workloads={
                "quick": WorkloadSizes(1, 1, 0.5),
                "provider": WorkloadSizes(1_000_000, 1_000, 86_400),
            },
            thresholds=ThresholdSettings(
                0.5,
                1000,
                {"memory_peak_mb": MetricThresholds(20, 20), "error_rate": MetricThresholds(fail=5)},
            ),
            ci=CiSettings(
                upload_artifacts=False, comment_on_pr=False, fail_on_regression=False, fail_on="fail"
            ),
            keep_always=("main", "1.10", "v1.*", "v[12].?", "2025-01-15"),
            subject="package.module:Adapter.build",
            provider="ollama",
            model="hf.co/someone/llama3:8b",
            machine="build-7.example",
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            "# nothing here\n",
            "---\n",
            "benchmarks:\n",
            "benchmarks: {}\n",
            "benchmarks:\n  ci:\n  thresholds:\n    metrics:\n  workloads:\n    quick:\n",
            "\ufeffbenchmarks:\n",
        ],
        ids=["empty", "blank", "comment", "null", "null section", "empty section", "null inside", "BOM"],
    )
    def test_nothing_said_means_the_defaults(self, folder, read, text):
        loaded = read(text)
        assert loaded.thresholds == ThresholdSettings(10, 25, {})
        assert loaded.ci == CiSettings(True, True, True, "warn")
        assert (loaded.baselines_dir, loaded.reports_dir) == (Path("baselines"), Path("benchmark-reports"))
        assert (loaded.subject, loaded.provider, loaded.model, loaded.machine) == (None,) * 4
        assert loaded.keep_always == ()
        assert set(loaded.workloads.values()) <= {WorkloadSizes()}
        assert (loaded.root, loaded.path) == (folder, folder / "persona.yaml")

    def test_types_are_what_they_say(self, read):
        quick = read("benchmarks: {workloads: {quick: {iterations: 5, timeout: 60}}}").workloads["quick"]
        assert (type(quick.iterations), type(quick.timeout)) == (int, float)

    @pytest.mark.usefixtures("either_loader")
    def test_other_top_level_keys_are_none_of_our_business(self, read):
        loaded = read(
            "benchmark: {nonsense: 1}\nprovider: !!python/object/apply:os.abort []\n"
            "twice: 1\ntwice: 2\n? [a, list]\n: odd\n<<: {benchmarks: 7}\nbenchmarks: {machine: m}\n"
        )
        assert loaded.machine == "m"

    @pytest.mark.parametrize("value", ["true", "True", "yes", "ON"])
    def test_yes_has_the_spellings_of_yaml(self, read, value):
        assert read(under("ci.comment_on_pr", value)).ci.comment_on_pr is True

    @pytest.mark.parametrize("value", ["false", "FALSE", "No", "off"])
    def test_no_has_them_too(self, read, value):
        assert read(under("ci.comment_on_pr", value)).ci.comment_on_pr is False

    def test_an_alias_is_followed(self, read):
        loaded = read("benchmarks: {workloads: {quick: &sizes {iterations: 5}, standard: *sizes}}")
        assert loaded.workloads["standard"] == WorkloadSizes(iterations=5)

    @pytest.mark.parametrize("key", METRICS)
    def test_every_metric_may_have_its_own_thresholds(self, read, key):
        loaded = read(under(f"thresholds.metrics.{key}.warn", "3"))
        assert loaded.thresholds.metrics == {key: MetricThresholds(warn=3)}

    def test_the_metrics_are_those_of_the_decisions(self):
        assert set(METRICS) == {
            "generation_latency_p50",
            "generation_latency_p95",
            "generation_latency_p99",
            "client_overhead_p50",
            "client_overhead_p95",
            "client_overhead_p99",
            "throughput_per_minute",
            "memory_peak_mb",
            "memory_average_mb",
            "api_calls_per_persona",
            "tokens_per_persona",
            "connections_per_persona",
            "cost_per_persona",
            "python_calls_per_persona",
            "cli_startup_ms",
            "import_ms",
            "imported_modules",
            "error_rate",
            "retry_rate",
            "parse_success_rate",
            "time_to_first_token_p50",
            "time_to_first_token_p95",
            "time_to_first_token_p99",
            "inter_token_latency_p50",
            "inter_token_latency_p95",
            "inter_token_latency_p99",
            "time_per_output_token_p50",
            "time_per_output_token_p95",
            "time_per_output_token_p99",
        }


class TestWhere:
    def test_without_a_file_the_defaults_hold_from_the_start_folder(self, folder):
        assert load(folder) == Config(root=folder, path=None)

    def test_a_relative_start_folder_is_made_absolute(self, folder):
        assert load(Path()).root == folder

    def test_the_nearest_file_upwards_is_read(self, folder):
        deep = folder / "a" / "b"
        deep.mkdir(parents=True)
        (folder / "persona.yaml").write_text("benchmarks: {machine: far}")
        (folder / "a" / "persona.yaml").write_text("benchmarks: {machine: near}")
        loaded = load(deep)
        assert (loaded.machine, loaded.root) == ("near", folder / "a")
        assert loaded.path == folder / "a" / "persona.yaml"

    @pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["repository", "worktree"])
    def test_the_search_ends_at_a_repository(self, folder, make):
        inner = folder / "inner"
        inner.mkdir()
        make(inner / ".git")
        (folder / "persona.yaml").write_text("benchmarks: {machine: outside}")
        assert load(inner) == Config(root=inner)

    def test_the_repositorys_own_folder_is_still_searched(self, read):
        assert read("benchmarks: {machine: inside}").machine == "inside"

    def test_a_named_file_is_read_whatever_it_is_called(self, folder, read):
        read("benchmarks: {machine: found}")
        (folder / "ci").mkdir()
        (folder / "ci" / "nightly.yml").write_text("benchmarks: {machine: named}")
        loaded = load(folder, Path("ci/nightly.yml"))
        assert (loaded.machine, loaded.root) == ("named", folder / "ci")
        assert loaded.path == folder / "ci" / "nightly.yml"

    def test_a_linked_files_folder_is_the_links(self, folder):
        (folder / "elsewhere").mkdir()
        (folder / "elsewhere" / "shared.yaml").write_text("benchmarks: {machine: linked}")
        (folder / "persona.yaml").symlink_to(folder / "elsewhere" / "shared.yaml")
        assert (load(folder).machine, load(folder).root) == ("linked", folder)

    def test_the_filesystem_root_ends_the_search(self):
        if os.path.lexists("/persona.yaml"):
            pytest.skip("this machine has a /persona.yaml")
        assert load(Path("/")) == Config(root=Path("/"))


class TestUnreadable:
    def test_a_named_file_must_exist(self, folder):
        with pytest.raises(ConfigError, match=r"^ci/none\.yaml: cannot be read: No such file or directory$"):
            load(folder, Path("ci/none.yaml"))

    def test_a_found_one_that_leads_nowhere_is_not_passed_over(self, folder):
        (folder / "persona.yaml").symlink_to("nowhere")
        with pytest.raises(ConfigError, match=r"^persona\.yaml: cannot be read: No such file"):
            load(folder)

    def test_a_loop_of_links(self, folder):
        (folder / "persona.yaml").symlink_to("persona.yaml")
        with pytest.raises(ConfigError, match=r"^persona\.yaml: cannot be read: Too many levels"):
            load(folder)

    @pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and pipes")
    @pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
    def test_what_is_no_file(self, folder, make):
        make(folder / "persona.yaml")
        with pytest.raises(ConfigError, match=r"^persona\.yaml: not a regular file; name a YAML file$"):
            load(folder)

    def test_permission_denied(self, folder, read):
        read("")
        (folder / "persona.yaml").chmod(0)
        if os.access(folder / "persona.yaml", os.R_OK):
            pytest.skip("this user may read everything")
        with pytest.raises(ConfigError, match=r"^persona\.yaml: cannot be read: Permission denied$"):
            load(folder)

    def test_one_mebibyte_and_no_more(self, read, refusal):
        text = "benchmarks: {machine: m} #"
        assert read(text.ljust(1 << 20, "x")).machine == "m"
        assert refusal(text.ljust((1 << 20) + 1, "x")) == "persona.yaml: larger than 1 MiB"

    def test_another_encoding(self, refusal):
        latin1 = "a: 1\nmachine: Kühlung\n".encode("latin-1")
        assert refusal(latin1) == "persona.yaml:2: not UTF-8; save the file as UTF-8"
        utf16 = "benchmarks:\n".encode("utf-16")
        assert refusal(utf16) == "persona.yaml:1: not UTF-8; save the file as UTF-8"

    def test_a_file_elsewhere_is_named_in_full(self, folder, tmp_path_factory):
        other = tmp_path_factory.mktemp("other")
        (other / "persona.yaml").write_text("benchmarks: 1")
        with pytest.raises(ConfigError) as caught:
            load(other)
        expected = f"{other}/persona.yaml:1: benchmarks: expected a mapping, found 1"
        assert str(caught.value) == expected

    def test_a_named_file_is_named_as_it_was_given(self, folder, read):
        read("")
        (folder / "persona.yaml").write_text("[]")
        for name in (folder / "persona.yaml", Path("../", folder.name, "persona.yaml")):
            with pytest.raises(ConfigError) as caught:
                load(folder, name)
            assert str(caught.value) == f"{name}:1: the top level: expected a mapping, found a list"

    def test_a_file_further_up_is_named_in_full(self, folder, read, monkeypatch):
        read("")
        (folder / "persona.yaml").write_text("[]")
        (folder / "below").mkdir()
        monkeypatch.chdir(folder / "below")
        with pytest.raises(ConfigError) as caught:
            load(Path())
        assert (
            str(caught.value) == f"{folder}/persona.yaml:1: the top level: expected a mapping, found a list"
        )


@pytest.mark.usefixtures("either_loader")
class TestBrokenYaml:
    @pytest.mark.parametrize(
        ("line", "text"),
        [
            (3, "benchmarks:\n  ci:\n\tfail_on: warn\n"),
            (2, "a: 1\nb: [1, 2\n"),
            (2, "a: 1\nb: *nowhere\n"),
            (2, "benchmarks:\n  keep_always: [*]\n"),
            (2, "a: 1\nb: c: d\n"),
            (3, "a:\n  b: 1\n c: 1\n"),
            (2, "a: 1\nb: !<%FF> x\n"),
            (1, "%YAML 9.9\n---\na: 1\n"),
        ],
        ids=["tab", "open list", "no anchor", "bare star", "colon", "indentation", "tag", "version"],
    )
    def test_a_syntax_error_names_its_line(self, refusal, line, text):
        said = refusal(text)
        places = [f"persona.yaml:{line}: not valid YAML: ", f"persona.yaml:{line + 1}: not valid YAML: "]
        assert said.startswith(tuple(places)), (
            said
        )  # at the end of the file libyaml and PyYAML count differently
        assert len(said.splitlines()) == 1

    def test_a_character_beyond_unicode(self, refusal):
        assert "not valid YAML: " in refusal('benchmarks: {machine: "\\UFFFFFFFF"}')

    @pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\ufffe", "\ufeff"], ids=ascii)
    def test_a_forbidden_character_names_its_line(self, refusal, character):
        said = refusal(f"a: é\nb: x{character}y\n")
        assert said == f"persona.yaml:2: not valid YAML: it holds the character {character!r}"

    def test_several_documents(self, refusal):
        assert refusal("a: 1\n---\nbenchmarks: {}\n") == "persona.yaml:2: more than one YAML document"

    @pytest.mark.parametrize(
        ("found", "text"),
        [("a list", "- benchmarks\n"), ("benchmarks", "benchmarks\n"), ("7", "7\n"), ('"x"', '"x"\n')],
        ids=["list", "text", "number", "quoted"],
    )
    def test_the_top_level_is_a_mapping(self, refusal, found, text):
        assert refusal(text) == f"persona.yaml:1: the top level: expected a mapping, found {found}"

    def test_a_hundred_aliases_and_no_more(self, read, refusal):
        def text(aliases: int) -> str:
            return "a: &a 1\n" + "".join(f"b{n}: *a\n" for n in range(aliases)) + "benchmarks: {machine: m}\n"

        assert read(text(100)).machine == "m"
        assert refusal(text(101)) == "persona.yaml:102: more than 100 aliases or nested levels"

    def test_a_hundred_levels_and_no_more(self, read, refusal):
        def text(lists: int) -> str:
            return "benchmarks: {machine: m}\ndeep: " + "[" * lists + "]" * lists

        assert read(text(99)).machine == "m"
        assert refusal(text(100)) == "persona.yaml:2: more than 100 aliases or nested levels"
        assert refusal("[" * 500_000) == "persona.yaml:1: more than 100 aliases or nested levels"

    def test_an_alias_bomb_is_never_expanded(self, read, refusal):
        bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
        )
        assert read(bomb + "benchmarks: {machine: m}\n").machine == "m"
        said = refusal(bomb + "benchmarks: {machine: *a9}\n")
        assert said == "persona.yaml:11: benchmarks.machine: expected " + (
            "a name of at most 64 letters, digits, dots, _ and -, not version, found a list"
        )

    def test_an_alias_to_itself(self, refusal):
        said = refusal("benchmarks: &self\n  workloads: *self\n")
        assert said.startswith("persona.yaml:2: benchmarks.workloads.workloads.workloads: unknown key; ")

    def test_a_tag_runs_nothing(self, folder, refusal):
        refusal(under("machine", "!!python/object/apply:os.mkdir [pwned]"))
        assert not (folder / "pwned").exists()

    @pytest.mark.parametrize(
        ("found", "value"),
        [
            (
                "!!python/object/apply:os.system on a sequence",
                "!!python/object/apply:os.system [touch pwned]",
            ),
            ("!!python/name:os.system", "!!python/name:os.system ''"),
            ("!own", "!own x"),
            ("!!str on a sequence", "!!str [a]"),
            ("!!map on a scalar", "!!map a"),
            ("!!seq on a scalar", "!!seq a"),
            ("!!null on a mapping", "!!null {a: 1}"),
            ("!!set on a mapping", "!!set {a}"),
            ("!!binary", "!!binary YQ=="),
        ],
        ids=lambda value: value.split(" ")[0],
    )
    @pytest.mark.parametrize(
        ("key", "wanted"),
        [
            ("workloads", "a mapping"),
            ("keep_always", "a list"),
            ("thresholds.warn", "a number above 0 and up to 1,000"),
        ],
    )
    def test_a_tag_builds_nothing(self, refusal, key, wanted, found, value):
        line = 3 if "." in key else 2
        said = refusal(under(key, value))
        assert said == f"persona.yaml:{line}: benchmarks.{key}: expected {wanted}, found {found}"


class TestUnknownKeys:
    def test_a_slip_is_answered_with_the_likely_key_and_the_known_ones(self, refusal):
        text = F139.replace("iterations: 10\n", "iteration: 10\n")
        assert refusal(text) == (
            "persona.yaml:8: benchmarks.workloads.quick.iteration: unknown key; "
            'did you mean "iterations"? (known: iterations, rounds, timeout)'
        )

    @pytest.mark.parametrize(
        ("key", "hint"),
        [
            ("treshold", 'did you mean "thresholds"? '),
            ("workloads.quick.workers", ""),
            ("thresholds.warning", 'did you mean "warn"? '),
            ("thresholds.metrics.memory_peak", 'did you mean "memory_peak_mb"? '),
            ("thresholds.metrics.memory_peak_mb.limit", ""),
            ("ci.fail-on", 'did you mean "fail_on"? '),
            ("5", ""),
            ("<<", ""),
        ],
    )
    def test_they_are_refused_at_every_depth(self, refusal, key, hint):
        said = refusal(under(key, "{}"))
        line = key.count(".") + 2
        assert said.startswith(f"persona.yaml:{line}: benchmarks.{key}: unknown key; {hint}(known: ")

    @pytest.mark.usefixtures("either_loader")
    def test_a_key_that_is_no_text(self, refusal):
        said = refusal("benchmarks:\n  ? [ci, thresholds]\n  : 1\n")
        assert said.startswith("persona.yaml:2: benchmarks.?: unknown key; (known: baselines_dir, ")

    def test_a_key_cannot_break_the_line_or_flood_it(self, refusal):
        said = refusal('benchmarks: {"a\\n\\e[31mb": 1}')
        assert said.startswith("persona.yaml:1: benchmarks.a\\n\\x1b[31mb: unknown key; ")
        assert len(refusal(f"benchmarks:\n  ? {'k' * 100_000}\n  : 1\n")) < 400

    @pytest.mark.parametrize(
        ("said", "text"),
        [
            ("3: benchmarks", "benchmarks: {}\na: 1\nbenchmarks: {}\n"),
            ("3: benchmarks.machine", "benchmarks:\n  machine: a\n  machine: a\n"),
            ("4: benchmarks.ci.fail_on", "benchmarks:\n  ci:\n    fail_on: warn\n    'fail_on': fail\n"),
        ],
        ids=["section", "value", "quoted"],
    )
    def test_a_key_given_twice(self, refusal, said, text):
        first = text[: text.index(said.rpartition(".")[2].split()[-1])].count("\n") + 1
        assert refusal(text) == f"persona.yaml:{said}: given twice, first on line {first}; keep one"


NUMBER = "a number above 0 and up to"
REFUSED = {
    "workloads.quick.iterations": (
        "a whole number from 1 to 1,000,000",
        f"0 | -1 | 1_000_001 | {'9' * 5_000} | 1.0 | 1.5 | 1e3 | '10' | ten | true | yes | 010 | 0x10 | "
        "1:30 | .inf | .nan | [10] | {a: 1} | null | ",
    ),
    "workloads.full.rounds": ("a whole number from 1 to 1,000", "0 | 1001 | true"),
    "workloads.batch.timeout": (
        f"{NUMBER} 86,400",
        "0 | 0.0 | -0.5 | 86400.5 | .inf | -.inf | .nan | 1:30 | on | '60' | 60s",
    ),
    "thresholds.warn": (
        f"{NUMBER} 1,000",
        "0 | -10 | 1000.1 | .NaN | .Inf | 1.0e+999 | 1.0e-999 | 10% | true | 010 | ~",
    ),
    "thresholds.fail": (f"{NUMBER} 1,000", "0 | 1001 | .nan | .inf | true"),
    "thresholds.metrics.error_rate.warn": (f"{NUMBER} 1,000", "0 | 1001 | .nan | .inf | true"),
    "ci.upload_artifacts": ("true or false", "1 | 0 | 'true' | y | null | [true] | !!bool maybe"),
    "ci.fail_on": ("warn or fail", "WARN | error | true | [fail] | "),
    "baselines_dir": (
        "a folder (~ is not expanded)",
        "'' | ' ' | '~' | ~/b | true | [a] | 'a\\0b' | 'a\\nb' | null | " + "a" * 501,
    ),
    "reports_dir": ("a folder (~ is not expanded)", "{a: b}"),
    "keep_always": ("a list", "main | {a: b} | null | '*'"),
    "subject": (
        "reference, persona or module:attribute",
        "mine | 'a:' | :b | a.:b | a/b:c | 1a:b | a:b:c | 'reference ' | no",
    ),
    "provider": ("anthropic, openai, gemini or ollama", "Anthropic | claude | [openai]"),
    "model": ("a model's name", "a b | /etc | 'a\\nb' | yes | ''"),
    "machine": (
        "a name of at most 64 letters, digits, dots, _ and -, not version",
        "../up | a/b | .hidden | -x | a b | ü | no | ''",
    ),
}
"""By key: what is wanted, and values that are not it."""


@pytest.mark.usefixtures("either_loader")
class TestWrongValues:
    @pytest.mark.parametrize(
        ("key", "wanted", "value"),
        [(key, wanted, value) for key, (wanted, values) in REFUSED.items() for value in values.split(" | ")],
        ids=lambda value: value[:20],
    )
    def test_a_value_is_refused_by_key_and_line(self, refusal, key, wanted, value):
        said = refusal(under(key, value.replace("'", '"')))
        line = key.count(".") + 2
        assert said.startswith(f"persona.yaml:{line}: benchmarks.{key}: expected {wanted}, found "), said
        assert len(said.splitlines()) == 1
        assert len(said) < 250

    @pytest.mark.parametrize(
        ("found", "value"),
        [
            ("true", "true"),
            ("ten", "ten"),
            ('"10"', "'10'"),
            ("nothing", ""),
            ("a list", "[1]"),
            ("a mapping", "{a: 1}"),
            ("2025-01-15", "2025-01-15"),
            ("x" * 60, "x" * 70),
        ],
    )
    def test_the_line_shows_what_was_found(self, refusal, found, value):
        assert refusal(under("workloads.quick.rounds", value)).endswith(f", found {found}")

    @pytest.mark.parametrize("value", ["null", "true", "a b", "../x", "-x", "[a]", "{a: b}", "''", "a/b"])
    def test_an_item_of_a_list_is_refused_by_number_and_line(self, refusal, value):
        said = refusal(f"benchmarks:\n  keep_always:\n    - main\n    - {value}\n")
        expected = "persona.yaml:4: benchmarks.keep_always[1]: expected a baseline name or pattern, found "
        assert said.startswith(expected)

    @pytest.mark.parametrize(
        "section", ["ci", "thresholds", "workloads", "workloads.quick", "thresholds.metrics"]
    )
    @pytest.mark.parametrize("value", ["5", "text", "[]", "false"])
    def test_a_section_is_a_mapping(self, refusal, section, value):
        line = section.count(".") + 2
        found = "a list" if value == "[]" else value
        said = refusal(under(section, value))
        assert said == f"persona.yaml:{line}: benchmarks.{section}: expected a mapping, found {found}"

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("thresholds", "{warn: 30, fail: 20}", "warn (30) must not be above fail (20); set both"),
            ("thresholds", "{warn: 25.5}", "warn (25.5) must not be above fail (25); set both"),
            ("thresholds", "{fail: 5}", "warn (10) must not be above fail (5); set both"),
            (
                "thresholds.metrics.error_rate",
                "{warn: 2, fail: 1}",
                "warn (2) must not be above fail (1); set both",
            ),
        ],
        ids=["both", "warn against the default", "fail against the default", "metric"],
    )
    def test_a_warning_does_not_come_after_the_failure(self, refusal, key, value, said):
        line = key.count(".") + 2
        assert refusal(under(key, value)) == f"persona.yaml:{line}: benchmarks.{key}: {said}"

    def test_equal_thresholds_are_one_threshold(self, read):
        assert read(under("thresholds", "{warn: 25, fail: 25}")).thresholds == ThresholdSettings(25, 25)


class TestOwnWorkloads:
    @pytest.fixture(autouse=True)
    def research(self, folder) -> Path:
        (folder / "research").mkdir()
        (folder / "research" / "notes.csv").write_text("a,b\n")
        return folder / "research"

    def test_the_whole_of_one(self, read, research):
        loaded = read(
            under(
                "workloads.nightly",
                "{personas: 4, data: research, concurrency: 2, iterations: 12, rounds: 3, timeout: 120}",
            )
        )
        assert loaded.workloads == {
            "nightly": OwnWorkload(12, 3, 120.0, personas=4, data=research, concurrency=2)
        }

    def test_the_least_of_one(self, read):
        assert read(under("workloads.mine", "{size: 5kb}")).workloads == {"mine": OwnWorkload(size="5kb")}

    def test_they_stand_beside_ours_in_the_order_of_the_file(self, read):
        loaded = read(
            under("workloads", "{z: {size: 1kb}, quick: {rounds: 3}, a: {data: research/notes.csv}}")
        )
        assert list(loaded.workloads) == ["z", "quick", "a"]
        assert loaded.workloads["quick"] == WorkloadSizes(rounds=3)

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("{iterations: 5}", "a workload of your own has either size (1kb, 5kb) or data"),
            ("{size: 1kb, data: research}", "a workload of your own has either size (1kb, 5kb) or data"),
            ("{size: 1kb, concurrency: 2}", "concurrency (2) must not be above personas (1): a batch sends "
             "one request a persona"),
            ("quickly", "expected a mapping, found quickly"),
        ],
    )  # fmt: skip
    def test_what_does_not_make_one_is_said(self, refusal, value, said):
        assert refusal(under("workloads.mine", value)) == f"persona.yaml:3: benchmarks.workloads.mine: {said}"

    def test_a_slip_in_the_name_of_one_of_ours_is_answered_with_it(self, refusal):
        said = refusal(under("workloads.quik", "{iterations: 5}"))
        assert said.endswith('either size (1kb, 5kb) or data; did you mean "quick"?')

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("personas", "0", "expected a whole number from 1 to 100, found 0"),
            ("size", "2kb", "expected 1kb or 5kb, found 2kb"),
            ("data", "nowhere", "there is no 'nowhere' beside this file"),
            ("data", "~/research", "expected a file or folder of research data, relative to this file, found "
             "~/research"),
            ("data", "..", "'..' leads out of the folder of this file; put the data inside it"),
            ("data", "/etc", "'/etc' leads out of the folder of this file; put the data inside it"),
            ("data", "x" * 300, f"there is no {'x' * 300!r} beside this file"),
            ("data", "away", "'away' leads out of the folder of this file; put the data inside it"),
            ("data", "circle", "there is no 'circle' beside this file"),
            ("workers", "3", "unknown key; (known: iterations, rounds, timeout, personas, size, data, "
             "concurrency)"),
        ],
    )  # fmt: skip
    def test_each_value_is_checked_where_it_stands(self, folder, refusal, key, value, said):
        (folder / "away").symlink_to("/")
        (folder / "circle").symlink_to("circle")
        found = refusal(under(f"workloads.mine.{key}", value))
        assert found == f"persona.yaml:4: benchmarks.workloads.mine.{key}: {said}"

    @pytest.mark.parametrize("name", ["batch-c3", "full-5kb", "Quick", "a b", "../up", ".hidden", "x" * 41])
    def test_a_name_can_be_a_file_and_is_none_of_ours(self, refusal, name):
        said = refusal(f"benchmarks:\n  workloads:\n    '{name}': {{size: 1kb}}\n")
        assert said.startswith("persona.yaml:3: benchmarks.workloads.")
        assert "no name for a workload of your own: use up to 40 letters" in said


PIECES = (
    *"-?:,[]{}#&*!|>'\"%@~ \n\t=.",
    *("\n  ", "&a ", "*a", "<<:", "!!map ", "!!seq ", "!!null ", "!!int ", "5", "true", "\\u", "é"),
    *("benchmarks:", "workloads:", "quick:", "iterations:", "keep_always:", "ci:"),
)


class TestProperties:
    """Whatever the file says: a configuration, or one line that begins with the file's name."""

    @staticmethod
    def outcome(folder: Path, content: bytes) -> None:
        file = folder / "any.yaml"
        file.write_bytes(content)
        try:
            loaded = load(folder, file)
        except ConfigError as error:
            said = str(error)
            assert said.startswith(f"{file}:")
            assert said.isprintable()
            assert len(said) < 800 + len(str(file))
        else:
            assert loaded.path == file

    @given(content=st.binary(max_size=200))
    def test_any_bytes(self, tmp_path_factory, content):
        self.outcome(tmp_path_factory.getbasetemp(), content)

    @settings(max_examples=300)
    @given(
        words=st.lists(st.sampled_from(PIECES), max_size=25),
        prefix=st.sampled_from(
            ["", "benchmarks: ", "benchmarks: {workloads: ", "benchmarks:\n  keep_always: "]
        ),
    )
    @pytest.mark.usefixtures("either_loader")
    def test_anything_like_yaml(self, tmp_path_factory, words, prefix):
        self.outcome(tmp_path_factory.getbasetemp(), (prefix + "".join(words)).encode())

    @given(
        sizes=st.dictionaries(
            st.sampled_from(["quick", "standard", "full", "batch", "provider"]),
            st.builds(
                WorkloadSizes,
                st.none() | st.integers(1, 1_000_000),
                st.none() | st.integers(1, 1_000),
                st.none() | st.floats(0.001, 86_400),
            ),
        ),
        levels=st.tuples(st.floats(0.001, 1000), st.floats(0.001, 1000)).map(sorted),
        flag=st.booleans(),
    )
    def test_what_yaml_writes_is_read_back(self, tmp_path_factory, sizes, levels, flag):
        def given_only(size: WorkloadSizes) -> dict[str, float]:
            pairs = {"iterations": size.iterations, "rounds": size.rounds, "timeout": size.timeout}
            return {key: value for key, value in pairs.items() if value is not None}

        file = tmp_path_factory.getbasetemp() / "written.yaml"
        section = {
            "workloads": {name: given_only(size) for name, size in sizes.items()},
            "thresholds": {"warn": levels[0], "fail": levels[1]},
            "ci": {"comment_on_pr": flag},
        }
        file.write_text(yaml.safe_dump({"benchmarks": section}))
        loaded = load(file.parent, file)
        assert loaded.workloads == sizes
        assert [loaded.thresholds.warn, loaded.thresholds.fail] == levels
        assert loaded.ci.comment_on_pr is flag


def test_importing_it_imports_no_yaml():
    code = "import persona_asv.config, persona_asv.workloads, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"yaml", "msgspec", "click", "difflib"}.isdisjoint(done.stdout.split())
