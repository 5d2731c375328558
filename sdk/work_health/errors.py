"""What this package raises. Catch `WorkHealthError` for all of it."""

# ruff: noqa: N818  Their names say what happened; the base says that they are errors.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

from ._generated.models import Finding, Problem
from ._http import httpx

MAX_LISTED_FINDINGS = 50
MAX_CELL_WIDTH = 24


class WorkHealthError(Exception):
    """Everything that this package raises of its own."""


class ConnectionFailed(WorkHealthError):
    """No answer came: the server was not reached, or it took too long."""


class ApiError(WorkHealthError):
    """The server answered, and not with what was asked for."""

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
        """Quote it when you ask for help."""
        self.problem = problem
        """The answer as it came (RFC 9457), where it was one."""

    @property
    def findings(self) -> list[Finding]:
        """What the checks found; empty where the answer has none."""
        return list((self.problem and self.problem.errors) or [])

    def __str__(self) -> str:
        said = " ".join(part for part in (str(self.status or ""), self.title, self.detail) if part)
        if self.request_id:
            said += f" (request {self.request_id})"
        return "\n".join([said, *format_findings(self.findings)])


class RequestRejected(ApiError):
    """422: nothing was written. `findings` say where and why; `str()` prints them as a table."""


class CheckFailed(RequestRejected):
    """What was found here, before anything was sent: a table that cannot be read, or cells that the duty refuses.

    `status` is 0, as no server answered.
    """

    def __init__(self, title: str, findings: Sequence[Finding]) -> None:
        detail = "Nothing was sent."
        problem = Problem(type_="about:blank", title=title, status=0, detail=detail, errors=list(findings))
        super().__init__(0, title, detail, None, problem)

    def __reduce__(self) -> tuple[type[CheckFailed], tuple[str, list[Finding]]]:
        return type(self), (self.title, self.findings)


class Conflict(ApiError):
    """409: it does not fit with what stands."""


class NotAllowed(ApiError):
    """401 or 403: no key, a key that has ended, or one that does not open this."""


class NotFound(ApiError):
    """404: there is no such thing."""


class RateLimited(ApiError):
    """429: too many requests, after the retries."""


class ServerError(ApiError):
    """5xx: the server's own fault, after the retries."""


_ERROR_BY_STATUS: dict[int, type[ApiError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: RequestRejected,
    429: RateLimited,
}


def build_error(response: httpx.Response) -> ApiError:
    """The error that an answer other than 2xx stands for, whoever gave it: the API or something before it."""
    status = response.status_code
    error = _ERROR_BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
    request_id = response.headers.get("Request-Id")
    if problem := _parse_problem(response):
        return error(status, problem.title, problem.detail, request_id or problem.request_id or None, problem)
    return error(status, response.reason_phrase or "No reason given", _describe_answer(response), request_id)


def build_parse_error(response: httpx.Response) -> ApiError:
    """A 2xx that is not what the contract says."""
    what = "The answer is not what this version of work-health knows."
    request_id = response.headers.get("Request-Id")
    return ApiError(response.status_code, what, _describe_answer(response), request_id)


def _parse_problem(response: httpx.Response) -> Problem | None:
    try:
        document: object = response.json()
        if not isinstance(document, dict):
            return None
        return Problem.from_dict(cast(dict[str, Any], document))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _describe_answer(response: httpx.Response) -> str:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    said = f"{response.request.method} {response.request.url} answered with {media_type or 'no content type'}"
    start = " ".join(response.text.split())[:120]
    return f"{said}: {start}" if start else f"{said} and nothing in it."


def format_findings(findings: Sequence[Finding]) -> Iterator[str]:
    """Row, column, value, rule and message, one line for each finding, and the hint below it."""
    if not findings:
        return
    shown = findings[:MAX_LISTED_FINDINGS]
    lines = [("row", "column", "value", "rule")]
    lines += [(_format_rows(f), _shorten(f.column or f.path or ""), _shorten(f.actual or ""), f.code) for f in shown]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    said = ["message"] + [_to_one_line(f.message) for f in shown]
    hints = [""] + [_to_one_line(f.fix or "") for f in shown]
    margin = " " * (sum(widths) + 2 * len(widths) + 2)
    yield ""
    for line, message, hint in zip(lines, said, hints, strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield f"  {cells}  {message}"
        if hint:
            yield f"{margin}→ {hint}"
    if len(findings) > len(shown):
        yield f"  … and {len(findings) - len(shown)} more: see `findings`."


def _shorten(text: str) -> str:
    text = _to_one_line(text)
    return text if len(text) <= MAX_CELL_WIDTH else text[: MAX_CELL_WIDTH - 1] + "…"


def _to_one_line(text: str) -> str:
    return " ".join(text.split())


def _format_rows(finding: Finding) -> str:
    rows = sorted(finding.rows or [])
    text = ", ".join(_format_runs(rows))
    of_all = f" of {finding.row_count}" if finding.row_count else ""
    return text + of_all if len(text) <= MAX_CELL_WIDTH else f"{rows[0]}, … ({finding.row_count or len(rows)} rows)"


def _format_runs(rows: Iterable[int]) -> Iterator[str]:
    """1, 2, 3, 7 → 1-3, 7."""
    for _, run in groupby(enumerate(rows), lambda numbered: numbered[1] - numbered[0]):
        members = [row for _, row in run]
        yield str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}"
