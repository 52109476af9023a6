"""The API's description says what the API does (ux-reference 1.2)."""

from typing import Any, cast

import msgspec
import pytest
from httpx import AsyncClient
from uuid_utils.compat import uuid7

from domain.errors import Refusal
from server.app import litestar
from server.app_state import Parts
from server.errors import problem_of
from server.openapi import EXAMPLES, described
from server.problems import PAGES, example
from tests.clinic import Clinic


@pytest.fixture(scope="module")
def document(parts: Parts) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.json.decode(msgspec.json.encode(described(litestar(parts, schema=True)))))


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def test_ux_1_2_every_operation_is_named_once_and_its_refusals_are_problem_documents(document: dict[str, Any]) -> None:
    names = [one["operationId"] for _, _, one in operations(document)]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() and len(name) < 40 for name in names)
    for path, method, one in operations(document):
        refused = {status: answer for status, answer in one["responses"].items() if status >= "400"}
        assert refused, (path, method)
        for answer in refused.values():
            assert list(answer["content"]) == ["application/problem+json"], (path, method)
            assert answer["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_ux_1_2_bodies_ids_and_versions_are_told(document: dict[str, Any]) -> None:
    for path, method, one in operations(document):
        where = f"{method} {path}"
        for parameter in one.get("parameters", []):
            if parameter["in"] == "path" and parameter["name"].endswith("_id"):
                assert parameter["schema"] == {"type": "string", "format": "uuid"}, where
        if path.startswith("/v1/") and method in {"post", "put"}:
            assert "requestBody" in one, where
        if path.endswith(("/draft", "/draft/sign")) and method != "get":
            assert "428" in one["responses"], where
        if path.endswith(("/acknowledge", "/close", "/release", "/correct", "/discard")):
            assert {"412", "428"} <= one["responses"].keys(), where
            assert any(parameter["name"] == "If-Match" for parameter in one["parameters"]), where
        if method != "get" and path.startswith("/v1/"):
            assert any(parameter["name"] == "Idempotency-Key" for parameter in one["parameters"]), where
    schemas = document["components"]["schemas"]
    for name in ("ReadingIn", "BatchIn", "Corrected", "Answer", "Share", "Close"):
        assert schemas[name]["additionalProperties"] is False, name
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert document["security"] == [{"token": []}]
    assert document["servers"]


async def test_ux_1_2_every_example_is_taken(client: AsyncClient, clinic: Clinic) -> None:
    for one in EXAMPLES.values():
        body = {**one, "id": str(uuid7())}
        answer = await client.put(f"/v1/readings/{body['id']}", json=body, headers=clinic.token("patient"))
        assert answer.status_code == 201, answer.text


def _codes(kind: type[Refusal]) -> set[str]:
    return {kind.code}.union(*(_codes(one) for one in kind.__subclasses__()))


async def test_ux_2_every_problem_type_opens_a_page_with_an_example(client: AsyncClient) -> None:
    assert _codes(Refusal) - {"refused"} <= PAGES.keys()
    for code, page in PAGES.items():
        answer = await client.get(f"/problems/{code}", headers={"accept": "text/html"})
        assert answer.status_code == 200
        for words in (page.title, page.do, "An example", f"/problems/{code}"):
            assert words.replace("'", "&#39;") in answer.text, (code, words)
    assert (await client.get("/problems/nothing")).status_code == 404


def test_ux_2_the_example_of_a_problem_has_its_real_status() -> None:
    kinds = [Refusal]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    for kind in kinds[1:]:
        assert msgspec.json.decode(example(kind.code))["status"] == problem_of(kind())[0].status, kind.code
