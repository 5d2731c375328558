"""Every kind of refusal. The class is the code; its docstring, the title; `mend`, what to do about it."""

from collections.abc import Sequence
from typing import ClassVar

from schema.problems import Finding


class Refusal(Exception):  # noqa: N818  a refusal is not an error of ours
    """The request was refused."""

    status: ClassVar[int] = 400
    example: ClassVar[str] = ""  # written as those of findings are
    fix: ClassVar[str] = "Correct the request as the detail says and send it again."
    retry_after: ClassVar[int | None] = None  # seconds, where the same request may pass later

    def __init__(self, detail: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(detail)
        self.findings = tuple(findings)


class Malformed(Refusal):
    """The body could not be read."""

    example = 'The connection was cut after `{"returns": [`, or a body that says `gzip` is not.'
    fix = "Send the body whole, in UTF-8, as what its `Content-Type` and `Content-Encoding` say that it is."


class Unauthenticated(Refusal):
    """The call needs a valid key."""

    status = 401
    example = "`Authorization: Basic …`, or a key that ended last month."
    fix = (
        "Send `Authorization: Bearer <key>`. Keys expire and can be revoked; "
        "whoever runs this server can issue another."
    )


class NotAllowed(Refusal):
    """The key does not open this."""

    status = 403
    example = "A key with the scope `submit` alone approves a return."
    fix = "`GET /v1/me` says what the key opens. Ask whoever runs this server for the scope that is missing."


class NotFound(Refusal):
    """There is no such thing."""

    status = 404
    example = "GET /v1/programmes/work-and-health-2025\n\nThe programme is called `work-and-health-2025-2028`."
    fix = "Check the spelling against the list that the detail names."


class Conflict(Refusal):
    """It conflicts with what is already recorded."""

    status = 409
    example = "The operator loads a sandbox under the name of a real programme."
    fix = "Read what stands, then decide whether to send again."


class BodyTooLarge(Refusal):
    """The body is larger than is taken in one piece."""

    status = 413
    example = "A JSON body of 40 MB: it may have 32 MB. A CSV or NDJSON file may have 1 GB."
    fix = "Split the submission at return boundaries: each part is taken whole or not at all."


class UnsupportedMedia(Refusal):
    """The body is of a type or encoding that is not taken here."""

    status = 415
    example = "A CSV file goes to `…/submissions`, which takes JSON; `…/submissions/csv` takes it."
    fix = "Send the type that the detail names, plain or with `Content-Encoding: gzip`."


class Invalid(Refusal):
    """The request is well formed and cannot be carried out."""

    status = 422
    example = "Nothing is refused as this alone: each case has a code of its own."


class UnstorableText(Invalid):
    """A text cannot be kept as it is."""

    example = '{"area": "E06000018", "value": 140, "note": "July\\u0000"}'
    fix = "Remove the control characters: a text is words."


class InvalidParameter(Invalid):
    """A parameter is not known, or its value cannot be read."""

    example = "GET …/returns?perod=FY2025-26-Q2"
    fix = "`/docs` lists the operation's parameters and what each takes."
