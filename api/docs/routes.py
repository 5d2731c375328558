"""Serve the reference, the OpenAPI document, the guides, and a page for every code, without any other host."""

import gzip
import re
from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.params import FromPath, FromQuery

from api.docs import codes, contract_pages, pages
from api.docs.guides import GROUPS, find_neighbours, load_guides, load_introduction
from api.docs.layout import DOCUMENTED_ADDRESS, STATIC_FOLDER, read_own_address
from api.docs.sdk_archive import build_sdk_archive
from api.docs.search import search
from api.http.refusals import NotFound
from api.plan.suggestions import suggest_codes

COPY_SCRIPT = (STATIC_FOLDER / "copy.js").read_bytes()


@cache
def _load_script(*, is_gzipped: bool) -> bytes:
    """Return the script in one of its two encodings, which are made once."""
    gzipped = (STATIC_FOLDER / "scalar.js.gz").read_bytes()
    return gzipped if is_gzipped else gzip.decompress(gzipped)


def _accepts_gzip(accept_encoding: str) -> bool:
    for encoding in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in encoding.split(";"))
        if name == "gzip":
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


@get("/docs", include_in_schema=False, sync_to_thread=False)
def show_reference() -> Response[str]:
    return pages.reference_page()


# The first request decompresses the script: in a thread, so that no other request waits.
@get("/docs/scalar.js", include_in_schema=False, sync_to_thread=True)
def serve_script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Allow browsers to cache the script for a year: the page names its checksum, so a new script is loaded at once."""
    is_gzipped = _accepts_gzip(request.headers.get("Accept-Encoding", ""))
    tag = f'"{pages.SCRIPT_SHA256[:16]}{"-gzip" if is_gzipped else ""}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    headers["X-Content-Type-Options"] = "nosniff"
    if is_gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(_load_script(is_gzipped=is_gzipped), media_type="text/javascript", headers=headers)


# The first request converts the document, which takes a second.
@get("/docs/copy.js", include_in_schema=False, sync_to_thread=False)
def serve_copy_script() -> Response[bytes]:
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(COPY_SCRIPT, media_type="text/javascript", headers=headers)


@get("/openapi.json", include_in_schema=False, sync_to_thread=True)
def serve_openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the document that `/docs` shows: its examples have the address of this server."""
    own = msgspec.json.encode(read_own_address(request))[1:-1]
    content = contract_pages.load_texts()["json"].replace(DOCUMENTED_ADDRESS.encode(), own)
    return Response(content, media_type="application/json", headers={"Cache-Control": "no-cache"})


@get("/openapi.yaml", include_in_schema=False, sync_to_thread=False)
def serve_openapi_yaml() -> Response[bytes]:
    return Response(
        contract_pages.load_texts()["yaml"], media_type="application/yaml", headers={"Cache-Control": "no-cache"}
    )


# The first request compresses the files.
@get("/sdk/work_health.tar.gz", include_in_schema=False, sync_to_thread=True)
def serve_sdk() -> Response[bytes]:
    """Let a partner install the SDK, which is of the same version as the server."""
    return Response(build_sdk_archive(), media_type="application/gzip", headers={"Cache-Control": "no-cache"})


@get("/errors", include_in_schema=False, sync_to_thread=False)
def show_codes() -> Response[str]:
    return pages.codes_page(dict(sorted(codes.list_refusals().items())), codes.list_findings())


# The first request reads the contract, as above.
@get("/errors/{code:str}", include_in_schema=False, sync_to_thread=True)
def show_code(code: FromPath[str]) -> Response[str]:
    refusals, findings = codes.list_refusals(), codes.list_findings()
    meanings = [*refusals.get(code, []), *findings.get(code, [])]
    if not meanings:
        suggestion = suggest_codes(code, refusals | findings) or "`/errors` lists all codes."
        raise NotFound(f"There is no code {code!r}. {suggestion}")
    return pages.code_page(code, meanings, contract_pages.list_places(code, is_finding=code in findings))


@get("/guides", include_in_schema=False, sync_to_thread=False)
def show_guides(q: FromQuery[str] = "") -> Response[str]:
    matches = search(q, load_guides(), codes.list_refusals() | codes.list_findings()) if q.strip() else []
    return pages.guides_page(load_introduction(), GROUPS, load_guides(), q.strip(), matches)


@get("/guides/{name:str}", include_in_schema=False, sync_to_thread=False)
def show_guide(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[str]:
    guide = load_guides().get(name)
    if guide is None:
        suggestion = suggest_codes(name, load_guides()) or "`/guides` lists all guides."
        raise NotFound(f"There is no guide {name!r}. {suggestion}")
    return pages.guide_page(guide, find_neighbours(name), read_own_address(request))


router = Router(
    path="/",
    route_handlers=[
        show_reference,
        serve_script,
        serve_copy_script,
        serve_openapi_json,
        serve_openapi_yaml,
        serve_sdk,
        show_codes,
        show_code,
        show_guides,
        show_guide,
    ],
    include_in_schema=False,
)
