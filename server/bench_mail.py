"""A mail server for the bench: it takes everything (RFC 5321) and remembers when it had which message whole."""

import re
import socketserver
import threading
import time
from types import TracebackType
from typing import Final, Self

_KEY: Final = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.MULTILINE | re.IGNORECASE)


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """One conversation."""
        self.wfile.write(b"220 bench\r\n")
        while line := self.rfile.readline(1_000):
            word = line[:4].upper()
            if word == b"DATA":
                self._data()
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")

    def _data(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        body = b""
        while (line := self.rfile.readline(10_000)) not in {b"", b".\r\n"}:
            body += line
        at, found = time.time(), _KEY.search(body)  # noqa: TID251 - compared with the database's clock of the same machine
        server = self.server
        if found is not None and isinstance(server, _Server):
            server.taken.setdefault(found.group(1).decode(), at)
        self.wfile.write(b"250 taken\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.taken: dict[str, float] = {}


class MailSink:
    """A mail server on a free port of this machine."""

    def __init__(self) -> None:
        self._server = _Server()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def taken(self) -> dict[str, float]:
        """Each message by its key, and when it was there (seconds since 1970)."""
        return dict(self._server.taken)
