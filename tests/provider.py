"""A real HTTP provider on loopback: it keeps what it takes, and refuses, fails, drops or hangs when told to."""

import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import msgspec


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What to answer. `drops`: the connection ends without a word; `hangs_s`: so long nothing is said."""

    status: int = 201
    body: bytes = b"{}"
    drops: bool = False
    hangs_s: float = 0
    location: str = ""


class Provider:
    """`answer` decides by request; without it everything is taken."""

    def __init__(self, answer: Callable[[Taken], Answer] | None = None) -> None:
        self.taken: list[Taken] = []
        self._answer: Callable[[Taken], Answer] = answer or (lambda _taken: Answer())
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                taken = Taken(path=self.path, headers=headers, body=body, at=time.time())
                outer.taken.append(taken)
                outer.say(self, outer._answer(taken))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @staticmethod
    def say(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        """Answer as told to."""
        time.sleep(answer.hangs_s)
        if answer.drops:
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        try:
            handler.send_response(answer.status)
            if answer.location:
                handler.send_header("location", answer.location)
            handler.send_header("content-length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        except OSError:
            return  # whoever asked has gone

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"
