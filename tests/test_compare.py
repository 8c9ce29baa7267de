"""``persona benchmark compare`` on result files: whole commands, what they print, and what they refuse."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from conftest import ROOT, Done, persona
from test_comparison import file

from persona_asv.engine.results import read_result_file
from persona_asv.engine.results_writer import write_result_file
from persona_asv.metrics import LATENCY
from persona_asv.model import Series
from persona_asv.render.heading import Heading
from persona_asv.render.terminal import Style

GOLDEN = Path(__file__).parent / "golden" / "compare"
AXES = (("'standard'",), ("'anthropic'",))
FAMILY = (
    "generation_latency_p50", "generation_latency_p95", "generation_latency_p99",
    "throughput_per_minute", "memory_peak_mb", "api_calls_per_persona",
)  # fmt: skip


def written(folder: Path, rounds: int, first: int, commit: str, **how) -> list[Path]:
    """Return the files of a side, a round each."""
    paths = []
    for number in range(rounds):
        found = file(first + number, commit * 40, **how)
        whole = {name: replace(series, param_sets=AXES) for name, series in found.series.items()}
        paths.append(folder / f"{commit}-{number}.json")
        write_result_file(replace(found, series=whole), paths[-1])
    return paths


def compare(cwd: Path, baseline: list[Path], current: list[Path], *more: str, **environ: str) -> Done:
    sides = [part for path in baseline for part in ("--baseline", str(path))]
    sides += [part for path in current for part in ("--current", str(path))]
    return persona("benchmark", "compare", *sides, *more, cwd=cwd, **environ)


def data(done: Done) -> dict:
    assert done.code != 3, done.err
    return json.loads(done.out)["data"]


@pytest.fixture
def slower(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    """Return five rounds a side, the current one 60 % slower."""
    return written(tmp_path, 5, 0, "a"), written(tmp_path, 5, 50, "b", slower=1.6)


@pytest.fixture
def same(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    """Return five rounds a side of the same code."""
    return written(tmp_path, 5, 0, "a"), written(tmp_path, 5, 50, "b")


class TestText:
    @pytest.mark.parametrize("width", [80, 120])
    @pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
    @pytest.mark.parametrize("pair", ["same", "slower"])
    def test_golden(
        self, request: pytest.FixtureRequest, tmp_path: Path, pair: str, encoding: str, width: int
    ) -> None:
        """The whole text; UPDATE_GOLDEN=1 rewrites the files."""
        baseline, current = request.getfixturevalue(pair)
        done = compare(tmp_path, baseline, current, COLUMNS=str(width), PYTHONIOENCODING=encoding)
        assert done.code == 0, done.err
        golden = GOLDEN / f"{pair}-{width}-{encoding}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(done.out, encoding="utf-8")
        assert done.out == golden.read_text(encoding="utf-8")
        if encoding == "ascii":
            assert done.out.isascii()

    def test_explain_adds_a_sentence_a_metric(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--explain")
        (line,) = [line for line in done.out.splitlines() if line.startswith("generation_latency_p50: ")]
        for part in ("95 % interval", "smallest detectable change", "n = 500 and 500 in 5 and 5 rounds",
                     "channel", "calibrated times", "waiting for a CPU", "Fail: "):  # fmt: skip
            assert part in line


class TestJson:
    def test_every_member_of_the_family_has_a_verdict(self, tmp_path: Path, same) -> None:
        found = data(compare(tmp_path, *same, "--json"))
        assert set(FAMILY) <= set(found["verdicts"])
        assert {found["verdicts"][key] for key in FAMILY} == {"pass"}
        assert found["remeasure"] is False

    def test_it_obeys_its_documented_schema(self, tmp_path: Path, slower) -> None:
        schema = json.loads((ROOT / "docs" / "reference" / "compare.schema.json").read_text())
        document = json.loads(compare(tmp_path, *slower, "--json").out)
        jsonschema.Draft202012Validator(schema).validate(document)
        document["data"]["verdicts"]["generation_latency_p50"] = "perhaps"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(document)


def under_model_time(paths: list[Path], seconds: float) -> list[Path]:
    """Return the files with every operation longer by the model's time, its own share untouched."""
    for path in paths:
        found = read_result_file(path)
        latency = found.series[LATENCY]
        cells = tuple(
            replace(cell, samples=tuple(wall + seconds for wall in cell.samples)) if cell.samples else cell
            for cell in latency.cells
        )
        whole = {**found.series, LATENCY: replace(latency, cells=cells)}
        write_result_file(replace(found, series=whole), path)
    return paths


def test_own_cpu_that_doubles_under_the_models_time_fails_the_build(tmp_path: Path) -> None:
    """3 ms that became 6 are a quarter of a percent of a latency with 1.2 s of model time in it."""
    before = under_model_time(written(tmp_path, 5, 0, "a"), 1.2)
    after = under_model_time(written(tmp_path, 5, 50, "b", slower=2.0), 1.2)
    done = compare(tmp_path, before, after, "--ci", "--json")
    assert done.code == 2, done.err
    found = data(done)["verdicts"]
    assert (found["client_overhead_p50"], found["generation_latency_p50"]) == ("fail", "pass")


class TestExitCodes:
    @pytest.mark.parametrize(
        ("expected", "pair", "more", "settings"),
        [
            pytest.param(0, "same", ("--ci",), "", id="pass"),
            pytest.param(2, "slower", ("--ci",), "", id="fail"),
            pytest.param(0, "slower", (), "", id="without --ci a verdict is news"),
            pytest.param(1, "slower", ("--ci", "--fail-threshold", "90"), "", id="warn"),
            pytest.param(0, "slower", ("--ci", "--warn-threshold", "90", "--fail-threshold", "90"), "",
                         id="both thresholds raised"),
            pytest.param(0, "slower", ("--ci", "--only", "memory_usage"), "", id="only what did not move"),
            pytest.param(0, "slower", ("--ci", "--fail-threshold", "90"), "ci: {fail_on: fail}",
                         id="fail_on: fail maps a warning to 0"),
            pytest.param(2, "slower", ("--ci",), "ci: {fail_on: fail}", id="fail_on: fail keeps a failure"),
            pytest.param(0, "slower", ("--ci",), "ci: {fail_on_regression: false}", id="no failing build"),
            pytest.param(0, "slower", ("--ci",), "thresholds: {warn: 90, fail: 95, metrics: {"
                         "generation_latency_p99: {warn: 90, fail: 95}, "
                         "client_overhead_p99: {warn: 90, fail: 95}}}", id="thresholds of persona.yaml"),
        ],
    )  # fmt: skip
    def test_table(
        self, request: pytest.FixtureRequest, tmp_path: Path, expected: int, pair: str, more, settings: str
    ) -> None:
        if settings:
            (tmp_path / "persona.yaml").write_text(f"benchmarks: {{{settings}}}\n")
        assert compare(tmp_path, *request.getfixturevalue(pair), *more).code == expected

    def test_an_aside_is_a_comparison_of_a_commit_with_itself(self, tmp_path: Path) -> None:
        found = data(compare(tmp_path, written(tmp_path, 3, 0, "a"), written(tmp_path, 3, 50, "a"), "--json"))
        assert "A/A: both sides are commit aaaaaaaa" in found["notes"]

    def test_one_round_a_side_may_suspect_and_never_condemns(self, tmp_path: Path) -> None:
        done = compare(
            tmp_path,
            written(tmp_path, 1, 0, "a"),
            written(tmp_path, 1, 50, "b", slower=1.12),
            "--ci",
            "--json",
        )
        found = data(done)
        assert found["remeasure"] is True
        assert done.code in (0, 1)
        assert set(found["verdicts"].values()) <= {"pass", "insufficient", "inconclusive", "better"}


class TestFormerSpellings:
    """F-136's."""

    def test_the_baseline_as_an_argument(self, tmp_path: Path, slower) -> None:
        for number, path in enumerate(slower[0]):
            place = tmp_path / "A" / f"round-0{number + 1}" / "m"
            place.mkdir(parents=True)
            path.rename(place / path.name)
        current = [part for path in slower[1] for part in ("--current", str(path))]
        done = persona("benchmark", "compare", "A", *current, "--ci", cwd=tmp_path)
        assert done.code == 2, done.err

    def test_threshold_is_the_warning_s(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--ci", "--threshold", "90", "--fail-threshold", "95")
        assert done.code == 0, done.err

    def test_fail_on_regression_is_ci_that_lets_a_warning_pass(self, tmp_path: Path, slower) -> None:
        assert compare(tmp_path, *slower, "--fail-on-regression").code == 2
        assert compare(tmp_path, *slower, "--fail-on-regression", "--fail-threshold", "90").code == 0


class TestHeading:
    """F-139's first line, and below it exactly what both sides are."""

    @pytest.mark.parametrize(
        ("expected", "heading"),
        [
            pytest.param(
                ["Performance Comparison: Current vs v1.11.0", "=" * 61,
                 "Baseline: v1.11.0 (5 rounds), commit aaaaaaaa", "Current:  bbbbbbbb (5 rounds)", "Note: n"],
                Heading(("v1.11.0 (5 rounds)", "Current, bbbbbbbb (5 rounds)"), ("v1.11.0", "Current"),
                        ("a" * 40, "b" * 40)),
                id="names",
            ),
            pytest.param(
                ["Performance Comparison: b (1 round) vs a (1 round)", "=" * 61, "Note: n"],
                Heading(("a (1 round)", "b (1 round)"), ("a (1 round)", "b (1 round)"), ("a" * 40, None)),
                id="files",
            ),
        ],
    )  # fmt: skip
    def test_lines(self, expected: list[str], heading: Heading) -> None:
        assert list(heading.lines(["n"], Style(unicode=False, live=False, width=80))) == expected


class TestRefusals:
    def refused(self, done: Done, *parts: str) -> None:
        assert done.code == 3
        assert len(done.err.splitlines()) == 1, done.err
        assert done.err.startswith("error: ")
        for part in parts:
            assert part in done.err

    def test_a_side_without_files(self, tmp_path: Path, same) -> None:
        self.refused(compare(tmp_path, same[0], [], "--no-run"), "--current")

    def test_a_file_that_is_not_there(self, tmp_path: Path, same) -> None:
        self.refused(compare(tmp_path, same[0], [tmp_path / "no.json"]), "no.json")

    def test_a_file_that_is_no_result_file(self, tmp_path: Path, same) -> None:
        (tmp_path / "torn.json").write_text('{"results": ')
        self.refused(compare(tmp_path, same[0], [tmp_path / "torn.json"]), "torn.json")

    def test_files_of_two_commits_on_one_side(self, tmp_path: Path, same) -> None:
        self.refused(compare(tmp_path, [*same[0], same[1][0]], same[1]), "--baseline", "bbbbbbbb", "aaaaaaaa")

    @pytest.mark.parametrize("key", ["subject", "provider", "endpoint"])
    def test_what_was_measured_differently(self, tmp_path: Path, same, key: str) -> None:
        for path in same[1]:
            content = json.loads(path.read_text())
            content["persona_asv"][key] = {"name": "other", "kind": "live"} if key != "provider" else "other"
            path.write_text(json.dumps(content))
        self.refused(compare(tmp_path, *same), key)

    def test_a_changed_benchmark_is_missing_and_never_passes(self, tmp_path: Path) -> None:
        done = compare(
            tmp_path, written(tmp_path, 3, 0, "a"), written(tmp_path, 3, 50, "b", version="2"), "--ci"
        )
        assert done.code == 3

    def test_a_metric_that_the_current_side_lacks(self, tmp_path: Path, same) -> None:
        for path in same[1]:
            content = json.loads(path.read_text())
            del content["results"]["memory.Memory.peakmem_generate"]
            path.write_text(json.dumps(content))
        done = compare(tmp_path, *same, "--ci")
        assert done.code == 3
        assert "Missing from the current side: memory_peak_mb" in done.out

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-1.0", "null", '"text"'])
    def test_samples_that_are_no_measurement(self, tmp_path: Path, same, value: str) -> None:
        content = same[1][0].read_text()
        name = '"generation.Generation.time_generate": ['
        start = content.index(name)
        first = content.index("[[", content.index('"1", ', start)) + 2
        end = content.index(",", first)
        same[1][0].write_text(content[:first] + value + content[end:])
        done = compare(tmp_path, *same, "--ci")
        assert done.code == 3, done.out
        assert len(done.err.splitlines()) == 1

    @pytest.mark.parametrize(
        ("expected", "flags"),
        [
            pytest.param("--warn-threshold must be above 0", ("--warn-threshold", "-5"), id="negative"),
            pytest.param("--fail-threshold must be above 0", ("--fail-threshold", "0"), id="zero"),
            pytest.param("up to 1000, not 2000", ("--fail-threshold", "2000"), id="absurd"),
            pytest.param("not nan", ("--warn-threshold", "nan"), id="not a number"),
            pytest.param("lies above the failure threshold",
                         ("--warn-threshold", "30", "--fail-threshold", "20"), id="reversed"),
            pytest.param("unknown metric 'x'", ("--only", "x"), id="unknown metric"),
        ],
    )  # fmt: skip
    def test_thresholds(self, tmp_path: Path, same, expected: str, flags: tuple[str, ...]) -> None:
        self.refused(compare(tmp_path, *same, *flags), expected)

    def test_equal_thresholds_are_fine(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--ci", "--warn-threshold", "20", "--fail-threshold", "20")
        assert done.code == 2

    def test_a_million_samples_are_judged(self, tmp_path: Path) -> None:
        sides = written(tmp_path, 1, 0, "a"), written(tmp_path, 1, 50, "b")
        for (path,) in sides:
            content = json.loads(path.read_text())
            for name, row in content["results"].items():
                if name.startswith("generation.") and len(row) > 11 and row[11] and row[11][0]:
                    row[11][0] = row[11][0] * (500_000 // len(row[11][0]))
            path.write_text(json.dumps(content))
        assert compare(tmp_path, *sides).code == 0


def test_another_suite_is_judged_series_by_series_under_its_own_names(tmp_path: Path) -> None:
    for number in range(3):
        for commit, seed, factor in (("a", number, 1.0), ("b", number + 50, 2.0)):
            found = file(seed, commit * 40, stamp={}, slower=factor)
            wall = found.series["generation.Generation.time_generate"]
            size = found.series["memory.Memory.peakmem_generate"]
            whole = {
                "suite.Sort.time_sort": Series("suite.Sort.time_sort", AXES, wall.cells, "1"),
                "suite.Sort.track_size": Series("suite.Sort.track_size", AXES, size.cells, "1"),
            }
            write_result_file(replace(found, series=whole), tmp_path / f"{commit}{number}.json")
    sides = [[tmp_path / f"{commit}{number}.json" for number in range(3)] for commit in "ab"]
    found = data(compare(tmp_path, *sides, "--json"))
    assert found["verdicts"] == {
        "suite.Sort.time_sort('standard', 'anthropic')": "fail",
        "suite.Sort.track_size('standard', 'anthropic')": "pass",
    }


class TestAsvRule:
    def test_its_table_is_asvs_and_its_code_follows_the_thresholds(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--rule", "asv", "--ci")
        assert done.code == 2, done.err
        rows = [[cell.strip() for cell in line.split("|")] for line in done.out.splitlines() if "|" in line]
        assert rows[0][1] == "Change"
        marks = {row[5]: row[1] for row in rows[2:]}
        assert marks["generation.Generation.time_generate('standard', 'anthropic')"] == "+"
        assert marks["memory.Memory.peakmem_generate('standard', 'anthropic')"] == ""

    def test_without_ci_it_is_news(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--rule", "asv", "--json")
        assert done.code == 0
        found = data(done)
        assert (found["rule"], found["worsened"], found["improved"]) == ("asv", True, False)


def test_a_round_counts_once_however_often_it_is_named(tmp_path: Path, same) -> None:
    done = compare(tmp_path, [same[0][0]] * 3, same[1], "--ci")
    assert done.code == 3
    assert "holds the same measurement as" in done.err


def test_a_runs_folder_stands_for_its_finished_rounds(tmp_path: Path, same) -> None:
    for name, side in zip(("A", "B"), same, strict=True):
        for number, path in enumerate(side, start=1):
            place = tmp_path / name / f"round-{number:02d}" / "m"
            place.mkdir(parents=True)
            path.rename(place / path.name)
            (place / "machine.json").write_text("{}")
        (tmp_path / name / "round-06.unfinished").mkdir()
    found = data(compare(tmp_path, [tmp_path / "A"], [tmp_path / "B"], "--json"))
    assert found["cases"][0]["findings"]["generation_latency_p50"]["rounds"] == [5, 5]
    refused = compare(tmp_path, [tmp_path], [tmp_path / "B"])
    assert (refused.code, "a folder without finished rounds" in refused.err) == (3, True)


@pytest.mark.parametrize("flags", [("--only", "memory_usage"), ("--explain",)], ids=str)
def test_asvs_rule_takes_no_options_of_ours(tmp_path: Path, same, flags: tuple[str, ...]) -> None:
    done = compare(tmp_path, *same, "--rule", "asv", *flags)
    assert (done.code, "--rule asv shows what asv shows" in done.err) == (3, True)


@pytest.mark.parametrize(("examples", "command"), [(5, "run"), (3, "capture"), (6, "compare"), (3, "clean")])
def test_examples_in_help_stand_one_a_line(tmp_path: Path, examples: int, command: str) -> None:
    lines = persona("benchmark", command, "--help", cwd=tmp_path).out.splitlines()
    assert not any("\\b" in line for line in lines)
    assert sum(line.startswith(f"    persona benchmark {command}") for line in lines) == examples
