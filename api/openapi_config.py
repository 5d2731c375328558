"""The head of the contract: what it is, its tags, and how a key is sent."""

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Tag

DESCRIPTION = """
Submit counts to a delivery plan for health and work, and read the outcomes.
[The plans of this server](/) and [all guides](/guides) have pages for people.

## Start

Install the Python SDK and its command line from this server:

1. `python3 -m venv .venv`
2. `. .venv/bin/activate`
3. `pip install "work-health[cli] @ http://127.0.0.1:8000/sdk/work_health.tar.gz"`

[Your first program](/guides/first-program) goes on from here, and
[other readers have guides of their own](/guides).

## Keys

You can read plans and published outcomes without a key. For all other operations send `Authorization: Bearer <key>`.
You list, create and revoke the keys of your client at `/v1/me/keys`. In the last 30 days of a key, every response to it
has `Authentication-Info: key="<id>", expires_at="<instant>"` (RFC 7615).

## Periods

A period code includes the type of the period: `2025-07` (month), `FY2025-26-Q1` (financial quarter, April to June
2025), `FY2025-26-H1`, `FY2025-26`, `CY2025-Q3`, `CY2025`, `AY2025-26` (academic year), `R12-2025-12` (12 months ending
December 2025), `D2025-09-30` (a day), `P2025-04..2025-12` (to date). [Periods](/guides/periods) has them all.

## Pages

A long list comes in pages. Send the `next_cursor` of a page as `cursor` to get the next one; the last page has none. A
cursor belongs to its operation. [Reading returns](/guides/reading#read-observations-as-tidy-rows)

## Idempotency and retries

Repeating a read is safe. For a write, send an `Idempotency-Key` of your own: if the same request arrives twice, it is
carried out once, and the second answer is the first one again. A submission without a change makes no revision.
429 and 503 have `Retry-After`; send the same request again after that many seconds.
[Retries](/guides/submitting#retry-after-a-broken-connection) ·
[the client of the SDK repeats for you](/guides/sdk#handle-errors)

## Errors

An error response is problem+json (RFC 9457). Its `type` is the address of a page that explains it, and each of its
`errors` has a code with a page: [all codes](/errors). Messages may change; codes do not.
Each response has a `Request-Id`, which the audit states too. If you send your own as `Client-Request-Id` (8 to 64 of
`A-Z a-z 0-9 _ -`, not beginning with `req_`), response and audit also state that.

## Limits

A key has a quota of requests in a minute. `RateLimit` and `RateLimit-Policy` state what remains of it, and a request
above it is refused with 429. [All limits](/guides/formats#limits)

## Only what has changed

Responses to a read have an `ETag`. Send it as `If-None-Match`: status 304 means that your copy is current.
`updated_after` reads the cells that have changed since an instant, and `as_of` an earlier state.
[Load only what has changed](/guides/reading#load-only-what-has-changed)

## Versions

`/v1` only grows: new operations, optional parameters and fields may be added, and a client must ignore fields that it
does not know. Codes, names and types stay. A change that breaks clients would get another number, next to `/v1`.
An operation that is to
end states it in the header `Deprecation`, and the SDK warns; none does today.
A plan has versions of its own: `plan_version` reads an earlier one.
"""
TAGS = (
    Tag(name="Plan", description="The programme, its logic model, measures and code lists. No key needed."),
    Tag(name="Partners", description="The caller, its grants and its keys."),
    Tag(name="Submissions", description="Submit and withdraw returns."),
    Tag(name="Returns", description="Read returns, now or at an earlier instant, and templates."),
    Tag(name="Reviews", description="Obligations, review decisions and the audit trail."),
    Tag(name="Outcomes", description="Published outcomes, and previews for reviewers."),
    Tag(name="Releases", description="Publish, read and withdraw releases."),
    Tag(name="Health", description="Probes for load balancers. No key needed."),
)


def build_openapi_config() -> OpenAPIConfig:
    """Return the settings from which Litestar builds the contract."""
    key = SecurityScheme(
        type="http",
        scheme="bearer",
        description="A key, as it was shown when it was issued: `wh_live_…` or `wh_sandbox_…`.",
    )
    return OpenAPIConfig(
        title="Work and Health",
        version="1",
        description=DESCRIPTION.strip(),
        license=License(name="MIT", identifier="MIT"),
        contact=Contact(name="The operator of this server"),
        tags=list(TAGS),
        components=Components(security_schemes={"key": key}),
        use_handler_docstrings=True,
        render_plugins=[],
    )
