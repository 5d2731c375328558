"""Lay out pages: templates that escape what they show, one style, and a Content-Security-Policy that names it."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response

STATIC_FOLDER = Path(__file__).parent / "static"
# Each stage with pages keeps its templates next to its code.
_TEMPLATE_FOLDERS = sorted(Path(__file__).parents[1].glob("*/templates"))

PAGE_STYLE = (STATIC_FOLDER / "page.css").read_text()


def hash_for_policy(inline: str) -> str:
    """Return the source expression by which a Content-Security-Policy allows this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


CLOSED_DIRECTIVES = "base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
_STYLE_SOURCE = hash_for_policy(PAGE_STYLE)
PAGE_POLICY = (
    f"default-src 'none'; style-src {_STYLE_SOURCE}; img-src 'self' data:; form-action 'self'; {CLOSED_DIRECTIVES}"
)

SCRIPTED_PAGE_POLICY = f"script-src 'self'; {PAGE_POLICY}"
"""The policy of pages with a script of ours that they can do without."""
DOCUMENTED_ADDRESS = "http://127.0.0.1:8000"
"""The address of the server in the texts. Its pages show their own instead."""

ENVIRONMENT = Environment(
    loader=FileSystemLoader(_TEMPLATE_FOLDERS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _build_headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }


PAGE_HEADERS = _build_headers(PAGE_POLICY)


def read_own_address(request: Request[Any, Any, Any]) -> str:
    """Return the address at which the caller has reached the server."""
    return str(request.base_url).rstrip("/")


def render_page(template: str, **context: object) -> str:
    """Render a template that extends `page.html`."""
    return ENVIRONMENT.get_template(template).render(context | {"style": PAGE_STYLE})


def page_response(template: str, **context: object) -> Response[str]:
    """Return a page that extends `page.html`."""
    return Response(render_page(template, **context), media_type=MediaType.HTML, headers=PAGE_HEADERS)


PRIVATE_HEADERS = PAGE_HEADERS | {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
"""With `no-referrer`, browsers would not state the origin of a form, by which the server recognises its own."""


def private_page_response(template: str, *, status: int = 200, **context: object) -> Response[str]:
    """Return a page of a visitor who has signed in, or is about to: nobody stores it."""
    return Response(
        render_page(template, **context), status_code=status, media_type=MediaType.HTML, headers=PRIVATE_HEADERS
    )


def html_response(html: str, policy: str) -> Response[str]:
    """Return a page with a policy of its own."""
    return Response(html, media_type=MediaType.HTML, headers=_build_headers(policy))
