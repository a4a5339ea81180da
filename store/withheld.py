r"""What must never be written down: keys and passwords, shown as `***` in sentences, tracebacks and logs.

A server may echo what it was sent, as it was or in another form. Who uses a secret says so (`withhold`),
and what is told passes `withheld`: every error of `store/errors.py`, every traceback and every log.
"""

from __future__ import annotations

import base64
import re
from typing import Final

HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""Characters of a secret; what is shorter keeps nobody out, and hiding it would spoil sentences."""
_IN_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@:]*:[^\s/]*@|(?<=://):?[^\s/@:]{20,}@")
"""User and password, or a token that stands for both, in an address."""

_NAMED: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
"""How HTML names what it cannot write."""

_forms: dict[str, re.Pattern[str]] = {}
"""Of each secret of this process, how it may be written."""


def withhold(secret: str) -> None:
    """Let nothing that is told from now on have `secret` in it."""
    if len(secret) >= _SHORTEST and secret not in _forms:
        _forms[secret] = re.compile("|".join(_written(secret)), re.IGNORECASE)


def withheld(text: str) -> str:
    """`text` without any secret of this process, and without passwords in addresses."""
    if "://" in text:
        text = _IN_ADDRESS.sub(f"{HIDDEN}@", text)
    for forms in tuple(_forms.values()):
        text = forms.sub(HIDDEN, text)
    return text


def _written(secret: str) -> list[str]:
    r"""Patterns of the forms of `secret`: as it is or with any of it escaped, in base64, in hexadecimal.

    Escapes are those of addresses (%2F), of JSON and Python (\u002f, \x2f, \/) and of HTML (&#47;, &#x2f;).
    """
    raw = secret.encode(errors="surrogatepass")
    return ["".join(map(_character, secret)), *_in_base64(raw), raw.hex()]


def _character(character: str) -> str:
    raw, code = character.encode(errors="surrogatepass"), ord(character)
    units = character.encode("utf-16-be", errors="surrogatepass").hex()
    forms = (
        rf"\\*{re.escape(character)}",
        "".join(f"%{byte:02x}" for byte in raw),
        "".join(rf"\\+x{byte:02x}" for byte in raw),
        "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        rf"\\+x{code:02x}",
        rf"\\+U{code:08x}",
        f"&{_NAMED.get(character, f'#0*{code}')};",
        f"&#0*{code};",
        f"&#x0*{code:x};",
    )
    return f"(?:{'|'.join(forms)})"


def _in_base64(raw: bytes) -> list[str]:
    """What each base64 text that holds `raw` has in it, wherever `raw` begins in a group of three bytes."""
    found = []
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        end = (before + len(raw)) * 8 // 6
        pattern = re.escape(whole[-(-before * 8 // 6) : end])
        found.append(pattern.replace(r"\+", "[+-]").replace("/", "[/_]"))
    return found
