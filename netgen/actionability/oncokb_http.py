"""One POST to OncoKB: where the token goes, how long is waited, and what each failure is called.

The token is read from an environment variable when it is needed. It is in no table, message, provenance or object of
netgen, goes over https only, and follows no redirect.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from netgen.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Callable

ONCOKB_URL: Final = "https://www.oncokb.org/api/v1"
_LARGEST_ANSWER: Final = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """How patiently OncoKB is asked.

    Attributes
    ----------
    timeout
        Seconds to wait for an answer.
    pause
        Seconds between two requests.
    attempts
        Tries of one request that is answered with 429 or 5xx, or not in time.
    backoff
        Seconds before the second try; doubled each time. A longer ``Retry-After`` of the server goes before.
    longest_wait
        Seconds; a server that asks for more is not waited for.
    sleep
        What waits.
    """

    timeout: float = 120.0
    pause: float = 0.5
    attempts: int = 5
    backoff: float = 2.0
    longest_wait: float = 300.0
    sleep: Callable[[float], None] = time.sleep


class _RefuseRedirects(urllib.request.HTTPRedirectHandler):
    """The token must not be carried to another address."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


def failure(message: str, fix: str) -> AnalysisError:
    """Return the error E_ONCOKB.

    Parameters
    ----------
    message
        What went wrong, without the token.
    fix
        What to do.

    Returns
    -------
    AnalysisError
        To be raised.
    """
    return AnalysisError("E_ONCOKB", message, fix=fix)


def read_token(name: str) -> str:
    """Return the token that an environment variable holds.

    Parameters
    ----------
    name
        Name of the variable.

    Returns
    -------
    str
        The token.

    Raises
    ------
    AnalysisError
        E_ONCOKB if the name is none, or the variable is not set or holds no token. Neither is repeated in the message:
        a token may have been given in place of a name.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise failure(
            "The name of an environment variable is needed, found something else.",
            "Put the token into a variable and give the name of the variable, never the token itself.",
        )
    token = os.environ.get(name, "").strip()
    if not token:
        raise failure("The environment variable that should hold the token is not set.", "Set it, or ask without it.")
    if not re.fullmatch(r"[!-~]+", token):
        raise failure("The token holds blanks or other characters that no token has.", "Copy it again from OncoKB.")
    return token


def check_url(url: str) -> None:
    """Raise unless a token may be sent to an address: https, or http to this machine.

    Parameters
    ----------
    url
        Base address.

    Raises
    ------
    AnalysisError
        E_ONCOKB for any other address.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        usable = bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and _is_local(parts.hostname))
        )
    except ValueError:
        usable = False
    if not usable:
        raise failure("A token is sent over https only, and to no other kind of address.", f"Use {ONCOKB_URL}.")


def _is_local(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def post_json(url: str, body: str, token: str, pacing: Pacing) -> bytes:
    """Send one request, again after 429, 5xx, a time-out or a broken connection.

    Parameters
    ----------
    url
        Address, checked by ``check_url``.
    body
        JSON text.
    token
        Sent as a bearer token.
    pacing
        Time limits and attempts.

    Returns
    -------
    bytes
        The answer.

    Raises
    ------
    AnalysisError
        E_ONCOKB: token refused, not reached, not accepted, or no answer after all attempts.
    """
    request = urllib.request.Request(url, data=body.encode(), method="POST")  # noqa: S310  # _check_url: https
    request.add_header("Content-Type", "application/json")
    request.add_header("Accept", "application/json")
    request.add_header("User-Agent", "netgen")
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    trouble = "it was not asked"
    for attempt in range(pacing.attempts):
        answer = _try_once(request, pacing)
        if isinstance(answer, bytes):
            return answer
        trouble, asked_wait = answer
        if asked_wait > pacing.longest_wait:
            raise failure(f"OncoKB asks to wait for {asked_wait:.0f} s ({trouble}).", "Try again later.")
        if attempt + 1 < pacing.attempts:
            pacing.sleep(max(asked_wait, pacing.backoff * 2**attempt))
    raise failure(f"OncoKB did not answer in {pacing.attempts} attempts: {trouble}.", "Try again later.")


def _try_once(request: urllib.request.Request, pacing: Pacing) -> bytes | tuple[str, float]:
    """Return the answer, or what was wrong and the seconds the server wants to be left alone; raise what stays so."""
    handlers: list[urllib.request.BaseHandler] = [_RefuseRedirects()]
    if request.type == "http":
        handlers.append(urllib.request.ProxyHandler({}))  # this machine
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=pacing.timeout) as response:
            text: bytes = response.read(_LARGEST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        with error:
            return _judge_status(error.code, error.headers.get("Retry-After"))
    except urllib.error.URLError as error:
        if not isinstance(error.reason, TimeoutError | ConnectionResetError):
            raise failure(
                f"OncoKB cannot be reached: {error.reason}.", "Check the network, or ask without it."
            ) from None
        return str(error.reason), 0.0
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__, 0.0
    if len(text) > _LARGEST_ANSWER:
        raise failure("The answer of OncoKB is larger than any answer should be.", "Check the address.")
    return text


def _judge_status(status: int, retry_after: str | None) -> tuple[str, float]:
    if status in (401, 403):
        raise failure(
            f"OncoKB refused the token (HTTP {status}).", "Check that the token is valid and has not expired."
        )
    if status != 429 and status < 500:
        raise failure(f"OncoKB did not accept the request (HTTP {status}).", "Check the address.")
    return f"HTTP {status}", _read_wait(retry_after)


def _read_wait(text: str | None) -> float:
    """Return the seconds of a Retry-After header: a number or a date; 0 if there is none."""
    if text is None or text.strip().isdecimal():
        return float(text or 0)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0
