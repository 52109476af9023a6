"""Every form there is, every version of it: an answer made offline to an older one still counts."""

from collections.abc import Iterable
from typing import Final

from domain.forms.diaries import DIARIES
from domain.forms.form import Form
from domain.forms.questionnaires import QUESTIONNAIRES


class Catalogue:
    """Forms by key and version. Both together name one form for ever."""

    __slots__ = ("_forms",)

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms: dict[str, dict[int, Form]] = {}
        for form in forms:
            self._forms.setdefault(form.key, {})[form.version] = form

    def find(self, key: str, version: int | None = None) -> Form | None:
        """One version of a form, without a version the newest, or None."""
        versions = self._forms.get(key)
        if versions is None:
            return None
        return versions.get(max(versions) if version is None else version)

    def newest(self) -> tuple[Form, ...]:
        """The newest version of every form, in order of its key."""
        return tuple(versions[max(versions)] for _, versions in sorted(self._forms.items()))


FORMS: Final = Catalogue((*DIARIES, *QUESTIONNAIRES))
