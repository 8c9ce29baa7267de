"""One door for developers: ``nox -s lint``, ``nox -s tests``, ``nox -s speed``."""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests, with branch coverage."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "--cov", "-n", "auto", *session.posargs)


@nox.session
def speed(session: nox.Session) -> None:
    """Print the ratios that the product promises, each measured in one run."""
    session.install("-e", ".")
    session.run("python", "tests/speed/ratios.py", *session.posargs, env={"PYTHONPATH": "."})
    session.run("python", "tests/speed/keep_ratios.py", env={"PYTHONPATH": ".:tests/speed"})
    session.install("-e", ".[test]")
    session.run("python", "tests/speed/site_ratios.py", env={"PYTHONPATH": ".:tests:tests/speed"})
    session.run("python", "tests/speed/report_ratios.py", env={"PYTHONPATH": ".:tests/speed:tests"})


@nox.session(name="gate-evaluation")
def gate_evaluation(session: nox.Session) -> None:
    """Score the installed compare command on recorded traces, or with --live on commits measured here."""
    session.install("-e", ".[test]")
    live = "--live" in session.posargs
    rest = [argument for argument in session.posargs if argument != "--live"]
    session.run("python", f"tests/gate/{'live' if live else 'evaluation'}.py", *rest)


@nox.session(name="gate-record")
def gate_record(session: nox.Session) -> None:
    """Record traces of the reference subject on this machine, for `gate-evaluation -- --traces FILE`."""
    session.install("-e", ".[test]")
    session.run("python", "tests/gate/record.py", *session.posargs, env={"PYTHONPATH": "."})


@nox.session(name="gate-attacks")
def gate_attacks(session: nox.Session) -> None:
    """Attack the calibration with the real suite, and print what the gate makes of it."""
    session.install("-e", ".[test]")
    session.run("python", "tests/gate/attacks.py", *session.posargs, env={"PYTHONPATH": "."})


@nox.session(name="capture-killed")
def capture_killed(session: nox.Session) -> None:
    """Kill `capture` at 200 random moments and look at what is left."""
    session.install("-e", ".[test]")
    session.run("python", "tests/keep/killing.py", "--times", "200", env={"PYTHONPATH": ".:tests"})


@nox.session
def rehearsal(session: nox.Session) -> None:
    """Carry out the shell steps of the workflow templates here, with simulated events."""
    session.install("-e", ".[test]")
    session.run("python", "tests/workflows/rehearsal.py", *(session.posargs or [str(Path.cwd())]))


@nox.session
@nox.parametrize("typer", ["typer==0.9.4 click<8.2", "typer<0.26 click<8.4", "typer click"])
def mount(session: nox.Session, typer: str) -> None:
    """Mount our group in applications of an old Typer, the last that needed click, and the newest."""
    session.install("--upgrade", "-e", ".[test]", *typer.split())
    session.run("python", "-m", "pytest", "tests/test_mount.py", "tests/test_door.py")
