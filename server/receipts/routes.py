"""HTTP for receipts: a sender looks up what became of each item of a delivery."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from domain.actor import Actor
from domain.errors import NotFound
from server.app_state import Parts
from server.http import AnyRequest, path_id
from server.receipts import store


class ItemOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What became of one item; `state` says what was decided since about one that was held."""

    place: int
    status: str
    id: UUID | None = None
    code: str | None = None
    pointer: str | None = None
    detail: str | None = None
    state: str | None = None


class ReceiptOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One delivery, as it was sent by the asker."""

    id: UUID
    format: str
    received_at: datetime
    proof: str
    """How it was known whose it is: a token, a signature, the secret address alone, or fetched by us."""
    items: list[ItemOut]


@get("/v1/receipts/{receipt_id:str}", operation_id="getReceipt", summary="What became of each item of a delivery", tags=["readings"],
     opt={"answer": ReceiptOut})
async def receipt(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts], receipt_id: FromPath[str],  # noqa: ARG001
) -> Response[bytes]:  # fmt: skip
    """Stored, duplicate, quarantined with its reason (and what was decided since), or rejected with a pointer. Its sender's only."""
    async with parts.database.begin(actor) as tx:
        found = await store.get(tx, actor.id, path_id(receipt_id))
        if found is None:
            raise NotFound
        row, items = found
        held = [one.id for one in items if one.status == "quarantined" and one.id is not None]
        states = {one.id: one.state for one in await store.HELD.all(tx, row.patients, held)} if held else {}
    shown = [
        ItemOut(place=one.place, status=one.status, id=one.id, code=one.code, pointer=one.pointer, detail=one.detail,
                state=states.get(one.id) if one.id is not None else None)
        for one in items
    ]  # fmt: skip
    out = ReceiptOut(id=row.receipt_id, format=row.format, received_at=row.received_at, proof=row.proof, items=shown)
    return Response(msgspec.json.encode(out), media_type="application/json", headers={"cache-control": "no-store"})


ROUTES: Final[list[Any]] = [receipt]
