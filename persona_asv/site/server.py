"""The site on this machine's own address, for a browser on this machine and nobody else."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from persona_asv.errors import UsageError

ADDRESS = "127.0.0.1"


class Handler(SimpleHTTPRequestHandler):
    """Hands out files of the site: no listing of folders, nothing to a page that got here by another name."""

    server_version = "persona_asv"
    sys_version = ""

    def send_head(self) -> BytesIO | None:
        """Answer a request for a file."""
        name = self.headers.get("Host", "").rpartition(":")[0]
        if name not in (ADDRESS, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN, "the site is served to this machine alone")
            return None
        return super().send_head()  # type: ignore[return-value]

    def list_directory(self, path: object) -> None:
        """Refuse to list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Have the browser ask each time: the next publish changes everything."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as the library has it
        """Say nothing: the terminal shows the address."""


class Server(ThreadingHTTPServer):
    """A server of the site in ``folder``."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        try:
            super().__init__((ADDRESS, port), partial(Handler, directory=str(folder)))
        except OSError as error:
            raise UsageError(
                f"--port: {port} cannot be had ({error.strerror}); leave it out for a free one"
            ) from error

    @property
    def url(self) -> str:
        """Where the front page is."""
        return f"http://{ADDRESS}:{self.server_port}/"
