"""Render the pages: templates, the page style, and the Content-Security-Policy that allows nothing else."""

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

import msgspec
from litestar import MediaType, Response

from api.docs.codes import CodeMeaning
from api.docs.guides import Group, Guide

STATIC_FOLDER = Path(__file__).parent / "static"
TEMPLATES_FOLDER = Path(__file__).parent / "templates"
SITE_NAME = "Work and Health API"

SCRIPT_SHA256 = (STATIC_FOLDER / "scalar.sha256").read_text().split()[0]
PAGE_STYLE = (STATIC_FOLDER / "page.css").read_text()
PAGE_TEMPLATE = Template((TEMPLATES_FOLDER / "page.html").read_text())
REFERENCE_TEMPLATE = Template((TEMPLATES_FOLDER / "reference.html").read_text())
CODES_TEMPLATE = Template((TEMPLATES_FOLDER / "codes.html").read_text())

# With these options Scalar requests only the document. With its defaults it loads fonts from its own host.
SCALAR_OPTIONS = {
    "url": "/openapi.json",
    "withDefaultFonts": False,
    "telemetry": False,
    "proxyUrl": "",
    "agent": {"disabled": True},
    "mcp": {"disabled": True},
    "showDeveloperTools": "never",
    "hideClientButton": True,
    "persistAuth": False,  # a key in the browser's storage would outlive the page
    "authentication": {"preferredSecurityScheme": "key"},
}
START_SCRIPT = f"Scalar.createApiReference('#reference', {msgspec.json.encode(SCALAR_OPTIONS).decode()})"


def hash_for_policy(inline: str) -> str:
    """Return the source expression by which a Content-Security-Policy allows this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


_CLOSED_DIRECTIVES = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
# Scalar writes its own style elements and attributes. Its script and our inline one are the only ones allowed.
REFERENCE_POLICY = (
    f"default-src 'self'; script-src 'self' {hash_for_policy(START_SCRIPT)}; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data: blob:; font-src 'self' data:; {_CLOSED_DIRECTIVES}"
)
PAGE_POLICY = f"default-src 'none'; style-src {hash_for_policy(PAGE_STYLE)}; img-src data:; {_CLOSED_DIRECTIVES}"


def reference_page() -> Response[str]:
    """Return the page of the API reference."""
    html = REFERENCE_TEMPLATE.substitute(version=SCRIPT_SHA256[:12], start_script=START_SCRIPT)
    return _html_response(html, REFERENCE_POLICY)


def codes_page(refusals: dict[str, list[CodeMeaning]], findings: dict[str, list[CodeMeaning]]) -> Response[str]:
    """Return the index of the codes."""
    body = CODES_TEMPLATE.substitute(refusals=_render_code_list(refusals), findings=_render_code_list(findings))
    return _page(f"Codes · {SITE_NAME}", body)


def code_page(code: str, meanings: list[CodeMeaning]) -> Response[str]:
    """Return the page of one code, with all of its meanings."""
    if len(meanings) == 1:
        body = _render_meaning(meanings[0], "h1")
    else:
        body = f"<h1>This code has {len(meanings)} meanings</h1>\n" + "\n".join(
            _render_meaning(each, "h2") for each in meanings
        )
    return _page(f"{code} · {SITE_NAME}", f'<code class="code">{escape(code)}</code>\n{body}')


def guides_page(groups: Iterable[Group], guides: dict[str, Guide]) -> Response[str]:
    """Return the index of the guides."""
    sections = "\n".join(
        f"<h2>{escape(group.title)}</h2>\n<p>{_render_inline(group.purpose)}</p>\n"
        f'<ul class="list">\n{_render_guide_list([guides[file.stem] for file in group.files])}\n</ul>'
        for group in groups
    )
    return _page(f"Guides · {SITE_NAME}", f"<h1>Guides</h1>\n{sections}")


def guide_page(guide: Guide) -> Response[str]:
    """Return the page of one guide."""
    return _page(f"{guide.title} · {SITE_NAME}", f'<div class="guide">\n{guide.html}</div>')


def _page(title: str, body: str) -> Response[str]:
    html = PAGE_TEMPLATE.substitute(title=escape(title), style=PAGE_STYLE, body=body)
    return _html_response(html, PAGE_POLICY)


def _html_response(html: str, policy: str) -> Response[str]:
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return Response(html, media_type=MediaType.HTML, headers=headers)


def _render_inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _render_code_list(codes: dict[str, list[CodeMeaning]]) -> str:
    return "\n".join(
        f'<li><a href="/errors/{escape(code)}">'
        f"<code>{escape(code)}</code><span>{_render_inline(meanings[0].meaning)}</span></a></li>"
        for code, meanings in codes.items()
    )


def _render_guide_list(guides: list[Guide]) -> str:
    return "\n".join(
        f'<li><a href="/guides/{guide.name}"><span>{escape(guide.title)}</span>'
        f"<span>{_render_inline(guide.summary)}</span></a></li>"
        for guide in guides
    )


def _render_meaning(meaning: CodeMeaning, heading: str) -> str:
    example = f"<h3>Example</h3>\n{_render_example(meaning.example)}\n" if meaning.example else ""
    return (
        f"<{heading}>{_render_inline(meaning.meaning)}</{heading}>\n"
        f'<p class="{meaning.severity.value}">{escape(meaning.appears_as)}</p>\n{example}'
        f"<h3>How to fix it</h3>\n<p>{_render_inline(meaning.fix)}</p>"
    )


def _render_example(text: str) -> str:
    """Render paragraphs: prose if they end with a full stop, otherwise as code."""
    return "\n".join(
        f"<p>{_render_inline(part)}</p>" if part.endswith(".") else f"<pre><code>{escape(part)}</code></pre>"
        for part in text.split("\n\n")
    )
