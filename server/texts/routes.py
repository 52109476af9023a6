"""The callbacks of GOV.UK Notify: a text that came in, and what became of one that went out."""

import hmac
import unicodedata
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from msgspec.structs import replace

from domain.errors import NotFound, NotSignedIn
from integrations.govuk_notify import RECEIPTS, Receipt, Received
from server import clock
from server.app_state import Parts
from server.db import Role
from server.http import AnyRequest, decode, header, read_body
from server.reach import store as reach
from server.requests import request_id
from server.texts import service

_MOST: Final = 16 * 1024
_LEAST_TOKEN: Final = 16


def _must_be_notify(request: AnyRequest, parts: Parts) -> None:
    """Refuse whoever does not know the token that was set on the service's callback page."""
    path = parts.extras["settings"].notify_callback_file
    if not path:
        raise NotFound
    if "notify_callback" not in parts.extras:
        parts.extras["notify_callback"] = Path(path).read_bytes().strip()
    token: bytes = parts.extras["notify_callback"]
    shown = header(request.scope, b"authorization") or b""
    if len(token) < _LEAST_TOKEN or not hmac.compare_digest(shown, b"Bearer " + token):
        raise NotSignedIn


@post("/v1/callbacks/govuk-notify/receipts", status_code=204, operation_id="takeReceipt", summary="What became of a message",
      tags=["callbacks"], opt={"public": True, "body": Receipt})  # fmt: skip
async def receipt(request: AnyRequest, parts: NamedDependency[Parts]) -> None:
    """From GOV.UK Notify with the bearer token of its callback page. Repeated, late or of a message nobody knows: all the same."""
    _must_be_notify(request, parts)
    data = decode(await read_body(request.scope, request.receive, _MOST), Receipt)
    status = RECEIPTS.get(data.status)
    try:
        message = None if data.reference is None else UUID(data.reference)
    except ValueError:
        message = None
    if status is None or message is None:
        return
    async with parts.database.begin_as(Role.AUTH) as tx:
        await reach.TOLD.run(tx, message, status, clock.now())


@post("/v1/callbacks/govuk-notify/texts", status_code=204, operation_id="takeText", summary="A text that somebody sent", tags=["callbacks"],
      opt={"public": True, "body": Received})  # fmt: skip
async def text(request: AnyRequest, parts: NamedDependency[Parts]) -> None:
    """From GOV.UK Notify with the bearer token of its callback page. Judged before it is answered; a repeat is the same text."""
    _must_be_notify(request, parts)
    data = decode(await read_body(request.scope, request.receive, _MOST), Received)
    await service.receive(parts, request_id(request.scope), replace(data, message=_readable(data.message)))


def _readable(words: str) -> str:
    """Without what no text may have: a person's words are never refused for a character that she cannot see (INP-3)."""
    shown = "".join(one for one in words if one == "\n" or unicodedata.category(one) not in {"Cc", "Cs", "Cf"})
    return unicodedata.normalize("NFC", shown)


ROUTES: Final[list[Any]] = [receipt, text]
