"""E-mail by SMTP (RFC 5321)."""

import email.message
import email.utils
import smtplib
import ssl
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import msgspec

from server.notices.notifier import ACCEPTED, FAILED, REFUSED, Message, Said

TIMEOUT_S: Final = 8.0
"""Shorter than a lease: what hangs is given up while it is still ours."""


class Smtp(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server to hand messages to."""

    host: str
    port: int = 25
    sender: str = "steady@localhost"
    starttls: bool = False
    login_file: str = ""


class SmtpNotifier:
    """E-mail. Accepted means that the mail server took it; that it was seen shows in the desk only."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp

    async def send(self, message: Message) -> Said:
        """Hand one mail over; a hung server is given up."""
        with anyio.move_on_after(2 * TIMEOUT_S):
            return await anyio.to_thread.run_sync(self._send, message, abandon_on_cancel=True)
        return Said(FAILED, "timeout")

    def _send(self, message: Message) -> Said:
        mail = email.message.EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = self._smtp.sender
        mail["To"] = message.address
        mail["Date"] = email.utils.formatdate(usegmt=True)
        mail["Message-ID"] = f"<{message.id}@steady>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            with smtplib.SMTP(self._smtp.host, self._smtp.port, timeout=TIMEOUT_S) as server:
                self._open(server)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            return _answer(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPResponseException as error:
            return _answer(error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            return Said(FAILED, type(error).__name__)
        return Said(ACCEPTED, "250")

    def _open(self, server: smtplib.SMTP) -> None:
        if self._smtp.starttls:
            server.starttls(context=ssl.create_default_context())
        if self._smtp.login_file:
            # A secret is a file: the login on its first line, the password on its second.
            login, password = Path(self._smtp.login_file).read_text(encoding="utf-8").splitlines()[:2]
            server.login(login, password)


def _answer(code: int) -> Said:
    """5xx is for good, everything else may work later."""
    return Said(REFUSED if 500 <= code < 600 else FAILED, str(code))  # noqa: PLR2004 - SMTP's own classes
