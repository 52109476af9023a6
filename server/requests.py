"""What is known of every request: its id, and how a problem with it is written."""

from uuid import UUID

import msgspec
from litestar.types import Scope

from server.problems import Problem


def request_id(scope: Scope) -> UUID:
    """The id of this request: ours, never the caller's."""
    return scope["state"]["request_id"]


def problem_bytes(problem: Problem, scope: Scope) -> bytes:
    """The problem as JSON, with where it happened and the request's id."""
    where = scope["state"].get("path", scope["path"])
    return msgspec.json.encode(msgspec.structs.replace(problem, instance=where, request_id=str(request_id(scope))))
