"""Warnings about what the headers of a response announce: the end of an operation, or of the key."""

from __future__ import annotations

import re
import sys
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import KeyExpiresSoon

if TYPE_CHECKING:
    from ._http import httpx

KEY_EXPIRY = re.compile(r'key="(\w+)", expires_at="([0-9T:.+Z-]+)"')
_announced_expiries: set[str] = set()


def warn_of_notices(response: httpx.Response) -> None:
    """Warn of a deprecated operation each time, and of the end of a key once in a process."""
    if "Deprecation" in response.headers:
        _warn_of_deprecation(response)
    expiry = response.headers.get("Authentication-Info", "")
    if (match := KEY_EXPIRY.search(expiry)) and expiry not in _announced_expiries:
        _announced_expiries.add(expiry)
        key, expires_at = match.groups()
        message = f"The key {key} expires at {expires_at}. Replace it with create_key, or with: work-health keys rotate"
        warnings.warn(message, KeyExpiresSoon, stacklevel=_find_caller_level())


def _warn_of_deprecation(response: httpx.Response) -> None:
    """Warn from the headers of RFC 9745 and RFC 8594."""
    since = response.headers["Deprecation"].strip().removeprefix("@")
    message = f"{response.request.method} {response.request.url.path} is deprecated"
    if since.isdecimal():
        message += f" since {datetime.fromtimestamp(int(since), UTC).date()}"
    if sunset := response.headers.get("Sunset"):
        message += f", and ends on {sunset}"
    urls = [link.get("url", "") for rel, link in response.links.items() if rel in {"deprecation", "sunset"}]
    warnings.warn(". ".join([message, *urls]), DeprecationWarning, stacklevel=_find_caller_level())


def _find_caller_level() -> int:
    """Return the `stacklevel` of the caller's own line, for a warning by the calling function."""
    level, frame = 1, sys._getframe(1)  # pyright: ignore[reportPrivateUsage] skip_file_prefixes comes with 3.12
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    return level
