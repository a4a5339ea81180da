"""A secret is shown as `***`, however it is written; everything else stays as it is."""

from __future__ import annotations

import base64
import html
import json
import logging
import sys
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.errors import DataError, unforeseen
from store.logs import rotating_log
from store.withheld import withheld, withhold

SECRET = "sk-Very/Secret+key=9~é"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr("store.withheld._forms", {})


def forms(secret: str) -> list[str]:
    raw = secret.encode()
    return [
        secret,
        f"Bearer {secret}",
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        quote(secret).lower(),
        "".join(f"%{byte:02X}" for byte in raw),
        json.dumps(secret),
        json.dumps(json.dumps(secret)),
        repr(raw),
        repr(secret),
        ascii(secret),
        html.escape(secret),
        secret.encode("ascii", "xmlcharrefreplace").decode(),
        raw.hex(),
        *(base64.b64encode(before + raw + b"|end").decode() for before in (b"", b"u", b"u:", b"usr")),
        *(base64.urlsafe_b64encode(before + raw).decode() for before in (b"", b"u", b"u:", b"usr")),
    ]


@pytest.mark.parametrize("form", forms(SECRET), ids=range(len(forms(SECRET))))
def test_no_form_of_a_secret_is_told(form):
    withhold(SECRET)
    told = withheld(f"the server says: {form}, twice: {form}.")
    assert told.startswith("the server says: ")
    assert told.count("***") == 2
    # What is left beside it in base64 is what was encoded beside it, and no whole group of the secret.
    whole = base64.b64encode(SECRET.encode()).decode().rstrip("=")
    for piece in (SECRET[:6], SECRET[-6:], whole[:8], whole[-8:], SECRET.encode().hex()[:12]):
        assert piece not in told


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=4, max_size=40))
@example("a.b|c\\d")
@example("'\"\\'")
@example("\N{ROBOT FACE}" * 4)
def test_any_text_can_be_a_secret(secret):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("store.withheld._forms", {})
        withhold(secret)
        for form in forms(secret):
            assert "***" in withheld(f"<{form}>")


def test_what_is_no_secret_is_told():
    withhold(SECRET)
    withhold("abc")
    withhold("")
    for text in (
        "abc sk-Very",
        "ask at http://127.0.0.1:8000/v1, or a@b.org",
        "http://user@host/x",
        "c2st",
    ):
        assert withheld(text) == text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://user:pa%2Fss@mirror.example/x?y", "https://***@mirror.example/x?y"),
        ("socks5://user:@proxy:1", "socks5://***@proxy:1"),
        ("https://:pass@mirror.example", "https://***@mirror.example"),
        ("https://ghp_0123456789abcdef0123@mirror.example", "https://***@mirror.example"),
        ("http://a:b@one/ and http://c:d@two/", "http://***@one/ and http://***@two/"),
    ],
)
def test_a_password_in_an_address_is_not_told(address, told):
    assert withheld(f"{address} is away") == f"{told} is away"


def test_no_error_and_no_log_tells_a_secret(tmp_path):
    withhold(SECRET)
    error = DataError(f"The server says {SECRET}.", f"Or {quote(SECRET, safe='')}.")
    assert (str(error), error.args) == ("The server says ***. Or ***.", ("The server says ***.",))
    assert unforeseen(ValueError(f"{SECRET} \x1b[2J\nmore")) == r"ValueError: *** \x1b[2J"
    assert unforeseen(ValueError()) == "ValueError: no message"
    handler = rotating_log(tmp_path / "x.log", 10_000, 1)
    try:
        raise ValueError(f"{SECRET}\x1b]0;title\x07")
    except ValueError:
        trace = sys.exc_info()
    handler.emit(logging.LogRecord("x", logging.INFO, "", 0, "said %r", (SECRET,), trace))
    handler.close()
    text = (tmp_path / "x.log").read_text()
    assert "said '***'" in text
    assert r"ValueError: ***\x1b]0;title\x07" in text
    assert "Traceback" in text
    assert SECRET not in text
    assert "\x1b" not in text
