"""The guides in `docs/`, read once: Markdown made into HTML, with headings that can be linked to."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

FOLDER = Path(__file__).parents[2] / "docs"
NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
NAMES = ("submitting", "reviewing", "publishing", "reading", "outcomes", "sdk", "scaling", "pains")
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")
_PICTURE = re.compile(r'<p><img src="([\w-]+\.svg)" alt="[^"]*" ?/?></p>')
_NEIGHBOUR = re.compile(r"([\w-]+)\.md(#.*)?")


class Guide(Struct, frozen=True, kw_only=True):
    """A page of `docs/`: its first heading, what its first paragraph says, and all of it."""

    name: str
    title: str
    summary: str  # Markdown
    html: str


@cache
def guides() -> dict[str, Guide]:
    return {name: _guide(name) for name in NAMES}


def _guide(name: str) -> Guide:
    tokens = _MARKDOWN.parse((FOLDER / f"{name}.md").read_text())
    headings = [(here, then.content) for here, then in pairwise(tokens) if here.tag == "h1"]
    paragraphs = [then.content for here, then in pairwise(tokens) if here.type == "paragraph_open"]
    _link(tokens)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Guide(
        name=name,
        title=headings[0][1],
        summary=paragraphs[0].replace("\n", " "),
        html=_PICTURE.sub(lambda found: _drawn(FOLDER / found[1]), html),
    )


def _link(tokens: list[Token]) -> None:
    """Headings get the names that GitHub gives them; links between guides lead to their pages here."""
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"[^\w -]", "", inside.content.lower()).replace(" ", "-"))
    for child in (child for token in tokens for child in token.children or []):
        if child.type == "link_open" and (found := _NEIGHBOUR.fullmatch(str(child.attrGet("href")))):
            child.attrSet("href", f"/guides/{found[1]}{found[2] or ''}")


def _drawn(picture: Path) -> str:
    """A picture is part of the page, so that the page's style gives it its colours; there it needs no namespace."""
    return f"<figure>{picture.read_text().strip().replace(NAMESPACE, '')}</figure>"
