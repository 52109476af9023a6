"""Texts and e-mails by GOV.UK Notify. Its receipts come back by `server/reach/callbacks.py`."""

import msgspec

from integrations import govuk_notify
from server import clock
from server.notices.notifier import ACCEPTED, REFUSED, Message, Said
from server.notices.outward import Outward


class GovUk(msgspec.Struct, frozen=True, kw_only=True):
    """One service of GOV.UK Notify and the templates that say what they are given."""

    url: str
    key: govuk_notify.ApiKey
    sms_template: str
    email_template: str


class _GovUkNotifier:
    def __init__(self, out: Outward, service: GovUk) -> None:
        self._out = out
        self._service = service

    async def _send(self, what: str, content: bytes) -> Said:
        said, body = await self._out.said(
            f"{self._service.url}/v2/notifications/{what}", content=content,
            headers={
                "authorization": govuk_notify.authorization(self._service.key, int(clock.now().timestamp())),
                "content-type": "application/json",
            },
        )  # fmt: skip
        return said if said.state == ACCEPTED else Said(said.state, f"{said.code} {govuk_notify.code_of(body)}".rstrip())


class GovUkSms(_GovUkNotifier):
    """A text. Accepted means that it will be sent; a receipt says whether it arrived."""

    async def send(self, message: Message) -> Said:
        """Hand it over under our own key, which the receipt names."""
        number = govuk_notify.number_of(message.address)
        if number is None:
            return Said(REFUSED, "no number")
        return await self._send("sms", govuk_notify.sms(number, self._service.sms_template, message.text.strip(), str(message.id)))


class GovUkEmail(_GovUkNotifier):
    """An e-mail, where no mail server of one's own is set up."""

    async def send(self, message: Message) -> Said:
        """Hand it over under our own key, which the receipt names."""
        content = govuk_notify.email(message.address, self._service.email_template, message.subject, message.text, str(message.id))
        return await self._send("email", content)
