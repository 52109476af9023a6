"""OperationOutcome: the only shape of a refusal on these routes, and beside what was taken with a doubt."""

from collections.abc import Sequence
from typing import Final

import msgspec
import structlog
from litestar.types import Scope

from integrations.fhir.observation import Wrong
from server.errors import problem_of
from server.problems import Problem
from server.requests import request_id

log = structlog.get_logger("fhir")

MEDIA: Final = "application/fhir+json; fhirVersion=4.0"
ROOT: Final = "/fhir/R4"
_CODES: Final = {
    400: "structure", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported", 409: "conflict",
    410: "deleted", 412: "conflict", 413: "too-long", 415: "not-supported", 422: "business-rule", 428: "conflict", 429: "throttled",
    500: "exception", 503: "transient",
}  # fmt: skip


class Words(msgspec.Struct, frozen=True):
    """A CodeableConcept that only speaks."""

    text: str


class Issue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong or worth knowing. Never what was sent: it may be health data."""

    severity: str
    code: str
    details: Words | None = None
    diagnostics: str = ""
    expression: tuple[str, ...] = ()


class OperationOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What FHIR calls a problem document."""

    resource_type: str = "OperationOutcome"
    issue: tuple[Issue, ...] = ()


class Refused(Exception):
    """A refusal with FHIR's own words; `server/edge.py` writes it."""

    def __init__(self, status: int, *issues: Issue, headers: dict[str, str] | None = None) -> None:
        super().__init__(issues[0].diagnostics if issues else "")
        self.status = status
        self.issues = issues
        self.headers = headers or {}


def error(code: str, detail: str, expression: str = "", words: str = "") -> Issue:
    """An issue that refuses. `words` is our own code of it."""
    return Issue(
        severity="error", code=code, diagnostics=detail, expression=(expression,) if expression else (),
        details=Words(words) if words else None,
    )  # fmt: skip


def warning(code: str, detail: str, expression: str = "", words: str = "") -> Issue:
    """An issue beside something that was done."""
    return msgspec.structs.replace(error(code, detail, expression, words), severity="warning")


def of_wrong(wrong: Wrong, where: str = "") -> Issue:
    """What an adapter says is wrong with one resource, found at `where` in a bundle."""
    return error(wrong.issue, wrong.detail, placed(wrong.expression, where), wrong.code)


def placed(expression: str, where: str) -> str:
    """A path of a resource, from the bundle that holds it."""
    if not where or not expression:
        return where or expression
    _, dot, rest = expression.partition(".")
    return f"{where}{dot}{rest}"


def refused(status: int, code: str, detail: str, expression: str = "", words: str = "") -> Refused:
    """A refusal with one issue."""
    return Refused(status, error(code, detail, expression, words))


def of_problem(problem: Problem) -> OperationOutcome:
    """The problem document of the other routes, said in FHIR."""
    code = _CODES.get(problem.status, "processing")
    name = problem.type.rpartition("/")[2]
    issues = tuple(
        error(code, fault.detail, fault.pointer.strip("/").replace("/", "."), fault.code) for fault in problem.errors
    ) or (error(code, problem.detail, "", name),)  # fmt: skip
    return OperationOutcome(issue=issues)


def encoded(issues: Sequence[Issue]) -> bytes:
    """An OperationOutcome as it is sent."""
    return msgspec.json.encode(OperationOutcome(issue=tuple(issues)))


class Said(msgspec.Struct, frozen=True):
    """A refusal as it is sent."""

    status: int
    body: bytes
    headers: dict[str, str]


def said(problem: BaseException, scope: Scope) -> Said | None:
    """A refusal on one of these routes in FHIR's form; None elsewhere."""
    if not scope["state"].get("path", scope["path"]).startswith(ROOT):
        return None
    if isinstance(problem, Refused):
        return Said(problem.status, encoded(problem.issues), problem.headers)
    found, headers = problem_of(problem)
    if found.status == 500:  # noqa: PLR2004 - ours
        log.error("request.failed", error=type(problem).__name__, request_id=str(request_id(scope)))
    return Said(found.status, msgspec.json.encode(of_problem(found)), headers)
