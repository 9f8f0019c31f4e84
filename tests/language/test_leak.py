"""Secrets in plain text are found by their form, or because the server knows them."""

from __future__ import annotations

import pytest

from penstock.language.leak import secrets_in_text

BODY = "R7vK2mQx9LpTz4WcYs8HnJd3FbGa6EuVq1Xo"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        *((f"gh{kind}_{BODY}", "a token of GitHub") for kind in "pousr"),
        (f"github_pat_{BODY}{BODY}", "a token of GitHub"),
        ("glpat-" + BODY[:20], "a token of GitLab"),
        ("xoxb-" + BODY, "a token of Slack"),
        ("AKIAIOSFODNN7EXAMPLE", "an access key of AWS"),
        ("ASIAIOSFODNN7EXAMPLE", "an access key of AWS"),
        ("AIza" + BODY[:35], "an API key of Google"),
        ("sk_live_" + BODY, "a key of Stripe"),
        ("rk_live_" + BODY, "a key of Stripe"),
        (f"eyJ{BODY}.eyJ{BODY}.{BODY}", "a JSON Web Token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
    ],
)
def test_forms_of_secrets(text, what):
    (leak,) = secrets_in_text(f"a: b\nkey: {text}\n", {})
    assert leak.message == f"This looks like {what}."
    assert (leak.line, leak.column) == (2, 6)
    assert text not in leak.message + leak.hint


@pytest.mark.parametrize(
    "text",
    [
        "{{ secret('API_KEY') }}",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "550e8400-e29b-41d4-a716-446655440000",
        "my_ghp_" + BODY,
        "AKIA is how they begin",
        "https://example.com/a/very/long/path/with/Many/Parts/1234567890",
    ],
)
def test_what_is_no_secret(text):
    assert not [*secrets_in_text(f"key: {text}\n", {})]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("password: kiwi-harbour", True),
        ('password: "kiwi-harbour"', True),
        ("url: https://me:kiwi-harbour@example.com", True),
        ("password: kiwi-harbours", False),
        ("password: xkiwi-harbour", False),
        ("password: kiwi", False),
    ],
)
def test_values_that_the_server_knows(text, is_found):
    found = [*secrets_in_text(text, {"PASSWORD": ["kiwi-harbour", "kiwi", ""]})]
    assert [leak.message for leak in found] == [
        "The text holds the value of the secret `PASSWORD`."
    ] * is_found
    assert "kiwi" not in "".join(leak.hint for leak in found)
