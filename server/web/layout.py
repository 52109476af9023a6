"""The template engine: our templates over the NHS ones, strict about text, with the built file names."""

import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, cast

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader
from markupsafe import Markup, escape

from server.assets import manifest
from server.auth.sessions import CSRF_FIELD
from server.web import words
from server.web.views import RowView, Shell, UndoView

POLICY: Final = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


_ROWS: Final = 1_000
"""How many rows of queues are remembered as they were written last, each about 5 kB."""


class Pages:
    """Renders pages and parts of pages. Made once, at start."""

    def __init__(self, files: Mapping[str, str] | None = None, *, brand: str = "Steady") -> None:
        self.brand = brand
        self._environment = environment(files)
        self._rows: OrderedDict[tuple[RowView, str, date], Markup] = OrderedDict()
        shared = cast("dict[str, object]", self._environment.globals)
        shared["person_row"] = self._person_row

    def _person_row(self, shell: Shell, view: RowView, now: datetime) -> Markup:
        """One person's row; one that says what it said the last time is not written again."""
        key = (view, shell.csrf, now.date())
        known = self._rows.get(key)
        if known is None:
            known = Markup(self._environment.get_template("steady/row.html").render(shell=shell, row=view, now=now))  # noqa: S704 - a template's
            self._rows[key] = known
            if len(self._rows) > _ROWS:
                self._rows.popitem(last=False)
        return known

    @staticmethod
    def nonce() -> str:
        """A fresh nonce for one answer's Content-Security-Policy."""
        return secrets.token_urlsafe(16)

    def page(self, template: str, shell: Shell, view: object, now: datetime) -> str:
        """A whole page."""
        return self._environment.get_template(template).render(shell=shell, view=view, now=now, cspNonce=shell.nonce)

    def alone(self, template: str, view: object, now: datetime) -> str:
        """A page that is kept as a file: nothing round it, nothing fetched."""
        return self._environment.get_template(template).render(view=view, now=now)

    def live_row(self, shell: Shell, view: object, now: datetime, said: str = "") -> str:
        """One row as a message to open queues: put in its place or swapped; `said` is read out."""
        return self._environment.get_template("steady/live_row.html").render(shell=shell, row=view, now=now, said=said)

    def live_all(self, shell: Shell, rows: Sequence[object], now: datetime) -> str:
        """The whole list as a message to an open queue that missed something."""
        return self._environment.get_template("steady/live_all.html").render(shell=shell, rows=rows, now=now)

    def live_undo(self, shell: Shell, undo: UndoView | None) -> str:
        """A message to the page where a button was pressed: the way back, or that there is none."""
        return self._environment.get_template("steady/live_undo.html").render(shell=shell, undo=undo)

    def live_lag(self, lag: str) -> str:
        """A message to open queues: who watches is not there (or is back)."""
        return self._environment.get_template("steady/live_lag.html").render(lag=lag)

    def signed_out(self) -> str:
        """The answer to a button of a page whose session has ended."""
        return self._environment.get_template("steady/live_signed_out.html").render()

    def live_gone(self, row_id: str, said: str = "") -> str:
        """A message to open queues: this person needs nobody any more."""
        return self._environment.get_template("steady/live_gone.html").render(row_id=row_id, said=said)


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page."""
    return POLICY.format(nonce=nonce)


def environment(files: Mapping[str, str] | None) -> Environment:
    """Jinja with the project's templates in front of the design system's, and `static(name)` for the built files."""
    built: dict[str, str] = dict(files or {})
    made = Environment(
        undefined=ChainableUndefined,  # the design system's templates ask for parameters that are not there
        autoescape=True,
        auto_reload=False,  # templates come with the release: looking at their files for each page is work for nothing
        trim_blocks=True,
        lstrip_blocks=True,
        loader=ChoiceLoader([PackageLoader("server.web"), PackageLoader("nhsuk_frontend_jinja")]),
    )

    def static(name: str) -> str:
        if not built:
            built.update(manifest().files)
        return f"/static/{built.get(name, name)}"

    def clock(at: datetime, now: datetime) -> Markup:
        shown = escape(words.when(at.astimezone(now.tzinfo), now))
        return Markup(f'<time datetime="{at.isoformat()}">{shown}</time>')  # noqa: S704 - escaped above

    shared = cast("dict[str, object]", made.globals)
    shared.update({"static": static, "clock": clock, "csrf_field": CSRF_FIELD})
    return made
