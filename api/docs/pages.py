"""Render the pages of the documentation: the reference, the codes and the guides."""

import re
from collections.abc import Iterable
from html import escape

import msgspec
from litestar import Response
from markupsafe import Markup

from api.docs.codes import CodeMeaning
from api.docs.contract_pages import Place, find_address
from api.docs.guides import Group, Guide
from api.docs.layout import (
    CLOSED_DIRECTIVES,
    DOCUMENTED_ADDRESS,
    ENVIRONMENT,
    SCRIPTED_PAGE_POLICY,
    STATIC_FOLDER,
    hash_for_policy,
    html_response,
    page_response,
    render_page,
)
from api.docs.search import Match

SCRIPT_SHA256 = (STATIC_FOLDER / "scalar.sha256").read_text().split()[0]

# The languages of its examples that are left out: curl, Python and R remain.
HIDDEN_CLIENTS = (
    *("c", "clojure", "csharp", "dart", "fsharp", "go", "http", "java", "js", "kotlin", "node", "objc", "ocaml", "php"),
    *("powershell", "ruby", "rust", "swift"),
)
HIDDEN_PYTHON_CLIENTS = ["python3", "aiohttp", "httpx_sync", "httpx_async"]
# Scalar's own colours have too little contrast, its buttons are small, and the keyboard cannot scroll its lists.
SCALAR_STYLE = (
    ".light-mode{--scalar-color-2:#4a5560;--scalar-color-3:#5b6773;--scalar-color-blue:#0b5cad;"
    "--scalar-color-green:#15693a;--scalar-color-orange:#984000;--scalar-color-red:#a8281e;--scalar-color-purple:#6a3fa0}"
    ".dark-mode{--scalar-color-3:#a4a4a4}.endpoints,:has(>.endpoints){max-height:none!important;overflow:visible!important}"
    ".endpoint-path{white-space:normal!important;overflow-wrap:anywhere;min-width:0}"
    "button[aria-expanded]{min-width:24px;min-height:24px}"
)
# With these options Scalar requests only the document. With its defaults it loads fonts from its own host.
SCALAR_OPTIONS = {
    "url": "/openapi.json",
    "customCss": SCALAR_STYLE,
    "withDefaultFonts": False,
    "telemetry": False,
    "proxyUrl": "",
    "agent": {"disabled": True},
    "mcp": {"disabled": True},
    "showDeveloperTools": "never",
    "hideClientButton": True,
    "persistAuth": False,  # a key in the browser's storage would outlive the page
    "authentication": {"preferredSecurityScheme": "key"},
    "defaultHttpClient": {"targetKey": "shell", "clientKey": "curl"},
    "hiddenClients": dict.fromkeys(HIDDEN_CLIENTS, True)
    | {"shell": ["wget", "httpie"], "python": HIDDEN_PYTHON_CLIENTS},
}
START_SCRIPT = f"Scalar.createApiReference('#reference', {msgspec.json.encode(SCALAR_OPTIONS).decode()})"

# Scalar writes its own style elements and attributes. Its script and our inline one are the only ones allowed.
REFERENCE_POLICY = (
    f"default-src 'self'; script-src 'self' {hash_for_policy(START_SCRIPT)}; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data: blob:; font-src 'self' data:; form-action 'none'; {CLOSED_DIRECTIVES}"
)


def reference_page() -> Response[str]:
    """Return the page of the API reference."""
    template = ENVIRONMENT.get_template("reference.html")
    html = template.render(version=SCRIPT_SHA256[:12], start_script=Markup(START_SCRIPT))  # noqa: S704  ours
    return html_response(html, REFERENCE_POLICY)


def codes_page(refusals: dict[str, list[CodeMeaning]], findings: dict[str, list[CodeMeaning]]) -> Response[str]:
    """Return the index of the codes."""
    return page_response("codes.html", refusals=refusals, findings=findings)


def code_page(code: str, meanings: list[CodeMeaning], places: list[Place]) -> Response[str]:
    """Return the page of one code, with all of its meanings, and the operations that can answer with it."""
    html = render_page("code.html", code=code, meanings=meanings, places=places)
    return html_response(html, SCRIPTED_PAGE_POLICY)


def guides_page(
    introduction: str, groups: Iterable[Group], guides: dict[str, Guide], words: str, matches: list[Match]
) -> Response[str]:
    """Return the index of the guides, or what a search for words has found."""
    return page_response(
        "guides.html", introduction=introduction, groups=groups, guides=guides, words=words, matches=matches
    )


def guide_page(guide: Guide, around: tuple[Guide | None, Guide | None], address: str) -> Response[str]:
    """Return the page of one guide, whose examples have the address of this server."""
    html = Markup(guide.html.replace(DOCUMENTED_ADDRESS, escape(address)))  # noqa: S704  ours
    page = render_page("guide.html", guide=guide, html=html, previous=around[0], next=around[1])
    return html_response(page, SCRIPTED_PAGE_POLICY)


def render_inline(text: str) -> Markup:
    """Return a sentence as HTML, with its code between backquotes as code, which links what it names."""
    return Markup(re.sub(r"`([^`]+)`", _render_code, escape(text)))  # noqa: S704  escaped here


def _render_code(code: re.Match[str]) -> str:
    address = find_address(code[1])
    return f'<a href="{address}"><code>{code[1]}</code></a>' if address else f"<code>{code[1]}</code>"


def render_plain(text: str) -> Markup:
    """Return a sentence as HTML for the inside of a link: its code links nothing."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S704  escaped here


ENVIRONMENT.filters |= {"inline": render_inline, "plain": render_plain}
