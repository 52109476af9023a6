"""The outermost layer: request ids, limits, one net for errors, counts and one log line per request."""

import time
from typing import Any, Final

import structlog
from litestar.response import Response
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from domain.errors import Malformed, TooMuch
from server import metrics
from server.errors import problem_of
from server.fhir import outcome as fhir
from server.problems import MEDIA
from server.requests import problem_bytes, request_id
from server.web.people import page_of

log = structlog.get_logger("http")

URL_LIMIT: Final = 4 * 1024
HEADERS: Final = 100
HEADER_BYTES: Final = 32 * 1024
_SAFETY: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def problem_response(error: BaseException, scope: Scope) -> Response[bytes]:
    """The answer to whatever was raised: a page where a person looks, a problem document elsewhere."""
    said = fhir.said(error, scope)
    if said is not None:
        return Response(said.body, status_code=said.status, media_type=fhir.MEDIA, headers={"cache-control": "no-store", **said.headers})
    problem, extra = problem_of(error)
    if problem.status == 500:  # noqa: PLR2004 - ours
        log.error("request.failed", error=type(error).__name__, request_id=str(request_id(scope)))
    page = page_of(problem, scope)
    if page is not None:
        return page
    return Response(problem_bytes(problem, scope), status_code=problem.status, media_type=MEDIA,
                    headers={"cache-control": "no-store", **extra})  # fmt: skip


async def send_problem(error: BaseException, scope: Scope, send: Send) -> int:
    """Answer with a problem document; the status sent."""
    said = fhir.said(error, scope)
    if said is None:
        problem, extra = problem_of(error)
        if problem.status == 500:  # noqa: PLR2004 - ours
            log.error("request.failed", error=type(error).__name__, request_id=str(request_id(scope)))
        said = fhir.Said(problem.status, problem_bytes(problem, scope), extra)
        media = MEDIA
    else:
        media = fhir.MEDIA
    headers = [(b"content-type", media.encode()), (b"content-length", str(len(said.body)).encode()), (b"cache-control", b"no-store")]
    headers += [(name.encode(), value.encode()) for name, value in said.headers.items()]
    await send({"type": "http.response.start", "status": said.status, "headers": headers})
    await send({"type": "http.response.body", "body": said.body, "more_body": False})
    return said.status


def _check(scope: Scope) -> None:
    headers = list(scope["headers"])
    if len(headers) > HEADERS:
        raise TooMuch(f"At most {HEADERS} headers.")
    hosts = size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
    if size > HEADER_BYTES:
        raise TooMuch(f"At most {HEADER_BYTES} bytes of headers.")
    if hosts != 1:
        raise Malformed("Exactly one Host header.")
    if len(scope["raw_path"]) + len(scope["query_string"]) > URL_LIMIT:
        raise TooMuch(f"At most {URL_LIMIT} bytes of address.")


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        state: dict[str, object] = scope.setdefault("state", {})
        state["request_id"], state["path"] = uuid7(), scope["path"]
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers: Any = message.get("headers")
                message["headers"] = [*(headers or ()), *_SAFETY]
            await send(message)

        try:
            _check(scope)
            await self._app(scope, receive, sent)
        except Exception as error:
            if status:
                log.error("response.broken", error=type(error).__name__, request_id=str(request_id(scope)))  # noqa: TRY400 - no trace of values
                raise
            await send_problem(error, scope, sent)
        finally:
            took = time.perf_counter() - started
            route = str(scope.get("path_template") or "unmatched")
            metrics.request(scope["method"], route, status, took)
            log.debug("request.served", method=scope["method"], route=route, status=status, ms=round(took * 1000, 1))
