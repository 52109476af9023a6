"""Finds every adapter by its folder: adding one edits no other file."""

import importlib
import pkgutil
from functools import cache

import integrations
from integrations.manifest import Manifest


@cache
def manifests() -> dict[str, Manifest]:
    """Every adapter, by name."""
    found: dict[str, Manifest] = {}
    for module in pkgutil.iter_modules(integrations.__path__):
        if module.ispkg:
            manifest: Manifest = importlib.import_module(f"integrations.{module.name}").MANIFEST
            found[manifest.name] = manifest
    return found


def for_file(body: bytes) -> Manifest | None:
    """The adapter that recognises a file, or None."""
    return next((one for one in manifests().values() if one.is_file and one.adapter.recognises(body)), None)
