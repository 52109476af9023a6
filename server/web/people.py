"""A refusal for people: what happened and what to do, instead of a document for machines."""

from typing import Any, Final, cast

from litestar import Litestar
from litestar.response import Response
from litestar.types import Scope

from server import clock
from server.auth.sessions import OWN, OWN_PATH, door_of
from server.problems import PAGES, Problem
from server.web.layout import Pages, policy
from server.web.views import ProblemView, Shell

_MACHINES: Final = ("/events", "/v1/", "/oauth/", "/.well-known/", "/static/", "/metrics", "/livez", "/readyz")


def wants_page(scope: Scope) -> bool:
    """Whether a person looks: the browser prefers HTML and the address is not one of the API."""
    if scope["path"].startswith(_MACHINES):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def page_of(problem: Problem, scope: Scope) -> Response[bytes] | None:
    """The page for a problem, or None where a document is wanted."""
    # Refused before the handlers' layer: no application is known, so the answer is the document.
    app: Litestar | None = cast("dict[str, Any]", scope).get("litestar_app")
    if app is None or not wants_page(scope):
        return None
    pages: Pages = app.state.parts.extras["pages"]
    code = problem.type.rsplit("/", 1)[-1]
    words = PAGES[code]
    is_own = door_of(scope["path"]) is OWN
    if problem.status == 401 and (b"hx-request", b"true") in list(scope["headers"]):  # noqa: PLR2004 - not signed in
        html = pages.signed_out()
        return Response(html.encode(), status_code=401, media_type="text/html", headers={"cache-control": "no-store"})
    if problem.status == 401:  # noqa: PLR2004 - not signed in
        where = f"{OWN_PATH}/sign-in" if is_own else "/sign-in"
        return Response(b"", status_code=303, headers={"location": where, "cache-control": "no-store"})
    view = ProblemView(
        status=problem.status, title=problem.title, happened=problem.detail or words.happened, do=words.do, slug=code,
        reference=str(scope["state"]["request_id"]), back=OWN_PATH if is_own else "/",
    )  # fmt: skip
    shell = Shell(brand=pages.brand, nonce=pages.nonce())
    html = pages.page("steady/problem.html", shell, view, clock.now())
    return Response(html.encode(), status_code=problem.status, media_type="text/html",
                    headers={"content-security-policy": policy(shell.nonce), "cache-control": "no-store"})  # fmt: skip
