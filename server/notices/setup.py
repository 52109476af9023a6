"""Which channels are set up, from the settings. Secrets are files."""

import importlib.util
from pathlib import Path
from typing import Final, TypeVar

import httpx
import msgspec

from integrations import govuk_notify
from server.auth import keys
from server.notices import mobile, push
from server.notices.govuk import GovUk, GovUkEmail, GovUkSms
from server.notices.mail import Smtp, SmtpNotifier
from server.notices.mobile import Account, Apns, Apple, Fcm
from server.notices.notifier import LogNotifier, Notifier
from server.notices.outward import Outward
from server.notices.push import WebPush
from server.notices.staff import Apprise
from server.settings import Settings, WrongSetting

VAPID: Final = "vapid.pem"
T = TypeVar("T")


def notifiers(settings: Settings) -> dict[str, Notifier]:
    """The channels by name; the log always is. Raises WrongSetting for what is set up and cannot be used."""
    found: dict[str, Notifier] = {"log": LogNotifier(), **_govuk(settings), **_phones(settings)}
    if settings.smtp_host:
        found["email"] = SmtpNotifier(Smtp(
            host=settings.smtp_host, port=settings.smtp_port, sender=settings.smtp_sender, starttls=settings.smtp_starttls,
            login_file=settings.smtp_login_file,
        ))  # fmt: skip
    if settings.vapid_contact:
        found["push"] = WebPush(push_out(settings), keys.lasting_p256(settings.keys, VAPID), settings.vapid_contact)
    if importlib.util.find_spec("apprise") is not None:
        found["apprise"] = Apprise()
    return found


def _govuk(settings: Settings) -> dict[str, Notifier]:
    if not settings.notify_key_file:
        return {}
    try:
        key = govuk_notify.api_key(Path(settings.notify_key_file).read_text(encoding="utf-8"))
    except (OSError, govuk_notify.NotAKey) as error:
        raise WrongSetting("STEADY_NOTIFY_KEY_FILE must name a file with the key of a GOV.UK Notify service.") from error
    service = GovUk(url=settings.notify_url.rstrip("/"), key=key, sms_template=settings.notify_sms_template,
                    email_template=settings.notify_email_template)  # fmt: skip
    out = Outward((httpx.URL(settings.notify_url).host,), loopback=settings.loopback_calls)
    ways: dict[str, Notifier] = {"sms": GovUkSms(out, service), "email": GovUkEmail(out, service)}
    return {name: ways[name] for name, template in (("sms", service.sms_template), ("email", service.email_template)) if template}


def _phones(settings: Settings) -> dict[str, Notifier]:
    found: dict[str, Notifier] = {}
    if settings.fcm_file:
        out = Outward(mobile.HOSTS, loopback=settings.loopback_calls)
        found["fcm"] = Fcm(out, _decoded(settings.fcm_file, Account, "STEADY_FCM_FILE"))
    if settings.apns_file:
        if importlib.util.find_spec("h2") is None:
            raise WrongSetting("STEADY_APNS_FILE needs HTTP/2: install the extra `apns`.")
        apple = _decoded(settings.apns_file, Apple, "STEADY_APNS_FILE")
        found["apns"] = Apns(Outward(mobile.HOSTS, loopback=settings.loopback_calls, http2=True), apple)
    return found


def push_out(settings: Settings) -> Outward:
    """The way to the browsers' push services; also says which addresses a person may give."""
    return Outward(tuple(settings.push_hosts.split()) or push.HOSTS, loopback=settings.loopback_calls)


def _decoded(path: str, shape: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=shape)
    except (OSError, msgspec.DecodeError) as error:
        raise WrongSetting(f"{name} must name a file of {shape.__name__} as JSON.") from error
