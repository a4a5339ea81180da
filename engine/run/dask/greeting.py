"""Whether a Dask scheduler answers at an address, and if not, why, in a sentence.

Dask itself waits without end for an answer from what takes connections and speaks something else.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from store.errors import UsageError

if TYPE_CHECKING:
    from distributed.security import Security

ANSWER: Final = 20.0
"""Seconds within which it has to answer: a busy one was seen to take nine."""
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What TLS makes of an answer in the clear."""


class Unreachable(UsageError):
    """A cluster that cannot be reached, or that does not let us in."""


def greet(address: str, security: Security) -> None:
    """Exchange greetings with the scheduler at `address`.

    Raises:
        Unreachable: there is none, or it does not let us in.
    """
    from distributed.comm.addressing import parse_address, parse_host_port

    try:
        keys = security.get_connection_args("client")
        host, port = parse_host_port(parse_address(address)[1])
        socket.create_connection((host, port), ANSWER).close()  # Dask would try again where nobody listens
        asyncio.run(asyncio.wait_for(_greet(address, keys), ANSWER))
    except Exception as error:
        raise Unreachable(*why(address, error)) from error


async def _greet(address: str, keys: dict[str, Any]) -> None:
    from distributed.comm.core import connect

    comm = await connect(address, timeout=ANSWER, **keys)
    await comm.close()


def why(address: str, error: Exception) -> tuple[str, str]:
    """Why nobody lets us in at `address`, and what to do."""
    causes = list(_causes(error))
    of_tls = [cause for cause in causes if isinstance(cause, ssl.SSLError)]
    if of_tls:
        return _why_tls(address, of_tls[-1])
    last = causes[-1]
    if isinstance(last, socket.gaierror):
        host = address.partition("://")[2].rpartition(":")[0]
        return f"No machine is known by the name {host} ({address}).", "See whether it is right."
    if isinstance(last, TimeoutError):
        return (
            f"What is at {address} does not answer as a Dask scheduler does.",
            "See whether the address and its port are right, and the scheduler is not stopped.",
        )
    if isinstance(last, ConnectionResetError) or "closed" in str(last):
        return _hangs_up(address)
    said = (isinstance(last, OSError) and last.strerror) or " ".join(str(last).split())[:160]
    return (
        f"There is no Dask scheduler at {address} ({said}).",
        "See whether it runs, and whether the address and its port are right.",
    )


def _hangs_up(address: str) -> tuple[str, str]:
    speaks = address.startswith("tls://")
    remedy = "the scheduler's authority signed --tls-cert" if speaks else "it speaks TLS (tls://)"
    return (
        f"What listens at {address} hangs up at once.",
        f"See whether it is the scheduler's port, and whether {remedy}.",
    )


def _why_tls(address: str, error: ssl.SSLError) -> tuple[str, str]:
    if isinstance(error, ssl.SSLEOFError):
        return _hangs_up(address)
    if error.reason in _NOT_TLS:
        return (
            f"What listens at {address} does not speak TLS.",
            "See whether it is the scheduler's port, and whether the scheduler has --protocol tls.",
        )
    if error.reason == "KEY_VALUES_MISMATCH":
        return "--tls-key is not the key of --tls-cert.", "Give the two that were made together."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the scheduler at {address} is not trusted ({error.verify_message}).",
            "Give the authority that signed it as --tls-ca.",
        )
    said = (error.reason or str(error)).replace("_", " ").lower()
    return (
        f"The scheduler at {address} and the certificates given do not go together ({said}).",
        "See --tls-ca, --tls-cert and --tls-key, or Dask's own configuration.",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """`error`, and what it came of."""
    while error is not None and not isinstance(error, asyncio.CancelledError):
        yield error
        error = error.__cause__ or error.__context__
