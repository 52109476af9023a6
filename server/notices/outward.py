"""Calls of notifiers to named hosts (INP-6, by server/outgoing.py), in the words of a notifier."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from server.notices.notifier import ACCEPTED, FAILED, REFUSED, Said, answered
from server.outgoing import NotCalled, Outgoing

_LATER = frozenset({"name_unknown", "no_answer", "too_slow"})
"""What may be otherwise the next time."""


class Outward:
    """One way to call out. `hosts`: exact names, or a suffix that begins with a dot."""

    def __init__(self, hosts: tuple[str, ...], *, loopback: bool = False, http2: bool = False, timeout_s: float = 5.0) -> None:
        self._hosts = ("127.0.0.1", *hosts) if loopback else hosts
        self._outgoing = Outgoing(loopback=loopback, http2=http2)
        self._timeout_s = timeout_s

    def named(self, url: str) -> str:
        """The host of an address that may be called. Raises NotCalled where its form alone says that it may not."""
        try:
            host = urlsplit(url).hostname or ""
        except ValueError as error:
            raise NotCalled("address_wrong") from error
        known = any(host == one or (one.startswith(".") and host.endswith(one)) for one in self._hosts)
        self._outgoing.check(url, {host} if known else ())
        return host

    async def said(self, url: str, *, content: bytes, headers: Mapping[str, str]) -> tuple[Said, bytes]:
        """What the provider answered, and the body of it. A redirect is an answer like any other: it refuses."""
        try:
            found = await self._outgoing.ask("POST", url, hosts={self.named(url)}, headers=headers, body=content, timeout_s=self._timeout_s)
        except NotCalled as error:
            return Said(FAILED if error.code in _LATER else REFUSED, error.code), b""
        said = answered(found.status)
        is_told = said.state == ACCEPTED or found.status >= 400  # noqa: PLR2004 - HTTP's own classes
        return said if is_told else Said(REFUSED, said.code), found.body
