"""A stand-in for GitHub's REST API on loopback: what the comment asks of it, and what it was asked."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY, FORK = "owner/project", "stranger/project"
HEAD = "b" * 40
TOKEN = "s3cret"  # noqa: S105
RUN = 4711


def archive(**members: bytes) -> bytes:
    """Return an archive of the members; a name's ``__`` stands for a dot, ``SLASH`` for a slash."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", ".").replace("SLASH", "/"), content)
    return packed.getvalue()


def pull(
    number: int = 7, head: str = HEAD, origin: str = REPOSITORY, into: str = REPOSITORY
) -> dict[str, Any]:
    """Return a pull request as GitHub lists it."""
    return {
        "number": number,
        "head": {"sha": head, "repo": {"full_name": origin}},
        "base": {"repo": {"full_name": into}},
    }


def finished(origin: str = REPOSITORY, branch: str = "topic", event: str = "pull_request") -> dict[str, Any]:
    """Return the event of a workflow run that ended."""
    return {
        "workflow_run": {
            "id": RUN,
            "event": event,
            "head_sha": HEAD,
            "head_branch": branch,
            "head_repository": {"full_name": origin},
        }
    }


@dataclass
class Forge:
    """What the repository holds, and every request that was made."""

    pulls: list[dict[str, Any]] = field(default_factory=lambda: [pull()])
    artifact: bytes | None = None
    artifacts: list[dict[str, Any]] | None = None
    comments: list[dict[str, Any]] = field(default_factory=list)
    site: str | None = None
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    strangers: list[str | None] = field(default_factory=list)
    """What the storage of artifacts, which is another host, was told of the token."""
    url: str = ""
    storage: str = ""

    @property
    def written(self) -> list[tuple[str, str]]:
        """Every request that changed something."""
        return [(method, path) for method, path, _ in self.requests if method != "GET"]

    def answer(self, method: str, path: str, asked: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Return status and content, as GitHub would."""
        place = path.removeprefix(f"/repos/{REPOSITORY}/")
        if place in self.broken:
            return self.broken[place]
        match place.split("/"):
            case ["pulls"]:
                owner = asked["head"][0].partition(":")[0]
                return 200, [p for p in self.pulls if p["head"]["repo"]["full_name"].startswith(f"{owner}/")]
            case ["pages"] if self.site:
                return 200, {"html_url": self.site}
            case ["actions", "runs", run, "artifacts"] if run == str(RUN):
                usual = {"id": 3, "name": "persona-benchmark", "expired": False}
                size = {"size_in_bytes": len(self.artifact or b"")}
                found = [usual | size] if self.artifact is not None else []
                return 200, {"artifacts": found if self.artifacts is None else self.artifacts}
            case ["actions", "artifacts", "3", "zip"]:
                return 302, f"{self.storage}/blob"
            case ["issues", _, "comments"] if method == "GET":
                page = int(asked["page"][0])
                return 200, self.comments[100 * (page - 1) : 100 * page]
            case ["issues", _, "comments"]:
                self.comments.append({"id": 100 + len(self.comments), "user": BOT, **body})
                return 201, self.comments[-1]
            case ["issues", "comments", id_]:
                (found_,) = [each for each in self.comments if each["id"] == int(id_)]
                found_.update(body)
                return 200, found_
        return 404, {"message": "Not Found"}


BOT = {"login": "github-actions[bot]", "type": "Bot"}


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    """Serve a forge on loopback; its storage answers under another host's name."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

        def _do(self) -> None:
            asked = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            if asked.path == "/blob":
                forge.strangers.append(self.headers.get("Authorization"))
                self._reply(200, forge.artifact or b"")
                return
            forge.requests.append((self.command, asked.path, parse_qs(asked.query)))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._reply(401, b"{}")
                return
            status, content = forge.answer(self.command, asked.path, parse_qs(asked.query), body)
            if status == 302:
                self.send_response(302)
                self.send_header("Location", content)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._reply(status, content if isinstance(content, bytes) else json.dumps(content).encode())

        def _reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):  # who asked has read enough
                self.close_connection = True

        do_GET = do_POST = do_PATCH = _do  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
        forge.url, forge.storage = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()


def job(forge: Forge, folder: Path, event: object | None = None) -> dict[str, str]:
    """Return the variables of a job that follows a finished run."""
    path = folder / "event.json"
    path.write_text(json.dumps(finished() if event is None else event))
    return {
        "GITHUB_API_URL": forge.url,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_EVENT_PATH": str(path),
    }
