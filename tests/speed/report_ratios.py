"""Prints the speed and size of ``persona benchmark report`` with fifty baselines of history.

Not a test: figures depend on the machine, so a person reads them. ``nox -s speed`` runs it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ratios import BARE_CLICK, line
from reported import LAST, capture, run

REPORT = [sys.executable, "-m", "persona_asv", "benchmark", "report", "--format", "html"]


def took(command: list[str], folder: Path) -> float:
    """Return the seconds of a command."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure a report and a bare program in turn, on fifty baselines of two cases with their samples."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cases = {"full": 500, "full-5kb": 100}
        for number in range(50):
            older = run(folder / "former", f"r{number}", first=100 + 10 * number, cases=cases)
            capture(folder, older, f"v1.{number}", 51 - number)
        run(folder, LAST.name, cases=cases)
        (folder / "bare.py").write_text(BARE_CLICK)
        report = [*REPORT, "--current", str(LAST), "--compare-history", "50", "--output", "report.html"]
        pairs = [
            (took(report, folder), took([sys.executable, "bare.py", "--help"], folder)) for _ in range(12)
        ][1:]
        middle = statistics.median(one for one, _ in pairs)
        times = statistics.median(one / other for one, other in pairs)
        size = (folder / "report.html").stat().st_size
        line("report --format html with 50 baselines", f"{middle:.2f} s ({times:.1f} x)", "1.5 s quiet")
        line("the size of its page", f"{size / 1000:.0f} KB", "500 KB")


if __name__ == "__main__":
    main()
