"""GOV.UK Notify: its tokens, requests, answers and callbacks, as bytes and plain data. Pure.

Its documentation: "REST API" for sending (version 2), "Receiving callbacks" for receipts and texts received.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import jwt
import msgspec

URL: Final = "https://api.notifications.service.gov.uk"
_UUID: Final = 36
RECEIPTS: Final[dict[str, Literal["delivered", "failed"]]] = {
    "delivered": "delivered", "permanent-failure": "failed", "temporary-failure": "failed", "technical-failure": "failed",
}  # fmt: skip
"""The last word about a message; anything before it (`created`, `sending`, `sent`, `pending`) says nothing yet."""


class NotAKey(ValueError):
    """The key of a service is its name, the service and the secret, joined by dashes."""


class ApiKey(msgspec.Struct, frozen=True):
    """Which service, and its secret."""

    service: str
    secret: str


class Receipt(msgspec.Struct, frozen=True):
    """What became of a message: `reference` is our own key of it."""

    id: UUID
    status: Annotated[str, msgspec.Meta(max_length=40)]
    reference: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class Received(msgspec.Struct, frozen=True):
    """A text that somebody sent to the service's number."""

    id: UUID
    source_number: Annotated[str, msgspec.Meta(min_length=3, max_length=20)]
    message: Annotated[str, msgspec.Meta(max_length=2000)]
    date_received: Annotated[datetime, msgspec.Meta(tz=True)]
    destination_number: Annotated[str, msgspec.Meta(max_length=20)] = ""


def api_key(text: str) -> ApiKey:
    """A key as the service's page shows it. Raises NotAKey."""
    found = ApiKey(text.strip()[-2 * _UUID - 1 : -_UUID - 1], text.strip()[-_UUID:])
    try:
        for part in (found.service, found.secret):
            UUID(part)
    except ValueError as error:
        raise NotAKey("That is no key of a GOV.UK Notify service.") from error
    return found


def authorization(key: ApiKey, now: int) -> str:
    """The Authorization header of a request; good for 30 seconds."""
    return f"Bearer {jwt.encode({'iss': key.service, 'iat': now}, key.secret, algorithm='HS256')}"


def sms(number: str, template: str, body: str, reference: str) -> bytes:
    """The request that sends a text; the template has one place, `((body))`."""
    return msgspec.json.encode({"phone_number": number, "template_id": template, "personalisation": {"body": body}, "reference": reference})


def email(address: str, template: str, subject: str, body: str, reference: str) -> bytes:
    """The request that sends an e-mail; the template has two places, `((subject))` and `((body))`."""
    return msgspec.json.encode({
        "email_address": address, "template_id": template, "personalisation": {"subject": subject, "body": body}, "reference": reference,
    })  # fmt: skip


def number_of(text: str) -> str | None:
    """A number as it is kept, `+447700900001`: a British mobile in any of its spellings, or any other with its country; else None."""
    bare = "".join(one for one in text.strip() if one not in " -().")
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    if bare.startswith("07"):
        bare = f"+44{bare[1:]}"
    elif bare.isdigit() and len(bare) >= 11 and not bare.startswith("0"):  # noqa: PLR2004 - as the callback writes them: 447700900001
        bare = f"+{bare}"
    digits = bare[1:]
    if not bare.startswith("+") or not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 15):  # noqa: PLR2004 - E.164
        return None
    return None if digits.startswith("44") and not (digits.startswith("447") and len(digits) == 12) else bare  # noqa: PLR2004 - a mobile


def code_of(body: bytes) -> str:
    """The kind of error that an answer names; empty where it names none."""
    try:
        found: Any = msgspec.json.decode(body)
        return str(found["errors"][0]["error"])[:60]
    except (msgspec.DecodeError, KeyError, IndexError, TypeError):
        return ""
