"""What every page needs: built files, the pages of problems, the API's description for people."""

import mimetypes
from functools import cache
from pathlib import Path
from typing import Any, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from domain.errors import NotFound
from server import clock
from server.app_state import Parts
from server.assets import STATIC
from server.problems import PAGES, example
from server.web.layout import Pages, policy
from server.web.views import ProblemView, Shell, TextView

_FOR_EVER: Final = "public, max-age=31536000, immutable"
# Swagger UI styles elements from its script, so its page alone may do that.
_DOCS_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def html(text: str, policy_text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """A page's answer: never cached, with its policy."""
    found = {"content-security-policy": policy_text, "cache-control": "no-store", **(headers or {})}
    return Response(text.encode(), status_code=status, media_type="text/html", headers=found)


@get("/static/{name:path}", opt={"public": True}, include_in_schema=False, sync_to_thread=True)
def static(name: FromPath[str]) -> Response[bytes]:
    """A built file; its name carries its content's hash."""
    wanted = name.removeprefix("/")
    parts = wanted.split("/")
    if any(part in {"", ".", ".."} or "\x00" in part for part in parts) or wanted.endswith(".json"):
        raise NotFound
    file = STATIC.joinpath(*parts)
    if not file.is_file():
        raise NotFound
    kind = mimetypes.guess_type(wanted)[0] or "application/octet-stream"
    return Response(file.read_bytes(), media_type=kind, headers={"cache-control": _FOR_EVER})


@get("/problems/{code:str}", opt={"public": True}, include_in_schema=False)
async def problem(parts: NamedDependency[Parts], code: FromPath[str]) -> Response[bytes]:
    """What a problem means, and what to do."""
    words = PAGES.get(code)
    if words is None:
        raise NotFound
    pages: Pages = parts.extras["pages"]
    shell = Shell(brand=pages.brand, nonce=pages.nonce())
    view = ProblemView(
        status=None, title=words.title, happened=words.happened, do=words.do, slug=code, example=example(code).decode()
    )
    return html(pages.page("steady/problem.html", shell, view, clock.now()), policy(shell.nonce))


@get("/docs", opt={"public": True}, include_in_schema=False)
async def docs(parts: NamedDependency[Parts]) -> Response[bytes]:
    """The API to read and try, served from here: no other host is asked."""
    if not parts.extras["settings"].docs:
        raise NotFound
    pages: Pages = parts.extras["pages"]
    shell = Shell(brand=pages.brand, nonce=pages.nonce())
    return html(pages.page("steady/docs.html", shell, None, clock.now()), _DOCS_POLICY.format(nonce=shell.nonce))


_TEXTS: Final = (Path(__file__).parent, Path(__file__).parent.parent.parent / "deploy" / "docs")
"""Where a page written as text lies: in an installed release beside this file, in the sources with the other documents."""


@cache
def _text(name: str) -> Markup:
    file = next(folder / name for folder in _TEXTS if (folder / name).is_file())
    made = MarkdownIt("commonmark").enable("table").render(file.read_text(encoding="utf-8"))
    # What scrolls sideways can be reached by the keyboard.
    return Markup(made.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - our own text


@get("/docs/vendors", opt={"public": True}, include_in_schema=False, sync_to_thread=True)
def vendors(parts: NamedDependency[Parts]) -> Response[bytes]:
    """From nothing to a first reading, for the engineer of a device vendor."""
    if not parts.extras["settings"].docs:
        raise NotFound
    pages: Pages = parts.extras["pages"]
    shell = Shell(brand=pages.brand, nonce=pages.nonce(), section="docs")
    view = TextView(title="For device vendors", body=_text("vendors.md"))
    return html(pages.page("steady/text.html", shell, view, clock.now()), policy(shell.nonce))


ROUTES: Final[list[Any]] = [static, problem, docs, vendors]
