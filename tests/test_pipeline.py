"""What a pipeline is told: annotations, a summary, exit codes, and nothing that a name could forge."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Done
from test_compare import compare, written
from test_comparison import file

from persona_asv.engine.results_writer import write_result_file
from persona_asv.model import Cell, Series, State
from persona_asv.render import job

ACTIONS = {"GITHUB_ACTIONS": "true"}
EVIL = "x\n::error::forged ##[error]forged | `code` <script>alert(1)</script> @someone %0A"
"""A benchmark's name in a result file of anyone's suite."""


@pytest.fixture
def slower(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    return written(tmp_path, 3, 0, "a"), written(tmp_path, 3, 50, "b", slower=1.6)


@pytest.fixture
def same(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    return written(tmp_path, 3, 0, "a"), written(tmp_path, 3, 50, "b")


def told(done: Done) -> list[str]:
    """Return the workflow commands that a runner would find in a log."""
    found, stopped = [], None
    for line in (done.out + done.err).splitlines():
        if stopped is not None:
            stopped = None if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.lstrip().startswith("::") or "##[" in line:
            found.append(line)
    assert stopped is None
    return found


class TestAnnotations:
    def test_a_failure_is_an_error(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--ci", **ACTIONS)
        assert done.code == 2
        (line,) = told(done)
        assert line.startswith("::error title=Performance%3A bbbbbbbb (3 rounds) vs aaaaaaaa (3 rounds)::")
        assert "%0Ageneration_latency_p50: +" in line
        assert done.out.startswith("Performance Comparison: "), "the text stands as ever"

    def test_a_warning_is_a_warning(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--ci", "--fail-threshold", "90", **ACTIONS)
        assert done.code == 1
        assert told(done)[0].startswith("::warning title=Performance%3A ")

    def test_nothing_wrong_is_no_annotation(self, tmp_path: Path, same) -> None:
        done = compare(tmp_path, *same, "--ci", **ACTIONS)
        assert (done.code, told(done)) == (0, [])

    @pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "false"}], ids=str)
    def test_elsewhere_there_is_none(self, tmp_path: Path, slower, environ: dict[str, str]) -> None:
        done = compare(tmp_path, *slower, "--ci", GITHUB_STEP_SUMMARY=str(tmp_path / "s.md"), **environ)
        assert (done.code, told(done)) == (2, [])
        assert not (tmp_path / "s.md").exists()

    def test_without_ci_there_is_none(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, **ACTIONS)
        assert (done.code, told(done)) == (0, [])

    def test_beside_json_they_go_to_standard_error(self, tmp_path: Path, slower) -> None:
        done = compare(tmp_path, *slower, "--ci", "--json", **ACTIONS)
        assert json.loads(done.out)["data"]["exit_code"] == 2
        assert done.err.startswith("::error title=")

    def test_what_could_not_be_compared_is_an_error_as_well(self, tmp_path: Path, same) -> None:
        summary = tmp_path / "s.md"
        done = compare(
            tmp_path,
            same[0],
            [tmp_path / "no\n::x::.json"],
            "--ci",
            GITHUB_STEP_SUMMARY=str(summary),
            **ACTIONS,
        )
        assert done.code == 3
        (line,) = told(done)
        assert line.startswith("::error title=Performance%3A nothing was compared::--current: ")
        assert summary.read_text().startswith("## Performance: nothing was compared\n")

    @pytest.mark.parametrize("text", ["a\n::error::b", "  ::add-mask::x", "x ##[error]y"])
    def test_a_line_of_the_log_is_no_command(self, text: str) -> None:
        shown = job.as_log(text)
        assert text in shown
        assert told(Done(0, shown, "")) == []

    def test_an_ordinary_log_is_left_alone(self) -> None:
        assert job.as_log("a::b\nc") == "a::b\nc"


class TestWhatTheSettingsMakeOfAVerdict:
    @pytest.mark.parametrize(
        ("expected", "level", "settings", "more"),
        [
            pytest.param(0, "warning", "ci: {fail_on_regression: false}", (), id="a failure fails nothing"),
            pytest.param(0, "warning", "ci: {fail_on_regression: false}", ("--fail-threshold", "90"),
                         id="a warning fails nothing"),
            pytest.param(0, "warning", "ci: {fail_on: fail}", ("--fail-threshold", "90"), id="fail_on: fail"),
            pytest.param(2, "error", "ci: {fail_on: fail}", (), id="a failure fails all the same"),
            pytest.param(2, "error", "ci: {fail_on_regression: false}", ("--fail-on-regression",),
                         id="the command line's word is the last"),
            pytest.param(0, "warning", "", ("--fail-on-regression", "--fail-threshold", "90"),
                         id="--fail-on-regression lets a warning pass"),
        ],
    )  # fmt: skip
    def test_table(
        self, tmp_path: Path, slower, expected: int, level: str, settings: str, more: tuple[str, ...]
    ) -> None:
        (tmp_path / "persona.yaml").write_text(f"benchmarks: {{{settings}}}\n")
        ci = () if "--fail-on-regression" in more else ("--ci",)
        done = compare(tmp_path, *slower, *ci, *more, **ACTIONS)
        assert done.code == expected, done.err
        assert told(done)[0].startswith(f"::{level} title=")
        assert ("exit code 0, as benchmarks.ci has it" in done.out) == (expected == 0)

    def test_outside_of_a_job_the_verdict_is_said(self, tmp_path: Path, slower) -> None:
        (tmp_path / "persona.yaml").write_text("benchmarks: {ci: {fail_on_regression: false}}\n")
        done = compare(tmp_path, *slower, "--ci")
        assert done.code == 0
        said = "Verdict: failure threshold exceeded; exit code 0, as benchmarks.ci has it"
        assert done.out.splitlines()[-1] == said

    def test_what_could_not_be_judged_stays_3(self, tmp_path: Path) -> None:
        (tmp_path / "persona.yaml").write_text("benchmarks: {ci: {fail_on_regression: false}}\n")
        sides = written(tmp_path, 3, 0, "a"), written(tmp_path, 3, 50, "b", version="2")
        done = compare(tmp_path, *sides, "--ci", **ACTIONS)
        assert done.code == 3
        assert told(done)[0].startswith("::error title=")


class TestSummary:
    def test_is_appended_and_says_it_all(self, tmp_path: Path, slower) -> None:
        summary = tmp_path / "summary.md"
        summary.write_text("Before.\n\n")
        compare(tmp_path, *slower, "--ci", GITHUB_STEP_SUMMARY=str(summary), **ACTIONS)
        text = summary.read_text()
        assert text.startswith("Before.\n\n## Performance: bbbbbbbb (3 rounds) vs aaaaaaaa (3 rounds)\n")
        assert "failure threshold exceeded by" in text
        rows = [line for line in text.splitlines() if line.startswith("| `generation_latency_p50` |")]
        assert len(rows) == 1
        assert rows[0].endswith("| ❌ fail |")

    def test_that_cannot_be_written_changes_no_verdict(self, tmp_path: Path, slower) -> None:
        done = compare(
            tmp_path, *slower, "--ci", GITHUB_STEP_SUMMARY=str(tmp_path / "no" / "s.md"), **ACTIONS
        )
        assert done.code == 2
        assert "cannot be written (No such file or directory)" in done.err

    def test_by_asvs_rule_is_the_verdict(self, tmp_path: Path, slower) -> None:
        summary = tmp_path / "s.md"
        arguments = ("--ci", "--rule", "asv")
        done = compare(tmp_path, *slower, *arguments, GITHUB_STEP_SUMMARY=str(summary), **ACTIONS)
        assert done.code == 2
        assert "failure threshold exceeded, by asv's rule" in told(done)[0]
        assert "by asv's rule" in summary.read_text()

    def test_of_a_huge_suite_is_cut_and_the_gravest_stay(self, tmp_path: Path) -> None:
        sides = []
        for commit, size in (("a", 1e8), ("b", 2e8)):
            numbers = {f"suite.track_{number}": 1e8 for number in range(300)} | {"suite.track_last": size}
            sides.append([foreign(tmp_path, commit, numbers)])
        summary = tmp_path / "s.md"
        assert compare(tmp_path, *sides, "--ci", GITHUB_STEP_SUMMARY=str(summary), **ACTIONS).code == 2
        rows = [line for line in summary.read_text().splitlines() if line.startswith("| `suite.track_")]
        assert len(rows) == job.MOST_ROWS
        assert rows[0].startswith("| `suite.track_last")
        assert "and 101 more, none of them graver" in summary.read_text()


def foreign(folder: Path, commit: str, numbers: Mapping[str, float]) -> Path:
    """Write a file of anyone's suite that holds these numbers."""
    made = {
        name: Series(name, (("1",),), (Cell(("1",), State.MEASURED, number),), "1")
        for name, number in numbers.items()
    }
    path = folder / f"{commit}.json"
    write_result_file(replace(file(0, commit * 40, stamp={}), series=made), path)
    return path


def test_a_name_forges_neither_command_nor_markup(tmp_path: Path) -> None:
    name = f"suite.track_{EVIL}"
    sides = [[foreign(tmp_path, commit, {name: size})] for commit, size in (("a", 1e8), ("b", 2e8))]
    summary = tmp_path / "s.md"
    done = compare(tmp_path, *sides, "--ci", GITHUB_STEP_SUMMARY=str(summary), **ACTIONS)
    assert done.code == 2, done.err
    (line,) = told(done)
    assert line.startswith("::error title=Performance%3A ")
    assert "%0A::error::forged" in line
    text = summary.read_text()
    outside_of_code = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    for evil in ("<script>", "@someone", "::error"):
        assert evil in text
        assert evil not in outside_of_code
    (row,) = [each for each in text.splitlines() if each.startswith("| `") and "suite.track" in each]
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
