"""Refusal -> status, one table. Nothing else builds an error answer."""

import asyncio
import re
from typing import Final, cast

import msgspec
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotAuthorizedException,
    NotFoundException,
    ValidationException,
)

from domain import errors as refusals
from server.db import AGAIN, BUSY, DataError
from server.problems import PAGES, Fault, Problem

STATUS: Final[dict[type[refusals.Refusal], int]] = {
    refusals.Malformed: 400,
    refusals.NotSignedIn: 401,
    refusals.OutOfScope: 403,
    refusals.FreshSignInNeeded: 403,
    refusals.NotFound: 404,
    refusals.Conflict: 409,
    refusals.StaleVersion: 412,
    refusals.TooMuch: 413,
    refusals.UnsupportedMedia: 415,
    refusals.Invalid: 422,
    refusals.VersionNeeded: 428,
    refusals.RateLimited: 429,
    refusals.Busy: 503,
}

_POINTER: Final = re.compile(r" - at `\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+|\.\.\.)\]")
_SAFE: Final = ("Expected `", "Object missing required field", "Invalid UUID", "Invalid RFC3339", "Input data was truncated")


def problem_of(error: BaseException) -> tuple[Problem, dict[str, str]]:
    """The problem document and extra headers for whatever was raised."""
    if isinstance(error, refusals.Refusal):
        return _refused(error)
    if isinstance(error, msgspec.ValidationError):
        return _validation(error), {}
    if isinstance(error, ValidationException) and isinstance(error.__cause__, msgspec.ValidationError):
        return _validation(error.__cause__), {}
    if isinstance(error, msgspec.DecodeError | UnicodeDecodeError | RecursionError):
        return _page("malformed", 400), {}
    if isinstance(error, HTTPException):
        return _http(error), _headers(error)
    if isinstance(error, DataError | OverflowError):
        return _page("invalid", 422), {}
    if isinstance(error, (*BUSY, *AGAIN, asyncio.QueueFull)):
        return _page("busy", 503, retry=True), {"retry-after": "1"}
    return _page("our-fault", 500, retry=True), {}


def status_of(error: refusals.Refusal) -> int:
    """The status of a refusal: its own, or that of what it is a kind of."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _refused(error: refusals.Refusal) -> tuple[Problem, dict[str, str]]:
    status = status_of(error)
    headers: dict[str, str] = {}
    again = False
    if isinstance(error, refusals.Busy | refusals.StillRunning):
        again = True
        headers["retry-after"] = str(error.retry_after_s)
    if isinstance(error, refusals.NotSignedIn):
        headers["www-authenticate"] = "Bearer"
    said = () if error.pointer is None else ((error.pointer, error.detail), *error.also)
    faults = tuple(Fault(pointer=pointer, code=error.code, detail=detail) for pointer, detail in said)
    return Problem(type=f"/problems/{error.code}", title=error.title, status=status, detail=error.detail, errors=faults,
                   retry=again), headers


def _validation(error: msgspec.ValidationError) -> Problem:
    text = str(error)
    found = _POINTER.search(text)
    pointer = ""
    if found:
        steps = cast("list[tuple[str, str]]", _STEP.findall(found[1]))
        pointer = "".join(f"/{name or place}" for name, place in steps)
        text = text[: found.start()]
    detail = text if text.startswith(_SAFE) else "This is not an accepted value or field."
    return Problem(type="/problems/invalid", title=PAGES["invalid"].title, status=422, detail=detail,
                   errors=(Fault(pointer=pointer, code="invalid", detail=detail),))


def _http(error: HTTPException) -> Problem:
    match error:
        case NotFoundException():
            return _page("not-found", 404)
        case MethodNotAllowedException():
            return _page("not-allowed", 405)
        case NotAuthorizedException():
            return _page("not-signed-in", 401)
        case ValidationException():
            return _page("invalid", 422)
        case ClientException() if error.status_code == 413:  # noqa: PLR2004 - the status itself
            return _page("too-much", 413)
        case ClientException():
            return _page("malformed", error.status_code)
        case _:
            return _page("our-fault", 500, retry=True)


def _headers(error: HTTPException) -> dict[str, str]:
    allow = (error.headers or {}).get("Allow") or (error.headers or {}).get("allow")
    return {"allow": allow} if allow else {}


def _page(code: str, status: int, *, retry: bool = False) -> Problem:
    page = PAGES[code]
    return Problem(type=f"/problems/{code}", title=page.title, status=status, detail=page.happened, retry=retry)
