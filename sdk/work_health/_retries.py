"""Decide whether to repeat a call, and after which pause."""

from __future__ import annotations

import email.utils
import logging
import random
import time
from datetime import UTC
from typing import TYPE_CHECKING, Any

from ._http import httpx

if TYPE_CHECKING:
    from ._calls import Call

log = logging.getLogger("work_health")

FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 8.0
MAX_RETRY_AFTER_SECONDS = 60.0
DEFAULT_RETRIES = 2
OUTAGE_RETRIES = 9
"""With the shortest pauses they last for 35 seconds. A restart of the server or its database takes less."""
RETRYABLE_STATUSES = frozenset({408, 429})
OUTAGE_STATUSES = frozenset({409, 502, 503, 504})  # 409: an attempt that was interrupted has not ended
NOT_IMPLEMENTED_STATUS = 501
IN_PROGRESS_STATUS = 409  # with Retry-After: the server is still carrying out an earlier attempt
RETRYABLE_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
CONNECT_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
OUTAGE_ERRORS = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)


def choose_pause(
    call: Call[Any], outcome: httpx.Response | httpx.RequestError, attempt: int, max_retries: int | None
) -> float | None:
    """Return the seconds until the next attempt, or None if the client must not repeat the call.

    The client repeats repeatable calls, and other calls only if the connection was never made. Without `max_retries`
    it repeats them longer if nobody answers than if the server fails at this request.
    """
    if attempt >= (_choose_retries(outcome) if max_retries is None else max_retries):
        return None
    if isinstance(outcome, httpx.RequestError):
        errors = RETRYABLE_ERRORS if call.is_repeatable else CONNECT_ERRORS
        return _choose_backoff(attempt) if isinstance(outcome, errors) else None
    retry_after = _parse_retry_after(outcome)
    in_progress = outcome.status_code == IN_PROGRESS_STATUS and retry_after is not None
    if not call.is_repeatable or not (_is_retryable(outcome.status_code) or in_progress):
        return None
    if retry_after is None:
        return _choose_backoff(attempt)
    return retry_after if retry_after <= MAX_RETRY_AFTER_SECONDS else None


def log_pause(call: Call[Any], outcome: httpx.Response | httpx.RequestError, attempt: int, seconds: float) -> None:
    """Log that a call failed and will be repeated, without its query and content.

    The first pause of a call is a warning, which Python prints without any setting: nobody takes it for a call that
    hangs.
    """
    failure = type(outcome).__name__ if isinstance(outcome, httpx.RequestError) else f"status {outcome.status_code}"
    level = logging.INFO if attempt else logging.WARNING
    log.log(level, "%s %s: %s. Trying again in %.1f seconds.", call.method, call.path, failure, seconds)


def _choose_retries(outcome: httpx.Response | httpx.RequestError) -> int:
    if isinstance(outcome, httpx.RequestError):
        is_outage = isinstance(outcome, OUTAGE_ERRORS)
    else:
        is_outage = outcome.status_code in OUTAGE_STATUSES
    return OUTAGE_RETRIES if is_outage else DEFAULT_RETRIES


def _is_retryable(status: int) -> bool:
    """Return True if the next attempt may succeed."""
    return status in RETRYABLE_STATUSES or (status >= 500 and status != NOT_IMPLEMENTED_STATUS)


def _choose_backoff(attempt: int) -> float:
    longest = min(FIRST_PAUSE_SECONDS * 2**attempt, MAX_PAUSE_SECONDS)
    return longest * random.uniform(0.75, 1.0)  # noqa: S311 jitter, nothing secret


def _parse_retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time())
