"""The reference, the OpenAPI document, the guides, and a page for every code. Nothing is loaded from elsewhere."""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from api.docs.guides import GROUPS, Guide, load_guides
from api.http.problems import error_code, error_title
from api.http.refusals import NotFound, Refusal
from api.plan.suggestions import suggest_codes
from api.submissions.checks.findings import FINDING_EXPLANATIONS
from schema.problems import Severity

OPENAPI_FILE = Path(__file__).parents[2] / "openapi.yaml"
STATIC_FOLDER = Path(__file__).parent / "static"
SCRIPT_SHA256 = (STATIC_FOLDER / "scalar.sha256").read_text().split()[0]

SITE_NAME = "Work and Health API"
FAVICON = '<link rel="icon" href="data:,">'

# With these options Scalar asks for nothing but the document; with its defaults, for fonts from its own host.
SCALAR_OPTIONS = {
    "url": "/openapi.json",
    "withDefaultFonts": False,
    "telemetry": False,
    "proxyUrl": "",
    "agent": {"disabled": True},
    "mcp": {"disabled": True},
    "showDeveloperTools": "never",
    "hideClientButton": True,
    "persistAuth": True,
    "authentication": {"preferredSecurityScheme": "key"},
}
START_SCRIPT = f"Scalar.createApiReference('#reference', {msgspec.json.encode(SCALAR_OPTIONS).decode()})"

PAGE_STYLE = """
:root { color-scheme: light dark; --ink: #17202a; --quiet: #5b6773; --line: #dfe4e8; --page: #fff; --chip: #f1f4f6;
  --link: #0b5cad; --error: #a8281e; --warning: #875300 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecef; --quiet: #9aa6b1; --line: #303941; --page: #14191d;
  --chip: #222a31; --link: #7db8f5; --error: #ff968c; --warning: #f0bd62 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.55;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif }
header { border-bottom: 1px solid var(--line) }
nav, main { max-width: 54rem; margin: 0 auto; padding: 0 1.25rem }
nav { display: flex; gap: 1.5rem; padding-top: .9rem; padding-bottom: .9rem }
nav :first-child { font-weight: 600; margin-right: auto; color: inherit }
main { padding-top: 2.5rem; padding-bottom: 4rem }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 3px }
h1 { font-size: 1.7rem; line-height: 1.25; letter-spacing: -.01em; margin: .35rem 0 1rem; text-wrap: balance }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; line-height: 1.35 }
h3 { font-size: .8rem; margin: 1.75rem 0 .25rem; color: var(--quiet); text-transform: uppercase; letter-spacing: .06em }
p { margin: 0 0 .75rem }
p, .guide li { max-width: 44rem }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; background: var(--chip);
  border-radius: .3rem; padding: .1em .35em; overflow-wrap: anywhere }
.code { background: none; padding: 0; color: var(--quiet); font-size: 1rem }
.error, .warning { font-weight: 600 }
.error { color: var(--error) }
.warning { color: var(--warning) }
pre { margin: .25rem 0 .75rem; padding: .75rem .9rem; background: var(--chip); border-radius: .4rem; overflow-x: auto;
  font-size: .92rem; line-height: 1.5 }
pre code { background: none; padding: 0; overflow-wrap: normal }
pre:has(.language-text) { background: none; border-left: 3px solid var(--line); border-radius: 0; padding: .1rem .9rem }
.list { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line) }
.list a { display: grid; grid-template-columns: 15.5rem 1fr; gap: 0 1.25rem; align-items: baseline; padding: .6rem 0;
  color: inherit; border-bottom: 1px solid var(--line) }
.list a:hover { background: var(--chip); text-decoration: none }
.list a > :first-child { color: var(--link); background: none; padding: 0 }
.guide ul, .guide ol { margin: 0 0 .75rem; padding-left: 1.3rem }
.guide li { margin-bottom: .3rem }
.guide h3 { font-size: 1rem; color: inherit; text-transform: none; letter-spacing: 0 }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-size: .94rem }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line) }
td code { overflow-wrap: normal }
td:last-child code { overflow-wrap: anywhere }
figure { margin: 1rem 0; overflow-x: auto }
figure svg { display: block; max-width: 100%; height: auto }
figure .ground { fill: none }
figure .box { fill: var(--chip) }
figure .line, figure .box { stroke: var(--quiet) }
figure .tip { fill: var(--quiet) }
figure text { fill: var(--ink) }
figure .event { fill: var(--quiet); stroke: var(--page) }
@media (max-width: 40rem) { .list a { grid-template-columns: 1fr } nav { gap: 1rem } }
"""


def hash_for_policy(inline: str) -> str:
    """How a Content-Security-Policy names the one inline script or style that it lets through."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


_CLOSED_DIRECTIVES = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
# Scalar writes its own style elements and attributes; its script is let through by name, and no other inline one.
REFERENCE_POLICY = (
    f"default-src 'self'; script-src 'self' {hash_for_policy(START_SCRIPT)}; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data: blob:; font-src 'self' data:; {_CLOSED_DIRECTIVES}"
)
PAGE_POLICY = f"default-src 'none'; style-src {hash_for_policy(PAGE_STYLE)}; img-src data:; {_CLOSED_DIRECTIVES}"

REFERENCE_HTML = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{SITE_NAME}</title>
{FAVICON}
</head>
<body>
<div id="reference"></div>
<noscript>This page needs JavaScript. The document that it shows is <a href="/openapi.yaml">/openapi.yaml</a>;
the codes of refusals are explained under <a href="/errors">/errors</a>.</noscript>
<script src="/docs/scalar.js?v={SCRIPT_SHA256[:12]}"></script>
<script>{START_SCRIPT}</script>
</body>
</html>
"""


class CodeMeaning(Struct, frozen=True):
    """One of the things that a code can mean. Most have one."""

    meaning: str
    example: str
    fix: str
    appears_as: str  # as what the caller meets it
    severity: Severity


def _list_refusal_classes(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in refusal.__subclasses__():
        yield kind
        yield from _list_refusal_classes(kind)


def list_refusals() -> dict[str, list[CodeMeaning]]:
    """What can be the `type` of a problem. Looked up when asked for: by then every module is imported."""
    told: dict[str, list[CodeMeaning]] = {}
    for kind in _list_refusal_classes(Refusal):
        status = HTTPStatus(kind.status)
        sense = CodeMeaning(
            error_title(kind), kind.example, kind.fix, f"HTTP {status.value} {status.phrase}", Severity.ERROR
        )
        told.setdefault(error_code(kind), []).append(sense)
    return told


def list_findings() -> dict[str, list[CodeMeaning]]:
    """What can be the `code` of a finding in a submission."""
    consequence = {
        Severity.ERROR: "Error in a submission: nothing of it is written",
        Severity.WARNING: "Warning in a submission: it is taken all the same",
    }
    return {
        code: [CodeMeaning(found.meaning, found.example, found.fix, consequence[found.severity], found.severity)]
        for code, found in FINDING_EXPLANATIONS.items()
    }


def _render_inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _render_page(title: str, body: str) -> Response[str]:
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
{FAVICON}
<style>{PAGE_STYLE}</style>
</head>
<body>
<header><nav><a href="/docs">{SITE_NAME}</a>
<a href="/docs">Reference</a><a href="/guides">Guides</a><a href="/errors">Codes</a></nav></header>
<main>
{body}
</main>
</body>
</html>
"""
    return _html_response(html, PAGE_POLICY)


def _html_response(html: str, policy: str) -> Response[str]:
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return Response(html, media_type=MediaType.HTML, headers=headers)


def _render_code_list(codes: dict[str, list[CodeMeaning]]) -> str:
    return "\n".join(
        f'<li><a href="/errors/{escape(code)}">'
        f"<code>{escape(code)}</code><span>{_render_inline(senses[0].meaning)}</span></a></li>"
        for code, senses in codes.items()
    )


def _render_example(text: str) -> str:
    """Paragraphs: those that end with a full stop are words, any other is shown as it would be sent."""
    return "\n".join(
        f"<p>{_render_inline(part)}</p>" if part.endswith(".") else f"<pre><code>{escape(part)}</code></pre>"
        for part in text.split("\n\n")
    )


def _render_meaning(sense: CodeMeaning, heading: str) -> str:
    example = f"<h3>Example</h3>\n{_render_example(sense.example)}\n" if sense.example else ""
    return (
        f"<{heading}>{_render_inline(sense.meaning)}</{heading}>\n"
        f'<p class="{sense.severity.value}">{escape(sense.appears_as)}</p>\n{example}'
        f"<h3>How to fix it</h3>\n<p>{_render_inline(sense.fix)}</p>"
    )


@cache
def _load_openapi() -> dict[str, bytes]:
    text = OPENAPI_FILE.read_bytes()
    return {"yaml": text, "json": msgspec.json.encode(msgspec.yaml.decode(text))}


@cache
def _load_script() -> bytes:
    return (STATIC_FOLDER / "scalar.js.gz").read_bytes()


def _accepts_gzip(accept_encoding: str) -> bool:
    for offered in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in offered.split(";"))
        if name == "gzip":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


@get("/", include_in_schema=False, sync_to_thread=False)
def redirect_to_docs() -> Redirect:
    return Redirect("/docs", status_code=302)


@get("/docs", include_in_schema=False, sync_to_thread=False)
def show_reference() -> Response[str]:
    return _html_response(REFERENCE_HTML, REFERENCE_POLICY)


@get("/docs/scalar.js", include_in_schema=False, sync_to_thread=False)
def serve_script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The page asks for it by its checksum, so that it can be kept for a year and is still replaced at once."""
    zipped = _accepts_gzip(request.headers.get("Accept-Encoding", ""))
    tag = f'"{SCRIPT_SHA256[:16]}{"-gzip" if zipped else ""}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    headers["X-Content-Type-Options"] = "nosniff"
    if zipped:
        headers["Content-Encoding"] = "gzip"
    content = _load_script() if zipped else gzip.decompress(_load_script())
    return Response(content, media_type="text/javascript", headers=headers)


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def serve_openapi_json() -> Response[bytes]:
    return Response(_load_openapi()["json"], media_type="application/json", headers={"Cache-Control": "no-cache"})


@get("/openapi.yaml", include_in_schema=False, sync_to_thread=False)
def serve_openapi_yaml() -> Response[bytes]:
    return Response(_load_openapi()["yaml"], media_type="application/yaml", headers={"Cache-Control": "no-cache"})


@get("/errors", include_in_schema=False, sync_to_thread=False)
def show_codes() -> Response[str]:
    return _render_page(
        f"Codes · {SITE_NAME}",
        f"""<h1>What a refusal means</h1>
<p>A refusal is problem+json (RFC 9457). The last part of its <code>type</code> is one of the codes of refusals;
each entry of its <code>errors</code> has one of the codes of findings.</p>
<h2>Refusals</h2>
<ul class="list">
{_render_code_list(dict(sorted(list_refusals().items())))}
</ul>
<h2>Findings in a submission</h2>
<ul class="list">
{_render_code_list(list_findings())}
</ul>""",
    )


@get("/errors/{code:str}", include_in_schema=False, sync_to_thread=False)
def show_code(code: FromPath[str]) -> Response[str]:
    refused, found = list_refusals(), list_findings()
    senses = [*refused.get(code, []), *found.get(code, [])]
    if not senses:
        hint = suggest_codes(code, refused | found) or "`/errors` lists them all."
        raise NotFound(f"There is no code {code!r}. {hint}")
    if len(senses) == 1:
        body = _render_meaning(senses[0], "h1")
    else:
        body = "<h1>It can mean either of these</h1>\n" + "\n".join(_render_meaning(sense, "h2") for sense in senses)
    return _render_page(
        f"{code} · {SITE_NAME}",
        f'<code class="code">{escape(code)}</code>\n{body}',
    )


@get("/guides", include_in_schema=False, sync_to_thread=False)
def show_guides() -> Response[str]:
    sections = "\n".join(
        f"<h2>{escape(group.title)}</h2>\n<p>{_render_inline(group.purpose)}</p>\n"
        f'<ul class="list">\n{_entries([load_guides()[file.stem] for file in group.files])}\n</ul>'
        for group in GROUPS
    )
    return _render_page(f"Guides · {SITE_NAME}", f"<h1>Guides</h1>\n{sections}")


def _entries(pages: list[Guide]) -> str:
    return "\n".join(
        f'<li><a href="/guides/{page.name}"><span>{escape(page.title)}</span>'
        f"<span>{_render_inline(page.summary)}</span></a></li>"
        for page in pages
    )


@get("/guides/{name:str}", include_in_schema=False, sync_to_thread=False)
def show_guide(name: FromPath[str]) -> Response[str]:
    found = load_guides().get(name)
    if found is None:
        hint = suggest_codes(name, load_guides()) or "`/guides` lists them all."
        raise NotFound(f"There is no guide {name!r}. {hint}")
    return _render_page(f"{found.title} · {SITE_NAME}", f'<div class="guide">\n{found.html}</div>')


router = Router(
    path="/",
    route_handlers=[
        redirect_to_docs,
        show_reference,
        serve_script,
        serve_openapi_json,
        serve_openapi_yaml,
        show_codes,
        show_code,
        show_guides,
        show_guide,
    ],
    include_in_schema=False,
)
