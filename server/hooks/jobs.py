"""What the worker fetches from vendors: tokens renewed, their wishes to wait respected, tried again for days, each once."""

import asyncio
import base64
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import msgspec
import structlog
from uuid_utils.compat import uuid7

from domain.actor import Scope
from integrations.manifest import Api, Ask, Delivery, Notice, Tokens, Unreadable
from integrations.registry import manifests
from server.auth.actor import of_vendor
from server.db import Database, Role
from server.hooks import store
from server.hooks.admin import tokens_sealed_as
from server.hooks.service import Door, door_of
from server.hooks.taking import Doors, take
from server.ingest import Ingest
from server.outgoing import Heard, NotCalled, Outgoing, wait_s
from server.readings.service import Devices
from server.receipts import store as receipts
from server.sealed import Seal

logger = structlog.get_logger("fetch")

EVERY_S: Final = 5.0
AT_ONCE: Final = 20
LEASE_S: Final = 120
FIRST_RETRY_S: Final = 10
MOST_RETRY_S: Final = 3600
GIVE_UP: Final = 90
"""So many tries, three days and more."""
PAGES: Final = 50
SOON: Final = timedelta(minutes=2)
"""A token that ends so soon is renewed before it is used."""
OVERLAP: Final = timedelta(hours=1)
"""So much is looked at again: a vendor may have readings late."""
FIRST_LOOK: Final = timedelta(days=7)
FETCHED_KEPT: Final = timedelta(days=30)
_OK, _UNAUTHORISED, _SLOW_DOWN = 200, 401, 429


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str = ""
    expires_in: int = 0


class _Ended(Exception):
    """The vendor lets us ask no longer; the account ends."""


class _Later(Exception):
    """Not now; for how long, and whether the whole vendor wants to be left alone."""

    def __init__(self, why: str, wait: int | None = None, *, everybody: bool = False) -> None:
        super().__init__(why)
        self.wait = wait
        self.everybody = everybody


class Fetcher:
    """Fetches, for one worker process."""

    def __init__(self, database: Database, ingest: Ingest, outgoing: Outgoing, seal: Seal) -> None:
        self._database = database
        self._doors = Doors(database, ingest, Devices(database))
        self._outgoing = outgoing
        self._seal = seal

    async def look(self, now: datetime) -> int:
        """Note what is to be fetched where nobody calls us; how many accounts."""
        timed = {name: one.api for name, one in manifests().items() if one.api is not None and one.api.every is not None}
        due = 0
        async with self._database.begin_as(Role.WORKER) as tx:
            for row in await store.DUE.all(tx, list(timed)):
                api = timed[row.form]
                start = row.fetched_until - OVERLAP if row.fetched_until is not None else row.made_at - FIRST_LOOK
                if api.every is None or (row.fetched_until is not None and now - row.fetched_until < api.every):
                    continue
                await store.ASK.run(tx, uuid7(), row.door_id, row.account, "", "", start, min(now, start + api.most))
                due += 1
        return due

    async def run(self, now: datetime) -> int:
        """Fetch what is due; how many of them."""
        async with self._database.begin_as(Role.WORKER) as tx:
            rows = await store.CLAIM.all(tx, now, LEASE_S, AT_ONCE)
        await asyncio.gather(*(self._one(row, now) for row in rows))
        return len(rows)

    async def _one(self, row: store.FetchRow, now: datetime) -> None:
        async with self._database.begin_as(Role.WORKER) as tx:
            found = await store.DOOR_BY_ID.one(tx, row.door_id)
            account = await store.ACCOUNT.one(tx, row.door_id, row.account)
        if found is None or account is None:
            await self._done(row, "no account in force")
            return
        door = door_of(found, self._seal)
        try:
            came = await self._fetched(door, row, account, now)
        except _Ended as ended:
            async with self._database.begin_as(Role.WORKER) as tx:
                await store.ENDED.run(tx, account.patient_id, door.id, row.account, str(ended))
                await store.DONE.run(tx, row.fetch_id, f"account ended: {ended}")
            logger.warning("fetch.ended", kind=door.manifest.name, reason=str(ended))
        except _Later as later:
            await self._later(door, row, later, now)
        except NotCalled as error:
            await self._later(door, row, _Later(error.code), now)
        except Unreadable:
            await self._later(door, row, _Later("unreadable"), now)
        else:
            async with self._database.begin_as(Role.WORKER) as tx:
                await store.DONE.run(tx, row.fetch_id, came)
                if row.end_at is not None and not row.what:
                    await store.FETCHED.run(tx, account.patient_id, door.id, row.account, row.end_at)

    async def _done(self, row: store.FetchRow, came: str) -> None:
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.DONE.run(tx, row.fetch_id, came)

    async def _later(self, door: Door, row: store.FetchRow, later: _Later, now: datetime) -> None:
        if row.tries >= GIVE_UP:
            logger.error("fetch.failed", kind=door.manifest.name, attempt=row.tries, reason=str(later))
            await self._done(row, f"given up: {later}")
            return
        wait = later.wait
        if wait is None:
            wait = min(FIRST_RETRY_S * 2 ** min(row.tries - 1, 12), MOST_RETRY_S)
            wait += random.randrange(1 + wait // 5)  # noqa: S311 - so that not all come at once
        until = now + timedelta(seconds=wait)
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.AGAIN.run(tx, row.fetch_id, until, str(later))
            if later.everybody:
                await store.HOLD.run(tx, door.id, until)
        logger.info("fetch.later", kind=door.manifest.name, attempt=row.tries, reason=str(later), seconds=wait)

    async def _fetched(self, door: Door, row: store.FetchRow, account: store.AccountRow, now: datetime) -> str:
        api = door.manifest.api
        if api is None:
            return "nothing to ask"
        notice = Notice(account=row.account, what=row.what, start=row.start_at, end=row.end_at, object_id=row.object_id)
        bearer = _Bearer(self, door, api, row.account, account)
        bodies = 0
        for first in api.asks(notice, door.secrets):
            ask: Ask | None = first
            for _ in range(PAGES):
                if ask is None:
                    break
                body = await bearer.ask(ask, now)
                await self._take(door, account, row.account, body, now)
                bodies += 1
                ask = None if api.next is None else api.next(body, ask)
        return f"{bodies} bodies" if bodies else "nothing to ask"

    async def _take(self, door: Door, account: store.AccountRow, name: str, body: bytes, now: datetime) -> None:
        actor = of_vendor(door.client, door.org, frozenset({Scope.READINGS_WRITE}), int(now.timestamp()))
        manifest, request = door.manifest, uuid7()
        async with self._database.begin(actor) as tx:
            await receipts.keep(tx, actor.id, request, manifest.name, manifest.version, now, body, "fetched")
        parsed = manifest.adapter.parse(Delivery(body=body, received_at=now, zone=account.zone, account=name))
        taken = await take(self._doors, actor, request, manifest.name, parsed)
        async with self._database.begin(actor) as tx:
            await receipts.tell(tx, actor.id, request, taken.items, taken.patients)

    async def send(self, door: Door, api: Api, ask: Ask, token: str) -> Heard:
        """One request to a vendor's API. Raises NotCalled."""
        headers = {"accept": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
        url = f"{door.base}{ask.path}" + (f"?{urlencode(ask.query)}" if ask.query else "")
        if ask.form is None:
            heard = await self._outgoing.ask("GET", url, hosts=door.hosts, headers=headers)
        else:
            heard = await self._posted(door, url, ask.form, headers)
        if heard.status == _OK and api.status is not None:
            return Heard(status=api.status(heard.body), headers=heard.headers, body=heard.body)
        return heard

    async def renew(self, door: Door, api: Api, name: str, account: store.AccountRow, old: Tokens, now: datetime) -> Tokens:
        """New tokens for old, kept before they are used. Raises _Ended, _Later, NotCalled."""
        if not api.token_path or not old.refresh:
            raise _Ended("it let us ask no longer")
        form = {"grant_type": "refresh_token", "refresh_token": old.refresh, **api.token_form}
        headers: dict[str, str] = {}
        if api.is_basic:
            pair = f"{door.secrets.client_id}:{door.secrets.client_secret}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form |= {"client_id": door.secrets.client_id, "client_secret": door.secrets.client_secret}
        url = api.token_path if "://" in api.token_path else f"{door.base}{api.token_path}"
        heard = await self._posted(door, url, form, headers)
        if heard.status in {400, _UNAUTHORISED, 403}:
            raise _Ended("it renews no token")
        if heard.status != _OK:
            raise _Later(f"token {heard.status}", wait_s(heard, 60), everybody=heard.status == _SLOW_DOWN)
        new = _granted(api, heard.body)
        if new is None:
            raise _Ended("it renews no token")
        kept = Tokens(access=new.access, refresh=new.refresh or old.refresh, expires_in_s=new.expires_in_s)
        sealed = self._seal.seal(msgspec.json.encode(kept), tokens_sealed_as(account.patient_id, door.id, name))
        expires = now + timedelta(seconds=kept.expires_in_s) if kept.expires_in_s else None
        async with self._database.begin_as(Role.WORKER) as tx:
            await store.RENEWED.run(tx, account.patient_id, door.id, name, sealed, expires)
        return kept

    async def _posted(self, door: Door, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Heard:
        return await self._outgoing.ask(
            "POST", url, hosts=door.hosts, headers={"content-type": "application/x-www-form-urlencoded", **headers},
            body=urlencode(form).encode(),
        )  # fmt: skip

    def tokens_of(self, door: Door, name: str, account: store.AccountRow) -> Tokens:
        """What an account is fetched with."""
        opened = self._seal.open(account.tokens, tokens_sealed_as(account.patient_id, door.id, name))
        return msgspec.json.decode(opened, type=Tokens)


class _Bearer:
    """Asks with the account's token; renews it once when it ends or is refused."""

    def __init__(self, fetcher: Fetcher, door: Door, api: Api, name: str, account: store.AccountRow) -> None:
        self._fetcher, self._door, self._api, self._name, self._account = fetcher, door, api, name, account
        self._tokens = fetcher.tokens_of(door, name, account)
        self._expires = account.expires_at

    async def ask(self, ask: Ask, now: datetime) -> bytes:
        """The body of a good answer. Raises _Ended, _Later, NotCalled."""
        if self._expires is not None and self._expires - now < SOON:
            await self._renew(now)
        heard = await self._fetcher.send(self._door, self._api, ask, self._tokens.access)
        if heard.status == _UNAUTHORISED:
            await self._renew(now)
            heard = await self._fetcher.send(self._door, self._api, ask, self._tokens.access)
            if heard.status == _UNAUTHORISED:
                raise _Ended("it takes no token")
        if heard.status == _SLOW_DOWN:
            raise _Later("too many", wait_s(heard, 60), everybody=True)
        if heard.status != _OK:
            wait = wait_s(heard, 0) or None if "retry-after" in heard.headers else None
            raise _Later(f"status {heard.status}", wait)
        return heard.body

    async def _renew(self, now: datetime) -> None:
        self._tokens = await self._fetcher.renew(self._door, self._api, self._name, self._account, self._tokens, now)
        self._expires = now + timedelta(seconds=self._tokens.expires_in_s) if self._tokens.expires_in_s else None


def _granted(api: Api, body: bytes) -> Tokens | None:
    try:
        if api.tokens is not None:
            return api.tokens(body)
        found = msgspec.json.decode(body, type=_Granted)
    except (msgspec.DecodeError, Unreadable) as error:
        raise _Later("token unreadable") from error
    return Tokens(access=found.access_token, refresh=found.refresh_token, expires_in_s=found.expires_in)
