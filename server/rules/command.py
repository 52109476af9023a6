"""`steady rules try`: the same trial as on the page, in this process, with a progress line."""

import asyncio
import os
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.errors import Refusal
from domain.plans.limits import Change
from server import clock, log
from server.audit.reads import Reads
from server.auth import store as sign_in
from server.auth.actor import of_staff
from server.db import Database, Role
from server.rules import jobs, service, tries
from server.rules.service import Mode
from server.rules.tries import Outcome
from server.settings import Settings

_TAKEN_BACK: Final = "built-in"


class WrongUse(Exception):
    """Said in one line, exit code 2."""


def main(  # noqa: PLR0913 - the options of the command
    settings: Settings, email: str, team: str | None, limits: Sequence[str], modes: Sequence[str], days: int, *, json: bool
) -> int:
    """Try a change and print what it would have done; the exit code."""
    log.configure("error")
    if settings.database is None:
        sys.stderr.write("Say where the database is: STEADY_DATABASE_HOST. (`steady demo` brings its own.)\n")
        return 2
    try:
        changes, wanted = [_change(text) for text in limits], dict(map(_mode, modes))
        run = asyncio.run(_try(settings, email, team, changes, wanted, days, quiet=json or not sys.stderr.isatty()))
    except (WrongUse, Refusal) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    outcome = run.outcome or Outcome(minutes=tries.STATED)
    if json:
        found = {"run": str(run.row.run_id), "input": msgspec.to_builtins(run.input), "outcome": msgspec.to_builtins(outcome)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        sys.stdout.write("\n".join(table(outcome, days)) + "\n")
    return 0


def _change(text: str) -> Change:
    key, sign, value = text.partition("=")
    number, _, unit = value.strip().partition(" ")
    if not sign:
        raise WrongUse(f"{text}: write KEY=VALUE, such as HF-W1.gain_kg=1.5.")
    if number == _TAKEN_BACK:
        return Change(key=key.strip(), value=None)
    try:
        return Change(key=key.strip(), value=Decimal(number), unit=unit.strip() or None)
    except InvalidOperation:
        raise WrongUse(f"{text}: {number} is no number.") from None


def _mode(text: str) -> tuple[str, Mode]:
    rule, _, mode = text.partition("=")
    if mode not in ("active", "shadow"):
        raise WrongUse(f"{text}: write RULE=shadow or RULE=active.")
    return rule.strip(), mode


async def _try(  # noqa: PLR0913 - one trial
    settings: Settings, email: str, team: str | None, changes: Sequence[Change], modes: dict[str, Mode], days: int, *, quiet: bool,
) -> tries.Run:  # fmt: skip
    assert settings.database is not None  # noqa: S101 - main has asked
    database = Database(settings.database)
    reads = Reads(database)
    reads.start()
    try:
        actor = await _actor(database, email)
        run = await tries.ask(database, reads, actor, uuid7(), team=await _team(database, actor, team), changes=changes, modes=modes,
                              days=days)  # fmt: skip
        await jobs.run(database, run.row.run_id, None if quiet else _progress)
        return await tries.one(database, actor, run.row.run_id)
    finally:
        await reads.stop()
        await database.close()


async def _actor(database: Database, email: str) -> Actor:
    async with database.begin_as(Role.AUTH) as tx:
        row = await sign_in.CREDENTIAL.one(tx, email.strip().lower())
    if row is None:
        raise WrongUse(f"Nobody signs in as {email}.")
    now = int(clock.now().timestamp())
    return of_staff(row.staff_id, row.org_id, row.role, str(uuid7()), now, now + 3600)


async def _team(database: Database, actor: Actor, name: str | None) -> UUID:
    async with database.begin(actor) as tx:
        mine = [row for row in await service.teams(tx, actor) if row.is_mine and name in {None, row.name}]
    if len(mine) != 1:
        raise WrongUse("Name one of the teams: " + ", ".join(row.name for row in mine) if mine else "That is not one of the lead's teams.")
    return mine[0].team_id


def _progress(done: int, of_all: int) -> None:
    sys.stderr.write(f"\r{done} of {of_all} people" + ("\n" if done == of_all else ""))
    sys.stderr.flush()


def table(outcome: Outcome, days: int) -> list[str]:
    """What a trial found, for a terminal."""
    weeks = days / 7
    before, after, minutes = outcome.concerns.before, outcome.concerns.after, outcome.minutes
    rows = [
        ("Urgent a week", before.red / weeks, after.red / weeks), ("Soon a week", before.amber / weeks, after.amber / weeks),
        ("Watch a week", before.info / weeks, after.info / weeks),
        ("Nurse minutes a week", outcome.minutes_before / weeks, outcome.minutes_after / weeks),
    ]  # fmt: skip
    return [
        f"{outcome.people} people, {outcome.readings:,} readings, {days} days, in {outcome.took_s:.1f} s", "",
        f"{'':24}{'as it is':>12}{'as tried':>12}", *(f"{name:24}{one:12.1f}{other:12.1f}" for name, one, other in rows), "",
        f"Deteriorations that nurses acted on: {outcome.confirmed}, of which missed {outcome.missed}, later {outcome.late}.",
        f"New concerns {outcome.new}, gone {outcome.gone}.",
        f"Minutes a concern: urgent {minutes.red}, soon {minutes.amber}, watch {minutes.info} ({minutes.source}).",
    ]  # fmt: skip


def work(settings: Settings, run_id: str) -> int:
    """One trial, behind everybody who watches; the exit code."""
    log.configure("error")
    os.nice(10)
    assert settings.database is not None  # noqa: S101 - the worker has one
    where: Any = settings.database

    async def go() -> None:
        database = Database(where)
        try:
            await jobs.run(database, UUID(run_id))
        finally:
            await database.close()

    asyncio.run(go())
    return 0
