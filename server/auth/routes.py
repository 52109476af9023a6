"""HTTP for signing in: the token endpoint, pairing a phone, who am I, our public keys."""

from typing import Annotated, Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Response

from domain.actor import Actor
from domain.errors import Invalid, TooMuch
from server.app_state import Parts
from server.auth.actor import VENDOR_SCOPES
from server.auth.assertions import TYPE
from server.auth.service import Auth, Granted, OAuthError, PairingCode
from server.http import AnyRequest, body_of, path_id
from server.people import service as people

FORM: Final = "application/x-www-form-urlencoded"
FORM_LIMIT: Final = 32 * 1024
NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}
CODE_DIGITS: Final = 12


class Trouble(msgspec.Struct, frozen=True):
    """A refusal of the token endpoint (RFC 6749, 5.2)."""

    error: str


class Pairing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The one-time code, with or without spaces."""

    code: Annotated[str, msgspec.Meta(min_length=12, max_length=20)]


class ForPatient(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose phone is to be paired."""

    patient: str


class PairingCodeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to read out, and until when it counts."""

    code: str
    expires_at: str


class MeOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who the token or cookie belongs to."""

    id: UUID
    kind: str
    name: str | None
    role: str | None
    org_id: UUID | None
    scopes: list[str]


def auth_of(parts: Parts) -> Auth:
    """Give the sign-in service of this process."""
    found: Auth = parts.extras["auth"]
    return found


async def form_of(request: AnyRequest, limit: int = FORM_LIMIT) -> dict[str, str]:
    """Read an urlencoded form, each field once. Raises TooMuch or Invalid."""
    content_type = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if content_type != FORM:
        raise Invalid(f"Send {FORM}.")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooMuch(f"At most {limit} bytes in a form.")
        chunks.append(chunk)
    try:
        pairs = parse_qsl(b"".join(chunks).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=30)
    except ValueError as error:
        raise Invalid("The form is not percent-encoded UTF-8.") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Invalid("Each field once.")
    if any("\x00" in value for value in found.values()):
        raise Invalid("No NUL characters.")
    return found


@post(
    "/oauth/token", status_code=200, operation_id="getToken", summary="Get an access token", tags=["sign-in"],
    opt={"public": True},
)  # fmt: skip
async def token(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[Granted | Trouble]:
    """client_credentials with private_key_jwt for vendors, refresh_token for a paired phone."""
    auth = auth_of(parts)
    try:
        try:
            form = await form_of(request)
        except Invalid as error:
            raise OAuthError("invalid_request") from error
        granted = await _granted(auth, form)
    except OAuthError as error:
        return Response(Trouble(error=error.error), status_code=error.status, headers=NO_STORE)
    return Response(granted, headers=NO_STORE)


async def _granted(auth: Auth, form: dict[str, str]) -> Granted:
    match form.get("grant_type"):
        case "client_credentials":
            if form.get("client_assertion_type") != TYPE or "client_assertion" not in form:
                raise OAuthError("invalid_client", 401)
            return await auth.client_credentials(form["client_assertion"], form.get("scope"))
        case "refresh_token":
            if not form.get("refresh_token") or not form.get("client_id"):
                raise OAuthError("invalid_request")
            return await auth.refresh(form["refresh_token"], form["client_id"])
        case None | "":
            raise OAuthError("invalid_request")
        case _:
            raise OAuthError("unsupported_grant_type")


@post("/v1/pairing", status_code=200, operation_id="pairPhone", summary="Pair a phone with a one-time code",
      tags=["sign-in"], opt={"public": True, "body": Pairing})  # fmt: skip
async def pair(request: AnyRequest, parts: NamedDependency[Parts]) -> Response[Granted]:
    """Give the phone its first access and refresh token."""
    data = await body_of(request, Pairing)
    code = digits_of(data.code)
    if code is None:
        raise Invalid("Twelve digits.", "/code")
    return Response(await auth_of(parts).pair(code), headers=NO_STORE)


def digits_of(typed: str) -> str | None:
    """The digits of a one-time code as somebody typed it; None when it cannot be one."""
    code = typed.replace(" ", "").replace("-", "")
    return code if len(code) == CODE_DIGITS and code.isascii() and code.isdigit() else None


@post("/v1/pairing-codes", status_code=201, operation_id="makePairingCode", summary="Make a one-time code for a phone",
      tags=["sign-in"], opt={"body": ForPatient})  # fmt: skip
async def pairing_code(
    request: AnyRequest, actor: NamedDependency[Actor], parts: NamedDependency[Parts]
) -> Response[PairingCodeOut]:
    """Make a code to read out to a patient who shares with the asker; it counts once, for ten minutes."""
    data = await body_of(request, ForPatient)
    patient = path_id(data.patient)
    made: PairingCode = await auth_of(parts).make_pairing_code(actor, patient)
    await parts.reads.record(actor, patient, "pairing-code", request.scope["state"]["request_id"], action="C")
    shown = " ".join(made.code[place : place + 4] for place in range(0, CODE_DIGITS, 4))
    return Response(PairingCodeOut(code=shown, expires_at=made.expires_at.isoformat()), headers=NO_STORE)


@get("/v1/me", operation_id="getMe", summary="Who am I", tags=["sign-in"])
async def me(actor: NamedDependency[Actor], parts: NamedDependency[Parts]) -> Response[MeOut]:
    """Say whom the token or cookie belongs to, and what it may be used for."""
    found = await people.me(parts.database, actor)
    shown = MeOut(
        id=actor.id, kind=actor.kind.value, name=found.name if found else None, role=found.role if found else None,
        org_id=actor.org_id, scopes=sorted(actor.scopes),
    )  # fmt: skip
    return Response(shown, headers=NO_STORE)


@get("/.well-known/jwks.json", operation_id="getKeys", summary="Our public keys", tags=["sign-in"],
     opt={"public": True})  # fmt: skip
async def keys(parts: NamedDependency[Parts]) -> Response[dict[str, list[dict[str, str]]]]:
    """Give the keys that our access tokens verify with."""
    return Response(auth_of(parts).ring.published(), headers={"cache-control": "public, max-age=300"})


@get("/.well-known/smart-configuration", operation_id="getSmartConfiguration", summary="How machines sign in",
     tags=["sign-in"], opt={"public": True})  # fmt: skip
async def smart(parts: NamedDependency[Parts]) -> Response[dict[str, Any]]:
    """Tell SMART backend services where and how to get a token."""
    return Response(smart_configuration(auth_of(parts)), headers={"cache-control": "public, max-age=300"})


def smart_configuration(auth: Auth) -> dict[str, Any]:
    """How SMART backend services get a token; the FHIR routes tell the same under their own root."""
    return {
        "token_endpoint": auth.token_url,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384", "RS512"],
        "grant_types_supported": ["client_credentials", "refresh_token"],
        "scopes_supported": list(VENDOR_SCOPES),
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


ROUTES: Final = [token, pair, pairing_code, me, keys, smart]
