"""Calls to machines outside (INP-6): registered hosts alone, https, the address looked up once and looked at, no redirects, bounded."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

import anyio
import httpcore
import msgspec

MOST: Final = 1024 * 1024
TIMEOUT_S: Final = 5.0
_EMBEDDED: Final = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 that stands for an IPv4 address: whatever it stands for, it is not called."""


class NotCalled(Exception):
    """The call was not made, or nothing came back; `code` is stable and names no address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet: not private, loopback, link-local, metadata, multicast, or another one in disguise."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _EMBEDDED):
            return False
    return found.is_global and not found.is_multicast


class _Pinned(httpcore.AsyncNetworkBackend):
    """Looks a name up once, looks at every address it has, and connects to one of exactly these."""

    def __init__(self, *, loopback: bool) -> None:
        self._backend = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
        self._loopback = loopback

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109 - the interface's
                          socket_options: Iterable[Any] | None = None) -> httpcore.AsyncNetworkStream:  # fmt: skip
        """A connection to an address that was looked at."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NotCalled("name_unknown") from error
        addresses = [str(one[4][0]) for one in found]
        if not addresses or not all(is_public(one) or (self._loopback and ipaddress.ip_address(one).is_loopback) for one in addresses):
            raise NotCalled("address_not_public")
        return await self._backend.connect_tcp(addresses[0], port, timeout=timeout, local_address=local_address, socket_options=socket_options)


class Outgoing:
    """One process's calls. `loopback`: only a setting for a machine of one's own allows it, and plain http there. `http2`: needs h2."""

    def __init__(self, *, loopback: bool = False, http2: bool = False) -> None:
        self._loopback = loopback
        self._http2 = http2
        self._tls: ssl.SSLContext | None = None

    def check(self, url: str, hosts: Collection[str]) -> None:
        """Refuse an address that is not https to a registered host. Raises NotCalled."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise NotCalled("address_wrong") from error
        if parts.username is not None or parts.password is not None or not host:
            raise NotCalled("address_wrong")
        if parts.scheme != "https" and not (self._loopback and parts.scheme == "http" and host in {"127.0.0.1", "localhost"}):
            raise NotCalled("not_https")
        if host not in hosts:
            raise NotCalled("host_not_registered")

    async def ask(  # noqa: PLR0913 - what a request is
        self, method: str, url: str, *, hosts: Collection[str], headers: Mapping[str, str] = {}, body: bytes | None = None,
        timeout_s: float = TIMEOUT_S, most: int = MOST,
    ) -> Heard:  # fmt: skip
        """One request, one answer; a redirect is an answer like any other. Raises NotCalled."""
        self.check(url, hosts)
        if self._tls is None:
            self._tls = ssl.create_default_context()
        sent = {"user-agent": "steady", "accept-encoding": "identity", **headers}
        try:
            with anyio.fail_after(timeout_s):
                # A connection of its own each time: what was looked at is what is called.
                async with httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=_Pinned(loopback=self._loopback),
                                                        http2=self._http2, retries=0) as pool:  # fmt: skip
                    timeouts = {"connect": timeout_s, "read": timeout_s, "write": timeout_s, "pool": timeout_s}
                    async with pool.stream(method, url, headers=[(key.encode(), value.encode()) for key, value in sent.items()], content=body,
                                           extensions={"timeout": timeouts}) as answer:  # fmt: skip
                        return Heard(status=answer.status, headers=_headers(answer.headers), body=await _bounded(answer, most))
        except TimeoutError as error:
            raise NotCalled("too_slow") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.UnsupportedProtocol, OSError) as error:
            raise NotCalled("no_answer") from error


async def _bounded(answer: httpcore.Response, most: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.aiter_stream():
        size += len(chunk)
        if size > most:
            raise NotCalled("too_long")
        chunks.append(chunk)
    return b"".join(chunks)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def wait_s(heard: Heard, usual: int, most: int = 3600) -> int:
    """For how long a receiver asks us to wait (Retry-After in seconds), within bounds."""
    text = heard.headers.get("retry-after", "").strip()
    return max(1, min(int(text), most)) if text.isascii() and text.isdigit() and len(text) < 9 else usual  # noqa: PLR2004 - years
