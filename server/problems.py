"""Problem documents (RFC 9457): the only shape of a refusal, for the API and for people."""

from typing import Final

import msgspec

MEDIA: Final = "application/problem+json"


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong, with where it stands. Never the refused value: it may be health data."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why a request was refused, and whether sending it again can help."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = ""
    errors: tuple[Fault, ...] = ()
    request_id: str = ""
    retry: bool = False


class Page(msgspec.Struct, frozen=True):
    """What a problem's own page says (GET /problems/<code>)."""

    title: str
    happened: str
    do: str


PAGES: Final[dict[str, Page]] = {
    "malformed": Page("This could not be read", "The body is not JSON of the shape this address takes.",
                      "Check the JSON: UTF-8, no key twice, no value that JSON does not know (NaN, Infinity)."),
    "invalid": Page("This cannot be accepted", "The JSON is well formed, but a value breaks a rule.",
                    "Look at errors[].pointer: it names the field. Change it and send again."),
    "not-found": Page("There is nothing here for you", "It does not exist, or you may not see it: both look the same.",
                      "Check the address, and whether the person shares this with you."),
    "not-signed-in": Page("Sign in first", "The token is missing, has expired or does not hold.",
                          "Get a new token and send the request again."),
    "not-proved": Page("Nobody can know that this is from you", "The signature is missing, wrong or too old; the detail says which.",
                       "Sign the raw bytes with the secret of this door and the time of now, then send it again."),
    "out-of-scope": Page("This sign-in may not do that", "The token is good, but not for this action.",
                         "Ask for a token with the scope that detail names."),
    "fresh-sign-in-needed": Page("Sign in again with your second factor", "The action needs a recent sign-in.",
                                 "Sign in again, then repeat the request."),
    "conflict": Page("That does not fit with what is there", "Something else happened first.",
                     "Read the current state, then decide again."),
    "stale-version": Page("This has changed since you looked", "Your If-Match names an older version.",
                          "Read it again and send the new version."),
    "version-needed": Page("Say which version you are changing", "The request has no If-Match header.",
                           "Send the ETag that you read as If-Match."),
    "too-much": Page("That is more than fits in one request", "The body, the batch or a header is over its limit.",
                     "Send smaller parts: up to 1,000 readings and 1 MiB in one request."),
    "unsupported-media": Page("Send application/json, not compressed", "The content type or encoding is not accepted.",
                              "Set Content-Type: application/json and send the body as it is."),
    "not-allowed": Page("That method is not for this address", "The address exists, but not for this method.",
                        "See the Allow header."),
    "busy": Page("Too busy just now", "There is no room for this request right now.",
                 "Wait as long as Retry-After says, then send the same request again."),
    "rate-limited": Page("Too many requests from you", "This caller has used its share for now.",
                         "Wait as long as Retry-After says."),
    "still-running": Page("This is being done just now", "The same request with the same Idempotency-Key has not been answered yet.",
                          "Wait as long as Retry-After says, then send the same request with the same key: you get its answer."),
    "key-reused": Page("This key belongs to another request", "The Idempotency-Key was sent before with another body or address.",
                       "Make a new key for each thing you do; send the same key only to repeat the same request."),
    "id-reused": Page("This id is taken", "The id was used for another reading before.",
                      "Make a new UUIDv7 for each reading; send the same id only to repeat the same reading."),
    "reading-rejected": Page("This reading cannot be stored", "A rule refuses it; nothing was kept.",
                             "Look at errors[]: it names the field and what is accepted."),
    "our-fault": Page("Something went wrong on our side", "Nothing you sent is at fault, and nothing was half stored.",
                      "Send it again in a minute. If it goes on, tell us the requestId."),
}


def example(code: str) -> bytes:
    """A problem document of a code, as its page shows it."""
    page = PAGES[code]
    one = Problem(type=f"/problems/{code}", title=page.title, status=STATUSES.get(code, 422), detail=page.happened,
                  instance="/v1/readings/0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d5e", request_id="0190a8f0-5b6e-7c3a-9d2e-6f1f2b3c4d60")  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(one), indent=2)


STATUSES: Final = {
    "malformed": 400, "not-signed-in": 401, "not-proved": 401, "out-of-scope": 403, "fresh-sign-in-needed": 403, "not-found": 404,
    "not-allowed": 405, "conflict": 409, "still-running": 409, "id-reused": 409, "stale-version": 412, "too-much": 413,
    "unsupported-media": 415, "version-needed": 428, "rate-limited": 429, "our-fault": 500, "busy": 503,
}  # fmt: skip
"""Code -> status where it is not 422; `server/errors.py` decides, a test holds the two together."""
