"""Draw pictures in a process of their own: the libraries hold Python's lock while they draw, up to half a second.

The process is started by the first picture, and ends after some idle minutes. One picture is drawn at a time.
"""

import re
from importlib import import_module
from typing import Any

import msgspec
from anyio import CapacityLimiter, to_process

# The style of each picture, which knows whether the reader prefers a dark page.
STYLE = (
    "<style>svg{--ink:#17202a;--quiet:#5b6773;--line:#dfe4e8;--band:#9cc3e6;--bar:#5694ca;--page:#fff;--none:#e4e8ec;"
    "--box:#f1f4f6;--stated:#17202a;--inferred:#5b6773;--gap:#a8281e}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e8ecef;--quiet:#9aa6b1;--line:#303941;--band:#2f5f8a;--bar:#5694ca;"
    "--page:#14191d;--none:#303941;--box:#222a31;--stated:#e8ecef;--inferred:#9aa6b1;--gap:#ff968c}}"
    ".node path,.node polygon{fill:var(--box);stroke:var(--line)}.node.gap path{stroke:var(--gap);stroke-dasharray:4 3}"
    "text{fill:var(--ink)}.node.heading text{fill:var(--quiet)}.edge path{stroke:var(--inferred)}"
    ".edge polygon{fill:var(--inferred);stroke:var(--inferred)}.edge.stated path{stroke:var(--stated)}"
    ".edge.stated polygon{fill:var(--stated);stroke:var(--stated)}a:hover path{stroke:var(--ink)}</style>"
)
_OPENING_TAG = re.compile(r"<svg[^>]*>")
_limiter: CapacityLimiter | None = None


async def draw_chart(chart: dict[str, Any]) -> bytes:
    """Return a Vega-Lite chart as SVG."""
    return await _draw(draw_chart_here, msgspec.json.encode(chart))


async def draw_graph(graph: str) -> bytes:
    """Return a graph in Graphviz's language as SVG."""
    return await _draw(draw_graph_here, graph.encode())


async def _draw(function: Any, description: bytes) -> bytes:
    global _limiter  # noqa: PLW0603  a limiter belongs to the running event loop
    _limiter = _limiter or CapacityLimiter(1)
    return await to_process.run_sync(function, description, limiter=_limiter, cancellable=True)


def draw_chart_here(chart: bytes) -> bytes:
    """Draw in this process. The library embeds Vega and asks no other host."""
    vl_convert = import_module("vl_convert")
    return _finish(vl_convert.vegalite_to_svg(chart.decode(), allowed_base_urls=[]))


def draw_graph_here(graph: bytes) -> bytes:
    """Draw in this process, with the Graphviz that the package brings."""
    pygraphviz = import_module("pygraphviz")
    return _finish(pygraphviz.AGraph(string=graph.decode()).draw(format="svg", prog="dot").decode())


def _finish(svg: str) -> bytes:
    """Put the style after the opening tag, and leave out what comes before it."""
    return _OPENING_TAG.sub(lambda opening: opening[0] + STYLE, svg[svg.index("<svg") :], count=1).encode()
