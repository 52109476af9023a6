"""A patient at her own pages."""

from httpx import AsyncClient

from server.auth.service import Auth
from tests.clinic import Clinic


async def code_for(clinic: Clinic, who: str = "patient") -> str:
    """A one-time code, as the team reads it out."""
    auth: Auth = clinic.parts.extras["auth"]
    return (await auth.add_pairing_code(getattr(clinic, who), clinic.nurse)).code


async def own_session(client: AsyncClient, clinic: Clinic, who: str = "patient") -> dict[str, str]:
    """The headers of a patient's browser."""
    answer = await client.post("/me/sign-in", data={"code": await code_for(clinic, who)})
    assert answer.status_code == 303, answer.text
    return {"cookie": answer.headers["set-cookie"].split(";", 1)[0], "accept": "text/html"}
