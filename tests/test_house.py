"""Rules of the house that no linter knows."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from litestar.handlers import ASGIRouteHandler
from litestar.routes import ASGIRoute

from server.app import litestar
from server.app_state import Parts
from server.settings import Settings

ROOT = Path(__file__).parent.parent
DOMAIN = sorted((ROOT / "domain").rglob("*.py"))
SERVER = sorted((ROOT / "server").rglob("*.py"))
MAY_CATCH_ALL = {"server/worker.py", "server/ingest.py", "server/live.py", "server/edge.py", "server/cli.py", "domain/detection/engine.py",
                 "server/audit/reads.py", "server/auth/revocation.py", "server/groups/posting.py"}  # fmt: skip

MAY_USE_FLOATS = {"domain/detection/statistics.py", "domain/detection/scores.py", "domain/readings/baseline.py"}
"""Rounded there before anything compares (architecture 8); everywhere else values and limits are exact."""


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.stem)
def test_the_domain_is_pure(path: Path) -> None:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), f"{path.name}:{node.lineno} awaits"
        if str(path.relative_to(ROOT)) in MAY_USE_FLOATS:
            continue
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        assert not is_float, f"{path.name}: a float"
        assert not (isinstance(node, ast.Name) and node.id == "float"), f"{path.name}: float"


def test_only_the_named_files_catch_everything() -> None:
    found: set[str] = set()
    for path in (*DOMAIN, *SERVER):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}:
                handler = ast.unparse(node)
                # Clean-up that raises again swallows nothing.
                if not handler.rstrip().endswith("raise"):
                    found.add(str(path.relative_to(ROOT)))
    assert found <= MAY_CATCH_ALL


async def test_every_route_has_somebody_who_asks_or_says_that_it_is_public(parts: Parts) -> None:
    wrong: list[str] = []
    for route in litestar(parts).routes:
        handlers: list[Any] = [route.route_handler] if isinstance(route, ASGIRoute) else list(getattr(route, "route_handlers", []))
        for handler in handlers:
            public = handler.opt.get("public") or (isinstance(handler, ASGIRouteHandler) and handler.opt.get("actor"))
            asks = "actor" in handler.parsed_fn_signature.parameters
            if not (public or asks) and "OPTIONS" not in getattr(handler, "http_methods", ()):
                wrong.append(f"{route.path} {handler}")
    assert wrong == []


def test_every_folder_of_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`((?:domain|server|integrations|tests|deploy)/[\w./]*)`", text))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_the_top_level_is_the_agreed_one() -> None:
    wanted = {"server", "domain", "integrations", "tests", "deploy", "pyproject.toml", "README.md", "LICENSE"}
    ignored = {"uv.lock", "dist", "htmlcov"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))} - ignored
    assert found == wanted


def test_what_an_image_installs_is_what_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    direct: list[str] = project["project"]["dependencies"]
    pinned = {*direct, *project["tool"]["uv"]["constraint-dependencies"]}
    installed = set(re.findall(r"^([\w.-]+==[\w.]+)", (ROOT / "deploy" / "requirements.txt").read_text(), flags=re.MULTILINE))
    assert set(direct) <= installed
    assert installed <= pinned


def test_settings_hold_no_secret(settings: Settings) -> None:
    assert not [name for name in Settings.__struct_fields__ if "password" in name or "secret" in name]
    assert settings.issuer
