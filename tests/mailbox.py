"""A real mail server on loopback: it keeps what it takes, and refuses, fails or hangs when told to."""

import asyncio
import email
import email.message
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller


class Mailbox:
    """`answer` decides by recipient: '250 OK' keeps the mail, anything else is what the sender hears."""

    def __init__(self, answer: Callable[[str], str] | None = None, *, port: int = 0, hang_s: float = 0) -> None:
        self.mails: list[email.message.Message[str, str]] = []
        self._answer: Callable[[str], str] = answer or _takes_all
        self._hang_s = hang_s
        self._port = port
        self._controller: Any = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        said = self._answer(address)
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(email.message_from_bytes(envelope.content))
        # It has the mail; whether its sender hears of that is another matter.
        await asyncio.sleep(self._hang_s)
        return "250 OK"

    def __enter__(self) -> Self:
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port or _free_port())
        self._controller.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def shown(self, address: str) -> set[str]:
        """What a reader sees: each message once, by its key (INV-6)."""
        return {str(mail["Message-ID"]) for mail in self.mails if mail["To"] == address}


def _free_port() -> int:
    import socket  # noqa: PLC0415 - here only

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _takes_all(_address: str) -> str:
    return "250 OK"
