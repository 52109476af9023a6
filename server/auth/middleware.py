"""Who asks: one function, from memory, in front of everything; and the gate that prepares it for cookies."""

import hmac
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from domain import actor as actors
from domain.actor import Actor, ActorKind
from domain.errors import Busy, FreshSignInNeeded, NotSignedIn, OutOfScope, TooMuch
from server import clock
from server.auth.revocation import Revocations
from server.auth.sessions import CSRF_FIELD, CSRF_HEADER, Sessions, cookie_of, csrf_of, door_of
from server.auth.tokens import SECOND_FACTOR, Refused, Tokens

FORM_LIMIT: Final = 64 * 1024
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM: Final = b"application/x-www-form-urlencoded"
_FIELDS: Final = 100
_WRITES: Final = frozenset({actors.Scope.READINGS_WRITE})


def authenticate(tokens: Tokens, sessions: Sessions, revocations: Revocations, scope: Scope) -> Actor | None:
    """Say who asks; None when nobody says. Raises NotSignedIn, FreshSignInNeeded or Busy when that does not hold."""
    now = clock.now()
    given = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if given is not None:
                raise NotSignedIn
            given = value
    if given is None:
        return _by_cookie(sessions, revocations, scope)
    if given[:7].lower() != b"bearer ":
        raise NotSignedIn
    try:
        seen = tokens.verified(given[7:], int(now.timestamp()))
    except Refused:
        raise NotSignedIn from None
    return _admitted(revocations, seen.actor, seen.issued_at)


def _by_cookie(sessions: Sessions, revocations: Revocations, scope: Scope) -> Actor | None:
    door = door_of(scope["path"])
    cookie = cookie_of(door, scope["headers"])
    if cookie is None:
        return None
    session = sessions.known(door, cookie, clock.now())
    if session is None:
        return None
    # Pages and their buttons; a request that changes something must have passed the gate's check of its CSRF token.
    http = cast("dict[str, Any]", scope)
    if http["method"] not in _SAFE and not http.get("state", {}).get("csrf_checked"):
        raise OutOfScope("The page is too old, or the request did not come from it: load the page again.")
    return _admitted(revocations, session.actor, session.auth_at.timestamp())


def _admitted(revocations: Revocations, actor: Actor, issued_at: float) -> Actor:
    if not revocations.holds(actor.id, actor.jti, issued_at):
        raise NotSignedIn
    if actor.kind is ActorKind.STAFF and actor.acr != SECOND_FACTOR:
        raise FreshSignInNeeded("Staff sign in with a second factor; the token's acr must be mfa.")
    if not revocations.is_fresh:
        # TOK-5: nobody knows what was revoked since. Readings of patients are still taken, nothing is shown.
        if actor.kind is not ActorKind.PATIENT:
            raise Busy("Sign-in cannot be checked just now.", retry_after_s=5)
        return Actor(
            id=actor.id, kind=actor.kind, scopes=actor.scopes & _WRITES, org_id=actor.org_id,
            client_id=actor.client_id, jti=actor.jti, auth_at=actor.auth_at, expires_at=actor.expires_at,
        )  # fmt: skip
    return actor


class Gate:
    """Stands before the application: has a cookie's session ready in memory and checks CSRF tokens."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = cast("dict[str, object]", scope.setdefault("state", {}))
        state.pop("csrf_checked", None)
        door = door_of(scope["path"])
        cookie = cookie_of(door, scope["headers"])
        if cookie is None or any(name == b"authorization" for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        await self._sessions.look(door, cookie)
        if scope["method"] not in _SAFE and self._sessions.known(door, cookie, clock.now()) is not None:
            given, receive = await _given(scope, receive)
            if given is not None and hmac.compare_digest(given, csrf_of(cookie).encode()):
                state["csrf_checked"] = True
        await self._app(scope, receive, send)


async def _given(scope: Scope, receive: Receive) -> tuple[bytes | None, Receive]:
    """Find the CSRF token in the header or in the form, and a `receive` that gives the form once more."""
    content_type = b""
    for name, value in scope["headers"]:
        if name == CSRF_HEADER.encode():
            return value, receive
        if name == b"content-type":
            content_type = value.split(b";", 1)[0].strip().lower()
    if content_type != _FORM:
        return None, receive
    body = await _body(receive)
    again = _again(body, receive)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        return None, again
    found = [value for name, value in pairs if name == CSRF_FIELD]
    return (found[0].encode() if len(found) == 1 else None), again


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > FORM_LIMIT:
            raise TooMuch(f"At most {FORM_LIMIT} bytes in a form.")
        chunks.append(part)
        if not message.get("more_body"):
            break
    return b"".join(chunks)


def _again(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def once_more() -> Message:
        nonlocal is_given
        if is_given:
            return cast("Message", await receive())
        is_given = True
        return cast("Message", {"type": "http.request", "body": body, "more_body": False})

    return cast("Receive", once_more)
