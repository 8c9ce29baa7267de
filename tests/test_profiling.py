"""``run --profile-code``: the hottest functions through asv's profiler, and nothing of it in any timing."""

from __future__ import annotations

import base64
import cProfile
import json
import pstats
import zlib
from pathlib import Path

import pytest
from conftest import ADAPTER, Done, persona

from persona_asv import profiling
from persona_asv.engine.profiles import Function, take_profile
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.profiling import Profile
from persona_asv.render import profile as render
from persona_asv.render.terminal import Style

BENCHMARK = "generation.Generation.time_generate"

HOT = f"""{ADAPTER}
def burn_it_all():
    return sum(number * number for number in range(40_000))

hot = Changed(burn_it_all)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("profile")
    (place / "adapter.py").write_text(HOT)
    return place


@pytest.fixture(scope="module")
def done(folder: Path) -> Done:
    found = persona(
        "benchmark", "run", "--workload", "quick", "--iterations", "2", "--only", "client_overhead",
        "--subject", "adapter:hot", "--profile-code", "client_overhead_p50", "--json", cwd=folder,
    )  # fmt: skip
    assert found.code == 0, found.err
    return found


@pytest.fixture(scope="module")
def data(done: Done) -> dict:
    return json.loads(done.out)["data"]


class TestRun:
    def test_the_culprit_is_named(self, data: dict) -> None:
        found = data["profile"]
        assert (found["metric"], found["benchmark"], found["case"]) == (
            "client_overhead_p50",
            BENCHMARK,
            "quick",
        )
        (hot,) = [each for each in found["by_own"] if each["name"] == "<genexpr>" and each["calls"] > 10**6]
        assert hot["file"].endswith("adapter.py")
        assert hot["calls"] == 50 * 40_001, "fifty operations, each alike"
        top = found["by_total"][0]
        assert top["name"] == "generate", "the subject's own, nothing of the harness above it"
        assert top["file"].endswith("adapter.py")
        for key in ("by_own", "by_total"):
            assert len(found[key]) == 10
        assert [each["own"] for each in found["by_own"]] == sorted(
            (each["own"] for each in found["by_own"]), reverse=True
        )

    def test_the_whole_profile_is_kept_for_viewers(self, data: dict) -> None:
        stats = pstats.Stats(data["profile"]["path"]).stats
        assert [calls for (_, _, name), (_, calls, *_) in stats.items() if name == "burn_it_all"] == [50]
        kept = json.loads((Path(data["path"]) / "profile" / "hottest.json").read_text())
        assert kept == data["profile"]

    def test_no_profiled_round_is_among_the_runs_rounds(self, folder: Path, data: dict) -> None:
        path = Path(data["path"])
        assert sorted(each.name for each in path.iterdir() if each.is_dir()) == [
            "profile",
            "round-01",
            "round-02",
        ]
        assert data["cases"]["quick"]["metrics"]["client_overhead_p50"]["n"] == 2
        assert not list((path / "profile").rglob("*existing*")), "nothing that compare or capture could read"
        assert json.loads((path / "run.json").read_text())["state"] == "finished"

    @pytest.mark.parametrize(
        ("reason", "metric"),
        [
            ("unknown metric 'nope'; choose from generation_latency, client_overhead,", "nope"),
            ("python -X importtime", "import_ms"),
        ],
    )
    def test_what_cannot_be_profiled_is_said_before_anything_is_measured(
        self, tmp_path: Path, reason: str, metric: str
    ) -> None:
        found = persona("benchmark", "run", "--profile-code", metric, cwd=tmp_path)
        assert found.code == 3
        assert found.err.startswith("error: --profile-code: ")
        assert reason in found.err
        assert not (tmp_path / ".asv").exists()


@pytest.mark.parametrize(
    ("expected", "metric"),
    [
        (BENCHMARK, "generation_latency"),
        (BENCHMARK, "throughput_per_minute"),
        (BENCHMARK, "api_calls_per_persona"),
        (BENCHMARK, "python_calls_per_persona"),
        ("memory.Memory.peakmem_generate", "memory_peak_mb"),
    ],
)
def test_a_metric_is_profiled_by_the_benchmark_that_spends_its_time(expected: str, metric: str) -> None:
    assert profiling.benchmark_of(metric) == expected


def test_start_up_has_a_profiler_of_its_own() -> None:
    with pytest.raises(UsageError, match="importtime"):
        profiling.benchmark_of("startup")


class TestTakeProfile:
    """asv's column, as asv writes it."""

    @pytest.fixture
    def profiled(self, tmp_path: Path) -> bytes:
        def hot() -> int:
            return sum(range(1000))

        def operation() -> None:
            for _ in range(3):
                hot()

        profiler = cProfile.Profile()
        try:
            profiler.enable()
        except ValueError:  # 3.12 and later: one profiler at a time, and a coverage run may be another
            pytest.skip("another profiler is at work")
        operation()
        profiler.disable()
        path = tmp_path / "raw.prof"
        profiler.dump_stats(path)
        return path.read_bytes()

    @staticmethod
    def written(folder: Path, stored: object) -> Path:
        path = folder / "result.json"
        content = {"result_columns": ["result", "params", "profile"], "results": {"b": [[1.0], [], stored]}}
        path.write_text(json.dumps(content))
        return path

    def test_functions_with_calls_and_times(self, tmp_path: Path, profiled: bytes) -> None:
        path = self.written(tmp_path, base64.b64encode(zlib.compress(profiled)).decode())
        found = {each.name: each for each in take_profile(path, "b", tmp_path / "b.prof")}
        assert found["hot"].calls == 3
        assert found["hot"].file == __file__
        assert found["hot"].line > 0
        assert found["hot"].total >= found["hot"].own > 0
        assert found["<built-in method builtins.sum>"].file == ""
        assert "operation" not in found, "nobody called it: the profiler's own doing"
        assert (tmp_path / "b.prof").read_bytes() == profiled

    @pytest.mark.parametrize(
        "stored",
        [
            None,
            7,
            "not base64!",
            base64.b64encode(b"not zlib").decode(),
            base64.b64encode(zlib.compress(b"no marshal")).decode(),
            base64.b64encode(zlib.compress(b"")).decode(),
        ],
        ids=["none", "a number", "no base64", "no zlib", "no marshal", "empty"],
    )
    def test_what_is_no_profile_is_an_error_of_ours(self, tmp_path: Path, stored: object) -> None:
        with pytest.raises(MeasurementError, match="asv kept no profile of b"):
            take_profile(self.written(tmp_path, stored), "b", tmp_path / "b.prof")

    def test_another_benchmarks_profile_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(MeasurementError, match="asv kept no profile of other"):
            take_profile(self.written(tmp_path, None), "other", tmp_path / "b.prof")

    def test_a_folder_that_is_not_there_is_told(self, tmp_path: Path, profiled: bytes) -> None:
        path = self.written(tmp_path, base64.b64encode(zlib.compress(profiled)).decode())
        with pytest.raises(MeasurementError, match="cannot be written"):
            take_profile(path, "b", tmp_path / "nowhere" / "b.prof")


class TestText:
    FUNCTIONS = (
        Function("<method 'recv' of '_socket.socket' objects>", "", 0, 50, 0.5, 0.5),
        Function("<built-in method builtins.isinstance>", "", 0, 12_500, 0.25, 0.25),
        Function("name_of_a_function", "/a/very/long/way/" + "down" * 20 + ".py", 1234, 1, 0.125, 1.0),
        Function("dumps", json.__file__, 7, 3, 0.0625, 0.5),
        Function("<module>", "x.py", 1, 1, 0.0625, 1.0),
        Function("schön", "x.py", 2, 1, 0.0, 0.0),
    )

    def text(self, *, unicode: bool) -> str:
        found = Profile(
            "client_overhead", BENCHMARK, "quick", Path("p.prof"), self.FUNCTIONS, self.FUNCTIONS[::-1], 1.0
        )
        return render.text(found, Style(unicode=unicode, live=True, width=80))

    @pytest.mark.parametrize("unicode", [True, False])
    def test_fits_80_columns(self, unicode: bool) -> None:
        lines = self.text(unicode=unicode).splitlines()
        assert max(map(len, lines)) <= 80
        assert unicode or self.text(unicode=False).isascii()

    def test_says_where_and_how_much(self) -> None:
        rows = [
            [cell.strip() for cell in line.strip("│").split("│")]
            for line in self.text(unicode=True).splitlines()
            if line.startswith("│")
        ]
        assert rows[1] == ["50.0%", "500ms", "50", "_socket.socket.recv (in C)"]
        assert rows[2] == ["25.0%", "250ms", "12500", "builtins.isinstance (in C)"]
        assert rows[3][3].startswith("…")
        assert rows[3][3].endswith("down.py:1234 name_of_a_function")
        assert rows[4][3] == "json/__init__.py:7 dumps"
        assert rows[9] == ["100.0%", "1.00s", "1", "x.py:1 <module>"]

    def test_says_that_it_is_a_lead_and_where_the_rest_is(self) -> None:
        text = self.text(unicode=True)
        assert "a lead, not a\n  measurement" in text or "a lead, not a measurement" in text
        assert text.endswith("All of it: python -m pstats p.prof")
