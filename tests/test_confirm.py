"""Both commits measured here: the whole command, and what decides whether it comes to that."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import ADAPTER, Done, environment, git, persona
from test_environments import snapshot

from persona_asv import last_word, metrics
from persona_asv.chosen import Chosen
from persona_asv.commands import confirming
from persona_asv.commands.confirming import wish
from persona_asv.comparison import Case, Comparison
from persona_asv.config import Config
from persona_asv.confirmation import SPENDING, Confirmation, Looks, declarations, is_open
from persona_asv.contest import Contest
from persona_asv.decision import Wish, decide, measurable
from persona_asv.engine.checkout import Source
from persona_asv.engine.environments import Built
from persona_asv.engine.presence import Presence, Seat
from persona_asv.engine.results import read_results
from persona_asv.engine.store import round_files
from persona_asv.errors import BuildError, ExitCode, UsageError
from persona_asv.gate import ALPHA, Rules
from persona_asv.judgement import Finding, Judgement, Stage, Verdict
from persona_asv.render.comparison import as_json
from persona_asv.thresholds import Thresholds

CONFIGURATION = """benchmarks:
  subject: adapter:plain
  machine: tester
  workloads:
    standard: {iterations: 15, rounds: 5}
"""
"""Three operations a round: what decides in these tests is counted, not timed."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of two commits with the same code; the tree of the second is clean."""
    folder = tmp_path_factory.mktemp("repository").resolve()
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("__pycache__/\n")
    (folder / "persona.yaml").write_text(CONFIGURATION)
    (folder / "adapter.py").write_text("plain = None\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "no subject yet")
    (folder / "adapter.py").write_text(ADAPTER)
    git(folder, "commit", "-q", "-am", "the subject")
    (folder / "note.txt").write_text("A note changes nothing.\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "a note")
    return folder


def compare(*arguments: str, cwd: Path) -> Done:
    return persona(
        *("benchmark", "compare", "--ci", "--json", "--only", "api_efficiency", "--rounds", "2", *arguments),
        cwd=cwd,
    )


def trials(repository: Path) -> list[Path]:
    return sorted((repository / ".asv" / "trials").iterdir())


@pytest.fixture(scope="module")
def same(repository: Path) -> tuple[Done, dict[str, str], dict[str, str]]:
    """Return the comparison of two commits with the same code, and all files before and after it."""
    before = snapshot(repository)
    done = compare("--baseline", "HEAD~1", cwd=repository)
    return done, before, snapshot(repository)


class TestCommand:
    def test_the_same_code_passes(self, same: tuple[Done, Any, Any]) -> None:
        done, _, _ = same
        assert done.code == 0, done.err
        data = json.loads(done.out)["data"]
        assert data["verdicts"]["api_calls_per_persona"] == "pass"
        assert data["confirmed"]["blocks"] == 2
        assert (data["remeasure"], data["confirmed"]["screen"]) == (False, None)

    def test_it_says_what_it_does_and_why_and_how_long(
        self, same: tuple[Done, Any, Any], repository: Path
    ) -> None:
        old, new = (git(repository, "rev-parse", "--short=8", name) for name in ("HEAD~1", "HEAD"))
        lines = same[0].err.splitlines()
        assert lines[0].startswith("Measuring both commits here: HEAD~1")
        assert lines[2].startswith("Why: nothing that fits is stored of HEAD~1")
        for line in (
            f"  building commit {old} ...",
            f"  installing commit {new} ...",
            f"Baseline: commit {old}, adapter:plain 1.0",
            f"Current:  commit {new}, adapter:plain 1.0",
            "Rounds:   2 blocks of one round a side in turn, 3 of standard each",
            "This takes about 10 s, longer where the machine is busy",
        ):
            assert line in lines

    def test_work_tree_index_refs_and_objects_stay_as_they_were(
        self, same: tuple[Done, dict[str, str], dict[str, str]]
    ) -> None:
        _, before, after = same
        assert after == before

    def test_rounds_are_kept_in_turn_and_stamped(self, same: tuple[Done, Any, Any], repository: Path) -> None:
        folder = trials(repository)[0]
        sides = {name: read_results(round_files([folder / name])) for name in ("baseline", "current")}
        starts = sorted(
            (file.series[metrics.API_CALLS].started_at or 0, name)
            for name, files in sides.items()
            for file in files
        )
        assert [name for _, name in starts] == ["baseline", "current", "current", "baseline"]
        for name, files in sides.items():
            for file in files:
                assert file.stamp["trial"] == {"id": folder.name, "side": name}
                assert file.env_name.startswith("virtualenv-py")
                assert file.requirements["asv-runner"]
        assert not (repository / ".asv" / "results").exists(), "they never enter the history"

    def test_the_verdict_is_kept_beside_them(self, same: tuple[Done, Any, Any], repository: Path) -> None:
        kept = json.loads((trials(repository)[0] / "verdict.json").read_text())
        said = json.loads(same[0].out)["data"]
        assert {key: said[key] for key in kept} == kept

    def test_a_report_of_this_code_says_the_same(self, same: tuple[Done, Any, Any], repository: Path) -> None:
        """What was written is read back whole: rendered once more, it is the same document."""
        facts = json.loads((trials(repository)[0] / "current" / "run.json").read_text())
        old = git(repository, "rev-parse", "HEAD~1")
        for commit in (None, old):
            found = last_word.of(repository, facts, commit)
            assert found is not None
            said = json.loads(same[0].out)["data"]
            again = as_json(found.comparison, (said["baseline"], said["current"]))
            assert again == {key: said[key] for key in again}
            assert len(found.rounds()) == 2
            assert found.title.startswith("HEAD~1")
        assert last_word.of(repository, facts, "1" * 40) is None
        assert last_word.of(repository, {**facts, "dirty": True}) is None

    def test_a_changed_work_tree_is_a_side_and_a_second_request_fails(self, repository: Path) -> None:
        path = repository / "adapter.py"
        path.write_text(ADAPTER.replace("plain = Changed()", "plain = Changed(times=2)"))
        before = snapshot(repository)
        try:
            done = compare("--baseline", "HEAD", cwd=repository)
            assert snapshot(repository) == before
        finally:
            git(repository, "checkout", "-q", "adapter.py")
        assert done.code == 2, done.err
        (finding,) = [
            case["findings"]["api_calls_per_persona"] for case in json.loads(done.out)["data"]["cases"]
        ]
        assert (finding["verdict"], finding["baseline"], finding["current"]) == ("fail", 1, 2)
        head = git(repository, "rev-parse", "--short=8", "HEAD")
        assert f"  building work tree on {head} ..." in done.err
        assert f"building commit {head}" not in done.err, "it is in the cache"

    def test_a_commit_without_the_subject_is_told(self, repository: Path) -> None:
        done = compare("--baseline", "HEAD~2", cwd=repository)
        assert (done.code, done.out) == (3, "")
        old = git(repository, "rev-parse", "--short=8", "HEAD~2")
        last = done.err.splitlines()[-1]
        assert last.startswith(f"error: commit {old} has no subject adapter:plain: ")

    def test_nothing_is_measured_where_that_is_forbidden(self, repository: Path) -> None:
        for flag, word in (("--no-run", "--no-run forbids"), ("--no-confirm", "--no-confirm forbids")):
            done = compare("--baseline", "HEAD~1", flag, cwd=repository)
            assert (done.code, word in done.err) == (3, True), done.err

    def test_the_current_code_is_measured_for_a_baseline_of_no_commit(self, repository: Path) -> None:
        path = repository / "adapter.py"
        path.write_text(ADAPTER + "\n# not committed\n")
        run = ("benchmark", "run", "--workload", "quick", "--iterations", "2", "--rounds", "1")
        try:
            done = persona(*run, "--only", "api_efficiency", cwd=repository)
            assert done.code == 0, done.err
        finally:
            git(repository, "checkout", "-q", "adapter.py")
        (folder,) = (repository / ".asv" / "runs").iterdir()
        before = set((repository / ".asv" / "runs").iterdir())
        done = compare("--baseline", str(folder), cwd=repository)
        assert done.code == 0, done.err
        assert "Running Benchmark Suite: quick" in done.err
        assert len(set((repository / ".asv" / "runs").iterdir()) - before) == 1
        data = json.loads(done.out)["data"]
        assert (data["confirmed"], data["verdicts"]["api_calls_per_persona"]) == (None, "pass")
        refused = compare("--baseline", str(folder), "--always", cwd=repository)
        assert (refused.code, "belongs to no commit" in refused.err) == (3, True)

    def test_interrupted_it_leaves_nothing_running_and_says_so(self, repository: Path) -> None:
        path = repository / "adapter.py"
        path.write_text(ADAPTER.replace("plain = Changed()", "plain = Changed(lambda: time.sleep(1000))"))
        known = set(trials(repository))
        try:
            with subprocess.Popen(
                [sys.executable, "-m", "persona_asv", "benchmark", "compare", "-b", "HEAD", "--rounds", "2"],
                cwd=repository,
                env=environment(),
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                deadline = time.monotonic() + 120
                while not _measuring(set(trials(repository)) - known):
                    assert time.monotonic() < deadline
                    assert process.poll() is None
                    time.sleep(0.05)
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=60)
        finally:
            git(repository, "checkout", "-q", "adapter.py")
        assert process.returncode == 3
        assert err.splitlines()[-1].startswith("error: interrupted by SIGINT; ")
        (folder,) = set(trials(repository)) - known
        facts = json.loads((folder / "current" / "run.json").read_text())
        assert (facts["state"], facts["dirty"]) == ("partial", True)
        assert not (folder / "verdict.json").exists()


def _measuring(folders: set[Path]) -> bool:
    """Return whether a process of the current side has begun."""
    return any(True for folder in folders for _ in folder.glob("current/*/spool/*.jsonl"))


# -- what decides ---------------------------------------------------------------------------------------

FAMILIES = metrics.families(())
COUNTED = metrics.keys(metrics.families(("api_efficiency",)))
"""What no machine is too busy for."""


def decided(before: Chosen, now: Chosen, asked: Wish | None = None) -> Any:
    settings = Config(Path(), subject="adapter:plain")
    return decide(before, now, settings, Rules(only=COUNTED), FAMILIES, asked or Wish())


class TestDecision:
    @pytest.fixture
    def head(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.chdir(repository)
        return git(repository, "rev-parse", "HEAD")

    @pytest.fixture
    def rounds(self, same: object, repository: Path) -> tuple[Any, Any]:
        folder = trials(repository)[0]
        first, second = (read_results(round_files([folder / name])) for name in ("baseline", "current"))
        return first, second

    def test_nothing_stored_is_a_reason(self, head: str) -> None:
        found = decided(
            Chosen("main", title="main", commit=head, lack="nothing"), Chosen("now", here=True, lack="none")
        )
        assert found.why == "nothing that fits is stored of main and the current code"
        assert (found.bout.commit, found.bout.current, found.bout.names) == (head, None, ("standard",))
        assert found.screen is None

    def test_nothing_suspicious_is_none(self, head: str, rounds: tuple[Any, Any]) -> None:
        before, now = rounds
        found = decided(Chosen("a", before, commit=head), Chosen("b", now, here=True))
        assert (found.bout, found.why, found.screen.exit_code) == (None, "", ExitCode.PASS)

    def test_always_is_always(self, head: str, rounds: tuple[Any, Any]) -> None:
        before, now = rounds
        found = decided(Chosen("a", before, commit=head), Chosen("b", now, here=True), Wish(always=True))
        assert found.why == "--always"
        assert (found.bout.subject, found.bout.provider) == ("adapter:plain", "anthropic")

    @pytest.mark.parametrize(
        ("change", "asked", "why"),
        [
            ({}, Wish(), None),
            ({}, Wish(run=False), "--no-run forbids measuring"),
            ({}, Wish(confirm=False), "--no-confirm forbids measuring both commits"),
            ({"commit": None}, Wish(), "a belongs to no commit"),
            ({"commit": "1" * 40}, Wish(), f"a is commit {'1' * 8}, which is not in this repository"),
        ],
        ids=["possible", "no run", "no confirm", "no commit", "not here"],
    )
    def test_a_suspicion_is_followed_where_it_can_be(
        self, change: dict[str, Any], asked: Wish, why: str | None, head: str, rounds: tuple[Any, Any]
    ) -> None:
        before, now = rounds
        side = replace(Chosen("a", before, commit=head), **change)
        found = decided(side, Chosen("b", tuple(map(doubled, now)), here=True), asked)
        if why is None:
            assert found.why.startswith(
                "stored results only say where to look: api_calls_per_persona +100.0%"
            )
            assert found.bout.commit == head
        else:
            assert (found.why, found.bout) == (why, None)
        assert found.screen.exit_code is ExitCode.FAIL

    def test_our_own_subject_is_no_part_of_other_repositories(self, head: str) -> None:
        sides = Chosen("main", commit=head, lack="nothing"), Chosen("now", here=True, lack="none")
        found = decide(*sides, Config(Path()), Rules(), FAMILIES, Wish())
        assert found.bout is None
        assert found.why.startswith(f"subject reference is ours, and no part of commit {head[:8]}")

    def test_of_two_sets_of_files_both_commits_are_measured_on_request(
        self, head: str, rounds: tuple[Any, Any]
    ) -> None:
        before, now = rounds
        sides = Chosen("a", before, commit=head), Chosen("b", tuple(map(doubled, now)), commit=head)
        assert (decided(*sides).bout, decided(*sides).why) == (None, "")
        assert decided(*sides, Wish(confirm=True)).bout.current == head

    def test_workloads_are_found_by_their_cases(self) -> None:
        assert measurable(frozenset({"full-5kb", "quick"}), Config(Path())) == ("quick", "full")
        assert measurable(frozenset({"unknown"}), Config(Path())) == ("standard",)


class TestFallback:
    """A commit that no longer builds: what is stored keeps the word, and says so."""

    @pytest.fixture
    def asked(self, repository: Path, same: object, monkeypatch: pytest.MonkeyPatch) -> Callable[[Wish], Any]:
        monkeypatch.chdir(repository)
        head = git(repository, "rev-parse", "HEAD")
        folder = trials(repository)[0]
        before, now = (read_results(round_files([folder / name])) for name in ("baseline", "current"))

        def unbuildable(*anything: object) -> Confirmation:
            raise BuildError("commit c does not build: no backend")

        monkeypatch.setattr(confirming, "confirmed", unbuildable)
        sides = Chosen("a", before, commit=head), Chosen("b", tuple(map(doubled, now)), here=True)
        rules = Rules(only=COUNTED)
        return lambda asked: confirming.judged(
            *sides, Config(Path(), subject="adapter:plain"), rules, FAMILIES, asked, sys.stderr
        )

    def test_stored_results_keep_the_word(self, asked: Callable[[Wish], Any]) -> None:
        found = asked(Wish())
        assert (found.comparison.exit_code, found.confirmation) == (ExitCode.FAIL, None)
        assert found.comparison.notes[-1] == (
            "not confirmed by measuring both commits: commit c does not build: no backend"
        )
        assert found.facts == {"confirmed": None}
        found.keep({})

    def test_unless_both_were_asked_for(self, asked: Callable[[Wish], Any]) -> None:
        with pytest.raises(BuildError, match=r"^commit c does not build"):
            asked(Wish(always=True))


def doubled(file: Any) -> Any:
    """Return a round in which every request was made twice."""
    calls = file.series[metrics.API_CALLS]
    cells = tuple(
        cell if cell.value is None else replace(cell, value=2 * cell.value, samples=None)
        for cell in calls.cells
    )
    return replace(file, series={**file.series, metrics.API_CALLS: replace(calls, cells=cells)})


class TestWish:
    @pytest.mark.parametrize(
        ("rounds", "expected"), [(None, None), ("auto", None), ("2", 2), ("100", 100)], ids=str
    )
    def test_rounds(self, rounds: str | None, expected: int | None) -> None:
        assert wish(None, rounds, always=False, run=True, resolve_each=False) == Wish(rounds=expected)

    @pytest.mark.parametrize("rounds", ["0", "1", "101", "-3", "five", "", "2.0", "²"])
    def test_rounds_that_are_none(self, rounds: str) -> None:
        with pytest.raises(UsageError, match=r"^--rounds: auto, or a whole number from 2 to 100, not"):
            wish(None, rounds, always=False, run=True, resolve_each=False)

    @pytest.mark.parametrize(
        ("confirm", "always", "run", "said"),
        [
            (False, True, True, "--always measures both commits, --no-confirm forbids it"),
            (None, True, False, "--always measures both commits, --no-run forbids it"),
            (True, False, False, "--confirm measures both commits, --no-run forbids it"),
        ],
    )
    def test_flags_that_contradict_each_other(
        self, confirm: bool | None, always: bool, run: bool, said: str
    ) -> None:
        with pytest.raises(UsageError, match=f"^{said}$"):
            wish(confirm, None, always=always, run=run, resolve_each=False)


def judged_as(*findings: Finding) -> Comparison:
    return Comparison((Case("standard", "anthropic", Judgement(findings, remeasure=False)),))


NOISE = Finding(
    "generation_latency_p50", Verdict.PASS, 1, 1.2, 0.2, channel="cpu", stage=Stage.TEST, suspicious=True
)


class TestLooks:
    @pytest.mark.parametrize(
        ("finding", "leaves_open"),
        [
            (NOISE, True),
            (replace(NOISE, verdict=Verdict.INCONCLUSIVE), True),
            (replace(NOISE, verdict=Verdict.WARN), False),
            (replace(NOISE, verdict=Verdict.WARN, change=0.25), True),
            (replace(NOISE, verdict=Verdict.WARN, key="throughput_per_minute", change=0.3), False),
            (replace(NOISE, verdict=Verdict.WARN, key="throughput_per_minute", change=-0.3), True),
            (replace(NOISE, verdict=Verdict.FAIL, change=0.3), False),
            (replace(NOISE, suspicious=False), False),
            (replace(NOISE, stage=Stage.PLAIN), False),
        ],
        ids=[
            *("moved", "inconclusive", "proven", "nearly a failure", "a higher rate", "a much lower rate"),
            *("a failure", "not moved", "counted"),
        ],
    )
    def test_go_on_while_something_moved_that_may_be_noise(self, finding: Finding, leaves_open: bool) -> None:
        assert is_open(judged_as(finding), Thresholds()) is leaves_open

    def test_stop_after_the_last_share(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[float] = []

        def compared(before: object, now: object, rules: Rules) -> Comparison:
            asked.append(rules.share)
            return judged_as(NOISE)

        monkeypatch.setattr("persona_asv.confirmation.compare", compared)
        looks, contest = Looks(Rules(), SPENDING), cast("Contest", SimpleNamespace(files=((), ())))
        assert [looks.undecided(contest) for _ in SPENDING] == [True, True, False]
        assert asked == [0.5, 0.25, 0.25]
        assert sum(SPENDING) == 1
        assert looks.found == judged_as(NOISE)

    def test_several_looks_spend_the_error_rates_once(self) -> None:
        assert Rules(share=0.5).alpha(in_blocks=True) == tuple(0.5 * rate for rate in ALPHA[True])
        assert Rules().alpha(in_blocks=False) == ALPHA[False]


def seat(requires: tuple[str, ...], versions: dict[str, str]) -> Any:
    built = Built(Path("p"), (Path("q"),), Source(Path("s"), "c"), requires, versions, "k")
    return type("Side", (), {"seat": Seat(built, Presence("1", (), Path("f"), "d"), "it")})()


class TestDeclarations:
    def test_the_same_are_not_worth_a_word(self) -> None:
        assert declarations((seat(("a>1",), {"a": "2"}), seat(("a>1",), {"a": "2"}))) == ()

    def test_a_change_is_a_candidate_cause(self) -> None:
        (line,) = declarations((seat(("a>1", "b"), {"a": "2"}), seat(("a>2",), {"a": "2"})))
        assert line == (
            "the current side declares other dependencies (without a>1, without b, with a>2): "
            "a candidate cause; both have the same versions"
        )

    def test_other_versions_are_named(self) -> None:
        lines = declarations((seat(("a",), {"a": "2", "b": "1"}), seat(("a>2",), {"a": "3", "c": "1"})))
        assert lines[0].endswith("a candidate cause; each side has its own versions")
        assert lines[1] == (
            "other third-party versions on the current side: a 3 (was 2), b gone (was 1), c 1 (was absent)"
        )
