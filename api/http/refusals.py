"""Every kind of refusal: the class name is the code, the docstring the title, `fix` how to fix it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from schema.problems import Finding


class Refusal(Exception):  # noqa: N818  a refusal is not an error of ours
    """The request was refused."""

    status: ClassVar[int] = 400
    example: ClassVar[str] = ""  # paragraphs as in the explanations of findings
    fix: ClassVar[str] = "Correct the request as the detail describes, and send it again."
    retry_after: ClassVar[int | None] = None  # seconds, if the same request can succeed later

    def __init__(self, detail: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(detail)
        self.findings = tuple(findings)


class Malformed(Refusal):
    """The body could not be read."""

    example = 'The connection ended after `{"returns": [`. Or `Content-Encoding` is `gzip` and the body is not gzip.'
    fix = "Send the complete body in UTF-8, in the format of its `Content-Type` and `Content-Encoding`."


class InvalidRequest(Refusal):
    """The request breaks a rule of HTTP."""

    example = "The header `Host` contains a quote."
    fix = "Send the request with an ordinary HTTP client, to the address that the operator of this server gave you."


class Unauthenticated(Refusal):
    """The request needs a valid key."""

    status = 401
    example = "`Authorization: Basic …`, or a key that expired last month."
    fix = (
        "Send `Authorization: Bearer <key>`. Keys expire and can be revoked. "
        "A valid key can create another one before it expires; otherwise the operator of this server issues a new one."
    )


class NotAllowed(Refusal):
    """The key does not allow this request."""

    status = 403
    example = "A key that has only the scope `submit` is used to approve a return."
    fix = "`GET /v1/me` lists the grants of the key. Ask the operator of this server for the missing scope."


class NotFound(Refusal):
    """The resource does not exist."""

    status = 404
    example = "GET /v1/programmes/work-and-health-2025\n\nThe programme is called `work-and-health-2025-2028`."
    fix = "Compare the spelling with the list in the detail."


class MethodNotAllowed(Refusal):
    """The resource does not have this method."""

    status = 405
    example = "PUT /v1/me\n\nAllowed: `GET`."
    fix = "Use a method of the detail, which the header `Allow` lists too. `/docs` lists all operations."


class Conflict(Refusal):
    """The request conflicts with recorded data."""

    status = 409
    example = "The operator loads a sandbox under the name of a real programme."
    fix = "Read the current data, then decide whether to send the request again."


class BodyTooLarge(Refusal):
    """The body is too large."""

    status = 413
    example = "A JSON body has 40 MB. A submission has at most 32 MB as JSON, or 1 GB as a CSV or NDJSON file."
    fix = "Split the submission between returns. Each part is accepted or rejected as a whole."


class UnsupportedMedia(Refusal):
    """The type or encoding of the body is not supported."""

    status = 415
    example = "A CSV file is sent to `…/submissions`, which accepts JSON. Send it to `…/submissions/csv`."
    fix = "Send the type in the detail, uncompressed or with `Content-Encoding: gzip`."


class Invalid(Refusal):
    """The request is well formed but invalid."""

    status = 422
    example = "No response has this code: each case has a more specific one."


class InvalidBody(Invalid):
    """The body does not match the schema of the operation."""

    example = '{"return": [{"measure": "ips-primary-care-referrals"}]}\n\nThe field is called `returns`.'
    fix = "Each error names a field. Compare the body with the example of the operation in `/docs`."


class ServerBusy(Refusal):
    """The server has too much to do at the moment."""

    status = 503
    example = "On the last day of a quarter, many organisations send large files in the same second."
    fix = "Nothing was written. Wait as long as `Retry-After` states, and send the same request again."
    retry_after = 5


class ServerFailed(Refusal):
    """The server failed."""

    status = 500
    example = "An error in the software, which your request has brought to light."
    fix = (
        "Read the current state before you repeat a request that writes. Give the operator of this server "
        "the `request_id`, by which the log has the cause."
    )


class UnstorableText(Invalid):
    """A text cannot be stored."""

    example = '{"area": "E06000018", "value": 140, "note": "July\\u0000"}'
    fix = "Remove the control characters from the text."


class InvalidParameter(Invalid):
    """A parameter is unknown, or its value is invalid."""

    example = "GET …/returns?perod=FY2025-26-Q2"
    fix = "`/docs` lists the parameters of the operation and their values."


def list_refusal_classes(refusal: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield every kind of a kind of refusal. Call it after all modules are imported."""
    for subclass in refusal.__subclasses__():
        yield subclass
        yield from list_refusal_classes(subclass)
