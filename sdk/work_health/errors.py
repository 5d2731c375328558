"""The errors of this package. Catch `WorkHealthError` for all of them."""

# ruff: noqa: N818  The names state what happened; the base class states that they are errors.

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

from ._generated.models import Finding, Problem
from ._http import httpx

MAX_LISTED_FINDINGS = 50
MAX_CELL_WIDTH = 24
MISSING_KEY = "The client has no key. Set WORK_HEALTH_KEY or pass key."


class WorkHealthError(Exception):
    """Base of all errors of this package."""


class ConnectionFailed(WorkHealthError):
    """No response arrived: the server was unreachable, or it took too long."""


class KeyExpiresSoon(UserWarning):
    """A warning: the key expires within 30 days. The client gives it once for each key in a process."""


class ApiError(WorkHealthError):
    """The server answered with an error, or with a response that the client cannot read."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        request_id: str | None = None,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(status, title, detail, request_id, problem)
        self.status = status
        self.title = title
        self.detail = detail
        self.request_id = request_id
        """The id of the request. Quote it when you ask for help."""
        self.problem = problem
        """The problem in the response (RFC 9457); None if there was none."""

    @property
    def findings(self) -> list[Finding]:
        """Return the findings of the checks; empty if the response has none."""
        return list((self.problem and self.problem.errors) or [])

    def __str__(self) -> str:
        summary = " ".join(part for part in (str(self.status or ""), self.title, self.detail) if part)
        if self.request_id:
            summary += f" (request {self.request_id})"
        return "\n".join([summary, *format_findings(self.findings)])


class RequestRejected(ApiError):
    """422: the request has errors and nothing was written. `findings` list them; `str()` prints them as a table."""


class CheckFailed(RequestRejected):
    """The client found errors before it sent anything: an unreadable table, or cells that do not match the duty.

    `status` is 0, because no server was involved.
    """

    def __init__(self, title: str, findings: Sequence[Finding]) -> None:
        detail = "Nothing was sent."
        problem = Problem(type_="about:blank", title=title, status=0, detail=detail, errors=list(findings))
        super().__init__(0, title, detail, None, problem)

    def __reduce__(self) -> tuple[type[CheckFailed], tuple[str, list[Finding]]]:
        return type(self), (self.title, self.findings)


class Conflict(ApiError):
    """409: the request conflicts with the current state."""


class NotAllowed(ApiError):
    """401 or 403: the key is missing, has expired, or lacks the scope."""


class NotFound(ApiError):
    """404: the resource does not exist."""


class RateLimited(ApiError):
    """429: too many requests, after the retries."""


class ServerError(ApiError):
    """5xx: the server failed, after the retries."""


_ERROR_BY_STATUS: dict[int, type[ApiError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: RequestRejected,
    429: RateLimited,
}


def build_error(response: httpx.Response) -> ApiError:
    """Return the error of a response other than 2xx, from the API or from a proxy before it."""
    status = response.status_code
    error = _ERROR_BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
    request_id = response.headers.get("Request-Id")
    if problem := _parse_problem(response):
        has_key = status != 401 or "Authorization" in response.request.headers
        detail = problem.detail if has_key else MISSING_KEY
        return error(status, problem.title, detail, request_id or problem.request_id or None, problem)
    return error(status, response.reason_phrase or "No reason given", _describe_response(response), request_id)


def build_parse_error(response: httpx.Response) -> ApiError:
    """Return the error of a 2xx response that does not match the contract."""
    title = "This version of work-health cannot read the response."
    request_id = response.headers.get("Request-Id")
    return ApiError(response.status_code, title, _describe_response(response), request_id)


def _parse_problem(response: httpx.Response) -> Problem | None:
    try:
        document: object = response.json()
        if not isinstance(document, dict):
            return None
        return Problem.from_dict(cast(dict[str, Any], document))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _describe_response(response: httpx.Response) -> str:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    summary = f"{response.request.method} {response.request.url} returned {media_type or 'no content type'}"
    start = " ".join(response.text.split())[:120]
    return f"{summary}: {start}" if start else f"{summary} and an empty body."


_FIELD = re.compile(r'`?"([a-z_]+)": true`?')
"""A field of a request, as a fix of the server names it: an argument of `submit`."""


def format_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield a line for each finding, with its row, column, value, rule and message, and its fix below."""
    if not findings:
        return
    listed = findings[:MAX_LISTED_FINDINGS]
    lines = [("row", "column", "value", "rule")]
    lines += [(_format_rows(f), _shorten(f.column or f.path or ""), _shorten(f.actual or ""), f.code) for f in listed]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    messages = ["message"] + [_to_one_line(finding.message) for finding in listed]
    fixes = [""] + [_FIELD.sub(r"`\1=True`", _to_one_line(finding.fix or "")) for finding in listed]
    margin = " " * (sum(widths) + 2 * len(widths) + 2)
    yield ""
    for line, message, fix in zip(lines, messages, fixes, strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield f"  {cells}  {message}"
        if fix:
            yield f"{margin}→ {fix}"
    if len(findings) > len(listed):
        yield f"  … and {len(findings) - len(listed)} more in `findings`."


def _shorten(text: str) -> str:
    """Return the text in one line. Of a long path the end is the place."""
    text = _to_one_line(text)
    if len(text) <= MAX_CELL_WIDTH:
        return text
    return f"…{text[1 - MAX_CELL_WIDTH :]}" if text.startswith("/") else f"{text[: MAX_CELL_WIDTH - 1]}…"


def _to_one_line(text: str) -> str:
    return " ".join(text.split())


def _format_rows(finding: Finding) -> str:
    rows = sorted(finding.rows or [])
    text = ", ".join(_format_runs(rows))
    of_all = f" of {finding.row_count}" if finding.row_count else ""
    return text + of_all if len(text) <= MAX_CELL_WIDTH else f"{rows[0]}, … ({finding.row_count or len(rows)} rows)"


def _format_runs(rows: Iterable[int]) -> Iterator[str]:
    """Yield runs of rows: 1-3 and 7 for 1, 2, 3, 7."""
    for _, run in groupby(enumerate(rows), lambda numbered: numbered[1] - numbered[0]):
        members = [row for _, row in run]
        yield str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}"
