"""Every check and test, in one command: `uv run poe test`. Each stage says what it runs and how long it took."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BROWSER = ("chromium", "fonts-liberation")
OLDER_POSTGRES = Path("/usr/lib/postgresql/15/bin")


def run(name: str, command: list[str], **environment: str) -> bool:
    """One stage; whether it passed."""
    print(f"--- {name}: {' '.join(command)}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, **environment}).returncode
    print(f"--- {name}: {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s", flush=True)
    return code == 0


def has_browser() -> bool:
    """Chromium is there, or installed now where that is allowed; otherwise the line to type is printed."""
    if shutil.which("chromium"):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=False, env=quiet, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-q", *BROWSER], check=False, env=quiet, stdout=subprocess.DEVNULL)
        if shutil.which("chromium"):
            return True
    print(f"The browser tests need chromium. Type: sudo apt-get update && sudo apt-get install {' '.join(BROWSER)}")
    return False


def main() -> int:
    """Run everything, even after a failure, and say what failed."""
    here = Path(sys.executable).parent
    migrations = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "server" / "migrations").glob("*.sql"))
    failed: list[str] = []

    def stage(name: str, command: list[str], **environment: str) -> None:
        if not run(name, command, **environment):
            failed.append(name)

    if not has_browser():
        failed.append("browser")
    stage("floors", [sys.executable, "-m", "tests.floors"])
    stage("ruff", [str(here / "ruff"), "check", "."])
    stage("types", [str(here / "basedpyright")])
    stage("arrows", [str(here / "lint-imports")])
    stage("migrations", [str(here / "squawk"), "--assume-in-transaction", "--pg-version", "15.0", *migrations])
    stage("assets", [sys.executable, "-m", "server", "assets"])
    stage("domain", [
        sys.executable, "-m", "pytest", "tests/domain", "tests/properties", "-n", "2", "--dist", "worksteal", "--cov=domain", "--cov-branch",
        "--cov-report=term-missing:skip-covered", "--cov-fail-under=100",
    ])  # fmt: skip
    rest = ["--ignore=tests/domain", "--ignore=tests/properties"]
    stage("everything else", [sys.executable, "-m", "pytest", "tests", *rest, "-n", "2", "--dist", "loadfile"])
    if (OLDER_POSTGRES / "postgres").exists():
        stage("server tests on PostgreSQL 15", [sys.executable, "-m", "pytest", "tests/server", "-n", "2", "-m", "not browser"],
              STEADY_TEST_POSTGRES=str(OLDER_POSTGRES))  # fmt: skip
    else:
        print("--- no system PostgreSQL 15 here: the database tests ran on the embedded one only")
    print(f"FAILED: {', '.join(failed)}" if failed else "all stages passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
