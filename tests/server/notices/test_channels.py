"""F104, INP-6: real providers on loopback that accept, refuse, fail, drop and hang; a browser that decrypts what it was sent."""

import socket
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from integrations.web_push import Subscription, unbase64
from server.notices import setup
from server.notices.mobile import Account, Apns, Apple, Fcm
from server.notices.notifier import Message, Notifier, Said
from server.notices.outward import Outward
from server.notices.staff import Apprise
from server.outgoing import NotCalled
from server.settings import Settings, WrongSetting, environment, read
from tests.integrations.test_web_push import Browser
from tests.provider import Answer, Provider

KEY = "steady-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0"


def message(address: str, **more: Any) -> Message:
    return Message(id=uuid7(), address=address, subject="Steady: 1 urgent", body="1 urgent.", link="https://desk.example.org/", **more)


@pytest.fixture
def ways(settings: Settings, tmp_path: Path) -> Any:
    (tmp_path / "notify.key").write_text(KEY, encoding="utf-8")

    def made(provider: Provider) -> dict[str, Notifier]:
        return setup.notifiers(replace(
            settings, notify_url=provider.url, notify_key_file=str(tmp_path / "notify.key"), notify_sms_template="sms-template",
            notify_email_template="email-template", vapid_contact="mailto:ops@example.org", keys=tmp_path / "keys", loopback_calls=True,
        ))  # fmt: skip

    return made


async def test_f104_a_text_goes_out_under_our_own_key(ways: Any) -> None:
    with Provider() as provider:
        one = message("07700 900001")
        assert await ways(provider)["sms"].send(one) == Said("accepted", "201")
    (taken,) = provider.taken
    claims = jwt.decode(taken.headers["authorization"].removeprefix("Bearer "), KEY[-36:], algorithms=["HS256"])
    assert (taken.path, claims["iss"]) == ("/v2/notifications/sms", KEY[-73:-37])
    assert msgspec.json.decode(taken.body) == {
        "phone_number": "+447700900001", "template_id": "sms-template", "reference": str(one.id),
        "personalisation": {"body": "1 urgent.\n\nhttps://desk.example.org/"},
    }  # fmt: skip


async def test_f104_an_e_mail_by_govuk_notify(ways: Any) -> None:
    with Provider() as provider:
        assert (await ways(provider)["email"].send(message("a@example.org"))).state == "accepted"
        assert await ways(provider)["sms"].send(message("no number")) == Said("refused", "no number")
    (taken,) = provider.taken
    assert taken.path == "/v2/notifications/email"
    assert msgspec.json.decode(taken.body)["personalisation"]["subject"] == "Steady: 1 urgent"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=400, body=b'{"errors":[{"error":"BadRequestError"}]}'), Said("refused", "400 BadRequestError")),
        (Answer(status=403), Said("refused", "403")),
        (Answer(status=429), Said("failed", "429")),
        (Answer(status=503, body=b"<html>"), Said("failed", "503")),
        (Answer(drops=True), Said("failed", "no_answer")),
        (Answer(status=302, location="http://127.0.0.1:9/"), Said("refused", "302")),
        (Answer(hangs_s=2.0), Said("failed", "too_slow")),
        (Answer(body=b"x" * 300_000), Said("accepted", "201")),
    ],
)  # fmt: skip
async def test_alp_4_what_a_provider_does_is_said_and_never_raised(ways: Any, answer: Answer, said: Said) -> None:
    with Provider(lambda _taken: answer) as provider:
        sender = ways(provider)["sms"]
        sender._out._timeout_s = 1.0 if answer.hangs_s else 5.0
        assert await sender.send(message("+447700900001")) == said
        assert len(provider.taken) == 1, "a redirect is not followed"


def subscription(provider: Provider, browser: Browser) -> str:
    return msgspec.json.encode(Subscription(endpoint=f"{provider.url}/push/abc", keys=browser.keys)).decode()


async def test_inv_18_a_browser_decrypts_what_it_is_sent_and_shows_it_once(ways: Any) -> None:
    browser = Browser()
    with Provider() as provider:
        sender, one = ways(provider)["push"], message(subscription(provider, browser), urgent=True)
        assert [(await sender.send(one)).state for _ in range(2)] == ["accepted", "accepted"]
    first, again = provider.taken
    shown = msgspec.json.decode(browser.read(first.body))
    assert shown == {"title": "Steady: 1 urgent", "body": "1 urgent.", "url": "https://desk.example.org/", "tag": str(one.id)}
    # Encrypted anew each time, under one topic and one tag: what waits is replaced, what was shown is not shown twice.
    assert first.body != again.body
    assert msgspec.json.decode(browser.read(again.body)) == shown
    assert first.headers["topic"] == again.headers["topic"]
    assert (first.headers["content-encoding"], first.headers["urgency"], len(first.headers["topic"])) == ("aes128gcm", "high", 22)
    token, key = (part.split("=", 1)[1] for part in first.headers["authorization"].removeprefix("vapid ").split(", "))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unbase64(key))
    assert jwt.decode(token, public, algorithms=["ES256"], audience=provider.url)["sub"] == "mailto:ops@example.org"


@pytest.mark.parametrize(("status", "said"), [(410, Said("refused", "gone")), (404, Said("refused", "gone")), (413, Said("refused", "413")),
                                              (500, Said("failed", "500"))])  # fmt: skip
async def test_f104_a_browser_that_is_gone_is_said_to_be(ways: Any, status: int, said: Said) -> None:
    with Provider(lambda _taken: Answer(status=status)) as provider:
        assert await ways(provider)["push"].send(message(subscription(provider, Browser()))) == said
        assert await ways(provider)["push"].send(message("no json")) == Said("refused", "no subscription")


@pytest.mark.parametrize(
    "url",
    [
        "http://fcm.googleapis.com/x", "https://user@fcm.googleapis.com/x", "https://evil.example/x",
        "https://fcm.googleapis.com.evil.example/x", "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "ftp://x/",
        "https://evilpush.apple.com.example/", "//", "https://", "http://127.0.0.1:8080/v1/me",
    ],
)  # fmt: skip
async def test_inp_6_only_named_hosts_by_https(url: str) -> None:
    with pytest.raises(NotCalled):
        Outward(("fcm.googleapis.com", ".push.apple.com")).named(url)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1",
     "fe80::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "::", "ff02::1"],
)  # fmt: skip
async def test_inp_6_a_name_that_leads_inside_is_not_called(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def lookup(host: str, *_more: Any, **_named: Any) -> list[Any]:
        asked.append(host)
        # One good address beside it does not help: the name would be asked again by whoever connects.
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("8.8.8.8", address)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    said, _ = await Outward(("push.example.net",)).said("https://push.example.net/x", content=b"", headers={})
    assert (said, asked) == (Said("refused", "address_not_public"), ["push.example.net"])


async def test_f104_a_phone_with_android_is_told_by_fcm() -> None:
    key = generate_rsa(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    state = {"gone": False}

    def answer(taken: Any) -> Answer:
        if taken.path == "/token":
            return Answer(status=200, body=b'{"access_token":"abc","expires_in":3599}')
        return Answer(status=404 if state["gone"] else 200)

    with Provider(answer) as provider:
        account = Account(project_id="p", client_email="a@b", private_key=key, token_uri=f"{provider.url}/token")
        sender = Fcm(Outward((), loopback=True), account, url=provider.url)
        one = message("device-token", urgent=True)
        assert [(await sender.send(one)).state for _ in range(2)] == ["accepted", "accepted"]
        state["gone"] = True
        assert await sender.send(one) == Said("refused", "gone")
    assert [taken.path for taken in provider.taken] == ["/token", *["/v1/projects/p/messages:send"] * 3]
    sent = msgspec.json.decode(provider.taken[1].body)["message"]
    assert (sent["token"], sent["android"]["notification"]["tag"], provider.taken[1].headers["authorization"]) == (
        "device-token", str(one.id), "Bearer abc")
    with Provider(lambda _taken: Answer(status=503)) as down:
        account = msgspec.structs.replace(account, token_uri=f"{down.url}/token")
        assert await Fcm(Outward((), loopback=True), account, url=down.url).send(one) == Said("failed", "token 503")


@pytest.mark.parametrize(("answer", "said"), [(Answer(status=200), Said("accepted", "200")), (Answer(status=410), Said("refused", "gone")),
                                              (Answer(status=400, body=b'{"reason":"BadDeviceToken"}'), Said("refused", "gone")),
                                              (Answer(status=503), Said("failed", "503"))])  # fmt: skip
async def test_f104_an_iphone_is_told_by_apns(answer: Answer, said: Said) -> None:
    key = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with Provider(lambda _taken: answer) as provider:
        apple = Apple(team="TEAM", key_id="KID", key=key, topic="org.example.app", url=provider.url)
        one = message("device")
        assert await Apns(Outward((), loopback=True), apple).send(one) == said
    (taken,) = provider.taken
    assert (taken.path, taken.headers["apns-collapse-id"], taken.headers["apns-topic"]) == ("/3/device/device", str(one.id), "org.example.app")
    assert jwt.get_unverified_header(taken.headers["authorization"].removeprefix("bearer "))["kid"] == "KID"


# The library asks the standard one what kind of picture a file is, in a way that goes with Python 3.13.
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_f104_a_rota_of_another_kind_is_told_by_apprise() -> None:
    with Provider(lambda _taken: Answer(status=200)) as provider:
        sender = Apprise()
        assert await sender.send(message(provider.url.replace("http://", "json://"))) == Said("accepted", "apprise")
        assert await sender.send(message("nothing://")) == Said("failed", "no such service")
    assert b"1 urgent" in provider.taken[0].body
    with Provider(lambda _taken: Answer(status=500)) as provider:
        assert await sender.send(message(provider.url.replace("http://", "json://"))) == Said("failed", "apprise")


def test_ops_7_what_is_set_up_wrongly_is_said(settings: Settings, tmp_path: Path) -> None:
    for wrong in ({"notify_key_file": str(tmp_path / "none")}, {"fcm_file": str(tmp_path / "none")}, {"apns_file": str(tmp_path / "none")}):
        with pytest.raises(WrongSetting):
            setup.notifiers(replace(settings, **wrong))
    assert set(setup.notifiers(settings)) == {"log", "apprise"}


def test_settings_reach_a_child_process_as_they_are(tmp_path: Path) -> None:
    found = {
        "STEADY_DATA": str(tmp_path), "STEADY_NOTIFY_KEY_FILE": "k", "STEADY_NOTIFY_SMS_TEMPLATE": "s", "STEADY_NOTIFY_EMAIL_TEMPLATE": "e",
        "STEADY_NOTIFY_CALLBACK_FILE": "c", "STEADY_VAPID_CONTACT": "mailto:a@b", "STEADY_PUSH_HOSTS": "a b", "STEADY_FCM_FILE": "f",
        "STEADY_APNS_FILE": "a", "STEADY_NOTIFY_URL": "https://x",
    }  # fmt: skip
    assert found.items() <= environment(read(found)).items()
