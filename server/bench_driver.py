"""The driver of the bench, in a process of its own: so many clients, each with its own connection, one request after another."""

import asyncio
import random
import sys
import time
from datetime import UTC, datetime
from typing import Final, cast

import msgspec
import uvloop
from uuid_utils import uuid7

from server import clock

APART_S: Final = 4_800
"""A person's single readings are so far apart: hours, as in life; nearer ones would be looked at together."""
BACK_S: Final = 144_000
"""So long ago the first of them was: what is younger than two days is judged from the picture alone."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and for how long."""

    port: int
    clients: int
    batch: int
    seconds: float
    floor: bool
    tokens: list[str]
    patients: list[str]
    nurse_token: str
    read: str
    turn: int = 0
    """How many single readings were sent before: people take turns, and each one's next reading is their newest."""
    base: int = 0
    """Unix time of everybody's first."""
    rate: float = 0
    """So many requests a second of all clients together; 0: as many as are answered."""
    serials: list[str] = []
    """Devices whose readings these are; empty: the sender's own."""
    most: int = 0
    """So many requests of each client at most; 0: as many as there is time for."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    requests: int
    failed: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_s: float = 0.0


class Client(asyncio.Protocol):
    """One connection that sends the next request when the answer is whole."""

    def __init__(self, load: Load, lane: int, until: float) -> None:
        self._load = load
        self._chance = random.Random(f"{lane}-{time.time_ns()}")  # noqa: S311 - load, no secret
        self._until = until
        self._transport: asyncio.Transport
        self._began = 0.0
        self._buffer = b""
        self._wanted = -1
        self.took: list[float] = []
        self.failed = 0
        self._due = time.perf_counter()
        self._turn = load.turn + lane - load.clients
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # uvloop's own class is none of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Count an answer once it is whole."""
        self._buffer += data
        if self._wanted < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            self._wanted = end + 4 + length
            if not self._buffer.startswith(b"HTTP/1.1 20"):
                self.failed += 1
        if len(self._buffer) >= self._wanted:
            self.took.append(time.perf_counter() - self._began)
            self._buffer, self._wanted = b"", -1
            if time.perf_counter() >= self._until or len(self.took) == self._load.most:
                self._transport.close()
            elif self._load.rate:
                self._due += self._load.clients / self._load.rate
                asyncio.get_running_loop().call_later(max(self._due - time.perf_counter(), 0), self._next)
            else:
                self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, wanted or not."""
        if exc is not None:
            self.failed += 1
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        if self._transport.is_closing():
            return
        request = self._reading() if self._load.read in {"latest_100", "queue_50"} else self._writing()
        self._began = time.perf_counter()
        self._transport.write(request)

    def _reading(self) -> bytes:
        place = self._place()
        path = f"/latest/{self._load.patients[place]}" if self._load.floor else "/v1/me/readings?limit=100&kind=heart_rate"
        token = self._load.tokens[place]
        if self._load.read == "queue_50":
            path, token = "/v1/episodes?limit=50", self._load.nurse_token
        return f"GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n".encode()

    def _item(self, patient: str, at: float) -> tuple[str, str]:
        made = str(uuid7())
        owner = f'"patient":"{patient}",' if self._load.floor else ""
        if self._load.serials:
            owner = f'"deviceSerial":"{self._chance.choice(self._load.serials)}",'
        value = self._chance.randint(60, 90)
        taken_at = datetime.fromtimestamp(at + self._chance.random(), UTC).isoformat(timespec="microseconds")
        return made, f'{{"id":"{made}",{owner}"kind":"heart_rate","takenAt":"{taken_at}","value":{value},"unit":"/min"}}'

    def _place(self) -> int:
        """Whose turn it is; each client steps over the others."""
        self._turn += self._load.clients
        return self._turn % len(self._load.patients)

    def _writing(self) -> bytes:
        place = self._place()
        patient = self._load.patients[place]
        if self._load.batch == 1:
            step = self._turn // len(self._load.patients)
            made, body = self._item(patient, self._load.base + step * APART_S + self._chance.randrange(600))
            line = f"PUT /v1/readings/{made}"
        else:
            # A phone that was away sends what it gathered since the morning; while warming up, since days.
            every = APART_S if self._load.read == "warm" else 400
            last = self._load.base if self._load.read == "warm" else clock.now().timestamp()
            items = [self._item(patient, last - (self._load.batch - one) * every + self._chance.randrange(100))[1]
                     for one in range(self._load.batch)]  # fmt: skip
            body = '{"items":[' + ",".join(items) + "]}"
            line = "POST /v1/readings/batch"
        return (f"{line} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {self._load.tokens[place]}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}").encode()  # fmt: skip


async def drive(load: Load) -> Measured:
    """Run the load; what came back."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients: list[Client] = []
    for lane in range(load.clients):
        _, client = await loop.create_connection(lambda lane=lane: Client(load, lane, began + load.seconds), "127.0.0.1", load.port)
        clients.append(client)
    await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - began
    took = sorted(one for client in clients for one in client.took)

    def part(share: float) -> float:
        return took[min(int(share * len(took)), len(took) - 1)] * 1000 if took else 0.0

    return Measured(requests=len(took), failed=sum(client.failed for client in clients), seconds=seconds, p50_ms=part(0.5),
                    p95_ms=part(0.95), p99_ms=part(0.99), cpu_s=clock.cpu())  # fmt: skip


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(drive(msgspec.json.decode(sys.stdin.buffer.read(), type=Load)))
    sys.stdout.buffer.write(msgspec.json.encode(measured))
