"""Passwords (argon2id) and one-time codes (TOTP). The slow work runs in few threads: a flood cannot eat the machine."""

import hmac
import secrets
from typing import Final

import anyio
import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pyotp import random_base32
from pyotp.totp import TOTP

from domain.errors import Busy

STEP_S: Final = 30
LONGEST: Final = 200
_AT_ONCE: Final = 2
_WAITING: Final = 32
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe(32))
"""What the password of somebody unknown is compared with, so that it takes as long (TOK-10)."""


def hashed(password: str) -> str:
    """Make what is stored of a password; takes tens of milliseconds."""
    return _HASHER.hash(password)


def new_secret() -> str:
    """Make a secret for one-time codes."""
    return random_base32()


def _is_right(stored: str | None, password: str) -> bool:
    try:
        found = _HASHER.verify(_NOBODY if stored is None else stored, password)
    except (Argon2Error, InvalidHashError):
        return False
    return found and stored is not None


class Passwords:
    """Compares passwords, two at a time; refuses when too many wait."""

    def __init__(self) -> None:
        self._limiter: anyio.CapacityLimiter | None = None

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the stored hash; as slow when there is none."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        if self._limiter.statistics().tasks_waiting >= _WAITING:
            raise Busy(retry_after_s=2)
        return await anyio.to_thread.run_sync(_is_right, stored, password[:LONGEST], limiter=self._limiter)


def step_of(secret: str, code: str, now: int) -> int | None:
    """Find the 30 s step that a one-time code belongs to, of the one before, this one and the one after."""
    maker = TOTP(secret)
    found: int | None = None
    for step in (now // STEP_S - 1, now // STEP_S, now // STEP_S + 1):
        if hmac.compare_digest(maker.generate_otp(step).encode(), code.encode()):
            found = step
    return found
