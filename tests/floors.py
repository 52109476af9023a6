"""OPS-1: versions below which a known hole is open; what is installed must not be below."""

import sys
from importlib.metadata import version
from typing import Final

FLOORS: Final = {
    "litestar": (2, 25, 0),  # multipart and host-header holes of earlier 2.x
    "pyjwt": (2, 15, 0),  # issuer and algorithm confusion of earlier 2.x
    "uvicorn": (0, 54, 0),  # request smuggling by bare line feeds
    "asyncpg": (0, 32, 0),  # speaks PostgreSQL 18
    "jinja2": (3, 1, 6),  # CVE-2025-27516, sandbox escape through |attr
    "cryptography": (46, 0, 5),  # CVE-2026-26007, subgroup check of binary curves
    "msgspec": (0, 20, 0),
    "httptools": (0, 7, 0),
}


def installed(name: str) -> tuple[int, ...]:
    """The version as numbers."""
    return tuple(int(part) for part in version(name).split(".")[:3] if part.isdigit())


def main() -> int:
    """Say what is too old; 1 if anything is."""
    old = {name: floor for name, floor in FLOORS.items() if installed(name) < floor}
    for name, floor in old.items():
        print(f"{name} {version(name)} is below {'.'.join(map(str, floor))}")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
