"""Whatever else an operator's rota uses (Slack, Teams, ntfy, a pager): by Apprise, which the extra `staff` brings. Never for patients."""

import asyncio
from typing import Any

from server.notices.notifier import ACCEPTED, FAILED, Message, Said

TIMEOUT_S = 10.0


class Apprise:
    """The address is an Apprise URL that the operator wrote: nobody sets one over the API."""

    async def send(self, message: Message) -> Said:
        """Taken or not is all that it says."""
        from apprise import Apprise as Library  # noqa: PLC0415 - an extra, and slow to load

        service: Any = Library()
        if not service.add(message.address):
            return Said(FAILED, "no such service")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                taken = await service.async_notify(title=message.subject, body=message.text)
        except TimeoutError:
            return Said(FAILED, "timeout")
        return Said(ACCEPTED, "apprise") if taken else Said(FAILED, "apprise")
