"""Pages to sign in and out: password, one-time code, a session cookie."""

from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid
from server import clock
from server.app_state import Parts
from server.auth.routes import auth_of, form_of
from server.auth.sessions import STAFF, cookie_of, drop_cookie, set_cookie
from server.http import AnyRequest
from server.web.layout import Pages, policy
from server.web.routes import html
from server.web.views import CodeView, Shell, SignInView

_WRONG: Final = "The email or password is not right, or there were too many tries. Try again in a while."
_WRONG_CODE: Final = "That code is not right, or was used already. Wait for the next one."


def _page(parts: Parts, template: str, view: object, *, status: int = 200) -> Response[bytes]:
    pages: Pages = parts.extras["pages"]
    shell = Shell(brand=pages.brand, nonce=pages.nonce())
    return html(pages.page(template, shell, view, clock.now()), policy(shell.nonce), status=status)


def go(where: str, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Look there next."""
    return Response(b"", status_code=303, headers={"location": where, "cache-control": "no-store", **(headers or {})})


@get("/sign-in", opt={"public": True}, include_in_schema=False)
async def sign_in(parts: NamedDependency[Parts]) -> Response[bytes]:
    """The form."""
    return _page(parts, "steady/sign_in.html", SignInView())


@post("/sign-in", opt={"public": True}, include_in_schema=False, status_code=200)
async def password(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """First factor."""
    form = await form_of(request)
    email = form.get("email", "")
    ticket = await auth_of(parts).password(email, form.get("password", ""))
    if ticket is None:
        return _page(parts, "steady/sign_in.html", SignInView(name=email[:254], fault=_WRONG), status=401)
    return _page(parts, "steady/code.html", CodeView(step=ticket))


@post("/sign-in/code", opt={"public": True}, include_in_schema=False, status_code=200)
async def code(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[bytes]:
    """Second factor; a session begins."""
    form = await form_of(request)
    step = form.get("step", "")
    cookie = await auth_of(parts).code(step, form.get("code", "").replace(" ", ""))
    if cookie is None:
        return _page(parts, "steady/code.html", CodeView(step=step[:4096], fault=_WRONG_CODE), status=401)
    return go("/", {"set-cookie": set_cookie(STAFF, cookie)})


@post("/sign-out", include_in_schema=False, status_code=200)
async def sign_out(request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[bytes]:
    """End the session everywhere."""
    cookie = cookie_of(STAFF, request.scope["headers"])
    if cookie is None:
        raise Invalid("Only a browser's session is signed out here.")
    await auth_of(parts).sign_out(actor, STAFF, cookie)
    return go("/sign-in", {"set-cookie": drop_cookie(STAFF)})


ROUTES: Final[list[Any]] = [sign_in, password, code, sign_out]
