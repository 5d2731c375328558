"""Render the pages of `docs/` as HTML, once, with headings that links can name.

`docs/README.md` is the index. Its headings are the groups of pages, and its lists are the pages in order.
"""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import find_lexer_class_by_name

GUIDES_FOLDER = Path(__file__).parents[2] / "docs"
SVG_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
_ENTRY = re.compile(r"^- \[.+\]\(([\w/-]+\.md)\)", re.MULTILINE)
_PLAIN = ("", "text", "csv")
_TOKENS_AS_CLASSES = HtmlFormatter[str](nowrap=True)
_PICTURE = re.compile(r'<p><img src="([\w./-]+\.svg)" alt="[^"]*" ?/?></p>')
_GUIDE_LINK = re.compile(r"(?:[\w./-]*/)?([\w-]+)\.md(#.*)?")


def _highlight(code: str, language: str, _attributes: str) -> str:
    """Return code with a class for each kind of token. Return nothing for other texts, which are then only escaped."""
    if language in _PLAIN:
        return ""
    return highlight(code, find_lexer_class_by_name(language)(), _TOKENS_AS_CLASSES)


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "typographer": False, "highlight": _highlight}).enable("table")


class Heading(Struct, frozen=True, kw_only=True):
    """A second-level heading of a page, with its anchor."""

    anchor: str
    title: str


class Guide(Struct, frozen=True, kw_only=True):
    """A page of `docs/`: its first heading, its first paragraph, its contents, and its whole text."""

    name: str
    title: str
    summary: str  # Markdown
    contents: list[Heading]
    html: str


class Group(Struct, frozen=True, kw_only=True):
    """A section of the index: what its pages are for, and their files in the order of reading."""

    title: str
    purpose: str  # Markdown
    files: tuple[Path, ...]


def _split_index() -> list[str]:
    """Return the introduction of the index, and its sections."""
    return re.split(r"^## ", (GUIDES_FOLDER / "README.md").read_text(), flags=re.MULTILINE)


def _read_groups() -> tuple[Group, ...]:
    return tuple(_read_group(section) for section in _split_index()[1:])


def _read_group(section: str) -> Group:
    title, purpose, *_ = section.split("\n\n")
    return Group(title=title, purpose=purpose, files=tuple(GUIDES_FOLDER / file for file in _ENTRY.findall(section)))


GROUPS = _read_groups()
FILES = {file.stem: file for group in GROUPS for file in group.files}
GUIDE_NAMES = tuple(FILES)


@cache
def load_guides() -> dict[str, Guide]:
    return {name: _load_guide(name) for name in GUIDE_NAMES}


def find_neighbours(name: str) -> tuple[Guide | None, Guide | None]:
    """Return the pages before and after a page in its group, in the order of reading."""
    guides = load_guides()
    [names] = [names for names in ([file.stem for file in group.files] for group in GROUPS) if name in names]
    place = names.index(name)
    return (
        guides[names[place - 1]] if place else None,
        guides[names[place + 1]] if place + 1 < len(names) else None,
    )


@cache
def load_introduction() -> str:
    """Return the introduction of the index as HTML, without its title: what each reader reads."""
    tokens = _MARKDOWN.parse(_split_index()[0].partition("\n")[2])
    _add_links(tokens)
    return _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})


def _load_guide(name: str) -> Guide:
    tokens = _MARKDOWN.parse(FILES[name].read_text())
    title = next(inline.content for token, inline in pairwise(tokens) if token.tag == "h1")
    summary = next(inline.content for token, inline in pairwise(tokens) if token.type == "paragraph_open")
    _add_links(tokens)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    html = html.partition("</h1>\n")[2]  # the page shows the title above the contents
    html = html.replace("<pre>", '<pre tabindex="0">')  # long lines scroll, with the keyboard too
    return Guide(
        name=name,
        title=title,
        summary=summary.replace("\n", " "),
        contents=[
            Heading(anchor=str(token.attrGet("id")), title=inline.content.replace("`", ""))
            for token, inline in pairwise(tokens)
            if token.type == "heading_open" and token.tag == "h2"
        ],
        html=_PICTURE.sub(lambda picture: _inline_picture(FILES[name].parent / picture[1]), html),
    )


def _add_links(tokens: list[Token]) -> None:
    """Give headings the anchors that GitHub gives them, and point links between pages to the pages served here."""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"[^\w -]", "", inline.content.lower()).replace(" ", "-"))
    for child in (child for token in tokens for child in token.children or []):
        if child.type == "link_open" and (link := _GUIDE_LINK.fullmatch(str(child.attrGet("href")))):
            child.attrSet("href", f"/guides/{link[1]}{link[2] or ''}")


def _inline_picture(picture: Path) -> str:
    """Return the picture as part of the page, so that the page's style sets its colours."""
    return f"<figure>{picture.read_text().strip().replace(SVG_NAMESPACE, '')}</figure>"
