"""`steady demo`: a living clinic on this machine with one command, and nothing left behind when it ends."""

import asyncio
import contextlib
import ctypes
import shutil
import signal
import subprocess
import sys
import threading
import webbrowser
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
from pyotp.totp import TOTP
from uuid_utils.compat import uuid7

from server import assets, clock, log, migrate, postgres
from server.audit.heads import FILE
from server.auth import keys
from server.auth.keys import write_secret
from server.auth.passwords import new_secret
from server.auth.service import Auth
from server.db import Database, Role, connect
from server.db_where import Where
from server.keys import VendorKey, make_vendor_key
from server.parts import running, unstarted
from server.people import admin
from server.serve import bound
from server.settings import Settings, WrongSetting, environment
from server.simulation.load import Loaded, Staff, load

STORY_S: Final = 20.0
_NOTE: Final = "demo.json"
_ALGORITHM: Final = "ES384"
_STEADY_PEOPLE: Final = """
select p.patient_id, p.given_name || ' ' || p.family_name as name, w.value
  from patient p
  join patient_condition c on c.patient_id = p.patient_id and c.code = 'heart_failure'
  cross join lateral (select r.value, r.taken_at from reading r
                       where r.patient_id = p.patient_id and r.kind = 106 and r.status = 0 and r.taken_at > now() - interval '3 days'
                       order by r.taken_at desc limit 1) as w
 where not exists (select from episode e where e.patient_id = p.patient_id and e.state <> 'closed')
   and w.taken_at < date_trunc('day', now() at time zone 'Europe/London') at time zone 'Europe/London'
 order by array_position($1::uuid[], p.patient_id), p.patient_id
"""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished set-up wrote beside its data: how to sign in, and the seed. Only its owner can read it."""

    staff: list[Staff]
    org: UUID
    vendor_client: UUID
    vendor: str
    device_serial: str
    kid: str
    patients: list[UUID]
    readings: int


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def main(  # noqa: C901, PLR0913, PLR0915 - the options of the command, and its steps in order
    settings: Settings, *, people: int = 220, days: int = 90, seed: int = 7, browser: bool = True, fresh: bool = False,
    ready_file: Path | None = None,
) -> int:  # fmt: skip
    """Run until Ctrl-C; the exit code."""
    started = clock.monotonic()
    log.configure("error")
    try:
        listening = bound(settings)
    except WrongSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    demo = Demo(settings, listening.getsockname()[1])
    ended = threading.Event()

    def end(_number: int, _frame: object) -> None:
        ended.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    try:
        demo.prepare(people=people, days=days, seed=seed, fresh=fresh, ended=ended)
        if not ended.is_set():
            demo.start(listening)
            demo.wait_until_ready()
            listening.close()
            links = demo.sign_ins()
            if ready_file is not None:
                _write_whole(ready_file, msgspec.json.format(msgspec.json.encode(links)))
            demo.say(links, clock.monotonic() - started)
            if browser:
                webbrowser.open(demo.url)
            demo.story(links, ended)
            while not ended.wait(1.0):
                demo.must_run()
    except (postgres.CannotStart, migrate.Drift, assets.AssetsNotBuilt, keys.CannotUseKeys, WrongSetting) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    else:
        return 0
    finally:
        demo.stop()


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_secret(path, content)


class Demo:
    """The processes of one demo."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.data = settings.data
        self.port = port
        self.url = f"http://localhost:{port}"
        self.settings = msgspec.structs.replace(settings, keys=settings.data / "keys", port=port, demo=True,
                                             accountable_person="nobody: this is a demo")  # fmt: skip
        self._database: postgres.Running | None = None
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.where = Where(host="", port=0, database="")
        self.note: Note

    def prepare(self, *, people: int, days: int, seed: int, fresh: bool, ended: threading.Event) -> None:
        """Database, schema, styles, keys and people; whatever is there already stays."""
        built = threading.Thread(target=self._build, daemon=True)
        self._trouble: Exception | None = None
        built.start()
        if fresh:
            for name in ("postgresql", "keys", FILE, _NOTE):
                path = self.data / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        _tell("Starting the database…")
        self._database = postgres.start(self.data, binaries=self.settings.postgres_bin)
        self.where = self._database.where()
        self.settings = msgspec.structs.replace(self.settings, database=self.where)
        note = self.data / _NOTE
        if not note.exists():
            # A set-up that was cut off is started over: only a finished one leaves its note.
            asyncio.run(self._forget())
        asyncio.run(self._schema())
        keys.ensure(self.settings.keys)
        if not note.exists() and not ended.is_set():
            _tell(f"Making {people} people and {days} days…")
            asyncio.run(self._people(people, days, seed))
        if note.exists():
            self.note = msgspec.json.decode(note.read_bytes(), type=Note)
        built.join()
        if self._trouble is not None:
            raise self._trouble

    def _build(self) -> None:
        try:
            assets.build()
        except assets.AssetsNotBuilt as error:
            self._trouble = error

    async def _forget(self) -> None:
        connection = await connect(self.where, postgres.SUPERUSER, database="postgres")
        await connection.execute(f"drop database if exists {self.where.database}")
        await connection.close()

    async def _schema(self) -> None:
        await migrate.bootstrap(self.where, postgres.SUPERUSER)
        await migrate.migrate(self.where)

    async def _people(self, people: int, days: int, seed: int) -> None:
        async with running(unstarted(self.settings, self.where)) as parts:
            loaded: Loaded = await load(parts, seed, people, days, clock.now(), new_secret)
            key: VendorKey = make_vendor_key(self.data / "keys" / "vendor.pem")
            async with parts.database.begin_as(Role.OWNER) as tx:
                await admin.add_client_key(tx, loaded.vendor_client, key.kid, _ALGORITHM, dict(key.jwk))
        note = Note(
            staff=loaded.staff, org=loaded.org, vendor_client=loaded.vendor_client, vendor=loaded.vendor,
            device_serial=loaded.device_serial, kid=key.kid, patients=loaded.patients, readings=loaded.readings,
        )  # fmt: skip
        write_secret(self.data / _NOTE, msgspec.json.encode(note))

    def start(self, listening: Any) -> None:  # noqa: ANN401 - a socket
        """The server and the worker, as processes of their own that cannot outlive this one."""
        found = environment(self.settings)
        fd: int = listening.fileno()
        for name, arguments in (("serve", ["serve", "--fd", str(fd)]), ("work", ["work"])):
            self._children[name] = subprocess.Popen(
                [sys.executable, "-m", "server", *arguments], env=found, pass_fds=[fd] if name == "serve" else [],
                start_new_session=True, preexec_fn=_die_with_parent, cwd=Path(__file__).parent.parent,
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Until readings are accepted."""
        until = clock.monotonic() + 30
        while clock.monotonic() < until:
            self.must_run()
            with contextlib.suppress(httpx.HTTPError):
                found = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).json()
                if found["accepting"] and found["watching"]:
                    return
            threading.Event().wait(0.1)
        raise WrongSetting("The server did not become ready within 30 s; look at what it printed above.")

    def must_run(self) -> None:
        """A child that ended takes the demo with it."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise WrongSetting(f"`steady {name}` ended with {child.returncode}; look at what it printed above.")

    def sign_ins(self) -> dict[str, Any]:
        """Links and one sign-in for each kind of user."""
        person, name = asyncio.run(self._story_person())
        patient = person or self.note.patients[1]
        code = asyncio.run(self._pairing_code(patient))
        granted = httpx.post(f"http://127.0.0.1:{self.port}/v1/pairing", json={"code": code}, timeout=10).json()
        again = asyncio.run(self._pairing_code(patient))
        other = next(one for one in self.note.patients if one != patient)
        own = asyncio.run(self._pairing_code(other))
        nurse = self.note.staff[0]
        return {
            "base_url": self.url,
            "links": {"queue": f"{self.url}/", "api": f"{self.url}/docs", "ready": f"{self.url}/readyz",
                      "metrics": f"{self.url}/metrics"},
            "nurse": {"name": nurse.name, "email": nurse.email, "password": nurse.password, "totp_secret": nurse.totp_secret},
            "patient": {"id": str(patient), "access_token": granted["access_token"], "refresh_token": granted["refresh_token"],
                        "client_id": granted["client_id"], "pairing_code": again},
            "patient_page": {"id": str(other), "url": f"{self.url}/me/sign-in?code={own}"},
            "vendor": {"client_id": str(self.note.vendor_client), "token_url": f"http://{self.settings.host}:{self.port}/oauth/token",
                       "key_file": str(self.data / "keys" / "vendor.pem"), "kid": self.note.kid, "algorithm": _ALGORITHM,
                       "vendor": self.note.vendor, "device_serial": self.note.device_serial},
            "story": {"patient_id": None if person is None else str(person), "name": name, "in_s": STORY_S},
        }  # fmt: skip

    async def _story_person(self) -> tuple[UUID | None, str]:
        connection = await connect(self.where, postgres.SUPERUSER)
        try:
            row = await connection.fetchrow(_STEADY_PEOPLE, self.note.patients[:3])
        finally:
            await connection.close()
        return (None, "") if row is None else (row["patient_id"], row["name"])

    async def _pairing_code(self, patient: UUID) -> str:
        database = Database(self.where)
        auth = Auth(database, keys.KeyRing(self.settings.keys), issuer=self.settings.issuer, token_url="")
        try:
            return (await auth.add_pairing_code(patient, self.note.staff[0].id)).code
        finally:
            await database.close()

    def say(self, links: dict[str, Any], seconds: float) -> None:
        """What to look at, and how to get in."""
        nurse = links["nurse"]
        code = TOTP(nurse["totp_secret"]).now()
        _tell(
            f"\nReady in {seconds:.0f} s: {len(self.note.patients)} simulated people, {self.note.readings:,} readings.\n\n"
            f"  The nurse's desk   {links['links']['queue']}\n"
            f"    {nurse['name']}: {nurse['email']}  password {nurse['password']}\n"
            f"    one-time code now {code} (authenticator secret {nurse['totp_secret']})\n"
            f"  A patient's pages  {links['patient_page']['url']}\n"
            f"  A patient's phone  pairing code {links['patient']['pairing_code']} (POST {self.url}/v1/pairing)\n"
            f"  A device vendor    client {links['vendor']['client_id']}, key {links['vendor']['key_file']}\n"
            f"  The API            {links['links']['api']}\n\n"
            "Sign in as the nurse and keep the page open."
        )
        if links["story"]["patient_id"] is not None:
            _tell(f"In {STORY_S:.0f} seconds {links['story']['name']}, steady until today, steps on the scales.")
        _tell("Ctrl-C ends everything; the data stays for next time (--fresh starts over).")

    def story(self, links: dict[str, Any], ended: threading.Event) -> None:
        """The scripted deterioration, through the public API with the patient's own token."""
        if links["story"]["patient_id"] is None:
            return
        threading.Thread(target=self._tell_story, args=(links, ended), daemon=True).start()

    def _tell_story(self, links: dict[str, Any], ended: threading.Event) -> None:
        if ended.wait(STORY_S):
            return
        kg = asyncio.run(self._lowest(UUID(links["story"]["patient_id"])))
        name = links["story"]["name"]
        scales = {"id": str(uuid7()), "kind": "body_weight", "takenAt": clock.now().isoformat(), "value": round(kg + 2.6, 1),
                  "unit": "kg"}  # fmt: skip
        self._send(links, scales)
        _tell(f"{name}: {scales['value']} kg, 2.6 kg more than in the days before. Her row is on the nurse's page now.")
        if ended.wait(8.0):
            return
        self._send(links, {"id": str(uuid7()), "kind": "symptom", "takenAt": clock.now().isoformat(), "code": "breathless_at_rest"})
        _tell(f"{name} reports: breathless at rest. Her row is urgent now.")

    def _send(self, links: dict[str, Any], body: dict[str, Any]) -> None:
        answer = httpx.put(
            f"http://127.0.0.1:{self.port}/v1/readings/{body['id']}", json=body, timeout=10,
            headers={"authorization": f"Bearer {links['patient']['access_token']}"},
        )  # fmt: skip
        answer.raise_for_status()

    async def _lowest(self, patient: UUID) -> float:
        connection = await connect(self.where, postgres.SUPERUSER)
        try:
            found = await connection.fetchval(
                "select min(value) from reading where patient_id = $1 and kind = 106 and status = 0 and taken_at > $2",
                patient, clock.now() - timedelta(days=3),
            )  # fmt: skip
        finally:
            await connection.close()
        return float(found or 0)

    def stop(self) -> None:
        """End every process that this demo started."""
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        for child in self._children.values():
            try:
                child.wait(12)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if self._database is not None:
            self._database.stop()


def _tell(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
