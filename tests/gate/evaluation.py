"""Scores the installed ``persona benchmark compare`` on recorded traces, as a black box.

``nox -s gate-evaluation`` runs it. The traces and the harness lie outside the repository, beside it
(``../shared/gate``); so does the rule that they set: pairs are drawn with a fixed seed, nothing tells the
command what is true of a pair, and its exit code and JSON alone are scored.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STICK = ROOT.parent / "shared" / "gate"
PAGE = ROOT / "docs" / "explanation" / "gate.md"
START, END = "<!-- evaluation -->", "<!-- /evaluation -->"

COMMAND = (
    'persona benchmark compare $(printf " --baseline %s" {{{}}}) $(printf " --current %s" {{{}}}) --ci --json'
)
ALONE, FRESH = ("baseline", "current"), ("confirm_baseline", "confirm_current")
SCENARIOS = ("single-far:k=1", "single-adj:k=1", "inter:k=3", "inter:k=5", "far:k=5")
EFFECTS = ("base", "p15", "p25", "tail")
NAMES = {"base": "unchanged", "p15": "+15 % (true 17.9)", "p25": "+25 % (true 30)", "tail": "tail only"}


def evaluate(traces: Path, pairs: int, others: int, far: float, *, confirm: bool) -> list[dict]:
    """Return the harness's rows: scenario, effect and counts by metric.

    Parameters
    ----------
    pairs, others
        Pairs a scenario of unchanged code, and of each real change.
    confirm
        Whether a suspicion is followed by fresh interleaved rounds, as CI would.
    """
    out = Path(os.environ.get("TMPDIR", "/tmp")) / f"gate-evaluation-{os.getpid()}.json"  # noqa: S108
    command = [
        sys.executable, str(STICK / "evaluate.py"), str(traces), "--far", str(far),
        "--pairs", str(pairs), "--pairs-ab", str(others), "--scenarios", " ".join(SCENARIOS),
        "--effects", " ".join(EFFECTS if confirm else EFFECTS[:1]), "--out", str(out),
        "--cmd", COMMAND.format(*ALONE),
    ]  # fmt: skip
    if confirm:
        command += ["--confirm-cmd", COMMAND.format(*FRESH)]
    folder = str(Path(sys.executable).parent)
    environ = {
        **os.environ,
        "GATE_NAMES": str(Path(__file__).parent / "names.json"),
        "PATH": folder + os.pathsep + os.environ["PATH"],
    }
    subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)
    rows = json.loads(out.read_text())["rows"]
    out.unlink()
    return rows


def table(flow: list[dict], alone: list[dict]) -> str:
    """Return the rows as a Markdown table: share of pairs that warn or worse, and that fail, in percent."""
    lines = [
        "| change | scenario | pairs | one of six warns | fails | exit 1, 2 | errors | measured anew |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rows, what in ((flow, ""), (alone, ", nothing can be measured anew")):
        for row in rows:
            found = row["metrics"]
            some, code = found["ANY6"], found["exit"]
            errors = sum(each["err"] for each in found.values())
            anew = found.get("CONFIRM", {"warn": 0})["warn"]

            def share(count: int, n: int = some["n"]) -> str:
                return f"{100 * count / n:.1f} %"

            lines.append(
                f"| {NAMES[row['effect']]}{what} | {row['scenario']} | {some['n']} | {share(some['warn'])} "
                f"| {share(some['fail'])} | {share(code['warn'])} | {errors} | {share(anew)} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run both flows and write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=Path, default=STICK / "train.npz")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--pairs-ab", type=int, default=40)
    parser.add_argument("--far", type=float, default=240)
    parser.add_argument("--print", action="store_true", help="print the table and leave the page alone")
    wanted = parser.parse_args()
    if not STICK.is_dir():
        sys.exit(f"the measuring stick is not there: {STICK}")
    flow = evaluate(wanted.traces, wanted.pairs, wanted.pairs_ab, wanted.far, confirm=True)
    alone = evaluate(wanted.traces, wanted.pairs, wanted.pairs_ab, wanted.far, confirm=False)
    text = table(flow, alone)
    print(text)  # noqa: T201
    if not wanted.print:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(START)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
