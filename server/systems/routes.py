"""HTTP for systems that are told: a stretch told again."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor
from server.app_state import Parts
from server.http import AnyRequest, body_of
from server.systems import service


class Stretch(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """From when to when something was first told."""

    from_at: Annotated[datetime, msgspec.Meta(tz=True)]
    to_at: Annotated[datetime, msgspec.Meta(tz=True)]


class AgainOut(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls come again, each under its own id."""

    again: int


@post("/v1/told/replay", operation_id="tellAgain", status_code=200, summary="Be told again what was told", tags=["vendors"],
      opt={"body": Stretch})  # fmt: skip
async def again(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[AgainOut]:
    """For a system that was away: what it was called about in that time, of those who still share with it."""
    data = await body_of(request, Stretch)
    n = await service.replay(parts.database, actor, data.from_at, data.to_at)
    return Response(AgainOut(again=n), headers={"cache-control": "no-store"})


ROUTES: Final[list[Any]] = [again]
