"""The comment on a pull request: what it says, its document, what it tells of edited baselines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import git, persona
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reported import LAST, run
from synthetic import blocks, measured
from test_comparison import STAMP
from test_report_hostile import HOSTILE, rendered, tags

from persona_asv import telling
from persona_asv.comments import document
from persona_asv.comments.comment import Comment, Edit, Links
from persona_asv.comments.edits import edits
from persona_asv.comments.shape import LONGEST, MOST
from persona_asv.comparison import Case, Comparison
from persona_asv.errors import UsageError
from persona_asv.gate import judge
from persona_asv.judgement import Finding, Judgement, Stage, Verdict
from persona_asv.render.comment import MARKER, MOST_CHARACTERS, comment
from persona_asv.render.comparison import as_json

BASE, HEAD = "a" * 40, "b" * 40
LABELS = ("aaaaaaaa (5 rounds)", "Current, bbbbbbbb (5 rounds)")
MACHINE = {"CPU": "Some CPU", "cores": "2"}


def compared(slower: float) -> Comparison:
    """Return a real judgement of code that takes so many times as long, measured in turn."""
    sides = blocks(
        5,
        lambda seed: measured(seed, operations=20, memory_peak_mb=50.0),
        lambda seed: measured(seed, operations=20, slower=slower, memory_peak_mb=50.0),
    )
    return Comparison((Case("standard", "anthropic", judge(*sides)),))


def told(slower: float, **changes: Any) -> Comment:
    return replace(Comment(LABELS, (BASE, HEAD), compared(slower), machine=MACHINE), **changes)


def finding(key: str = "generation_latency_p50", verdict: Verdict = Verdict.PASS, **how: Any) -> Finding:
    return Finding(key, verdict, 10.0, 10.1, 0.01, (-0.05, 0.07), 0.1, (100, 100), (5, 5), **how)


def judged(*findings: Finding, **how: Any) -> Comparison:
    return Comparison((Case("standard", "anthropic", Judgement(findings, remeasure=False, **how)),))


def data_of(its: Comment) -> dict[str, Any]:
    """Return what ``compare --json`` prints as data."""
    assert its.comparison is not None
    commits = {"baseline_commit": its.commits[0], "current_commit": its.commits[1]}
    return {**as_json(its.comparison, its.labels), **commits, "exit_code": int(its.comparison.exit_code)}


def lines(text: str) -> list[str]:
    return text.splitlines()


class TestText:
    def test_a_regression_first_its_verdict_then_what_moved(self) -> None:
        text = comment(told(1.5))
        assert lines(text)[0] == MARKER
        assert lines(text)[2].startswith(
            "### ❌ Performance: failure threshold exceeded by `generation_latency_"
        )
        assert (
            "This change (`bbbbbbbb`) against its base (`aaaaaaaa`), measured in turn on one machine." in text
        )
        before_evidence = text.partition("<details>")[0]
        assert "| `generation_latency_p50` |" in before_evidence
        assert "memory_peak_mb" not in before_evidence, "which did not move"
        assert "memory_peak_mb" in text
        assert "Machine: CPU Some CPU, cores 2, " in text
        assert "of the time without a CPU." in text
        assert "`persona benchmark compare --baseline aaaaaaaaaaaa --always`" in text

    def test_the_same_code_is_green_and_short(self) -> None:
        text = comment(told(1.0))
        assert lines(text)[2] == "### ✅ Performance: no regression"
        quiet = len(compared(1.0).cases[0].judgement.findings)
        assert f"None of {quiet} metrics moved beyond noise and thresholds." in text
        assert "|" not in text.partition("<details>")[0]

    @pytest.mark.parametrize(
        ("verdict", "headline"),
        [
            (Verdict.WARN, "⚠️ Performance: warning threshold exceeded by `generation_latency_p50`"),
            (Verdict.INCONCLUSIVE, "⚠️ Performance: inconclusive: `generation_latency_p50`"),
            (Verdict.BETTER, "✅ Performance: better, `generation_latency_p50`"),
            (Verdict.INSUFFICIENT, "❌ Performance could not be judged"),
        ],
    )
    def test_headlines(self, verdict: Verdict, headline: str) -> None:
        text = comment(Comment(LABELS, comparison=judged(finding(verdict=verdict))))
        assert lines(text)[2] == f"### {headline}"

    def test_the_gravest_stands_first_and_many_are_counted(self) -> None:
        many = [finding(f"m{number}", Verdict.FAIL) for number in range(7)]
        its = judged(finding("w", Verdict.WARN), *many)
        text = comment(Comment(LABELS, comparison=its))
        assert "exceeded by `m0`, `m1`, `m2`, `m3`, `m4` and 2 more" in text
        assert text.index("| `m6` |") < text.index("| `w` |")

    def test_what_moved_and_cannot_be_told_from_noise_is_shown(self) -> None:
        text = comment(
            Comment(LABELS, comparison=judged(finding(suspicious=True, channel="cpu", stage=Stage.TEST)))
        )
        (row,) = [line for line in lines(text.partition("<details>")[0]) if "generation_latency_p50" in line]
        assert row.endswith("| +1.0% | -5.0% to +7.0% | cannot be told from noise |")

    def test_what_is_missing_is_said_above_the_evidence(self) -> None:
        text = comment(Comment(LABELS, comparison=judged(finding(), missing=("memory_peak_mb",))))
        assert "**Not measured in this change:** `memory_peak_mb` of `standard`." in text
        assert lines(text)[2] == "### ❌ Performance could not be judged"

    def test_cases_are_told_apart_where_there_are_several(self) -> None:
        one = judged(finding(verdict=Verdict.WARN)).cases[0]
        text = comment(Comment(LABELS, comparison=Comparison((one, replace(one, name="full-5kb")))))
        assert "| `full-5kb` | `generation_latency_p50` |" in text

    def test_a_failure_says_why(self) -> None:
        text = comment(Comment(failure="the base cannot be built: see <log>"))
        assert lines(text)[2:5] == [
            "### ❌ Performance could not be measured",
            "",
            "the base cannot be built: see `<log>`",
        ]

    def test_edited_baselines_are_shown_with_old_and_new(self) -> None:
        figures: dict[tuple[str, str], tuple[float | None, float | None]] = {
            ("standard", "generation_latency_p50"): (10.0, 14.0),
            ("standard", "memory_peak_mb"): (None, 50.0),
            ("standard", "unheard_of"): (3.0, None),
        }
        its = told(1.0, edits=(Edit("v1", figures), Edit("v2", problem="after, torn"), Edit("v3")))
        text = comment(its).partition("<details>")[0]
        assert "**This change edits stored baselines** (they do not count before it is merged):" in text
        assert "| `v1` | `generation_latency_p50` of `standard` | 10ms | 14ms | +40.0% |" in text
        assert "| `v1` | `memory_peak_mb` of `standard` | \N{EN DASH} | 50 |  |" in text
        assert "| `v1` | `unheard_of` of `standard` | 3 | \N{EN DASH} |  |" in text
        assert "| `v2` | after, torn |" in text
        assert "| `v3` | no value |" in text

    def test_links(self) -> None:
        links = Links("https://h/run", "https://h/artifact", "https://o.github.io/r/")
        text = comment(told(1.0), links)
        assert "[run](https://h/run) · [report, JSON and results](https://h/artifact) · [history](" in text
        graph = "https://o.github.io/r/#generation.Generation.time_generate?p-workload=%27standard%27"
        assert f"({graph}&p-provider=%27anthropic%27&commits=aaaaaaaa)" in text

    def test_without_commits_the_sides_are_named(self) -> None:
        text = comment(replace(told(1.0), commits=(None, None)))
        assert "This change (Current, bbbbbbbb (5 rounds)) against its base (aaaaaaaa (5 rounds))" in text
        assert "To measure it yourself" not in text

    def test_evidence_holds_notes_and_what_one_side_lacks(self) -> None:
        its = replace(
            judged(finding(), notes=("a guard acted",)),
            only_baseline=("x",), only_current=("y",), changed=("z",), notes=("A/A",),
        )  # fmt: skip
        evidence = comment(Comment(LABELS, comparison=its)).partition("<details>")[2]
        for said in (
            "- a guard acted",
            "- A/A",
            "- Only in the base: `x`",
            "change: `y`",
            "benchmark: `z`",
        ):
            assert said in evidence
        assert evidence.rstrip().endswith("</details>")


def hostile(count: int = 1, text: str = HOSTILE) -> Comment:
    """Return a comment whose every text is the given one."""
    findings = tuple(
        finding(f"{number}{text}", verdict, reason=text, channel="cpu")
        for number, verdict in zip(range(count), list(Verdict) * count, strict=False)
    )
    judgement = Judgement(findings, remeasure=False, missing=(text,), notes=(text,) * count)
    cases = (Case(text, text, judgement), Case(f"{text}2", text, judgement))
    comparison = Comparison(cases, (text,), (text,), (text,), (text,) * count)
    figures: Mapping[tuple[str, str], tuple[float | None, float | None]] = {(text, text): (1.0, 2.0)}
    return Comment((text, text), comparison=comparison, failure=text, machine={text: text},
                   edits=(Edit(text, figures), Edit(text, problem=text)) * count)  # fmt: skip


ALLOWED = {"html", "head", "body", "p", "h3", "strong", "code", "ul", "li", "details", "summary", "a"}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


def assert_harmless(text: str) -> None:
    parsed = rendered(text)
    assert tags(parsed) <= ALLOWED
    assert {link.get("href") for link in parsed.iter("a")} <= {"https://h/run"}
    for found in parsed.iter("table"):
        assert len({len(list(row)) for row in found.iter("tr")}) == 1
    assert len(list(parsed.iter("details"))) <= 1
    assert text.count(MARKER) == 1


class TestHostileText:
    @pytest.mark.parametrize("its", [hostile(), replace(hostile(), comparison=None)], ids=["told", "failed"])
    def test_is_text_and_nothing_else(self, its: Comment) -> None:
        text = comment(its, Links("https://h/run"))
        assert_harmless(text)
        assert "<script>window.ran=1</script>" in "".join(rendered(text).itertext())

    @given(st.text(max_size=60))
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    def test_whatever_it_is(self, text: str) -> None:
        assert_harmless(comment(hostile(2, text)))

    @pytest.mark.parametrize(
        "text",
        ["x" * 99_999, "|`" * 1000, "\x00" * 5000, "\U000e0001" * 5000, HOSTILE],
        ids=["long", "signs", "null", "invisible", "hostile"],
    )
    @pytest.mark.parametrize("count", [1, 400])
    def test_never_exceeds_what_github_takes(self, text: str, count: int) -> None:
        text_ = comment(hostile(count, text))
        assert len(text_) <= MOST_CHARACTERS
        assert_harmless(text_)


class TestDocument:
    def test_comes_back_as_it_was(self) -> None:
        its = told(1.5, edits=(Edit("v1", {("standard", "memory_peak_mb"): (1.0, None)}, "p"),))
        back = document.read(document.write(data_of(its), its).encode(), "d")
        assert back == its
        assert comment(back) == comment(its)

    def test_of_a_failure(self) -> None:
        its = Comment(failure="why")
        assert document.read(document.write(None, its).encode(), "d") == its

    def test_what_is_too_long_is_cut_when_written_so_that_it_can_be_read(self) -> None:
        its = told(1.0, machine={"x" * 1000: "y" * 1000})
        long = judged(finding(), notes=("z" * 1000,) * 1000)
        its = replace(its, comparison=long)
        back = document.read(document.write(data_of(its), its).encode(), "d")
        assert back.comparison is not None
        notes = back.comparison.cases[0].judgement.notes
        assert (len(notes), len(notes[0])) == (MOST, LONGEST)

    def whole(self) -> dict[str, Any]:
        its = told(1.0)
        loaded: dict[str, Any] = json.loads(document.write(data_of(its), its))
        return loaded

    @pytest.mark.parametrize(
        ("path", "value", "expected"),
        [
            ("schema", 2, "d.schema: expected 1"),
            ("schema", None, "d.schema: expected a number"),
            ("failure", "both", "either a comparison or a failure"),
            ("comparison", None, "either a comparison or a failure"),
            ("comparison", [], "d.comparison: expected an object"),
            ("machine", {"CPU": 7}, "d.machine.CPU: expected a text"),
            ("machine", {"CPU": "x" * 501}, "d.machine.CPU: expected a text of at most 500"),
            ("machine", {"CPU": "\ud800"}, "a text of Unicode characters"),
            ("machine", {str(n): "" for n in range(501)}, "an object of at most 500"),
            ("edits", {}, "d.edits: expected a list"),
            ("edits", [{"name": "v", "problem": "", "figures": [{"case": "c", "metric": "<b>"}]}], "metric"),
            ("comparison.cases", [{}] * 501, "a list of at most 500"),
            ("comparison.baseline_commit", "../../x", "baseline_commit: expected a text"),
            ("comparison.cases.0.findings.generation_latency_p50.verdict", "fine", "verdict: expected"),
            ("comparison.cases.0.findings.generation_latency_p50.baseline", True, "expected a number"),
            ("comparison.cases.0.findings.generation_latency_p50.baseline", 1e300, "less than 15 digits"),
            ("comparison.cases.0.findings.generation_latency_p50.baseline", 10**400, "less than 15 digits"),
            ("comparison.cases.0.findings.generation_latency_p50.rounds", [1.5, 2], "a whole number"),
            ("comparison.cases.0.findings.generation_latency_p50.rounds", [1], "a list of two"),
            ("comparison.cases.0.findings.generation_latency_p50.suspicious", 1, "true or false"),
            ("comparison.cases.0.findings.generation_latency_p50.channel", "<b>", "channel"),
        ],
    )
    def test_of_another_schema_is_refused_by_name(self, path: str, value: object, expected: str) -> None:
        whole = self.whole()
        *parents, last = path.split(".")
        place: Any = whole
        for each in parents:
            place = place[int(each)] if isinstance(place, list) else place[each]
        place[last] = value
        with pytest.raises(UsageError) as raised:
            document.read(json.dumps(whole).encode(), "d")
        assert expected in str(raised.value)

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff", b"[" * 100_000, b"[NaN]", b"7", b'"x"', b"null", b'{"schema": Infinity}', b"1" * 5000],
        ids=["nothing", "bytes", "deep", "NaN", "number", "text", "null", "infinity", "digits"],
    )
    def test_of_no_schema_is_refused(self, content: bytes) -> None:
        with pytest.raises(UsageError, match=r"^d"):
            document.read(content, "d")

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )

    @given(
        st.sampled_from(["schema", "comparison", "failure", "machine", "edits", "cases", "notes"]),
        json_values,
    )
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    def test_whatever_it_holds_it_is_read_and_harmless_or_refused(self, key: str, value: object) -> None:
        whole = WHOLE | ({key: value} if key in WHOLE else {})
        if key not in WHOLE:
            whole["comparison"] = {**whole["comparison"], key: value}
        try:
            its = document.read(json.dumps(whole).encode("utf-8", "surrogatepass"), "d")
        except UsageError:
            return
        assert_harmless(comment(its))


WHOLE = TestDocument().whole()

BASELINE = """\
name: "v1"
version: "1.0"
captured_at: 2025-01-15T10:30:00Z
environment:
  python_version: "3.12.0"
workloads:
  standard:
    iterations: 100
    metrics:
      generation_latency_p50: {p50}
      memory_peak_mb: 512
"""


class TestEdits:
    @pytest.fixture
    def base(self, repository: Path) -> str:
        (repository / "baselines").mkdir()
        (repository / "baselines" / "v1.yaml").write_text(BASELINE.format(p50=1230))
        (repository / "baselines" / "gone.yaml").write_text(BASELINE.format(p50=1))
        (repository / "baselines" / "same.yaml").write_text(BASELINE.format(p50=1))
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", "baselines")
        return git(repository, "rev-parse", "HEAD")

    def test_tell_what_changed_metric_by_metric(self, repository: Path, base: str) -> None:
        (repository / "baselines" / "v1.yaml").write_text(BASELINE.format(p50=2000))
        (repository / "baselines" / "gone.yaml").unlink()
        (repository / "baselines" / "torn.yaml").write_text("a: [")
        (repository / "baselines" / "notes.txt").write_text("no baseline")
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", "edited")
        found = {edit.name: edit for edit in edits(repository, repository / "baselines", base)}
        assert list(found) == ["gone", "torn", "v1"]
        assert found["v1"].figures == {("standard", "generation_latency_p50"): (1230, 2000)}
        assert found["gone"].figures[("standard", "memory_peak_mb")] == (512, None)
        assert found["torn"].problem.startswith("after, it cannot be read (torn.yaml")

    def test_a_large_file_or_a_link_is_no_baseline(self, repository: Path, base: str) -> None:
        (repository / "baselines" / "v1.yaml").write_text("#" * ((1 << 20) + 1))
        (repository / "baselines" / "same.yaml").unlink()
        (repository / "baselines" / "same.yaml").symlink_to("/etc/passwd")
        found = {edit.name: edit for edit in edits(repository, repository / "baselines", base)}
        assert found["v1"].problem == "after, it cannot be read (larger than 1 MiB)"
        assert found["same"].figures[("standard", "memory_peak_mb")] == (512, None)

    def test_outside_of_the_repository_nothing_is_known(self, repository: Path, base: str) -> None:
        assert edits(repository, repository.parent, base) == ()


class TestTheCommand:
    REPORT = ("benchmark", "report", "--for", "pr")

    @pytest.fixture
    def comparison(self, repository: Path) -> Path:
        """Return a file as ``compare --json`` prints it."""
        path = repository / "comparison.json"
        path.write_text(json.dumps({"command": "benchmark compare", "data": data_of(told(1.5))}))
        return path

    def test_writes_the_comment_and_the_document_of_the_same(
        self, repository: Path, comparison: Path
    ) -> None:
        base = git(repository, "rev-parse", "HEAD")
        (repository / "baselines").mkdir()
        (repository / "baselines" / "v9.yaml").write_text(BASELINE.format(p50=1))
        git(repository, "add", ".")
        arguments = (*self.REPORT, "--baseline", base, "--comparison", str(comparison))
        shown = persona(*arguments, cwd=repository)
        assert shown.code == 0, shown.err
        assert "failure threshold exceeded" in lines(shown.out)[2]
        assert "`v9`" in shown.out
        done = persona(*arguments, "--format", "json", "--output", "c.json", cwd=repository)
        assert (done.code, done.out) == (0, "Comment: c.json\n")
        its = document.read((repository / "c.json").read_bytes(), "c.json")
        assert comment(its) == shown.out
        assert "persona_asv" in its.machine
        as_json_ = persona(*arguments, "--json", cwd=repository)
        assert json.loads(as_json_.out)["data"]["comment"] == shown.out

    def test_of_a_comparison_that_failed_it_says_why(self, repository: Path, comparison: Path) -> None:
        comparison.write_text("")
        (repository / "log").write_text("building ...\nerror: the base has no subject\n")
        done = persona(*self.REPORT, "--comparison", str(comparison), "--log", "log", cwd=repository)
        assert done.code == 0
        assert "the base has no subject" in done.out

    def test_without_a_log_it_points_to_it(self, comparison: Path, tmp_path: Path) -> None:
        comparison.write_text("\n")
        for log in (None, tmp_path / "nowhere"):
            assert telling.compared(comparison, log)[1].failure == (
                "The comparison printed nothing. Its log says why."
            )

    def test_without_a_comparison_it_tells_of_the_last_run(self, tmp_path: Path) -> None:
        last = run(tmp_path, LAST.name, stamp=STAMP)
        where = ("--current", str(last.path), "--output", "-")
        done = persona(*self.REPORT, *where, cwd=tmp_path)
        assert done.code == 0, done.err
        assert lines(done.out)[2:5:2] == [
            "### ❌ Performance could not be measured",
            "There is no baseline to compare with.",
        ]
        before = run(tmp_path, "before", stamp=STAMP, first=50, commit="c" * 40)
        done = persona(*self.REPORT, *where, "--baseline", str(before.path), cwd=tmp_path)
        assert lines(done.out)[2].startswith("### ✅ Performance: ")

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("--for", "pr", "--format", "html"), "--for pr: a comment is Markdown"),
            (("--comparison", "x"), "--comparison and --log belong to --for pr"),
            (("--for", "pr", "--comparison", "nowhere.json"), "--comparison: nowhere.json cannot be read"),
            (("--for", "pr", "--comparison", "persona.yaml"), "persona.yaml: not JSON"),
        ],
    )
    def test_refuses(self, arguments: tuple[str, ...], expected: str, repository: Path) -> None:
        done = persona("benchmark", "report", *arguments, cwd=repository)
        assert (done.code, done.out) == (3, "")
        assert expected in done.err
