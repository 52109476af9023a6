"""GOV.UK Notify: keys, tokens, numbers and what its errors are called."""

import jwt
import pytest

from integrations import govuk_notify

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"


def test_a_key_is_its_name_the_service_and_the_secret() -> None:
    key = govuk_notify.api_key(f"my_test-key-{SERVICE}-{SECRET}\n")
    assert (key.service, key.secret) == (SERVICE, SECRET)
    token = govuk_notify.authorization(key, 1_795_000_000).removeprefix("Bearer ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
    assert claims == {"iss": SERVICE, "iat": 1_795_000_000}
    for wrong in ("", "no key at all", f"x-{SERVICE}-zz844edf-8d35-48ac-975b-e847b4f122b0"):
        with pytest.raises(govuk_notify.NotAKey):
            govuk_notify.api_key(wrong)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("07700 900001", "+447700900001"), ("+44 7700 900001", "+447700900001"), ("447700900001", "+447700900001"),
        ("0044 (7700) 900-001", "+447700900001"), ("+33 6 12 34 56 78", "+33612345678"), ("020 7946 0000", None), ("+442079460000", None),
        ("0770090000", None), ("hello", None), ("", None), ("+44\u0667\u0667\u0660\u0660900001", None), ("NHSNoReply", None), ("60777", None),
    ],
)  # fmt: skip
def test_a_number_is_kept_in_one_spelling(written: str, kept: str | None) -> None:
    assert govuk_notify.number_of(written) == kept


def test_what_an_error_is_called() -> None:
    assert govuk_notify.code_of(b'{"errors":[{"error":"BadRequestError","message":"x"}],"status_code":400}') == "BadRequestError"
    for body in (b"", b"[]", b'{"errors":[]}', b"<html>"):
        assert govuk_notify.code_of(body) == ""
