"""The floor of the bench: a bare handler, one row and one commit a request; no sign-in, no rules, no audit."""

import argparse
import asyncio
import socket
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
import uvicorn
import uvloop
from litestar import Litestar, Request, get, post, put
from litestar.response import Response

from server.db import Database, Role
from server.settings import read


class Item(msgspec.Struct):
    """What the floor takes."""

    id: UUID
    patient: UUID
    kind: str
    taken_at: datetime = msgspec.field(name="takenAt")
    value: Decimal
    unit: str


class Items(msgspec.Struct):
    """A batch of one patient."""

    items: list[Item]


_ONE: Final = msgspec.json.Decoder(Item)
_MANY: Final = msgspec.json.Decoder(Items)
_ADD: Final = "insert into floor_reading values ($1, 102, $2, $3, $4) on conflict do nothing"
_ADD_MANY: Final = """
insert into floor_reading
select p, 102, t, i, v from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::numeric[]) as a (p, t, i, v) on conflict do nothing
"""
_LATEST: Final = "select id, kind, taken_at, value from floor_reading where patient_id = $1 order by taken_at desc limit 100"


def app(database: Database) -> Litestar:
    """The bare application."""

    @put("/v1/readings/{reading_id:str}")
    async def one(request: Request[Any, Any, Any]) -> Response[bytes]:
        item = _ONE.decode(await request.body())
        pool = await database.pool(Role.APP)
        await pool.execute(_ADD, item.patient, item.taken_at, item.id, item.value)
        return Response(b'{"status":"stored"}', status_code=201, media_type="application/json")

    @post("/v1/readings/batch", status_code=200)
    async def many(request: Request[Any, Any, Any]) -> Response[bytes]:
        items = _MANY.decode(await request.body()).items
        pool = await database.pool(Role.APP)
        await pool.execute(_ADD_MANY, [one.patient for one in items], [one.taken_at for one in items], [one.id for one in items],
                           [one.value for one in items])  # fmt: skip
        return Response(msgspec.json.encode({"items": [{"status": "stored"}] * len(items)}), media_type="application/json")

    @get("/latest/{patient:str}")
    async def latest(patient: str) -> Response[bytes]:
        pool = await database.pool(Role.APP)
        rows = await pool.fetch(_LATEST, UUID(patient))
        return Response(msgspec.json.encode([dict(row) for row in rows]), media_type="application/json")

    @get("/livez", sync_to_thread=False)
    def livez() -> str:
        return "ok"

    return Litestar([one, many, latest, livez], logging_config=None, openapi_config=None)


async def _serve(fd: int) -> None:
    where = read().database
    assert where is not None  # noqa: S101 - the bench says where
    database = Database(where, size=16)
    config = uvicorn.Config(app(database), loop="uvloop", http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    await uvicorn.Server(config).serve(sockets=[socket.socket(fileno=fd)])
    await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(parser.parse_args().fd))
