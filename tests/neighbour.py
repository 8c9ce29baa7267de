"""A package of Persona's shape: distribution, module and script ``persona``, a Typer application."""

from __future__ import annotations

from pathlib import Path

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "persona"
version = "{version}"

[project.scripts]
persona = "persona.ui.cli:app"
"""

CLI = """\
import json
import sys
from importlib.metadata import version

import typer

app = typer.Typer(name="persona", no_args_is_help=True, add_completion=False)


def show(wanted: bool) -> None:
    if wanted:
        print("Persona", version("persona"))
        raise typer.Exit()


@app.callback()
def main(
    version: bool = typer.Option(False, "--version", "-V", callback=show, is_eager=True),
    quiet: bool = typer.Option(False, "--quiet", "-q"),
    verbose: int = typer.Option(0, "--verbose", "-v", count=True),
    no_color: bool = typer.Option(False, "--no-color"),
) -> None:
    "Personas from what users said."


@app.command()
def generate(code: int = typer.Option(0, help="What it ends with.")) -> None:
    "Generate personas."
    print(json.dumps({"argv": sys.argv, "asked": sys.stdin.read()}))
    print("not a word of ours", file=sys.stderr)
    raise typer.Exit(code)


@app.command()
def wait() -> None:
    "Wait for a signal."
    import signal

    print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
    signal.pause()
"""

MOUNTING = CLI + "\n\nimport persona_asv\n\npersona_asv.mount(app)\n"


def write(folder: Path, version: str, cli: str = CLI) -> Path:
    """Write the source of the package into a new folder, and return the folder."""
    (folder / "persona" / "ui").mkdir(parents=True)
    for package in ("persona", "persona/ui"):
        (folder / package / "__init__.py").touch()
    (folder / "persona" / "ui" / "cli.py").write_text(cli)
    (folder / "pyproject.toml").write_text(PYPROJECT.format(version=version))
    return folder
