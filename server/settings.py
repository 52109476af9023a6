"""All settings, read once from the environment. Secrets are files, never values."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from server.db_where import Where

NOBODY_NAMED: Final = "not named yet"


class WrongSetting(Exception):
    """A setting cannot be used; the text says which and what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """STEADY_* as one value. `doctor` prints it; it holds no secret."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    database: Where | None = None
    postgres_bin: Path | None = None
    keys: Path
    samples: Path
    log_level: str = "info"
    docs: bool = True
    brand: str = "Steady"
    issuer: str = "https://steady.invalid"
    flushers: int = 1
    accountable_person: str = NOBODY_NAMED
    demo: bool = False
    rate_limits: bool = True
    public_url: str = ""
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_sender: str = "steady@localhost"
    smtp_starttls: bool = False
    smtp_login_file: str = ""
    notify_url: str = "https://api.notifications.service.gov.uk"
    notify_key_file: str = ""
    notify_sms_template: str = ""
    notify_email_template: str = ""
    notify_callback_file: str = ""
    vapid_contact: str = ""
    push_hosts: str = ""
    fcm_file: str = ""
    apns_file: str = ""
    fault: str = ""
    ping_url: str = ""
    probe_patient: str = ""
    probe_staff: str = ""
    loopback_calls: bool = False
    """Calls to this machine itself are allowed: for tests and development, refused where others reach us."""


_CHANNELS: Final = (
    "notify_key_file", "notify_sms_template", "notify_email_template", "notify_callback_file", "vapid_contact", "push_hosts", "fcm_file",
    "apns_file",
)  # fmt: skip
"""What ways out of here are given as they stand; each is STEADY_ and its name in capitals."""


def default_data() -> Path:
    """Where data lives when nothing is said: a system folder for root, the user's own data folder otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/steady")
    home = os.environ.get("XDG_DATA_HOME")
    base = Path(home) if home else Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".local" / "share"
    return base / "steady"


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise WrongSetting(f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def _uuid(environment: Mapping[str, str], name: str) -> str:
    text = environment.get(name, "")
    try:
        return str(UUID(text)) if text else ""
    except ValueError as error:
        raise WrongSetting(f"{name} must be a UUID.") from error


def read(environment: Mapping[str, str] | None = None, *, data: Path | None = None, port: int | None = None) -> Settings:
    """Settings from the environment, with what the command line said on top."""
    found = os.environ if environment is None else environment
    folder = data or (Path(found["STEADY_DATA"]) if "STEADY_DATA" in found else default_data())
    where = None
    if "STEADY_DATABASE_HOST" in found:
        where = Where(
            host=found["STEADY_DATABASE_HOST"],
            port=_number(found, "STEADY_DATABASE_PORT", 5432, 1, 65_535),
            database=found.get("STEADY_DATABASE_NAME", "steady"),
            password_file=found.get("STEADY_DATABASE_PASSWORD_FILE"),
        )
    binaries = found.get("STEADY_POSTGRES_BIN")
    if found.get("STEADY_LOOPBACK_CALLS") == "on" and found.get("STEADY_PUBLIC_URL"):
        raise WrongSetting("STEADY_LOOPBACK_CALLS is for a machine of your own: not beside STEADY_PUBLIC_URL.")
    return Settings(
        data=folder.absolute(),
        host=found.get("STEADY_HOST", "127.0.0.1"),
        port=port if port is not None else _number(found, "STEADY_PORT", 8080, 0, 65_535),
        database=where,
        postgres_bin=Path(binaries) if binaries else None,
        keys=Path(found.get("STEADY_KEYS", str(folder.absolute() / "keys"))),
        samples=Path(found.get("STEADY_SAMPLES", "../shared/data")),
        log_level=found.get("STEADY_LOG_LEVEL", "warning"),
        docs=found.get("STEADY_DOCS", "on") == "on",
        brand=found.get("STEADY_BRAND", "Steady"),
        flushers=_number(found, "STEADY_FLUSHERS", 1, 1, 16),
        accountable_person=found.get("STEADY_ACCOUNTABLE_PERSON", NOBODY_NAMED),
        demo=found.get("STEADY_DEMO") == "on",
        rate_limits=found.get("STEADY_RATE_LIMITS", "on") == "on",
        public_url=found.get("STEADY_PUBLIC_URL", ""),
        smtp_host=found.get("STEADY_SMTP_HOST", ""),
        smtp_port=_number(found, "STEADY_SMTP_PORT", 25, 1, 65_535),
        smtp_sender=found.get("STEADY_SMTP_SENDER", "steady@localhost"),
        smtp_starttls=found.get("STEADY_SMTP_STARTTLS") == "on",
        smtp_login_file=found.get("STEADY_SMTP_LOGIN_FILE", ""),
        **{name: found.get(f"STEADY_{name.upper()}", "") for name in _CHANNELS},
        notify_url=found.get("STEADY_NOTIFY_URL", "https://api.notifications.service.gov.uk"),
        fault=found.get("STEADY_FAULT", ""),
        ping_url=found.get("STEADY_PING_URL", ""),
        probe_patient=_uuid(found, "STEADY_PROBE_PATIENT"),
        probe_staff=_uuid(found, "STEADY_PROBE_STAFF"),
        loopback_calls=found.get("STEADY_LOOPBACK_CALLS") == "on",
    )


def is_set(name: str) -> bool:
    """Whether a variable of the environment is there (used by doctor and tests)."""
    return name in os.environ


def environment(settings: Settings) -> dict[str, str]:
    """The environment for a child process that shall have the same settings."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("STEADY_")}
    found |= {
        "STEADY_DATA": str(settings.data), "STEADY_HOST": settings.host, "STEADY_PORT": str(settings.port),
        "STEADY_KEYS": str(settings.keys), "STEADY_LOG_LEVEL": settings.log_level, "STEADY_DOCS": "on" if settings.docs else "off",
        "STEADY_BRAND": settings.brand, "STEADY_ACCOUNTABLE_PERSON": settings.accountable_person,
         "STEADY_FLUSHERS": str(settings.flushers), "STEADY_DEMO": "on" if settings.demo else "off",
        "STEADY_RATE_LIMITS": "on" if settings.rate_limits else "off",
    }  # fmt: skip
    if settings.smtp_host:
        found |= {
            "STEADY_SMTP_HOST": settings.smtp_host, "STEADY_SMTP_PORT": str(settings.smtp_port),
            "STEADY_SMTP_SENDER": settings.smtp_sender, "STEADY_SMTP_STARTTLS": "on" if settings.smtp_starttls else "off",
            "STEADY_SMTP_LOGIN_FILE": settings.smtp_login_file,
        }  # fmt: skip
    found |= {f"STEADY_{name.upper()}": value for name in (*_CHANNELS, "notify_url") if (value := getattr(settings, name))}
    if settings.loopback_calls:
        found["STEADY_LOOPBACK_CALLS"] = "on"
    if settings.public_url:
        found["STEADY_PUBLIC_URL"] = settings.public_url
    if settings.database is not None:
        found |= {
            "STEADY_DATABASE_HOST": settings.database.host, "STEADY_DATABASE_PORT": str(settings.database.port),
            "STEADY_DATABASE_NAME": settings.database.database,
        }  # fmt: skip
        if settings.database.password_file is not None:
            found["STEADY_DATABASE_PASSWORD_FILE"] = settings.database.password_file
    return found
